"""The intake form as posted: answers, choices, where to go."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Any
from urllib.parse import parse_qsl

from app.core.answer import Answer
from app.core.facts import Fact, Value
from app.core.rules import Release
from app.web.code import answers_of, release_of
from app.web.recorded import KINDS, Recorded, parts_of, written

MOST_FIELDS = 400
UNKNOWN = "unknown"
"""The name of the field, and the answer, for what a candidate does not know."""
Answers = Mapping[str, Value | None]
"""Answers in the order in which they were given; `None` is "not known", said explicitly."""


@dataclass(frozen=True)
class Choices:
    """What is chosen on a page, as posted."""

    asked: tuple[str, ...] = ()
    """The facts that the page asks for."""
    raw: Mapping[str, str] = field(default_factory=dict)
    """By fact, the answer chosen or written."""
    yes: frozenset[str] = frozenset()
    unsure: frozenset[str] = frozenset()
    nothing: frozenset[str] = frozenset()
    """The topics of which none applies."""

    def over(self, before: "Choices") -> "Choices":
        """Return these choices beside those of `before`."""
        return Choices(
            (*before.asked, *(name for name in self.asked if name not in before.asked)),
            {**before.raw, **self.raw},
            before.yes | self.yes,
            before.unsure | self.unsure,
            before.nothing | self.nothing,
        )


@dataclass(frozen=True)
class Filled:
    """A posted form: `page` is where it was, `go` the button."""

    answers: Answers = field(default_factory=dict)
    choices: Choices = Choices()
    page: str = ""
    go: str = ""
    flags: frozenset[str] = frozenset()
    damaged: bool = False
    """Whether an answer of a link could not be read."""
    recorded: Mapping[str, Recorded] = field(default_factory=dict)
    """What the record of a launch says, by fact."""
    unread: tuple[str, ...] = ()
    """Types of resources that could not be read there."""
    launched: str = ""
    """The name that the browser gave to a launch from an EHR."""
    confirmed: frozenset[str] = frozenset()
    """The facts of that record that somebody answered here, so that they count as of today."""
    wrong: Mapping[str, str] = field(default_factory=dict)
    """The fields with a number or a reference that cannot be.

    With what was written there, except of a reference: that may be a name.
    """
    reference: str = ""
    """What whoever asks calls this candidate."""
    order: tuple[str, ...] = ()
    """The facts that are answered or asked, in the order in which they first were."""
    ruleset: str = ""
    """The release that it was read with; a link passes it on."""
    made_with: str = ""
    """The other release that a link was made with."""
    is_known: bool = True
    """Whether that release is here, so that its answers can be read."""

    @property
    def carried(self) -> list[list[str]]:
        """The fields that every page passes on."""
        found = [[RECORDED, text] for text in written(self.recorded)] + [[UNREAD, kind] for kind in self.unread]
        found += [[CONFIRMED, name] for name in self.recorded if name in self.confirmed]
        found += [[LAUNCHED, self.launched]] if self.launched else []
        beside = {REFERENCE: self.reference, RULESET: self.ruleset}
        return [*found, *([name, text] for name, text in beside.items() if text)]

    @property
    def unchanged(self) -> Mapping[str, Recorded]:
        """What is answered as a record has it, without being asked here."""
        return {
            name: each
            for name, each in self.recorded.items()
            if name not in self.confirmed and name in self.facts and self.facts[name] == each.value
        }

    @cached_property
    def facts(self) -> Mapping[str, Value]:
        """The facts that are known."""
        return {name: value for name, value in self.answers.items() if value is not None}

    @cached_property
    def unavailable(self) -> tuple[str, ...]:
        """The facts that the candidate cannot answer."""
        return tuple(name for name, value in self.answers.items() if value is None)


RECORDED, UNREAD, LAUNCHED, CONFIRMED = "recorded", "unread", "launched", "confirmed"
REFERENCE, RULESET = "reference", "ruleset"
REFERENCES = re.compile(r"[A-Za-z0-9._:-]{1,64}")
"""As the API has them: no place for a name."""
FLAGS = ("finished", "skipped", "everything", "faults", "changing")
"""`finished`: with what is known. `skipped`: practical things were shown. `everything`: all on one page. `faults`: the
page says what is wrong on it. `changing`: it was opened from the check of answers, and Back leads there."""


def read_form(body: bytes, release: Release, others: Mapping[str, Release] = MappingProxyType({})) -> Filled:
    """Read a posted form.

    `others` are older releases, by id: a link may have been made with one.
    """
    try:
        fields = parse_qsl(body.decode("utf-8"), keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except (UnicodeDecodeError, ValueError):
        return Filled(damaged=True)
    facts = release.facts
    given: dict[str, list[str]] = {}
    for name, text in fields:
        given.setdefault(name, []).append(text)
    asked = tuple(name for name in facts if name in given.get("asked", ()))
    made_with = _other(given, release)
    answers: dict[str, Value | None] = {}
    recorded: dict[str, Recorded] = {}
    damaged = False
    wrong: dict[str, str] = {}
    for name, text in fields:
        if name == "code":
            found = _coded(text, release, others)
            damaged |= found is None
            answers |= found or {}
        elif name == RECORDED:
            said = _recorded(text, facts)
            damaged |= said is None
            recorded |= said or {}
        elif name == UNKNOWN and text in facts:
            if text not in asked:
                answers.setdefault(text, None)
        elif name in facts:
            if name not in asked and text.strip():
                value = value_of(facts[name], text.strip())
                if value is not None:
                    answers[name] = value
                elif facts[name].kind == "integer":
                    wrong[name] = text.strip()
                else:
                    damaged |= not made_with
        elif name not in KNOWN:
            damaged |= not made_with
    choices = Choices(
        asked=asked,
        raw={name: given[name][-1].strip() for name in asked if name in given},
        yes=frozenset(given.get("yes", ())) & facts.keys(),
        unsure=frozenset(given.get("unsure", ())) & facts.keys(),
        nothing=frozenset(given.get("nothing", ())),
    )
    flags = frozenset(name for name in FLAGS if name in given)
    reference = given.get(REFERENCE, [""])[-1]
    if reference.strip() and not REFERENCES.fullmatch(reference):
        wrong[REFERENCE] = ""
    return Filled(
        answers,
        choices,
        given.get("page", [""])[-1],
        given.get("go", [""])[-1],
        flags,
        damaged,
        recorded,
        tuple(kind for kind in KINDS if kind in given.get(UNREAD, ())),
        launched if LAUNCH.fullmatch(launched := given.get(LAUNCHED, [""])[-1]) else "",
        frozenset(given.get(CONFIRMED, ())) & recorded.keys(),
        wrong,
        "" if REFERENCE in wrong else reference.strip(),
        tuple(dict.fromkeys(n for pair in fields for n in pair if n in facts)),
        release.id,
        made_with,
        "code" not in given or made_with in {"", *others},
    )


def _other(given: Mapping[str, Sequence[str]], release: Release) -> str:
    """Return the other release that a link was made with, or nothing."""
    named = [*map(release_of, given.get("code", ())), *given.get(RULESET, ())]
    return next((name for name in named if RELEASE.fullmatch(name) and name != release.id), "")


def _coded(code: str, release: Release, others: Mapping[str, Release]) -> Answers | None:
    """Return the answers of a code that the release has too.

    `None` where it is damaged.
    """
    named = release_of(code)
    if not RELEASE.fullmatch(named):
        return None
    if named == release.id:
        return answers_of(code, release)
    found = answers_of(code, others[named]) if named in others else {}
    if found is None:
        return None
    facts = release.facts
    return {n: v for n, v in found.items() if n in facts and (v is None or v in facts[n].domain)}


RELEASE = re.compile(r"[A-Za-z0-9._-]{1,32}")
BESIDE = ("asked", "yes", "unsure", "nothing", "page", "go", "lang", REFERENCE, RULESET)
KNOWN = frozenset({UNKNOWN, "code", *BESIDE, *FLAGS, RECORDED, UNREAD, LAUNCHED, CONFIRMED})
"""The names of fields beside facts."""
LAUNCH = re.compile(r"[A-Za-z0-9_-]{16,64}")


def _recorded(text: str, facts: Mapping[str, Fact]) -> dict[str, Recorded] | None:
    """Return what a record says of a fact; `None` if damaged."""
    parts = parts_of(text)
    if parts is None or parts[0] not in facts:
        return None
    name, said, kind, date = parts
    value = value_of(facts[name], said) if said else None
    return None if said and value is None else {name: Recorded(value, kind, date)}


def machine(answer: Answer, filled: Filled) -> dict[str, Any]:
    """Return what a page around the intake gets: result and answers."""
    result = {"decision": asdict(answer.decision), "id": answer.id, "ruleset": answer.ruleset.id}
    return result | {"answers": filled.facts, "unavailable": filled.unavailable}


def value_of(fact: Fact, text: str) -> Value | None:
    """Return the value that a field's text stands for, or `None`."""
    if fact.kind == "boolean":
        return {"true": True, "false": False}.get(text)
    if fact.kind == "integer":
        number = int(text) if text.isdecimal() and len(text) < 6 else -1  # full-width digits too
        return number if number in fact.domain else None
    return text if text in fact.domain else None


def as_field(value: object) -> str:
    """Return a value as a field of a form holds it."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def fields_of(answers: Answers, but: Sequence[str] = ()) -> list[list[str]]:
    """Return answers as the fields of a form or a link."""
    return [
        [UNKNOWN, name] if value is None else [name, as_field(value)]
        for name, value in answers.items()
        if name not in but
    ]
