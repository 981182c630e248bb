"""The languages of a rule book: `languages/<code>.yaml`, read, checked for completeness, and digested apart."""

import json
from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from app.core.languages import FactWords, Translation
from app.core.rules import Release, Wording
from app.rulebook import schema
from app.rulebook.book import explain
from app.rulebook.files import BrokenRuleBookError, File, RuleBookError, read

FOLDER = "languages"


def read_languages(folder: Path, releases: Sequence[Release]) -> tuple[dict[str, Translation], list[RuleBookError]]:
    """Return every language of a rule book by its code, and what is wrong with them."""
    found: dict[str, Translation] = {}
    complaints: list[RuleBookError] = []
    for path in sorted((folder / FOLDER).glob("*.yaml")):
        try:
            file = read(path)
            entry = TypeAdapter(schema.Language).validate_python(file.data)
        except BrokenRuleBookError as error:
            complaints += error.complaints
            continue
        except ValidationError as error:
            complaints += [explain(file, details) for details in error.errors(include_url=False)]
            continue
        complaints += [complaint for release in releases for complaint in _gaps(file, entry, release)]
        found[path.stem] = _translation(path.stem, entry)
    return found, sorted(set(complaints))


def _translation(code: str, entry: schema.Language) -> Translation:
    text = json.dumps(entry.model_dump(), sort_keys=True, ensure_ascii=False)
    facts = {name: FactWords(w.question, w.help, dict(w.answers.items()), w.unit) for name, w in entry.facts.items()}
    wording = Wording(**entry.wording.model_dump(), grades={})
    return Translation(code, facts, wording, "sha256:" + sha256(text.encode()).hexdigest())


def _gaps(file: File, entry: schema.Language, release: Release) -> Iterator[RuleBookError]:
    """Yield what a language lacks, or has too much, for one release."""
    for name, fact in release.facts.items():
        words = entry.facts.get(name)
        if words is None:
            yield file.complaint(("facts",), f"`{name}` is not translated")
            continue
        spoken = set(map(str, fact.values)) if fact.kind in ("choice", "grade") else set()
        for answer in sorted(spoken ^ set(words.answers)):
            yield file.complaint(("facts", name), f"`{answer}` of `{name}` is not translated, or is no answer")
        if (fact.unit is not None) != (words.unit is not None):
            yield file.complaint(("facts", name), f"`unit` of `{name}` is missing, or there is none")
    english = release.wording
    pairs: dict[str, tuple[Mapping[str, str], Mapping[str, str]]] = {
        "pathways": (english.pathways, entry.wording.pathways),
        "dispositions": (english.dispositions, entry.wording.dispositions),
        "next_question": (english.next_question, entry.wording.next_question),
        "lower_phase": (english.lower_phase, entry.wording.lower_phase),
        "summary": (english.summary, entry.wording.summary),
    }
    for key, (needed, given) in pairs.items():
        for name in sorted(set(needed) ^ set(given)):
            yield file.complaint(("wording", key), f"`{name}` is not translated, or is not needed")
