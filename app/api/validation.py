"""A request body into a question for the engine.

The model of the facts is generated from the release, so that what is checked and what OpenAPI shows are one thing.
"""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import Request
from pydantic import BaseModel, ConfigDict, Field, PlainValidator, ValidationError, WithJsonSchema, create_model
from pydantic_core import ErrorDetails

from app.api.problems import MOST_ERRORS, FieldError, ProblemError
from app.api.strict_json import pointer_to, read_json, repeated_keys
from app.api.values import closest, reader, refuse, schema_of
from app.core.answer import ScaleGrade
from app.core.engine import Engines, Question
from app.core.rules import Release

REFERENCE = r"^[A-Za-z0-9._:-]{1,64}$"


class CandidateReader:
    """Reads candidates for one release; `elsewhere` maps facts of other releases to the first release that has them."""

    def __init__(self, release: Release, elsewhere: Mapping[str, str]) -> None:
        self.release = release
        self._elsewhere = {name: first for name, first in elsewhere.items() if name not in release.facts}
        self.model = self._model()

    def _model(self) -> type[BaseModel]:
        release = self.release
        fields: dict[str, Any] = {
            name: (
                Annotated[
                    Any,
                    PlainValidator(reader(fact, release.scales)),
                    WithJsonSchema(schema_of(fact, release.scales)),
                ],
                None,
            )
            for name, fact in release.facts.items()
        }
        unavailable = Annotated[
            str,
            PlainValidator(self._fact_name),
            WithJsonSchema({"type": "string", "enum": list(release.facts)}),
        ]
        fields["unavailable"] = (
            Annotated[
                list[unavailable],
                Field(description="Facts that cannot be answered: they stay unknown and are not asked again."),
            ],
            [],
        )
        fields["reference"] = (
            Annotated[
                str | None,
                Field(pattern=REFERENCE, description="Echoed in the answer; no part of the decision."),
            ],
            None,
        )
        config = ConfigDict(extra="forbid", title="Candidate")
        described = "What is known of one treatment area. Every fact may be left out or null: unknown, never `no`."
        return create_model("Candidate", __config__=config, __doc__=described, **fields)

    def _fact_name(self, value: Any) -> str:
        if isinstance(value, str) and value in self.release.facts:
            return value
        raise refuse("unknown_fact", "this release has no such fact")

    def asked(self, data: Any, *, strict: bool) -> Question:
        """Return the question that a JSON value asks.

        Raises a 422 problem with everything that is wrong with it, all at once.
        """
        if not isinstance(data, dict):
            raise ProblemError(
                "not-facts",
                "the body is one JSON object with the facts",
                errors=[
                    FieldError("", "not_an_object", 'write one JSON object, such as `{"primary_concern": "dullness"}`')
                ],
            )
        errors = list(repeated_keys(data))
        read: dict[str, Any] = {}
        try:
            read = self.model.model_validate(data).__dict__
        except ValidationError as error:
            wrong = error.errors(include_url=False)
            errors += [self._explain(details, suggest=place < MOST_ERRORS) for place, details in enumerate(wrong)]
        errors += self._contradictions(data)
        if errors:
            raise ProblemError("not-facts", f"{len(errors)} of the values cannot be used", errors=errors)
        known = {name: read[name] for name in self.release.facts if read[name] is not None}
        unavailable = frozenset(read["unavailable"])
        graded = {name: value for name, value in known.items() if isinstance(value, ScaleGrade)}
        return Question(
            facts=known | {name: value.grade for name, value in graded.items()},
            strict=strict,
            unavailable=tuple(name for name in self.release.facts if name in unavailable),
            graded=graded,
            reference=read["reference"],
        )

    def _contradictions(self, data: dict[str, Any]) -> list[FieldError]:
        unavailable = data.get("unavailable")
        if not isinstance(unavailable, list):
            return []
        return [
            FieldError(f"/unavailable/{place}", "answered", f"`{name}` is answered in this request; take it out here")
            for place, name in enumerate(unavailable)
            if isinstance(name, str) and name in self.release.facts and data.get(name) is not None
        ]

    def _explain(self, details: ErrorDetails, *, suggest: bool) -> FieldError:
        pointer = ""
        for step in details["loc"]:
            pointer = pointer_to(pointer, step)
        name = str(details["loc"][0]) if details["loc"] else ""
        match details["type"]:
            case "extra_forbidden" if name in self._elsewhere:
                first = self._elsewhere[name]
                says = f"release {self.release.id} does not have this fact; it came with {first}"
                return FieldError(pointer, "not_in_release", says)
            case "extra_forbidden":
                close = closest(name, tuple(self.model.model_fields)) if suggest else None
                return FieldError(pointer, "unknown_fact", "this release has no such fact", close)
            case "unknown_fact":
                close = closest(details["input"], tuple(self.release.facts)) if suggest else None
                return FieldError(pointer, "unknown_fact", details["msg"], close)
            case "string_pattern_mismatch" | "string_type":
                says = "write 1 to 64 characters of A-Z a-z 0-9 . _ : -"
                return FieldError(pointer, "not_a_reference", says)
            case "list_type":
                return FieldError(pointer, "not_a_list", "write a list of names of facts")
        context = details.get("ctx", {})
        return FieldError(pointer, details["type"], details["msg"], context.get("suggestion"))


def readers_of(engines: Engines) -> dict[str, CandidateReader]:
    """Return a reader for each release."""
    first: dict[str, str] = {}
    for engine in engines.by_id.values():
        for name in engine.release.facts:
            first.setdefault(name, engine.release.id)
    return {name: CandidateReader(engine.release, first) for name, engine in engines.by_id.items()}


async def body_of(request: Request) -> Any:
    """Return the JSON of a request body; a problem where its type or text is not JSON."""
    content_type = request.headers.get("content-type", "")
    media, _, parameters = content_type.partition(";")
    charset = parameters.strip().lower().replace('"', "")
    media = media.strip().lower()
    if media != "application/json" and not (media.startswith("application/") and media.endswith("+json")):
        raise ProblemError("not-json-type", "write `Content-Type: application/json`")
    if charset and charset not in ("charset=utf-8", "charset=utf8"):
        raise ProblemError("not-json-type", "write `Content-Type: application/json`; JSON is UTF-8")
    return read_json(await request.body())


async def record_of(request: Request) -> Any:
    """Return the JSON of a request body that says no key twice: of two answers none is the one that was meant."""
    data = await body_of(request)
    repeated = list(repeated_keys(data))
    if repeated:
        raise ProblemError("not-json", "an object of the body holds a key more than once", errors=repeated)
    return data
