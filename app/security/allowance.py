"""How much others may send, and why something could not be fetched."""

from dataclasses import dataclass, field

from app.core.languages import Sentence

HEAD_BYTES = 65_536
"""How much may come before a body: the headers, and any number of interim answers."""


class UnfetchedError(Exception):
    """A failed fetch; the text goes after the other's name.

    `status` is there where the other answered with another status than 200.
    """

    def __init__(self, says: str, status: int | None = None) -> None:
        self.sentence = Sentence(says, {} if status is None else {"status": status})
        self.status = status
        super().__init__(str(self.sentence))


@dataclass
class Allowance:
    """How many bytes may still come, of all that share it."""

    left: int
    wire: int = field(init=False)
    """How many of them as they arrive, with their frames."""

    def __post_init__(self) -> None:
        self.wire = 2 * self.left + HEAD_BYTES

    def take(self, count: int) -> None:
        """Count unpacked bytes, or raise `UnfetchedError`."""
        self.left -= count
        if self.left < 0:
            raise UnfetchedError("sent too much")

    def take_wire(self, count: int) -> None:
        """Count bytes as they arrive, or raise `UnfetchedError`."""
        self.wire -= count
        if self.wire < 0:
            raise UnfetchedError("sent too much")
