"""How much of one record is looked up and searched.

Resources and their parts are counted elsewhere; a record of few that say very much is as much work.
"""

from unicodedata import combining, is_normalized, normalize

MOST_LOOKED_UP = 8_000
"""How much of one record is looked up: codings, two for each concept that differs, and what the codes say."""
MOST_WORDS = 120_000
"""How many characters of one record are searched for words."""
LONGEST_TEXT = 1_000
"""How much of the words of one concept is searched."""
MOST_MARKS = 30
"""How many combining marks follow one another in a text (UAX #15, Stream-Safe): more take time with the square."""


class Limits:
    """What is left of the work that one record may be."""

    def __init__(self, words: int = MOST_WORDS, codes: int = MOST_LOOKED_UP) -> None:
        self._words = words
        self._codes = codes
        self.not_looked_up = 0
        """How much was beyond the limit."""

    def text(self, words: str) -> str | None:
        """Return a text as it is searched; `None`: it is not.

        It is counted as it is compared: one letter may stand for eighteen (U+FDFA).
        """
        text = words
        if self._words >= 0 and not words.isascii() and not is_normalized("NFKC", words):
            runs = bytes(map(combining, words)).split(b"\0")
            if max(map(len, runs)) > MOST_MARKS:
                self._words -= len(words)
                return None
            text = normalize("NFKC", words)
        self._words -= len(text)
        return text if self._words >= 0 or not text else None

    def look_up(self, count: int) -> None:
        """Count what is looked up."""
        self._codes -= count

    def may_look_up(self) -> bool:
        """Return whether something may be looked up; what may not is counted."""
        self.not_looked_up += self._codes < 0
        return self._codes >= 0
