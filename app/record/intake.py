"""Our intake in a record: each answer has its day."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from app.core.codes import is_no
from app.core.reasons import Asked
from app.record.answers import Answer, is_ours, read_answers
from app.record.bounds import MOST_ANSWERS
from app.record.context import Context, aside, is_modified, not_understood
from app.record.dates import Day, WrongDateError
from app.record.elements import Resource, reference_of, text
from app.record.identity import Found, Whose
from app.record.places import Unread
from app.record.weigh import Claim, Draft

FINISHED = frozenset({"completed", "amended"})
KNOWN = FINISHED | {"in-progress", "stopped", "entered-in-error"}
LONGEST_LINK = 64


class Response(NamedTuple):
    """A response that is ours, and its day if it counts."""

    resource: Resource
    whose: Whose
    day: Day | None
    status: str
    is_wrong: bool
    answers: list[Answer]


class Intake:
    """Every response to our questionnaire of one record."""

    def __init__(self, context: Context, questionnaire: str) -> None:
        self._context = context
        self._questionnaire = questionnaire
        self._responses: list[Response] = []
        self._unread = 0
        self._unavailable: dict[str, Day] = {}

    def is_ours(self, found: Found) -> bool | None:
        """Return whether a response is ours; `None` where that cannot be told."""
        return is_ours(found.resource, self._questionnaire)

    def take(self, found: Found, whose: Whose) -> None:
        """Read a response to our questionnaire."""
        resource = found.resource
        answers, left = read_answers(resource, self._context.release)
        self._unread += left
        status = text(resource.get("status"))
        is_wrong = any(key in resource for key in ("modifierExtension", "implicitRules")) or status not in KNOWN
        day = None
        try:
            day = self._context.days.of(resource.get("authored"))
        except WrongDateError:
            is_wrong = True
        self._responses.append(Response(resource, whose, day, status, is_wrong, answers))

    def drafts(self) -> Iterator[Draft]:
        """Yield every answer of every response."""
        for response in self._responses:
            for answer in response.answers:
                yield self._draft(response, answer)

    @property
    def unread(self) -> Iterable[Unread]:
        """What was beyond the limit."""
        return (Unread("unread_answers", self._unread, MOST_ANSWERS),) if self._unread else ()

    def unavailable(self, known: Iterable[str]) -> tuple[str, ...]:
        """Return what nobody can answer, in the order of the release."""
        return tuple(f for f in self._context.release.facts if f in self._unavailable and f not in known)

    def _draft(self, response: Response, answer: Answer) -> Draft:
        link = answer.name[:LONGEST_LINK]
        draft = Draft(reference_of(response.resource), day=response.day, link_id=link)
        might = (answer.name,) if answer.name in self._context.release.facts else ()
        if response.whose == "other":
            return aside(draft, "somebody_elses", might)
        if response.whose == "unknown":
            return not_understood(draft, "nobodys", might)
        if response.status == "entered-in-error":
            return aside(draft, "in_error", might)
        if answer.fault:
            return not_understood(draft, answer.fault, might)
        if response.is_wrong:
            return not_understood(draft, "wrong_date" if self._is_dated_wrong(response) else "unknown_modifier", might)
        if response.status in FINISHED and response.day and self._newer(response, answer.name):
            return aside(draft, "newer_form", might)
        if answer.is_unavailable:
            return self._without_answer(draft, answer, response)
        claim = Claim(draft, answer.name, answer.value, "asked", "form_without_date")
        draft.claims.append(claim)
        if response.status not in FINISHED or response.day is None:
            reason: Asked = "form_without_date" if response.status in FINISHED else "form_not_finished"
            claim.put("asked", reason)
            if is_no(answer.value):
                claim.put("set_aside", reason)
        else:
            self._context.standing.answer(claim, response.day)
        return draft

    def _without_answer(self, draft: Draft, answer: Answer, response: Response) -> Draft:
        if response.status in FINISHED and response.day:
            claim = Claim(draft, answer.name, False, "asked", "too_old")
            self._context.standing.answer(claim, response.day)
            if claim.counts:
                self._unavailable[answer.name] = response.day
        return aside(draft, "cannot_answer", (answer.name,))

    def _is_dated_wrong(self, response: Response) -> bool:
        return response.day is None and not is_modified(response.resource) and response.status in KNOWN

    def _newer(self, response: Response, name: str) -> bool:
        """Return whether a newer response that counts answers the same."""
        return any(
            other.day is not None
            and response.day is not None
            and other.status in FINISHED
            and other.whose == "patient"
            and not other.is_wrong
            and other.day.newer(response.day)
            and any(answer.name == name and not answer.fault for answer in other.answers)
            for other in self._responses
        )
