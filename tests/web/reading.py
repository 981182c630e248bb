"""How hard a page is to read: Flesch-Kincaid grade, longest sentence, words.

Every block of text is read by itself; one without a full stop is a sentence. Names of medicines and diseases (`NAMES`)
count two syllables each: a reader knows the name of their own, and no other word can stand for it. Syllables are groups
of vowels, without a silent e.
"""

import re
from collections.abc import Iterator
from html.parser import HTMLParser

NAMES = frozenset(
    [
        "abscess",
        "accutane",
        "acne",
        "apixaban",
        "aspirin",
        "autoimmune",
        "biologics",
        "botox",
        "cancer",
        "chemotherapy",
        "clopidogrel",
        "diabetes",
        "doxycycline",
        "dysmorphic",
        "eczema",
        "ehlers-danlos",
        "epilepsy",
        "haemophilia",
        "hiv",
        "infection",
        "isotretinoin",
        "keloid",
        "lichen",
        "lupus",
        "melasma",
        "methotrexate",
        "palsy",
        "planus",
        "platelets",
        "psoriasis",
        "ringworm",
        "roaccutane",
        "sarcoidosis",
        "scleroderma",
        "shingles",
        "steroid",
        "vitiligo",
        "warfarin",
    ]
)
"""Names of medicines and diseases that a page may say."""
BLOCKS = frozenset(
    ["p", "li", "h1", "h2", "h3", "h4", "label", "legend", "dt", "dd", "th", "td", "button", "summary", "title", "div"]
)
HIDDEN = frozenset(["script", "style", "svg", "head", "option"])
WORD = re.compile(r"[A-Za-z][A-Za-z'-]*|\d+")
VOID = frozenset(["input", "meta", "link", "br", "hr", "img", "path", "circle", "ellipse"])


class _Blocks(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.blocks: list[str] = [""]
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in VOID:
            return
        if self._hidden or tag in HIDDEN:
            self._hidden += 1
        elif tag in BLOCKS or ("class", "nhsuk-hint") in attrs:
            self.blocks.append("")

    def handle_endtag(self, tag: str) -> None:
        if tag in VOID:
            return
        if self._hidden:
            self._hidden -= 1
        elif tag in BLOCKS:
            self.blocks.append("")

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.blocks[-1] += data


def sentences(html: str) -> Iterator[list[str]]:
    """Yield the words of every sentence of a page."""
    parser = _Blocks()
    parser.feed(html)
    for block in parser.blocks:
        for sentence in re.split(r"(?<=[.?!:])\s+", " ".join(block.split())):
            words = WORD.findall(sentence)
            if words:
                yield words


def syllables(word: str) -> int:
    """Return how many syllables a word counts."""
    plain = word.lower().removesuffix("'s")
    if plain in NAMES:
        return min(2, _groups(plain))
    return _groups(plain)


def _groups(word: str) -> int:
    if word.isdecimal():
        return 1
    found = len(re.findall(r"[aeiouy]+", word))
    if re.search(r"[^aeiouyl]e$|[^aeiouydt]ed$|[^aeiouyscxz]es$", word) and found > 1:
        found -= 1
    return max(found, 1)


def words(html: str) -> int:
    """Return how many words a page has."""
    return sum(map(len, sentences(html)))


def longest(html: str) -> list[str]:
    """Return the longest sentence of a page."""
    return max(sentences(html), key=len, default=[])


def grade(html: str) -> float:
    """Return the Flesch-Kincaid grade of a page."""
    listed = list(sentences(html))
    count = sum(map(len, listed))
    spoken = sum(syllables(word) for sentence in listed for word in sentence)
    return 0.39 * count / len(listed) + 11.8 * spoken / count - 15.59
