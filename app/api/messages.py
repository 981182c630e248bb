"""Messages to callers: English templates, and their words in other languages."""

import json
from collections.abc import Mapping
from importlib.resources import files

from app.core.languages import DEFAULT


def _catalogues() -> dict[str, dict[str, str]]:
    """Return the catalogues by language: data in `texts/`, by the English template."""
    found = (files("app.api") / "texts").iterdir()
    return {path.name.removesuffix(".json"): json.loads(path.read_text("utf-8")) for path in found}


CATALOGUES: Mapping[str, Mapping[str, str]] = _catalogues()
LANGUAGES = (DEFAULT, *CATALOGUES)


class Message(str):
    """A text in English that knows its template and values."""

    __slots__ = ("template", "values")

    template: str
    values: Mapping[str, object]

    def __new__(cls, template: str, **values: object) -> "Message":
        """Fill in a template; one without values is taken as it is."""
        made = super().__new__(cls, template.format(**values) if values else template)
        made.template, made.values = template, values
        return made


def in_language(text: str, language: str) -> str:
    """Return a message in a language; English where it has no words."""
    template = text.template if isinstance(text, Message) else text
    found = CATALOGUES.get(language, {}).get(template)
    if found is None:
        return str(text)
    values = text.values if isinstance(text, Message) else {}
    said = {name: in_language(value, language) if isinstance(value, str) else value for name, value in values.items()}
    return found.format(**said) if values else found
