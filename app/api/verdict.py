"""The verdict on a stored answer, and how it is said."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from app.api.described import Described
from app.api.messages import Message
from app.api.problems import MOST_ERRORS

Outcome = Literal["valid", "other_texts", "altered", "other_release", "other_contract", "unknown_key"]
SAYS: Mapping[Outcome, Message] = {
    "valid": Message("this service gave this answer, and decides the same again"),
    "other_texts": Message(
        "this service decides the same again; only texts with a digest of their own have changed since"
    ),
    "altered": Message("this is not what this service answered"),
    "other_release": Message(
        "the receipt is good; the release that answered is not here, so that nothing can be decided again"
    ),
    "other_contract": Message(
        "the receipt is good; the answer has a shape that this service no longer gives, or not yet"
    ),
    "unknown_key": Message("the receipt was signed with a key that is not known here"),
}


class Verdict(Described):
    """What is to be thought of a stored answer."""

    result: Outcome
    """`valid`: given by this service, and decided again just so. `other_texts`: the same, but for texts that have a
    digest of their own in `ruleset.digests` and have another one now. `altered`: not what this service answered.
    `other_release`: rightly signed, by a release that this service does not hold. `other_contract`: rightly signed, in
    another shape. `unknown_key`: signed by somebody else, or with a key that is no longer listed."""
    detail: str
    """The same in words, and what is to be done."""
    differs: list[str]
    """JSON pointers to what is not as it was answered."""
    release: str | None
    """The release that decided again."""
    current: bool
    """Whether that is the current release."""
    key: str | None
    """The id of the key that signed."""


def verdict_of(
    result: Outcome, detail: Message | None = None, differs: Sequence[str] = (), **about: Any
) -> tuple[Verdict, Message]:
    """Return a verdict, and what it says."""
    known = {"release": None, "current": False, "key": None} | about
    says = Message("{says}: {detail}", says=SAYS[result], detail=detail) if detail else SAYS[result]
    if len(differs) > MOST_ERRORS:
        listed, more = MOST_ERRORS, len(differs) - MOST_ERRORS
        template = "{says}; the first {listed} differences are listed, {more} more are not"
        says = Message(template, says=says, listed=listed, more=more)
    return Verdict(result=result, detail=says, differs=list(differs[:MOST_ERRORS]), **known), says
