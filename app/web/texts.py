"""The words of the pages, by language: data in `texts/`."""

import json
from collections.abc import Mapping
from importlib.resources import files

LANGUAGES = ("en", "ko")


def load_texts() -> dict[str, dict[str, str]]:
    """Return the words of every language."""
    folder = files("app.web") / "texts"
    return {name: json.loads((folder / f"{name}.json").read_text("utf-8")) for name in LANGUAGES}


def count_words(texts: Mapping[str, str], count: int) -> str:
    """Return how many questions may still come, in words."""
    return texts["at_most_one"] if count == 1 else texts["at_most"].format(n=count)
