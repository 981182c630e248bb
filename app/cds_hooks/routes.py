"""The CDS Hooks routes: discovery, a call of each service, feedback."""

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from fastapi.responses import JSONResponse

from app.api.endpoint import AcceptLanguage
from app.api.problems import own_path
from app.api.worker import LIGHT_BYTES, in_worker
from app.cds_hooks.cards import Cards
from app.cds_hooks.detail import Weighed
from app.cds_hooks.prefetch import Record, needed, record_of
from app.cds_hooks.relevance import has_reason, might_decide, open_orders
from app.cds_hooks.request import Call, Systems, drafted, read_call
from app.cds_hooks.server import FhirServer
from app.cds_hooks.services import HOOKS, OURS, PREFIX, STRICT, discovery, templates
from app.cds_hooks.trust import Trust, UntrustedError
from app.core.answer import Answer
from app.core.codes import Codes
from app.core.engine import Question
from app.fhir.localization import Localizations
from app.fhir.outcome import MEDIA_TYPE, issue, outcome
from app.fhir.questionnaire import canonical
from app.fhir.routes import ReadBody, today
from app.record.elements import RecordError, entries, items, text
from app.record.orders import PATHWAYS, plan_address
from app.record.r4 import check_r4
from app.record.reader import Reader

LOG = logging.getLogger("triage.cds_hooks")
OUTCOMES = frozenset({"accepted", "overridden"})


@dataclass(frozen=True)
class Service:
    """The engine, record and trust behind the CDS services.

    `on` gives the day, once for each call. `invites`: a patient in view without a reason to speak gets one quiet card.
    """

    locales: Localizations
    codes: Codes
    base: str
    trust: Trust
    server: FhirServer
    on: Callable[[], date] = today
    is_protected: bool = False
    """Whether keys or tokens are asked for before anything comes here."""
    invites: bool = True
    launches: frozenset[str] = frozenset()
    """The FHIR servers whose users may launch the intake from a card."""

    async def answer(self, body: Any, hook: str, *, heavy: bool = False, languages: str = "") -> JSONResponse:
        """Return the cards for a call, or the data it lacks.

        A `heavy` call is read beside the event loop. `languages` is the header `Accept-Language`.
        """
        systems = Systems(self.base + PATHWAYS, plan_address(self.base))
        call = await in_worker(read_call, body, hook, systems) if heavy else read_call(body, hook, systems)
        if not call.is_ours:
            return JSONResponse({"cards": []})
        record = await record_of(call, templates(self.base, self.codes, hook), self.server)
        if heavy or record.fetched:
            return await in_worker(self._answer, call, record, languages)
        return self._answer(call, record, languages)

    def _answer(self, call: Call, record: Record, languages: str) -> JSONResponse:
        check_r4(entries(record.bundles.get(OURS)))
        release = self.locales.find("").engine.release
        today = self.on()
        area = [concept for each in drafted(call.drafts) for concept in items(each.get("bodySite"))]
        reader = Reader(release, self.codes, canonical(self.base), today, f"Patient/{call.patient}", area, call.server)
        facts = reader.read(bundle for key, bundle in record.bundles.items() if key != OURS)
        locale = self.locales.find(languages, facts.language)
        headers = {"Content-Language": locale.language, "Vary": "Accept-Language"}
        if facts.deceased:
            return JSONResponse({"cards": []}, headers=headers)
        doubted = () if call.hook in STRICT else facts.doubted
        asked = Question(
            dict(facts.facts),
            call.hook in STRICT,
            facts.unavailable,
            doubted=doubted,
            asked_on=today,
            last_days=facts.last_days,
        )
        if waiting := needed(record, partial(locale.engine.decide, asked), release, self.codes):
            says = "`prefetch.{key}` is needed by {rules}"
            issues = [
                issue(locale.phrases.of(says, key=key, rules=", ".join(rules)), "required", f"prefetch.{key}")
                for key, rules in waiting.items()
            ]
            found = {"resourceType": "OperationOutcome", "issue": issues}
            return JSONResponse(found, 412, headers=headers, media_type=MEDIA_TYPE)
        answer = locale.engine.answer(asked)
        cards = Cards(locale, self.base, call, self.launches)
        if call.hook in STRICT:
            named = might_decide(facts, asked, answer, locale.engine)
        else:
            named = facts.not_understood
            if not has_reason(call, answer, facts, locale.engine, open_orders(record.bundles.get(OURS))):
                return JSONResponse(
                    {"cards": self._quiet(cards, answer, Weighed(facts, record.lacks))}, headers=headers
                )
        held = tuple(standing.rule for standing in locale.engine.standings(asked) if standing.state)
        weighed = Weighed(facts, record.lacks, named, held)
        return JSONResponse({"cards": cards.of(answer, weighed)}, headers=headers)

    def _quiet(self, cards: Cards, answer: Answer, weighed: Weighed) -> list[dict[str, Any]]:
        """Return the quiet card about a patient in view, if any."""
        if self.invites:
            return [cards.invitation(answer, weighed)]
        lost = weighed.lost(cards.locale)
        return [cards.unread(answer, lost, is_lost=True, indicator="info")] if lost else []


def routes(service: Service, read: ReadBody) -> APIRouter:
    """Return the routes of the services."""
    router = APIRouter(prefix="/cds-services", tags=["cds hooks"])
    found = {
        locale.language: discovery(service.base, service.codes, locale.phrases.of)
        for locale in service.locales.by_language.values()
    }
    if service.trust.is_open and not service.is_protected:
        LOG.warning("no CDS client is configured: anybody may call the CDS services")

    @router.get("", operation_id="listCdsServices", summary="Which CDS services there are", responses=lists("services"))
    @router.get("/", include_in_schema=False)
    def discover(accept_language: AcceptLanguage = "") -> JSONResponse:
        """The four services, with their hooks and prefetch templates."""
        language = service.locales.find(accept_language).language
        return JSONResponse(found[language], headers={"Content-Language": language, "Vary": "Accept-Language"})

    async def answered(request: Request, name: str, work: Callable[..., Awaitable[JSONResponse]]) -> JSONResponse:
        hook = name.removeprefix(PREFIX)
        languages = request.headers.get("accept-language", "")
        locale = service.locales.find(languages)
        say, headers = locale.phrases.of, {"Content-Language": locale.language, "Vary": "Accept-Language"}
        if not name.startswith(PREFIX) or hook not in HOOKS:
            listed = ", ".join(f"`{PREFIX}{hook}`" for hook in HOOKS)
            says = say("the services are {services}", services=listed)
            return JSONResponse(outcome(says, "not-found"), 404, headers=headers, media_type=MEDIA_TYPE)
        try:
            await service.trust.check(request.headers.get("authorization"), service.base + own_path(request))
            body = await read(request)
            response = await work(body, hook, heavy=len(await request.body()) > LIGHT_BYTES, languages=languages)
            for header, value in headers.items():
                response.headers.setdefault(header, value)
            return response
        except UntrustedError as error:
            headers["WWW-Authenticate"] = "Bearer"
            return JSONResponse(outcome(say(error.sentence), "login"), 401, headers=headers, media_type=MEDIA_TYPE)
        except RecordError as error:
            refused = outcome(say(error.sentence), error.code, error.expression)
            return JSONResponse(refused, 422, headers=headers, media_type=MEDIA_TYPE)

    ServiceId = Annotated[str, Path(description="The id of a service, as discovery shows it.")]

    @router.post(
        "/{name}",
        operation_id="callCdsService",
        summary="Ask for cards",
        responses=lists("cards"),
        openapi_extra=taken(hook="string", context="object"),
    )
    async def call(request: Request, name: ServiceId) -> JSONResponse:
        """Answers a call with cards; none where nothing needs to be said."""
        return await answered(request, name, service.answer)

    @router.post(
        "/{name}/feedback",
        operation_id="sendCdsFeedback",
        summary="Say what became of cards",
        openapi_extra=taken(feedback="array"),
    )
    async def feedback(request: Request, name: ServiceId) -> JSONResponse:
        """Takes feedback, counts it by outcome and keeps nothing of it."""

        async def take(body: Any, _: str, *, heavy: bool, languages: str) -> JSONResponse:
            outcomes = await in_worker(_outcomes, body) if heavy else _outcomes(body)
            for word in sorted(OUTCOMES):
                if word in outcomes:
                    LOG.info("feedback %s: %s %d", name, word, outcomes.count(word))
            return JSONResponse({})

        return await answered(request, name, take)

    return router


def lists(name: str) -> dict[int | str, dict[str, Any]]:
    """Return what OpenAPI says of an answer with one list."""
    listed = {"type": "array", "items": {"type": "object", "additionalProperties": True}}
    schema = {"type": "object", "required": [name], "properties": {name: listed}}
    return {200: {"description": "As CDS Hooks has it.", "content": {"application/json": {"schema": schema}}}}


def taken(**members: str) -> dict[str, Any]:
    """Return the OpenAPI request body with these required members."""
    items = {"items": {"type": "object", "additionalProperties": True}}
    properties = {name: {"type": kind} | (items if kind == "array" else {}) for name, kind in members.items()}
    schema = {"type": "object", "required": list(members), "properties": properties, "additionalProperties": True}
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}


def _outcomes(body: Any) -> list[str]:
    """Return the outcomes of the feedback of a body."""
    listed = body.get("feedback") if isinstance(body, dict) else None
    if not isinstance(listed, list) or not listed:
        raise RecordError("`feedback` is a list of at least one entry", "feedback", "required")
    return [_outcome(one, place) for place, one in enumerate(listed)]


def _outcome(entry: Any, place: int) -> str:
    """Return the outcome of one feedback entry."""
    where = f"feedback[{place}]"
    if not isinstance(entry, dict) or not isinstance(entry.get("card"), str):
        raise RecordError("`card` is the uuid of a card", f"{where}.card", "required")
    found = text(entry.get("outcome"))
    if found not in OUTCOMES:
        raise RecordError("`outcome` is `accepted` or `overridden`", f"{where}.outcome", "code-invalid")
    if not isinstance(entry.get("outcomeTimestamp"), str):
        raise RecordError("`outcomeTimestamp` is a time", f"{where}.outcomeTimestamp", "required")
    if found == "accepted" and not isinstance(entry.get("acceptedSuggestions"), list):
        raise RecordError("`acceptedSuggestions` is a list", f"{where}.acceptedSuggestions", "required")
    return found
