"""`POST /v1/receipts/verify`: whether a stored answer is one of this service.

The signature shows that the answer was given; deciding again, by the release that answered then, shows that all of it
is as it was given, and not only the part that is signed. Texts that the digest of a release leaves out may have been
corrected since: where they stand in an answer is found by deciding once more with every one of them replaced.
"""

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from itertools import product
from typing import Annotated, Any, Protocol

from fastapi import APIRouter, Depends, Request, Response
from pydantic import ConfigDict, Field, ValidationError, WithJsonSchema

from app.api.decode import CandidateReader, record_of
from app.api.deprecation import headers_of, notice_of
from app.api.described import Described
from app.api.encode import encode
from app.api.endpoint import AcceptLanguage
from app.api.messages import Message, in_language
from app.api.negotiation import JWKS, accepted
from app.api.problems import FieldError, ProblemError
from app.api.query import fields_of
from app.api.schemas import ref
from app.api.strict_json import pointer_to
from app.api.validation import day_of
from app.api.verdict import Verdict, verdict_of
from app.api.worker import in_worker
from app.core.answer import CONTRACT, Answer, DecisionView
from app.core.engine import Engine, Engines, Question, Sources
from app.core.languages import DEFAULT
from app.core.rules import Release, Source, Wording

MOST_NAMES = 1_000
"""How many names of facts a question lists: of more, each that is wrong would be an error."""
LATER = frozenset({"reference", "receipt"})
"""Members that are no part of what was decided."""
BY_DAY: Mapping[str, object] = {"asked_on": None, "valid_until": None, "ask_again": []}
"""What an answer says of days where none was sent; one from before 2026-11-26 has none of these members."""
OF_SPANS = ("/answer/valid_until", "/answer/ask_again")
"""What rests on spans, which are no part of a release."""
LATER_OF_RELEASE = frozenset({"reviewed", "withdrawn"})
"""Members of `ruleset` that may change while a release stays the same."""
OTHER = "(other text)"
"""Stands for any text that has a digest of its own."""
ENTRIES = ("rules", "cautions", "preconditions", "plans", "alternatives", "notices", "scales", "sources")
"""The parts of a release whose sentences a language has."""
SENTENCES = frozenset(
    {"says", "reading", "otherwise", "title", "discuss", "lifted_when", "refer_to", "because", "document", "section"}
)
"""Their members that hold sentences."""
SIGNED = {
    "type": "object",
    "required": ["id", "decision", "ruleset"],
    "additionalProperties": True,
    "properties": {
        "id": {"type": "string"},
        "decision": {"type": "object", "additionalProperties": True},
        "ruleset": {
            "type": "object",
            "required": ["digest", "contract"],
            "additionalProperties": True,
            "properties": {"digest": {"type": "string"}, "contract": {"type": "integer"}},
        },
    },
}
"""What any answer has, so that a receipt can be checked against it."""


class NotSignedError(Exception):
    """A receipt that does not hold for what it came with."""


class UnknownKeyError(Exception):
    """A receipt by a key that is not known here."""


class Verifier(Protocol):
    """What checks receipts, with its public keys."""

    public: list[dict[str, Any]]

    def check(self, receipt: str, name: str, decision: object, digest: str, contract: int = CONTRACT) -> str:
        """Return the signing key's id, or raise `UnknownKeyError` or `NotSignedError`."""
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
    unavailable: Annotated[list[str] | None, Field(max_length=MOST_NAMES)] = None
    """The facts that were named `unavailable` when it was asked."""
    doubted: Annotated[list[str] | None, Field(max_length=MOST_NAMES)] = None
    """The facts that were named `doubted` when it was asked."""


class JsonWebKeySet(Described):
    """Public keys (RFC 7517)."""

    keys: list[dict[str, Any]]
    """The keys, each with its `kid`."""


class _AlteredError(Exception):
    """Something is not as it was answered."""

    def __init__(self, detail: Message, *differs: str) -> None:
        super().__init__(detail)
        self.detail = detail
        self.differs = differs


def routes(engines: Engines, readers: Mapping[str, CandidateReader], signer: Verifier, root: str = "") -> APIRouter:
    """Return the routes for receipts, below the public path `root`."""
    router = APIRouter(tags=["receipts"])
    replayer = Replayer(engines, readers, signer)
    request = {"requestBody": {"required": True, "content": {"application/json": {"schema": ref("Stored")}}}}

    @router.get(
        "/.well-known/jwks.json",
        operation_id="listSigningKeys",
        summary="The keys that receipts are verified with",
        response_model=JsonWebKeySet,
        responses={200: {"content": {JWKS[1]: {"schema": ref("JsonWebKeySet")}}}},
    )
    def keys(request: Request) -> Response:
        """The public keys as a JSON Web Key Set; empty without one."""
        media = accepted(",".join(request.headers.getlist("accept")), JWKS)
        headers = {"Cache-Control": "public, max-age=300", "Vary": "Accept"}
        return Response(JsonWebKeySet(keys=signer.public).model_dump_json(), headers=headers, media_type=media)

    @router.post(
        "/v1/receipts/verify",
        operation_id="verifyReceipt",
        summary="Whether a stored answer is as this service gave it",
        openapi_extra=request,
    )
    async def verify(
        body: Annotated[Any, Depends(record_of)], response: Response, accept_language: AcceptLanguage = ""
    ) -> Verdict:
        """Checks the signature, decides again by the release that answered, and compares."""
        language = engines.in_language(accept_language).language
        response.headers.update({"Content-Language": language, "Vary": "Accept-Language"})
        # where texts have changed since, every rule is compiled once more
        verdict = await in_worker(lambda: replayer.verdict(_stored(body), language))
        if verdict.release:
            notice = notice_of(engines.by_id[verdict.release].release, engines.current, root)
            response.headers.update(headers_of([notice] if notice else []))
        return verdict

    return router


def _stored(body: Any) -> Stored:
    try:
        return Stored.model_validate(body)
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False)
        errors = fields_of(found, Stored.model_fields)
        says, more = Message("the body is no stored answer with its receipt"), len(found) - len(errors)
        raise ProblemError("not-facts", says, errors=errors, more=more) from None


class Replayer:
    """Decides stored answers again."""

    def __init__(self, engines: Engines, readers: Mapping[str, CandidateReader], signer: Verifier) -> None:
        self._signer = signer
        self._current = engines.current
        self._readers = readers
        self._by_digest: dict[str, list[Engine]] = {}
        self._before: dict[tuple[str, str], Engine] = {}
        for spoken in (engines, *engines.others.values()):
            for engine in spoken.by_id.values():
                self._by_digest.setdefault(engine.release.digest, []).append(engine)

    def verdict(self, stored: Stored, language: str = DEFAULT) -> Verdict:
        """Return the verdict on a stored answer, in a language."""
        verdict, says = self._verdict(stored)
        verdict.detail = in_language(says, language)
        return verdict

    def _verdict(self, stored: Stored) -> tuple[Verdict, Message]:
        name, decision, digest, contract = _signed_part(stored.answer)
        try:
            key = self._signer.check(stored.receipt, name, decision, digest, contract)
        except UnknownKeyError:
            return verdict_of("unknown_key")
        except NotSignedError:
            says = Message("the receipt is not one for this id, decision, release and contract")
            return verdict_of("altered", says)
        engines = self._by_digest.get(digest, [])
        about: dict[str, Any] = {"key": key}
        if engines:
            release = engines[0].release.id
            about |= {"release": release, "current": release == self._current}
        if contract != CONTRACT:
            return verdict_of("other_contract", **about)
        if not engines:
            return verdict_of("other_release", **about)
        try:
            differs = self._compare(stored, name, engines)
        except _AlteredError as error:
            return verdict_of("altered", error.detail, error.differs, **about)
        return verdict_of("other_texts" if differs else "valid", None, differs, **about)

    def _compare(self, stored: Stored, name: str, engines: list[Engine]) -> list[str]:
        """Return which texts differ; `_AlteredError` where anything else does."""
        engine, asked = self._question(stored, name, engines)
        given = _lasting(stored.answer)
        if stored.answer["ruleset"].get("reviewed") is None:
            engine = self._unsigned(engine)
        right = _again(engine, asked, given)
        differs = list(_differences(given, right, "/answer"))
        kinds = _changed_kinds(given, engine.release) if differs else set()
        texts = {f"/answer/ruleset/digests/{kind}" for kind in kinds}
        if asked.asked_on:
            texts |= {pointer for pointer in differs if pointer.startswith(OF_SPANS)}
        if kinds:
            other_texts = with_other_texts(engine.release, kinds, engine.language)
            other = Engine(other_texts, engine.language, spans=engine.spans)
            texts.update(_differences(right, _again(other, asked, given), "/answer"))
        if "population" in kinds:  # it ranks questions
            texts.update(pointer for pointer in differs if pointer.startswith("/answer/next_question"))
        if wrong := [pointer for pointer in differs if pointer not in texts]:
            says = Message("what was signed is right, and something beside it is not as it was given")
            raise _AlteredError(says, *wrong)
        return differs

    def _unsigned(self, engine: Engine) -> Engine:
        """Return the engine as it was before a clinician signed."""
        if engine.release.reviewed is None:
            return engine
        key = engine.release.id, engine.language
        if key not in self._before:
            self._before[key] = Engine(replace(engine.release, reviewed=None), engine.language, spans=engine.spans)
        return self._before[key]

    def _question(self, stored: Stored, name: str, engines: list[Engine]) -> tuple[Engine, Question]:
        """Return the question with this id, and the engine of its language."""
        reader = self._readers[engines[0].release.id]
        body = self._facts(stored) | {"unavailable": stored.unavailable, "doubted": stored.doubted}
        body["asked_on"] = (day := day_of(stored.answer.get("asked_on"))) and str(day)
        try:
            questions = [reader.question(body, strict=strict) for strict in (False, True)]
        except ProblemError as error:
            ours = [field for field in error.errors if field.pointer.startswith(("/unavailable", "/doubted"))]
            if stored.facts is not None or ours:
                errors = ours or [
                    field.model_copy(update={"pointer": f"/facts{field.pointer}"}) for field in error.errors
                ]
                raise ProblemError(error.kind, error.detail, errors=errors) from None
            differs = [f"/answer/facts{field.pointer}" for field in error.errors]
            says = Message("its facts are none that this release could be asked")
            raise _AlteredError(says, *differs) from None
        for engine, asked in product(engines, questions):
            if engine.identity(asked) == name:
                return engine, asked
        says = Message(
            "these facts do not lead to this id; where the question named facts `unavailable` or `doubted`, send their "
            "names too"
        )
        raise _AlteredError(says, "/answer/facts" if stored.facts is None else "/facts")

    def _facts(self, stored: Stored) -> dict[str, Any]:
        """Return the facts as they were asked, or raise a problem."""
        if stored.facts is not None:
            return stored.facts
        facts = stored.answer.get("facts")
        if not isinstance(facts, dict):
            says = Message("send the facts that were asked: the answer does not hold them")
            missing = FieldError("/facts", "missing", says)
            raise ProblemError("not-facts", Message("the facts are missing"), errors=[missing])
        # an answer adds the grade to a reading on a scale
        return {
            key: {"scale": value.get("scale"), "grade": value.get("reading")} if isinstance(value, dict) else value
            for key, value in facts.items()
        }


def with_other_texts(release: Release, kinds: Collection[str], language: str = DEFAULT) -> Release:
    """Return a release with all texts of these `kinds` replaced."""
    facts, changed = dict(release.facts), dict[str, Any]()
    spoken = "languages" in kinds and language != DEFAULT
    if spoken:
        changed |= {name: _with_other_words(getattr(release, name)) for name in ENTRIES}
    if "sources" in kinds:
        changed["sources"] = {
            name: Source(name, OTHER, OTHER, "B" if source.status == "A" else "A", OTHER, OTHER)
            for name, source in release.sources.items()
        }
    if "countries" in kinds:
        facts |= {
            name: replace(fact, labels=dict.fromkeys(fact.labels, OTHER))
            for name, fact in facts.items()
            if fact.kind == "country"
        }
    if spoken:
        facts = {
            name: replace(
                fact, question=OTHER, help=OTHER, labels=dict.fromkeys(fact.values, OTHER), unit=fact.unit and OTHER
            )
            for name, fact in facts.items()
        }
        wording = {field.name: getattr(release.wording, field.name) for field in fields(Wording)}
        words: dict[str, Any] = {
            name: OTHER if isinstance(text, str) else dict.fromkeys(text, OTHER) for name, text in wording.items()
        }
        changed["wording"] = Wording(**words | {"grades": release.wording.grades})
    if spoken or "notices" in kinds:
        changed["limits"] = OTHER
    return replace(release, facts=facts, **changed)


def _other(value: Any) -> Any:
    return dict.fromkeys(value, OTHER) if isinstance(value, Mapping) else value and OTHER


def _with_other_words(value: Any) -> Any:
    """Return entries with all their sentences replaced."""
    if isinstance(value, tuple):
        return tuple(map(_with_other_words, value))
    if isinstance(value, Mapping):
        return {key: _with_other_words(each) for key, each in value.items()}
    if not is_dataclass(value) or isinstance(value, type):
        return value
    given = {each.name: getattr(value, each.name) for each in fields(value) if each.init}
    put = {name: _other(each) if name in SENTENCES else _with_other_words(each) for name, each in given.items()}
    return replace(value, **{name: each for name, each in put.items() if each is not given[name]})


def _again(engine: Engine, asked: Question, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return today's answer without what may change, with comparable sources."""
    answer: Answer | DecisionView = engine.view(asked)
    if "summary" in given:
        ways: tuple[Sources, ...] = ("none", "all", "rationale")
        answers = [engine.answer(asked, way) for way in ways]
        told = given.get("sources")
        answer = next((one for one in answers if isinstance(told, dict) and set(one.sources) == set(told)), answers[-1])
    return _lasting(json.loads(encode(answer)))


def _lasting(answer: Mapping[str, Any]) -> dict[str, Any]:
    """Return what of an answer may not change while its release stays."""
    ruleset = {key: value for key, value in answer["ruleset"].items() if key not in LATER_OF_RELEASE}
    whole = answer if any(name in answer for name in BY_DAY) else {**answer, **BY_DAY}
    return {key: value for key, value in whole.items() if key not in LATER} | {"ruleset": ruleset}


def _changed_kinds(given: Mapping[str, Any], release: Release) -> set[str]:
    """Return the kinds of text that had another digest then."""
    named = given["ruleset"].get("digests")
    if not isinstance(named, dict):
        return set()
    return {kind for kind, now in release.digests.items() if isinstance(named.get(kind), str) and named[kind] != now}


def _signed_part(answer: Mapping[str, Any]) -> tuple[str, dict[str, Any], str, int]:
    """Return what a receipt signs of an answer, or raise a problem."""
    name, decision, ruleset = answer.get("id"), answer.get("decision"), answer.get("ruleset")
    digest, contract = (ruleset.get("digest"), ruleset.get("contract")) if isinstance(ruleset, dict) else (None, None)
    if isinstance(name, str) and isinstance(digest, str) and isinstance(decision, dict) and type(contract) is int:
        return name, {part: decision.get(part) for part in ("disposition", "pathway", "phase")}, digest, contract
    says = Message("send the whole answer: `id`, `decision` and `ruleset` are what was signed")
    whole = FieldError("/answer", "not_an_answer", says)
    raise ProblemError("not-facts", Message("the answer is not whole"), errors=[whole])


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
