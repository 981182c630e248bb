"""`POST /v1/receipts/verify`: whether a stored answer is one of this service, by its receipt and by deciding it again.

The signature shows that the answer was given; deciding again, by the release that answered then, shows that all of it
is as it was given, and not only the part that is signed.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import product
from typing import Annotated, Any, Literal, Protocol

from fastapi import APIRouter, Depends, Response
from pydantic import ConfigDict, Field, TypeAdapter, ValidationError, WithJsonSchema

from app.api.described import Described
from app.api.endpoint import REFUSALS
from app.api.problems import FieldError, ProblemError
from app.api.strict_json import pointer_to
from app.api.validation import CandidateReader, record_of
from app.core.answer import Answer, DecisionView
from app.core.engine import Engine, Engines, Question

ANSWER = TypeAdapter[Answer | DecisionView](Answer | DecisionView)
LATER = frozenset({"reference", "receipt"})
"""Members that are no part of what was decided."""
SIGNED = {
    "type": "object",
    "required": ["id", "decision", "ruleset"],
    "properties": {
        "id": {"type": "string"},
        "decision": {"type": "object"},
        "ruleset": {"type": "object", "required": ["digest"], "properties": {"digest": {"type": "string"}}},
    },
}
"""What any answer has, so that a receipt can be checked against it."""
Outcome = Literal["valid", "altered", "other_release", "unknown_key"]
SAYS: Mapping[Outcome, str] = {
    "valid": "this service gave this answer, and decides the same again",
    "altered": "this is not what this service answered",
    "other_release": "the receipt is good; the release that answered is not here, so that nothing can be decided again",
    "unknown_key": "the receipt was signed with a key that is not known here",
}


class NotSignedError(Exception):
    """A receipt that does not hold for what it came with."""


class UnknownKeyError(Exception):
    """A receipt by a key that is not known here."""


class Verifier(Protocol):
    """Who knows what was signed: its public keys, and the check of a receipt."""

    public: list[dict[str, Any]]

    def check(self, receipt: str, name: str, decision: object, digest: str) -> str:
        """Return the id of the key that signed this; `UnknownKeyError` or `NotSignedError` where none did."""
        ...


class Stored(Described):
    """An answer as it was stored, with its receipt."""

    model_config = ConfigDict(extra="forbid")

    answer: Annotated[dict[str, Any], WithJsonSchema(SIGNED)]
    """The answer, whole."""
    receipt: Annotated[str, Field(max_length=1000)]
    """The receipt: the header `Triage-Receipt` of the answer, or the `receipt` of an answer out of a batch."""
    facts: dict[str, Any] | None = None
    """The facts as they were asked, for an answer of `view=decision`, which does not hold them."""
    unavailable: Sequence[str] = ()
    """The facts that were named `unavailable` when it was asked."""


class Verdict(Described):
    """What is to be thought of a stored answer."""

    result: Outcome
    """`valid`: given by this service, and decided again just so. `altered`: not what this service answered.
    `other_release`: rightly signed, by a release that this service does not hold. `unknown_key`: signed by somebody
    else, or with a key that is no longer listed."""
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


class _AlteredError(Exception):
    """Something is not as it was answered."""

    def __init__(self, detail: str, *differs: str) -> None:
        super().__init__(detail)
        self.detail = detail
        self.differs = differs


def routes(engines: Engines, readers: Mapping[str, CandidateReader], signer: Verifier) -> APIRouter:
    """Return the routes for receipts."""
    router = APIRouter(tags=["receipts"])
    replayer = Replayer(engines, readers, signer)
    schema = Stored.model_json_schema()
    request = {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}

    @router.get("/.well-known/jwks.json", summary="The keys that receipts are verified with")
    def keys(response: Response) -> dict[str, list[dict[str, Any]]]:
        """The public keys as a JSON Web Key Set; empty where no key is configured."""
        response.headers["Cache-Control"] = "public, max-age=300"
        return {"keys": signer.public}

    @router.post(
        "/v1/receipts/verify",
        summary="Whether a stored answer is as this service gave it",
        responses=REFUSALS,
        openapi_extra=request,
    )
    async def verify(body: Annotated[Any, Depends(record_of)]) -> Verdict:
        """Checks the signature, decides again by the release that answered, and compares."""
        return replayer.verdict(_stored(body))

    return router


def _stored(body: Any) -> Stored:
    try:
        return Stored.model_validate(body)
    except ValidationError as error:
        errors = []
        for details in error.errors(include_url=False, include_input=False):
            pointer = ""
            for step in details["loc"]:
                pointer = pointer_to(pointer, step)
            errors.append(FieldError(pointer, details["type"], details["msg"][0].lower() + details["msg"][1:]))
        raise ProblemError("not-facts", "the body is no stored answer with its receipt", errors=errors) from None


class Replayer:
    """Decides stored answers again."""

    def __init__(self, engines: Engines, readers: Mapping[str, CandidateReader], signer: Verifier) -> None:
        self._signer = signer
        self._current = engines.current
        self._readers = readers
        self._by_digest: dict[str, list[Engine]] = {}
        for spoken in (engines, *engines.others.values()):
            for engine in spoken.by_id.values():
                self._by_digest.setdefault(engine.release.digest, []).append(engine)

    def verdict(self, stored: Stored) -> Verdict:
        """Return what is to be thought of a stored answer; a problem where it cannot be told."""
        name, decision, digest = _signed_part(stored.answer)
        try:
            key = self._signer.check(stored.receipt, name, decision, digest)
        except UnknownKeyError:
            return _verdict("unknown_key")
        except NotSignedError:
            return _verdict("altered", "the receipt is not one for this id, decision and release")
        engines = self._by_digest.get(digest)
        if engines is None:
            return _verdict("other_release", key=key)
        about: dict[str, Any] = {
            "release": engines[0].release.id,
            "current": engines[0].release.id == self._current,
            "key": key,
        }
        try:
            self._compare(stored, name, engines)
        except _AlteredError as error:
            return _verdict("altered", error.detail, list(error.differs), **about)
        return _verdict("valid", **about)

    def _compare(self, stored: Stored, name: str, engines: list[Engine]) -> None:
        """Decide again and compare; `_AlteredError` where something differs."""
        engine, asked = self._question(stored, name, engines)
        given = {member: value for member, value in stored.answer.items() if member not in LATER}
        if engine.release.reviewed is not None and stored.answer["ruleset"].get("reviewed") is None:
            engine = unsigned(engine)
        again = engine.answer(asked) if "summary" in given else engine.view(asked)
        right = {key: value for key, value in ANSWER.dump_python(again, mode="json").items() if key not in LATER}
        if differs := list(_differences(given, right, "/answer")):
            raise _AlteredError("what was signed is right, and something beside it is not as it was given", *differs)

    def _question(self, stored: Stored, name: str, engines: list[Engine]) -> tuple[Engine, Question]:
        """Return the question that has this id, and the engine in the language it was asked in."""
        reader = self._readers[engines[0].release.id]
        body = self._facts(stored) | {"unavailable": list(stored.unavailable)}
        try:
            questions = [reader.asked(body, strict=strict) for strict in (False, True)]
        except ProblemError as error:
            ours = [field for field in error.errors if field.pointer.startswith("/unavailable")]
            if stored.facts is not None or ours:
                errors = ours or [
                    field.model_copy(update={"pointer": f"/facts{field.pointer}"}) for field in error.errors
                ]
                raise ProblemError(error.kind, error.detail, errors=errors) from None
            differs = [f"/answer/facts{field.pointer}" for field in error.errors]
            raise _AlteredError("its facts are none that this release could be asked", *differs) from None
        for engine, asked in product(engines, questions):
            if engine.identity(asked) == name:
                return engine, asked
        says = "these facts do not lead to this id; where the question named facts `unavailable`, send their names too"
        raise _AlteredError(says, "/answer/facts" if stored.facts is None else "/facts")

    def _facts(self, stored: Stored) -> dict[str, Any]:
        """Return the facts as they were asked; a problem where they were not sent."""
        if stored.facts is not None:
            return stored.facts
        facts = stored.answer.get("facts")
        if not isinstance(facts, dict):
            missing = FieldError("/facts", "missing", "send the facts that were asked: the answer does not hold them")
            raise ProblemError("not-facts", "the facts are missing", errors=[missing])
        return {key: _as_asked(value) for key, value in facts.items()}


@lru_cache
def unsigned(engine: Engine) -> Engine:
    """Return an engine that answers as this one did before a clinician signed its release."""
    return Engine(replace(engine.release, reviewed=None), engine.language)


def _signed_part(answer: Mapping[str, Any]) -> tuple[str, Any, str]:
    """Return id, decision and digest of an answer; a problem where they are not there."""
    name, decision, ruleset = answer.get("id"), answer.get("decision"), answer.get("ruleset")
    digest = ruleset.get("digest") if isinstance(ruleset, dict) else None
    if isinstance(name, str) and isinstance(digest, str) and isinstance(decision, dict):
        return name, {part: decision.get(part) for part in ("disposition", "pathway", "phase")}, digest
    says = "send the whole answer: `id`, `decision` and `ruleset` are what was signed"
    raise ProblemError("not-facts", "the answer is not whole", errors=[FieldError("/answer", "not_an_answer", says)])


def _as_asked(value: Any) -> Any:
    """Return a fact as it is asked: an answer shows a reading on a scale with the grade it became."""
    return {"scale": value.get("scale"), "grade": value.get("reading")} if isinstance(value, dict) else value


def _differences(given: Any, right: Any, pointer: str) -> Iterator[str]:
    """Yield pointers to what was given otherwise."""
    if isinstance(given, dict) and isinstance(right, dict):
        for key in dict.fromkeys([*right, *given]):
            if key in given and key in right:
                yield from _differences(given[key], right[key], pointer_to(pointer, key))
            else:
                yield pointer_to(pointer, key)
    elif isinstance(given, list) and isinstance(right, list) and len(given) == len(right):
        for place, (one, other) in enumerate(zip(given, right, strict=True)):
            yield from _differences(one, other, pointer_to(pointer, place))
    elif given != right or isinstance(given, bool) != isinstance(right, bool):
        yield pointer


def _verdict(
    result: Outcome,
    detail: str = "",
    differs: list[str] | None = None,
    *,
    release: str | None = None,
    current: bool = False,
    key: str | None = None,
) -> Verdict:
    says = SAYS[result] + (f": {detail}" if detail else "")
    return Verdict(result=result, detail=says, differs=differs or [], release=release, current=current, key=key)
