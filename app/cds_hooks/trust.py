"""Whose CDS Hooks calls are answered."""

from app.core.languages import Sentence


class UntrustedError(Exception):
    """A call that is not trusted; repeats nothing of its token."""

    def __init__(self, says: str, **values: object) -> None:
        self.sentence = Sentence(says, values)
        super().__init__(str(self.sentence))


class Trust:
    """The check of a call, open where no client is known."""

    is_open = True
    """Whether anybody may call."""

    async def check(self, authorization: str | None, address: str) -> None:
        """Accept a call to an address, or raise `UntrustedError`."""
