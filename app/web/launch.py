"""The intake inside an EHR, by SMART App Launch 2.

The browser signs in and reads the record with its user's token, which never comes here; the record comes once, to
`/chart`, and what it says goes back as fields of the intake.
"""

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse, JSONResponse

from app.api.messages import Message
from app.api.problems import ProblemError
from app.api.worker import LIGHT_BYTES, in_worker
from app.core.codes import Codes
from app.core.languages import Phrases
from app.core.rules import Release
from app.record.elements import ID, RecordError, entries, text
from app.record.reader import Reader
from app.record.searches import searches
from app.web.form import Filled, fields_of
from app.web.pages import Ehr, Pages, View
from app.web.recorded import recorded_of

PATIENT = "{patient}"
"""Where the id of the patient stands in a search."""
ReadBody = Callable[[Request], Awaitable[Any]]
"""Reads a JSON body, or raises what the application answers with an error."""


@dataclass(frozen=True)
class Chart:
    """How a record is read.

    `questionnaire` is the address of ours, `on` gives the day.
    """

    codes: Codes
    questionnaire: str
    on: Callable[[], date]
    phrases: Mapping[str, Phrases]
    """What the reader says, by language."""

    def searches(self) -> dict[str, str]:
        """Return the searches that a browser makes, by type of resource."""
        found = [*searches(self.questionnaire, self.codes, PATIENT).values()]
        found.append(f"MedicationStatement?patient={PATIENT}&_count=500")
        return {each.partition("?")[0].partition("/")[0]: each for each in found}

    def read(self, body: Any, release: Release) -> list[list[str]]:
        """Return what a record says as fields of the intake, or raise."""
        patient, server, record = _parts(body)
        ids = [each.get("id") for each in entries(record) if each.get("resourceType") == "Patient"]
        if ids != [patient]:
            template = "the record is not the one of the patient of the launch: it holds just one Patient, with that id"
            raise ProblemError("bad-request", Message(template))
        found = Reader(release, self.codes, self.questionnaire, self.on(), f"Patient/{patient}", server=server)
        facts = found.read([record])
        if facts.deceased:
            raise ProblemError("bad-request", Message("the record says that the patient has died"))
        recorded = recorded_of(facts)
        answers = {name: each.value for name, each in recorded.items() if each.value is not None}
        return [*fields_of(answers), *Filled(recorded=recorded).carried, ["page", "check"]]


def _parts(body: Any) -> tuple[str, str, dict[str, Any]]:
    if isinstance(body, dict) and body.keys() == {"patient", "server", "record"}:
        patient, server, record = text(body["patient"]), text(body["server"]), body["record"]
        if ID.fullmatch(patient) and server and isinstance(record, dict) and record.get("resourceType") == "Bundle":
            return patient, server, record
    template = "send `patient` (an id), `server` (its FHIR address) and `record` (a Bundle)"
    raise ProblemError("bad-request", Message(template))


def routes(pages: Pages, base: str, chart: Chart, read: ReadBody) -> APIRouter:
    """Return the routes of a launch; `base` is the public address."""
    router = APIRouter(include_in_schema=False)
    Asked = Annotated[View, Depends(pages.viewed)]
    wanted = json.dumps(chart.searches())

    def shown(view: View, ehr: Ehr | None) -> HTMLResponse:
        says = {name.removeprefix("launch_no_"): t for name, t in view.texts.items() if name.startswith("launch_no_")}
        values: dict[str, Any] = {"ehr": ehr, "redirect": f"{base}/launched", "searches": wanted, "says": says}
        return view.page("launch/launch.html", view.current.release, connects=True, **values)

    @router.get("/launch")
    def launch(view: Asked, iss: Annotated[str, Query(max_length=2_000)] = "") -> HTMLResponse:
        """Only a configured server may launch: a token goes nowhere else."""
        by_iss = {ehr.iss: ehr for ehr in pages.ehrs}
        only = pages.ehrs[0] if len(pages.ehrs) == 1 else None
        ehr = by_iss.get(iss.rstrip("/")) if iss else only
        if ehr is None:
            return view.page("launch/refused.html", view.current.release, 403, iss=iss, ehrs=pages.ehrs)
        return shown(view, ehr)

    @router.get("/launched")
    def launched(view: Asked) -> HTMLResponse:
        """What the address holds, the browser alone reads."""
        return shown(view, None)

    @router.post("/chart")
    async def read_chart(request: Request, view: Asked) -> JSONResponse:
        body = await read(request)
        release = view.current.release
        try:
            if len(await request.body()) <= LIGHT_BYTES:
                fields = chart.read(body, release)
            else:
                fields = await in_worker(chart.read, body, release)
        except RecordError as error:
            why = chart.phrases.get(view.engines.language, Phrases()).of(error.sentence)
            raise ProblemError("bad-request", Message("the record cannot be read: {why}", why=why)) from None
        return JSONResponse({"fields": fields}, headers={"Cache-Control": "no-store"})

    return router
