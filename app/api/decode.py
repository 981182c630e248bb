"""A request body into JSON, and into a question for the engine."""

from collections.abc import Iterator, Mapping, Sequence
from re import fullmatch
from typing import Annotated, Any, Literal

import msgspec
from fastapi import Request

from app.api.large_json import read_without_repeats
from app.api.messages import Message
from app.api.negotiation import AS_FHIR, JSON, media_type_of
from app.api.problems import MOST_ERRORS, MOST_SUGGESTIONS, FieldError, ProblemError
from app.api.strict_json import JsonObject, pointer_to, read_json, repeated_keys
from app.api.validation import FIRST_DAY, LAST_DAY, OTHERS, REFERENCE, RefusedError, closest, day_of, reading_of
from app.api.worker import LIGHT_BYTES, in_worker
from app.core.answer import ScaleGrade
from app.core.engine import Engines, Question
from app.core.facts import Candidate, Fact, Value
from app.core.rules import Release

NAMES_OF_FACTS = ("unavailable", "doubted")
"""Members of a request that list facts."""


def decode(body: bytes, reader: "CandidateReader", *, strict: bool, line: int | None = None) -> Question:
    """Return the question of a body or line, or raise a problem."""
    plain = reader.plain(body, strict=strict)
    return reader.question(read_json(body, line), strict=strict) if plain is None else plain


def check_json_type(content_type: str) -> None:
    """Raise a problem where a content type is not JSON in UTF-8."""
    media_type_of(content_type, (JSON,))


class CandidateReader:
    """A reader of one release's candidates; `elsewhere` names other releases' facts."""

    def __init__(self, release: Release, elsewhere: Mapping[str, str]) -> None:
        self.release = release
        self._elsewhere = {name: first for name, first in elsewhere.items() if name not in release.facts}
        self._readings = [(fact, reading_of(fact, release.scales)) for fact in release.facts.values()]
        template = "release {release} has no such fact; GET /v1/rulesets/{release}/facts lists them"
        self._no_such = Message(template, release=release.id)
        self._plain = msgspec.json.Decoder(_plain_candidate(release))

    def plain(self, body: bytes, *, strict: bool) -> Question | None:
        """Return the question of a body that is plainly right, else `None`.

        msgspec checks all of it, in a quarter of the time of a close look; what it refuses may be right all the
        same, as a reading on a scale is.
        """
        try:
            given = msgspec.to_builtins(self._plain.decode(body))
        except (msgspec.MsgspecError, ValueError):
            return None
        if len(given) != body.count(b":"):  # a key may stand there twice
            return None
        reference = given.pop("reference", None)
        if b"null" in body:  # to look for it in the text takes a fifth of what looking among the values does
            given = {name: value for name, value in given.items() if value is not None}
        return Question(given, strict, reference=reference)

    def question(self, data: Any, *, strict: bool) -> Question:
        """Return the question of a JSON value, or raise every problem."""
        if not isinstance(data, dict):
            says = Message('write one JSON object, such as `{"primary_concern": "dullness"}`')
            raise ProblemError(
                "not-facts",
                Message("the body is one JSON object with the facts"),
                errors=[FieldError("", "not_an_object", says)],
            )
        errors: list[FieldError] = []
        graded: dict[str, ScaleGrade] = {}
        facts = self._facts(data, graded, errors)
        unavailable: tuple[str, ...] = ()
        doubted: tuple[str, ...] = ()
        reference, asked_on, more = None, None, 0
        if isinstance(data, JsonObject):
            repeated, more = repeated_keys(data)
            errors = [*repeated, *errors]
        if len(facts) < len(data):
            unavailable, doubted = (() if (given := data.get(name)) is None else given for name in NAMES_OF_FACTS)
            reference, day = data.get("reference"), data.get("asked_on")
            asked_on = None if day is None else day_of(day)
            others = list(self._others(data, unavailable, doubted))
            room = max(0, MOST_ERRORS - len(errors))
            errors += [FieldError(*other) for other in others[:room]]
            more += len(others[room:])
        if errors:
            count = len(errors) + more
            says = (
                Message("1 error in the facts") if count == 1 else Message("{count} errors in the facts", count=count)
            )
            raise ProblemError("not-facts", says, errors=errors, more=more)
        return Question(facts, strict, self._ordered(unavailable), graded, reference, self._ordered(doubted), asked_on)

    def _ordered(self, names: Sequence[str]) -> tuple[str, ...]:
        """Return names of facts in asking order, each once."""
        if not names:
            return ()
        named = frozenset(names)
        return tuple(name for name in self.release.facts if name in named)

    def _facts(self, data: Mapping[str, Any], graded: dict[str, ScaleGrade], errors: list[FieldError]) -> Candidate:
        """Return the known facts; add those read on a scale, and errors."""
        facts: dict[str, Value] = {}
        for fact, reading in self._readings:
            value = data.get(fact.name)
            if value is None:
                continue
            if fact.accepts(value):
                facts[fact.name] = value
                continue
            try:
                facts[fact.name], scale = reading(value)
                if scale is not None:
                    graded[fact.name] = scale
            except RefusedError as error:
                errors.append(error.at(f"/{fact.name}"))
        return facts

    def _others(
        self, data: Mapping[str, Any], unavailable: Any, doubted: Any
    ) -> Iterator[tuple[str, str, Message, str | None]]:
        """Yield what is wrong with the members that are no facts.

        Place, code, what would be right and a suggestion: an object for each would take most of the time.
        """
        reference, asked_on = data.get("reference"), data.get("asked_on")
        if reference is not None and not (isinstance(reference, str) and fullmatch(REFERENCE, reference)):
            yield "/reference", "not_a_reference", Message("write 1 to 64 characters of A-Z a-z 0-9 . _ : -"), None
        if asked_on is not None and day_of(asked_on) is None:
            says = Message("write a day from {first} to {last} as `2026-11-26`", first=FIRST_DAY, last=LAST_DAY)
            yield "/asked_on", "not_a_day", says, None
        suggested = told = 0
        untold = "", "", self._no_such, None  # of what is wrong beyond the errors that are listed, each counts
        for member, listed in zip(NAMES_OF_FACTS, (unavailable, doubted), strict=True):
            if not isinstance(listed, list | tuple):
                yield f"/{member}", "not_a_list", Message("write a list of names of facts"), None
                continue
            for place, name in enumerate(listed):
                if told == MOST_ERRORS:
                    if not self._is_right(data, member, name):
                        yield untold
                    continue
                told += 1
                pointer = f"/{member}/{place}"
                if isinstance(name, str) and name in self._elsewhere:
                    yield pointer, "not_in_release", self._not_here(name), None
                elif not isinstance(name, str) or name not in self.release.facts:
                    close = closest(name, self.release.facts) if suggested < MOST_SUGGESTIONS else None
                    suggested += 1
                    yield pointer, "unknown_fact", self._no_such, close
                elif data.get(name) is not None:
                    says = Message("`{name}` is answered in this request; take it out here", name=name)
                    yield pointer, "answered", says, None
                elif member == "doubted" and self.release.facts[name].policy == "ask":
                    says = Message("nothing is ever assumed of `{name}`; take it out here", name=name)
                    yield pointer, "never_assumed", says, None
                else:
                    told -= 1
        unknown = [name for name in data if name not in self.release.facts and name not in OTHERS]
        for name in unknown:
            if told == MOST_ERRORS:
                yield untold
                continue
            told += 1
            pointer = pointer_to("", name)
            if name in self._elsewhere:
                yield pointer, "not_in_release", self._not_here(name), None
            else:
                close = closest(name, (*self.release.facts, *OTHERS)) if suggested < MOST_SUGGESTIONS else None
                suggested += 1
                yield pointer, "unknown_fact", self._no_such, close

    def _is_right(self, data: Mapping[str, Any], member: str, name: Any) -> bool:
        """Return whether a member may list a name."""
        fact = self.release.facts.get(name) if isinstance(name, str) else None
        return fact is not None and data.get(name) is None and not (member == "doubted" and fact.policy == "ask")

    def _not_here(self, name: str) -> Message:
        template = "release {release} does not have this fact; it came with {first}"
        return Message(template, release=self.release.id, first=self._elsewhere[name])


def _plain_candidate(release: Release) -> type[msgspec.Struct]:
    """Return what is plainly a candidate of a release."""
    members: dict[str, Any] = {name: _plain_value(fact) for name, fact in release.facts.items()}
    members["reference"] = Annotated[str, msgspec.Meta(pattern=REFERENCE)]
    fields = [(name, kind | None | msgspec.UnsetType, msgspec.UNSET) for name, kind in members.items()]
    return msgspec.defstruct("Candidate", fields, forbid_unknown_fields=True)


def _plain_value(fact: Fact) -> Any:
    match fact.kind:
        case "boolean":
            return bool
        case "integer":
            return Annotated[int, msgspec.Meta(ge=fact.minimum, le=fact.maximum)]
        case _:
            return Literal[fact.values]


def readers_of(engines: Engines) -> dict[str, CandidateReader]:
    """Return a reader for each release."""
    first: dict[str, str] = {}
    for engine in engines.by_id.values():
        for name in engine.release.facts:
            first.setdefault(name, engine.release.id)
    return {name: CandidateReader(engine.release, first) for name, engine in engines.by_id.items()}


async def body_of(request: Request) -> Any:
    """Return the JSON of a request body, or raise a problem."""
    check_json_type(request.headers.get("content-type", ""))
    return read_json(await request.body())


async def record_of(request: Request) -> Any:
    """Return the JSON of a body without repeated keys."""
    return await _record_in(request, (JSON,))


async def resource_of(request: Request) -> Any:
    """Return the FHIR resource of a body without repeated keys."""
    return await _record_in(request, AS_FHIR)


async def _record_in(request: Request, taken: Sequence[str]) -> Any:
    media_type_of(request.headers.get("content-type", ""), taken)
    body = await request.body()
    if len(body) <= LIGHT_BYTES:
        return read_without_repeats(body)
    return await in_worker(read_without_repeats, body)
