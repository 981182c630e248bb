"""Words and names found in short texts, in any case.

A word is found whole, and in the plural; one that ends in `*` stands for all that begin with it; several words are
found in their order. Korean puts no space between a name and what follows, so a word with Hangul is found anywhere, and
one of a single syllable (`정`, tablet) only at the end of a run of Hangul. Compounds are written with and without
spaces (혈소판 감소증): a word of three syllables or more is found in either, a shorter one (쪽 귀) as it is listed. The
work is linear in the text: pairs of letters are looked up at once, since a pattern of first letters took four times as
long (0.45 us a letter, 2026-11-27).
"""

import re
from collections.abc import Hashable, Iterable
from itertools import accumulate
from operator import add
from typing import Generic, TypeVar
from unicodedata import normalize

L = TypeVar("L", bound=Hashable)

TOKEN = re.compile(r"[^\W_가-힣]+|[가-힣]+")
HANGUL = re.compile(r"[가-힣]")
BETWEEN_HANGUL = re.compile(r"(?<=[가-힣])\s+(?=[가-힣])")
STEM = "*"
SHORTEST_PLURAL = 4
"""A shorter word that ends in s is seldom a plural."""
SHORTEST_COMPOUND = 3
"""A shorter Korean word may begin at the end of another."""


UNSEEN = re.compile(
    "[\u00ad\u180e\u200c-\u200f\u202a-\u202e\u2060-\u2064\ufeff]|(?<=[가-힣ᄀ-ᇿ\\s])\u200b+(?=[가-힣ᄀ-ᇿ\\s])"
)
"""Letters that show nothing, such as a soft hyphen; one of no width ends a word, unless it is a Korean one."""
SYLLABLES = re.compile(r"[가-힣ᄀ-ᇿ]+")


def plain(text: str) -> str:
    """Return a text as it is compared."""
    if text.isascii():
        return text.casefold()
    said = normalize("NFKC", text)
    if not said.isprintable():
        # all of it anew would put marks in order that were apart, which takes time with the square
        said = SYLLABLES.sub(lambda found: normalize("NFC", found[0]), UNSEEN.sub("", said))
    return said.casefold()


def is_a_word(text: str) -> bool:
    """Say whether anything is found by a word or stem."""
    said = plain(text).strip()
    tokens = TOKEN.findall(said)
    return bool(tokens) and not (said.endswith(STEM) and (len(tokens) > 1 or HANGUL.search(said)))


class Words(Generic[L]):
    """A list of words, each with a label."""

    def __init__(self, words: Iterable[tuple[str, L]]) -> None:
        self._first: dict[str, list[tuple[tuple[str, ...], L]]] = {}
        self._stems: dict[str, list[L]] = {}
        self._syllables: dict[str, list[L]] = {}
        self._korean: dict[str, list[tuple[str, int, L]]] = {}
        for word, label in words:
            if not is_a_word(word):
                raise ValueError("no word; the checks of the rule book say where")
            self._add(plain(word).strip(), label)
        self._lengths = sorted({len(stem) for stem in self._stems})

    def _add(self, word: str, label: L) -> None:
        if HANGUL.search(word):
            joined = BETWEEN_HANGUL.sub("", word)
            if len(joined) == 1:
                self._syllables.setdefault(joined, []).append(label)
            else:
                is_short = len(joined) < SHORTEST_COMPOUND
                written = BETWEEN_HANGUL.sub(" ", word) if is_short else joined
                self._korean.setdefault(joined[:2], []).append((written, len(joined), label))
            return
        *before, last = TOKEN.findall(word)
        if word.endswith(STEM):
            self._stems.setdefault(last, []).append(label)
        else:
            self._first.setdefault((*before, last)[0], []).append(((*before, last)[1:], label))

    def found(self, text: str, *, longest: bool = False) -> dict[L, None]:
        """Return the labels of the words in a text, each once.

        With `longest`, a Korean word inside a longer one that is found does not count (코르티손 in 하이드로코르티손).
        """
        said = plain(text)
        found: dict[L, None] = {}
        tokens = TOKEN.findall(said)
        for place, token in enumerate(tokens):
            if "가" <= token[0] <= "힣":
                for label in self._syllables.get(token[-1], ()):
                    found[label] = None
                continue
            for word in _singular(token):
                for rest, label in self._first.get(word, ()):
                    if not rest or _are(tokens[place + 1 : place + 1 + len(rest)], rest):
                        found[label] = None
            for length in self._lengths:
                if length > len(token):
                    break
                for label in self._stems.get(token[:length], ()):
                    found[label] = None
        if not said.isascii():
            self._find_korean(said, found, longest=longest)
        return found

    def _find_korean(self, said: str, found: dict[L, None], *, longest: bool) -> None:
        listed = self._korean
        parts = BETWEEN_HANGUL.split(said)
        joined = "".join(parts)
        gaps = set(accumulate(map(len, parts)))
        reached = 0
        for place, pair in enumerate(map(add, joined, joined[1:])):
            if pair not in listed:
                continue
            short = f"{pair[0]} {pair[1]}" if place + 1 in gaps else pair
            here = [
                hit
                for hit in listed[pair]
                if hit[0] == short or (hit[1] >= SHORTEST_COMPOUND and joined.startswith(hit[0], place))
            ]
            end = max((place + length for _, length, _ in here), default=0)
            for _, length, label in here:
                if not longest or (place + length == end and end > reached):
                    found[label] = None
            reached = max(reached, end)


def _singular(token: str) -> tuple[str, ...]:
    """Return a word, and what it may be the plural of."""
    return (token, token[:-1]) if len(token) >= SHORTEST_PLURAL and token[-1] == "s" else (token,)


def _are(tokens: list[str], words: tuple[str, ...]) -> bool:
    return len(tokens) == len(words) and all(w in _singular(t) for t, w in zip(tokens, words, strict=True))
