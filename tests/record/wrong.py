"""Readers that break one rule of reading each; some golden chart shows every one of them."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import date
from itertools import count
from typing import Any

import pytest

from app.core.codes import NESTED, Codes, Inside, Meaning, Span
from app.core.facts import Value
from app.core.words import Words
from app.record import (
    age,
    answers,
    bundles,
    concepts,
    conditions,
    identity,
    intake,
    medicines,
    observations,
    procedures,
    reader,
    standing,
    statuses,
    weigh,
)
from app.record.bundles import Found
from app.record.context import irrelevant
from app.record.dates import Day, Days
from app.record.weigh import Claim, Draft

Wrong = Callable[[pytest.MonkeyPatch], None] | Callable[[Codes], Codes]
"""A change of the reader, or of its data."""


def _set(owner: Any, name: str, value: Any) -> Callable[[pytest.MonkeyPatch], None]:
    def change(patch: pytest.MonkeyPatch) -> None:
        patch.setattr(owner, name, value)

    return change


def _always(value: Any) -> Callable[..., Any]:
    return lambda *_args, **_named: value


def _spans(change: Callable[[Span], Span]) -> Callable[[Codes], Codes]:
    return lambda codes: replace(codes, spans={name: change(span) for name, span in codes.spans.items()})


def _longer(days: int) -> Callable[[Span], Span]:
    def change(span: Span) -> Span:
        return replace(
            span,
            yes_days=span.yes_days and span.yes_days + days,
            no_days=span.no_days and span.no_days + days,
            values={name: value and value + days for name, value in span.values.items()},
        )

    return change


def _only_http(codes: Codes) -> Codes:
    return replace(codes, systems={a: s for a, s in codes.systems.items() if not a.startswith("urn:")})


def _substrings(words: Words[Any]) -> Any:
    class Inside:
        def found(self, text: str) -> dict[Any, None]:
            first = [(first, label) for first, listed in words._first.items() for _, label in listed]
            return {label: None for word, label in first if word in text.casefold()}

    return Inside()


def _names_inside(codes: Codes) -> Codes:
    codes.medicines.names = _substrings(codes.medicines.names)
    return codes


def _always_needed(codes: Codes) -> Codes:
    for meaning in codes.medicines.meanings:
        object.__setattr__(meaning, "as_needed", False)
    return codes


def _answered(self: Any, claim: Claim, day: Day) -> None:
    claim.counts = True
    claim.put("used", "answered")


def _no_end(context: Any, resource: Any) -> tuple[Day | None, None]:
    return context.day(resource, "authoredOn", "effectivePeriod.start"), None


def _newest_wins(fact: str, claims: Iterable[Claim], on: date, **_: Any) -> tuple[Value | None, tuple[Claim, ...]]:
    counting = sorted((c for c in claims if c.counts), key=lambda c: c.day.first if c.day else date.min)
    return (counting[-1].value if counting else None), ()


def _any_time(self: Any, claim: Claim, meaning: Meaning, span: Span, at: Any) -> None:
    if claim.value is not None:
        claim.counts = True
        claim.put("used", "current")


def _undated_counts(self: Any, claim: Claim, meaning: Meaning, span: Span, at: Any) -> None:
    if at.day is None:
        _any_time(self, claim, meaning, span, at)
    else:
        TIME(self, claim, meaning, span, at)


def _undated_asks(self: Any, claim: Claim, meaning: Meaning, span: Span, at: Any) -> None:
    if at.day is not None:
        TIME(self, claim, meaning, span, at)


def _ended_is_over(self: Any, claim: Claim, meaning: Meaning, at: Any) -> None:
    claim.put("set_aside", "ended")


def _planned(self: Days, value: Any, *, planned: bool = False) -> Day | None:
    return DAYS_OF(self, value, planned=True)


def _today_alone(self: Days, on: Any) -> None:
    DAYS_INIT(self, on)
    self._latest = on


def _first_year(self: Any, born: Day) -> Any:
    years = age._years(born.first, self._context.days.on)
    return years, years


def _no_area(self: Any, places: Any, area: Any, limits: Any) -> None:
    SITES_INIT(self, places, [], limits)


def _use(explicit: Any, meant: Any, **more: Any) -> str:
    found = USE(explicit, meant, **more)
    return "systemic" if found == "open_use" else found


def _one_use(explicit: Any, meant: Any, **more: Any) -> str:
    return USE(explicit if len(explicit) < 2 else {"systemic"}, meant, **more)


def _no_abatement(context: Any, resource: Any) -> Any:
    return TIMES(context, {key: value for key, value in resource.items() if not key.startswith("abatement")})


def _silent(draft: Draft, reason: Any, might: Any) -> Any:
    return irrelevant(Found({"resourceType": "Condition", "id": "x"}, "Condition"))


def _absent_is_no(self: Any, record: Any) -> Any:
    found = READ(self, record)
    absent = {name: False for name, fact in self.release.facts.items() if fact.kind == "boolean"}
    return replace(found, facts={**absent, **found.facts})


def _nothing_doubted(self: Any, record: Any) -> Any:
    return replace(READ(self, record), doubted=())


def _without(states: Mapping[str, Any], **other: Any) -> dict[str, Any]:
    return {**states, **{name.replace("_", "-"): value for name, value in other.items()}}


def _raises(resource: Any, release: Any, most: int) -> Any:
    given, left = READ_ANSWERS(resource, release, most)
    return [answer for answer in given if not answer.fault], left


def _valued_groups(codes: Codes) -> Codes:
    for table in (codes.conditions, codes.medicines):
        for groups in table._groups.values():
            groups._opened.clear()
            for fact, hint in groups._hints.items():
                values = [meaning.value for meaning in table.meanings if meaning.fact == fact and meaning.value]
                groups._hints[fact] = replace(hint, value=values[0] if values else None)
    return codes


def _value_alone(part: Any) -> bool:
    return any(name.startswith("value") for name in part)


def _with_result(context: Any, part: Any) -> Any:
    return context.concepts.read(part.get("code"), context.codes.observations, beside=part.get("valueString"))


def _named_too(self: Any, concept: Any, table: Any) -> bool:
    if concept.groups:
        return False
    return NAME(self, concept, table)


TIME = standing.Standing._time
DAYS_OF, DAYS_INIT = Days.of, Days.__init__
SITES_INIT = standing.Sites.__init__
USE, TIMES = medicines._use, conditions._times
NAME = concepts.Concepts._name
READ, READ_ANSWERS = reader.Reader.read, answers.read_answers
NUMBERS = count()

WRONG: dict[str, Wrong] = {
    "everything is the patient's": _set(identity.Identity, "_whose_of", _always("patient")),
    "the server plays no part": _set(identity, "plain_base", _always("")),
    "versions are not read": _set(identity, "REST", re.compile(r"(?:(\S*)/)?([A-Z]\w+)/([A-Za-z0-9.-]+)")),
    "addresses of entries are not read": _set(identity, "_plain_url", lambda url: f"{url}{next(NUMBERS)}"),
    "contained resources are not read": _set(identity, "_inside", _always(None)),
    "what lies inside others is not read": _set(reader, "contained", _always([])),
    "an error outside is none inside": _set(bundles, "IN_ERROR", "x"),
    "identifiers are not read": _set(identity, "_identifiers", _always([])),
    "references to medicines are not followed": _set(identity.Identity, "follow", _always(None)),
    "every place is in the area": _set(standing.Sites, "of", _always("in")),
    "no order widens the area": _set(standing.Sites, "__init__", _no_area),
    "systems have one name": _only_http,
    "the first coding alone is read": _set(concepts, "MOST_CODINGS", 1),
    "a status of any system counts": _set(statuses, "VERIFIED", ("",)),
    "an unknown status is no status": _set(conditions, "clinical", lambda r: statuses.clinical(r) or "active"),
    "what was ruled out counts": _set(statuses, "VERIFIED_STATES", _without(statuses.VERIFIED_STATES, refuted="sure")),
    "errors count": _set(statuses, "VERIFIED_STATES", {**statuses.VERIFIED_STATES, "entered-in-error": "sure"}),
    "what is suspected counts": _set(
        statuses, "VERIFIED_STATES", _without(statuses.VERIFIED_STATES, provisional="sure")
    ),
    "nothing abates": _set(conditions, "_times", _no_abatement),
    "dates may run backwards": _set(Days, "check", _always(None)),
    "modifiers play no part": _set(conditions, "is_modified", _always(False)),
    "codes are compared as written": _set(concepts, "normal", lambda _, code: code),
    "certainty plays no part": _set(concepts, "certainty_of", _always("")),
    "every letter of certainty is sure": _set(conditions, "CERTAINTIES", "AGVZX"),
    "letters of certainty are not read": _set(concepts, "CERTAINTIES", ""),
    "a sequela is a burn": _set(concepts, "_is_sequela", _always(False)),
    "a group of codes is nothing": _set(concepts.Concepts, "_widen", _always(None)),
    "a group says what is in it": _valued_groups,
    "a block is its first code": _set(concepts, "BLOCK", re.compile("")),
    "whatever is written is a code": _set(concepts, "NESTED", dict.fromkeys(NESTED, re.compile(".+"))),
    "a group hides the name beside it": _set(concepts.Concepts, "_name", _named_too),
    "names are not read": _set(concepts.Concepts, "_name", _always(None)),
    "names are found inside words": _names_inside,
    "creams work in the whole body": _set(medicines, "_use", _always("systemic")),
    "what has two uses is systemic": _set(medicines, "_use", _use),
    "of two uses one is taken": _set(medicines, "_use", _one_use),
    "proposals are orders": _set(medicines, "PROPOSALS", frozenset()),
    "what is not taken is taken": _set(medicines, "ORDERS", {**statuses.ORDERS, "not-taken": "active"}),
    "what was given once is taken": _set(medicines, "GIVEN", frozenset()),
    "as needed is always": _always_needed,
    "courses do not end": _set(medicines, "_times", _no_end),
    "time plays no part": _set(standing.Standing, "_time", _any_time),
    "spans are a day longer": _spans(_longer(1)),
    "spans are a day shorter": _spans(_longer(-1)),
    "what has no date counts": _set(standing.Standing, "_time", _undated_counts),
    "what has no date is asked": _set(standing.Standing, "_time", _undated_asks),
    "what ended is over": _set(standing.Standing, "_ended", _ended_is_over),
    "what is in remission is over": _set(
        statuses, "CLINICAL_STATES", _without(statuses.CLINICAL_STATES, remission="ended")
    ),
    "what is over in the body is in it": _spans(lambda span: replace(span, ended=None)),
    "there is no history": _spans(lambda span: replace(span, history=False)),
    "an active order is never too old": _spans(lambda span: replace(span, while_active=True)),
    "the future counts": _set(Days, "of", _planned),
    "there are no time zones": _set(Days, "__init__", _today_alone),
    "the newest wins": _set(reader, "weigh", _newest_wins),
    "nothing is overruled": _set(weigh, "_settles", _always(_always(False))),
    "everything is overruled": _set(weigh, "_settles", _always(_always(True))),
    "now does not win over then": _set(weigh, "_present", lambda counting: counting),
    "a year of birth is a birthday": _set(age.Age, "_range", _first_year),
    "every range is one region": _set(age, "in_one_region", _always(True)),
    "no range is one region": _set(age, "in_one_region", _always(False)),
    "an age that differs counts": _set(age.Age, "_differs", _always(False)),
    "every form is ours": _set(intake, "is_ours", _always(True)),
    "no contained form is ours": _set(intake, "is_ours", lambda r, q: str(r.get("questionnaire")).startswith(q)),
    "unfinished forms count": _set(intake, "FINISHED", intake.KNOWN),
    "faults of answers are silent": _set(intake, "read_answers", _raises),
    "answers do not age": _set(standing.Standing, "answer", _answered),
    "devices are not read": _set(reader, "KINDS", {k: v for k, v in reader.KINDS.items() if k != "Device"}),
    "uses of devices are not read": _set(
        reader, "KINDS", {k: v for k, v in reader.KINDS.items() if k != "DeviceUseStatement"}
    ),
    "allergies are not read": _set(
        reader, "KINDS", {k: v for k, v in reader.KINDS.items() if k != "AllergyIntolerance"}
    ),
    "what is not understood is silent": _set(conditions, "not_understood", _silent),
    "a code without words is nothing": _set(concepts, "OPEN_SYSTEMS", frozenset()),
    "words of a fact play no part": _set(concepts.Concepts, "concerned", _always(())),
    "all is of the skin": _set(Inside, "leaves_out", _always(False)),
    "nothing with such words is of the skin": _set(Inside, "leaves_out", _always(True)),
    "parts are not read": _set(concepts.Concepts, "together", lambda self, whole, parts: whole),
    "what is contained refers to itself": _set(medicines, "_owner", lambda r, t, f: Found(t, "Medication", f.url)),
    "a result is the name of what was asked": _set(observations, "_code", _with_result),
    "an interpretation is no result": _set(
        observations, "_has_value", lambda part: any(k[:5] == "value" for k in part)
    ),
    "names of devices are not read": _set(procedures, "_names", _always("")),
    "unfinished results count": _set(observations, "OPEN", frozenset()),
    "cancelled results count": _set(observations, "NOT_DONE", frozenset()),
    "a device is always there": _set(procedures, "_refused", _always(None)),
    "absent is no": _set(reader.Reader, "read", _absent_is_no),
    "nothing is doubted": _set(reader.Reader, "read", _nothing_doubted),
}
