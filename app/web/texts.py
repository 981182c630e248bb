"""The words of the pages, by language: data in `texts/`, one file a language, all with the same keys."""

import json
from collections.abc import Mapping
from importlib.resources import files

LANGUAGES = ("en", "ko")


def load_texts() -> dict[str, dict[str, str]]:
    """Return the words of every language."""
    folder = files("app.web") / "texts"
    return {name: json.loads((folder / f"{name}.json").read_text("utf-8")) for name in LANGUAGES}


def language_of(asked: str | None, accepted: str) -> str:
    """Return the language to answer in: the one that was asked for, else the first accepted one that there is."""
    if asked in LANGUAGES:
        return asked
    weighed: list[tuple[float, str]] = []
    for part in accepted.split(",")[:20]:
        name, _, weight = part.strip().partition(";q=")
        code = name.split("-")[0].lower()
        if code in LANGUAGES:
            weighed.append((-_quality(weight), code))
    return min(weighed, key=lambda entry: entry[0])[1] if weighed else LANGUAGES[0]


def _quality(text: str) -> float:
    try:
        return min(max(float(text), 0.0), 1.0) if text else 1.0
    except ValueError:
        return 0.0


def count_words(texts: Mapping[str, str], count: int) -> str:
    """Return how many questions may still come, in words."""
    return texts["at_most_one"] if count == 1 else texts["at_most"].format(n=count)
