"""Our intake in a record: each answer has its day."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from app.core.codes import is_no
from app.core.reasons import Asked, NotUnderstood
from app.record.answers import Answer, is_ours, read_answers
from app.record.bounds import MOST_ANSWERS
from app.record.bundles import Found
from app.record.context import Context, aside, not_understood
from app.record.dates import Day, WrongDateError
from app.record.elements import Resource, is_modified, reference_of, text
from app.record.identity import Whose
from app.record.places import Unread
from app.record.weigh import Claim, Draft

FINISHED = frozenset({"completed", "amended"})
KNOWN = FINISHED | {"in-progress", "stopped", "entered-in-error"}
LONGEST_LINK = 64


@dataclass(slots=True)
class Response:
    """A response that is ours, and its day if it has one."""

    resource: Resource
    whose: Whose
    day: Day | None
    status: str
    is_wrong: bool

    @property
    def counts(self) -> bool:
        """Whether its answers count as far as their spans go."""
        return self.whose == "patient" and self.status in FINISHED and self.day is not None and not self.is_wrong

    @property
    def order(self) -> tuple[bool, str, str]:
        """What sorts responses: those that count first, the newest of them first."""
        return self.counts, self.day.text if self.day else "", text(self.resource.get("id"))


class Intake:
    """Every response to our questionnaire of one record."""

    def __init__(self, context: Context, questionnaire: str) -> None:
        self._context = context
        self._questionnaire = questionnaire
        self._responses: list[Response] = []
        self._unread = 0
        self._newest: dict[str, Day] = {}
        self._unavailable: dict[str, Day] = {}

    def is_ours(self, found: Found) -> bool | None:
        """Return whether a response is ours; `None` where that cannot be told."""
        return is_ours(found.resource, self._questionnaire)

    def take(self, found: Found, whose: Whose) -> None:
        """Read a response to our questionnaire."""
        resource = found.resource
        status = text(resource.get("status"))
        is_wrong = any(key in resource for key in ("modifierExtension", "implicitRules")) or status not in KNOWN
        day = None
        try:
            day = self._context.days.of(resource.get("authored"))
        except WrongDateError:
            is_wrong = True
        self._responses.append(Response(resource, whose, day, status, is_wrong))

    def drafts(self) -> Iterator[Draft]:
        """Yield every answer, those of the newest responses first."""
        left = MOST_ANSWERS
        given: list[tuple[Response, Answer, Day | None]] = []
        for response in sorted(self._responses, key=lambda response: response.order, reverse=True):
            answers, unread = read_answers(response.resource, self._context.release, left)
            self._unread += unread
            left = max(0, left - len(answers))
            given += [(response, *self._dated(response, answer)) for answer in answers]
        for response, answer, day in given:
            if response.counts and day and not answer.fault:
                newest = self._newest.get(answer.name)
                if newest is None or day.newer(newest):
                    self._newest[answer.name] = day
        for response, answer, day in given:
            yield self._draft(response, answer, day)

    @property
    def unread(self) -> Iterable[Unread]:
        """What was beyond the limit."""
        return (Unread("unread_answers", self._unread, MOST_ANSWERS),) if self._unread else ()

    def unavailable(self, known: Iterable[str]) -> tuple[str, ...]:
        """Return what nobody can answer, in the order of the release."""
        return tuple(f for f in self._context.release.facts if f in self._unavailable and f not in known)

    def _draft(self, response: Response, answer: Answer, day: Day | None) -> Draft:
        link = answer.name[:LONGEST_LINK]
        draft = Draft(reference_of(response.resource), day=day, link_id=link)
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
            return not_understood(draft, self._fault(response), might)
        newest = self._newest.get(answer.name)
        if response.counts and newest and day and newest.newer(day):
            return aside(draft, "newer_form", might)
        if answer.is_unavailable:
            return self._without_answer(draft, answer, response)
        claim = Claim(draft, answer.name, answer.value, "asked", "form_without_date")
        draft.claims.append(claim)
        if response.status not in FINISHED or day is None:
            reason: Asked = "form_without_date" if response.status in FINISHED else "form_not_finished"
            claim.put("asked", reason)
            if is_no(answer.value):
                claim.put("set_aside", reason)
        else:
            self._context.standing.answer(claim, day)
        return draft

    def _dated(self, response: Response, answer: Answer) -> tuple[Answer, Day | None]:
        """Return an answer with its day: its own if it has one.

        It is never later than that of the response. One that is saved again is no newer than what it was taken from.
        """
        try:
            own = self._context.days.of(answer.date)
        except WrongDateError:
            return answer._replace(fault="wrong_date"), response.day
        return answer, own if own and response.day and not own.newer(response.day) else response.day

    def _without_answer(self, draft: Draft, answer: Answer, response: Response) -> Draft:
        if response.status in FINISHED and response.day:
            claim = Claim(draft, answer.name, False, "asked", "too_old")
            self._context.standing.answer(claim, response.day)
            if claim.counts:
                self._unavailable[answer.name] = response.day
        return aside(draft, "cannot_answer", (answer.name,))

    def _fault(self, response: Response) -> NotUnderstood:
        """Return why a response is not understood as a whole."""
        if is_modified(response.resource):
            return "unknown_modifier"
        return "wrong_date" if response.status in KNOWN else "unknown_status"
