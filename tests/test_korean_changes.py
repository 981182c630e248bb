"""What changed between releases, in Korean: on `/changes` and in `GET /v1/rulesets/{a}/diff/{b}`."""

import re
from collections import Counter
from html import unescape
from typing import Any

from fastapi.testclient import TestClient

from app.rulebook.load import RuleBook
from tests.test_korean import HANGUL, KOREAN


def test_a_comparison_is_korean_but_for_what_only_an_older_release_said(client: TestClient, book: RuleBook) -> None:
    """On each side: the current release in full, an older one where the current one says the same."""
    first, second, current = book.releases
    for one, other in ((first, second), (second, current), (current, first)):
        path = f"/v1/rulesets/{one}/diff/{other}"
        korean, english = client.get(path, headers=KOREAN), client.get(path)
        assert (korean.headers["content-language"], english.headers["content-language"]) == ("ko", "en")
        marked = set()
        for there, here in zip(korean.json()["entries"], english.json()["entries"], strict=True):
            for said, plain in zip(there["texts"], here["texts"], strict=True):
                for side, release in (("before", one), ("after", other)):
                    text, language = said[side], said[f"language_{side}"]
                    marked.add((release, language))
                    assert bool(text and HANGUL.search(text)) == (language == "ko")
                    assert (text == plain[side]) == (language != "ko")
        assert (book.current, "en") not in marked
        page = texts_of_sides(client.get(f"/changes?before={one}&after={other}", headers=KOREAN).text)
        assert page == texts_of_comparison(korean.json())


SIDE = re.compile(r"<(del|ins)(?: lang=\"(\w+)\")?>(<code>)?(.*?)<")


def texts_of_sides(html: str) -> Counter[tuple[str, str | None, str]]:
    """Return what a page of changes quotes, by side and language; the page itself is in Korean."""
    found = SIDE.findall(html)
    return Counter((tag, None if code else lang or "ko", unescape(text)) for tag, lang, code, text in found)


def texts_of_comparison(comparison: Any) -> Counter[tuple[str, str | None, str]]:
    """Return the texts of a comparison, by side and language."""
    return Counter(
        (tag, text[f"language_{side}"], text[side])
        for entry in comparison["entries"]
        for text in entry["texts"]
        for tag, side in (("del", "before"), ("ins", "after"))
        if text[side] is not None
    )
