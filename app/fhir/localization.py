"""The current release in a request's or a patient's language."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from app.core.codes import Codes
from app.core.engine import Engine, Engines
from app.core.languages import Phrases, language_of, names_one_of
from app.core.rules import Release


@dataclass(frozen=True)
class Localization:
    """The current release's engine and the words around it, in one language."""

    engine: Engine
    original: Release
    """The release in English, whose units have codes."""
    phrases: Phrases = field(default_factory=Phrases)
    reasons: Mapping[str, str] = field(default_factory=dict)
    """Why an entry of a record is in its place, by the reader's key."""

    @property
    def warnings(self) -> list[str]:
        """The notices of withdrawal and of limits of the release, said first."""
        release = self.engine.release
        if not release.withdrawn:
            return release.warnings
        on, reason = release.withdrawn.date, release.withdrawn.reason
        said = self.phrases.of("Release {id} was withdrawn on {date}. {reason}", id=release.id, date=on, reason=reason)
        return [said, *([release.limits] if release.limits else [])]

    @property
    def language(self) -> str:
        """The code of the language."""
        return self.engine.language


@dataclass(frozen=True)
class Localizations:
    """Every language of the current release."""

    by_language: Mapping[str, Localization]
    default: str

    @classmethod
    def of(cls, engines: Engines, phrases: Mapping[str, Phrases], codes: Codes) -> "Localizations":
        """Return the languages of these engines."""
        found = {}
        original = engines.by_id[engines.current].release
        for code, each in {engines.language: engines, **engines.others}.items():
            reasons = codes.sentences.get(code, {})
            found[code] = Localization(each.by_id[each.current], original, phrases.get(code, Phrases()), reasons)
        return cls(found, engines.language)

    def find(self, accepted: str, preferred: str | None = None) -> Localization:
        """Return the language that a request accepts, else the patient's."""
        if names_one_of(accepted, self.by_language):
            return self.by_language[language_of(None, accepted, self.by_language)]
        return self.by_language.get((preferred or "").partition("-")[0].lower(), self.by_language[self.default])
