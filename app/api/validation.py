"""Facts as people send them: checked, normalised, and described for OpenAPI, from the facts of a release.

Errors say what would be right and never repeat what was sent.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from difflib import get_close_matches
from re import fullmatch
from typing import Any

from app.api.problems import MOST_ERRORS, FieldError, ProblemError
from app.api.strict_json import pointer_to, repeated_keys
from app.core.answer import ScaleGrade
from app.core.engine import Engines, Question
from app.core.facts import Fact, Value
from app.core.rules import Release, Scale

REFERENCE = r"^[A-Za-z0-9._:-]{1,64}$"
COMMONLY_MEANT = {"UK": "GB", "EL": "GR", "EN": "GB", "USA": "US", "KOR": "KR", "JPN": "JP"}
"""Country codes that are often written and are not ISO 3166-1 alpha-2."""
OTHERS = ("unavailable", "reference")
"""Members of a request that are no facts."""


class RefusedError(Exception):
    """A value that is no answer: a stable code, what would be right, and the closest right value."""

    def __init__(self, code: str, detail: str, suggestion: str | None = None) -> None:
        super().__init__(detail)
        self.code, self.detail, self.suggestion = code, detail, suggestion

    def at(self, pointer: str) -> FieldError:
        """Return the error with the place of the value."""
        return FieldError(pointer, self.code, self.detail, self.suggestion)


class CandidateReader:
    """Reads candidates for one release; `elsewhere` maps facts of other releases to the first release that has them."""

    def __init__(self, release: Release, elsewhere: Mapping[str, str]) -> None:
        self.release = release
        self.schema = schema_of(release)
        self._elsewhere = {name: first for name, first in elsewhere.items() if name not in release.facts}
        self._facts = [(name, fact.answers, _reader(fact, release.scales)) for name, fact in release.facts.items()]

    def question(self, data: Any, *, strict: bool) -> Question:
        """Return the question that a JSON value asks, with its facts in asking order.

        Raises a 422 problem with everything that is wrong with it, all at once.
        """
        if not isinstance(data, dict):
            says = 'write one JSON object, such as `{"primary_concern": "dullness"}`'
            raise ProblemError(
                "not-facts",
                "the body is one JSON object with the facts",
                errors=[FieldError("", "not_an_object", says)],
            )
        errors = list(repeated_keys(data))
        facts: dict[str, Value] = {}
        graded: dict[str, ScaleGrade] = {}
        named = 0
        for name, answers, read in self._facts:
            if name not in data:
                continue
            named += 1
            value = data[name]
            if value is None:
                continue
            try:
                facts[name] = answers[value.__class__, value]
            except (KeyError, TypeError):  # no plain answer: a reading on a scale, or something wrong
                try:
                    graded[name] = read(value)
                    facts[name] = graded[name].grade
                except RefusedError as error:
                    errors.append(error.at(f"/{name}"))
        unavailable: tuple[str, ...] = ()
        reference = None
        if named < len(data):
            unavailable, reference = data.get("unavailable", ()), data.get("reference")
            errors += self._others(data, facts, unavailable, reference)
        if errors:
            raise ProblemError("not-facts", f"{len(errors)} of the values cannot be used", errors=errors)
        if unavailable:
            unavailable = tuple(name for name in self.release.facts if name in unavailable)
        return Question(facts, strict, tuple(unavailable), graded, reference)

    def _others(
        self, data: Mapping[str, Any], facts: Mapping[str, Value], unavailable: Any, reference: Any
    ) -> Iterator[FieldError]:
        """Yield what is wrong with the members that are no facts."""
        if reference is not None and not (isinstance(reference, str) and fullmatch(REFERENCE, reference)):
            yield FieldError("/reference", "not_a_reference", "write 1 to 64 characters of A-Z a-z 0-9 . _ : -")
        if not isinstance(unavailable, list | tuple):
            yield FieldError("/unavailable", "not_a_list", "write a list of names of facts")
        else:
            for place, name in enumerate(unavailable):
                if not isinstance(name, str) or name not in self.release.facts:
                    says = "this release has no such fact"
                    close = closest(name, self.release.facts) if place < MOST_ERRORS else None
                    yield FieldError(f"/unavailable/{place}", "unknown_fact", says, close)
                elif name in facts:
                    says = f"`{name}` is answered in this request; take it out here"
                    yield FieldError(f"/unavailable/{place}", "answered", says)
        unknown = [name for name in data if name not in self.release.facts and name not in OTHERS]
        for place, name in enumerate(unknown):
            pointer = pointer_to("", name)
            if name in self._elsewhere:
                says = f"release {self.release.id} does not have this fact; it came with {self._elsewhere[name]}"
                yield FieldError(pointer, "not_in_release", says)
            else:
                close = closest(name, (*self.release.facts, *OTHERS)) if place < MOST_ERRORS else None
                yield FieldError(pointer, "unknown_fact", "this release has no such fact", close)


def readers_of(engines: Engines) -> dict[str, CandidateReader]:
    """Return a reader for each release."""
    first: dict[str, str] = {}
    for engine in engines.by_id.values():
        for name in engine.release.facts:
            first.setdefault(name, engine.release.id)
    return {name: CandidateReader(engine.release, first) for name, engine in engines.by_id.items()}


def closest(word: Any, known: Collection[str]) -> str | None:
    """Return the known word that a word most likely means, or `None`."""
    if not isinstance(word, str) or len(word) > 64:
        return None
    folded = {k.casefold().replace("_", " "): k for k in known}
    found = get_close_matches(word.casefold().replace("_", " ").replace("-", " ").strip(), folded, 1)
    return folded[found[0]] if found else None


def _reader(fact: Fact, scales: Mapping[str, Scale]) -> Callable[[Any], ScaleGrade]:
    """Return a function that reads a value that is no plain answer: on a scale, or it says what would be right."""
    measured = {name: scale for name, scale in scales.items() if fact.name in scale.measures}

    def read(value: Any) -> ScaleGrade:
        match fact.kind:
            case "boolean":
                says = "write `true` or `false`; leave it out, or send `null`, where it is unknown"
                raise RefusedError("not_a_boolean", says)
            case "integer":
                whole = not isinstance(value, bool) and isinstance(value, int | float) and value == value // 1
                says = f"write a whole number from {fact.minimum} to {fact.maximum}, in {fact.unit}"
                raise RefusedError("out_of_range" if whole else "not_an_integer", says)
            case "country":
                meant = value.strip().upper() if isinstance(value, str) and len(value) < 8 else ""
                suggestion = COMMONLY_MEANT.get(meant) or (meant if meant in fact.values else None)
                says = "write an ISO 3166-1 alpha-2 country code, such as `KR`"
                raise RefusedError("not_an_answer", says, suggestion)
            case "grade" if isinstance(value, dict):
                return _grade(fact, measured, scales, value)
        words = [str(word) for word in fact.values]
        listed = ", ".join(f"`{word}`" for word in words)
        says = f"its answers are {listed}; leave it out where it is unknown"
        raise RefusedError("not_an_answer", says, closest(value, words))

    return read


def _grade(fact: Fact, measured: Mapping[str, Scale], scales: Mapping[str, Scale], value: dict[str, Any]) -> ScaleGrade:
    named = value.get("scale")
    listed = ", ".join(f"`{name}`" for name in measured)
    if not measured:
        grades = ", ".join(map(str, fact.values))
        raise RefusedError("no_scale", f"no scale measures this finding; write a grade: {grades}")
    if set(value) != {"scale", "grade"}:
        raise RefusedError("not_a_reading", f"a reading has just `scale` and `grade`; the scale is one of {listed}")
    if not isinstance(named, str) or named not in scales:
        raise RefusedError("unknown_scale", f"the scales for this finding are {listed}", closest(named, measured))
    if named not in measured:
        says = f"this scale does not measure this finding; use {listed}"
        raise RefusedError("scale_does_not_measure", says, next(iter(measured)))
    scale = measured[named]
    reading = value["grade"]
    if isinstance(reading, int | float) and not isinstance(reading, bool):
        key = f"{reading:g}"
    else:
        key = reading if isinstance(reading, str) and not reading.replace(".", "").isdigit() else ""
    if key not in scale.grades:
        grades = ", ".join(f"`{grade}`" for grade in scale.grades)
        raise RefusedError("not_on_scale", f"the grades of {scale.title} are {grades}")
    shown: str | float = key if isinstance(reading, str) else reading
    return ScaleGrade(scale.grades[key], named, shown, f"{scale.says} {scale.reading}")


def schema_of(release: Release) -> dict[str, Any]:
    """Return the JSON schema of a candidate."""
    names = {"type": "array", "items": {"type": "string", "enum": list(release.facts)}, "default": []}
    unavailable = names | {"description": "Facts that cannot be answered: they stay unknown and are not asked again."}
    reference = {
        "anyOf": [{"type": "string", "pattern": REFERENCE}, {"type": "null"}],
        "description": "Echoed in the answer; no part of the decision.",
    }
    facts = {name: _schema_of(fact, release.scales) for name, fact in release.facts.items()}
    return {
        "title": "Candidate",
        "type": "object",
        "description": "What is known of one treatment area. Every fact may be left out or null: unknown, never `no`.",
        "additionalProperties": False,
        "properties": facts | {"unavailable": unavailable, "reference": reference},
    }


def _schema_of(fact: Fact, scales: Mapping[str, Scale]) -> dict[str, Any]:
    """Return the JSON schema of a fact: its type, answers, question, help and sources."""
    words = {str(v): label for v, label in fact.labels.items() if isinstance(v, str)}
    described = f"{fact.question}\n\n{fact.help}\n\nUnknown: {fact.policy}. Sources: {', '.join(fact.sources)}."
    value: dict[str, Any]
    match fact.kind:
        case "boolean":
            value = {"type": "boolean"}
        case "integer":
            value = {"type": "integer", "minimum": fact.minimum, "maximum": fact.maximum}
        case "country":
            value = {"type": "string", "enum": list(fact.values)}
        case _:
            value = {"type": "string", "enum": list(fact.values)}
            described += "\n\n" + "\n".join(f"- `{word}`: {label}" for word, label in words.items())
    readings = [_reading_schema(scale) for scale in scales.values() if fact.name in scale.measures]
    return {"anyOf": [value, *readings, {"type": "null"}], "title": fact.name, "description": described}


def _reading_schema(scale: Scale) -> dict[str, Any]:
    numeric = all(grade.replace(".", "").isdigit() for grade in scale.grades)
    grades = [float(g) if "." in g else int(g) for g in scale.grades] if numeric else list(scale.grades)
    return {
        "type": "object",
        "title": scale.title,
        "description": scale.says,
        "properties": {"scale": {"const": scale.name}, "grade": {"enum": grades}},
        "required": ["scale", "grade"],
        "additionalProperties": False,
    }
