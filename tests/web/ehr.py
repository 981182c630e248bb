"""A small EHR: a FHIR server with SMART App Launch, and an app of its own that is made with the npm `fhirclient`."""

import base64
import hashlib
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import parse_qs, urlencode

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from tests.fhir.resources import Resource, concept, condition, observation

FHIRCLIENT = Path(__file__).resolve().parents[1] / "node" / "node_modules" / "fhirclient" / "build" / "fhir-client.js"
TOKEN = "a-token-that-only-the-browser-may-have"
LAUNCH = "launch-7"
USER = "Practitioner/p7"
TODAY = datetime.now(UTC).date().isoformat()
NAME = "Peregrine"
PATIENT = {"resourceType": "Patient", "id": "1", "birthDate": "1985-04-02", "name": [{"family": NAME}]}
OTHER = {"resourceType": "Patient", "id": "2", "birthDate": "1990-01-01"}
"""Another patient, for one wrong launch."""
NOT_PREGNANT = observation(
    "82810-3", valueCodeableConcept=concept("http://snomed.info/sct", "60001007"), effectiveDateTime=TODAY
)
DIABETES = condition("E11.65", recordedDate=TODAY, note=[{"text": f"{NAME} says so"}])
"""Whether it is under control, is not said: it is asked."""
PACEMAKER = condition("Z95.0", recordedDate=TODAY, id="c2")
RECORD: list[Resource] = [PATIENT, OTHER, NOT_PREGNANT, DIABETES, PACEMAKER]


@dataclass
class Ehr:
    """What it holds, and what was asked of it. `patient` is in view; `syntax` is that of the scopes."""

    base: str
    patient: str = "1"
    syntax: str = "v2"
    pkce: tuple[str, ...] = ("S256",)
    answers_with: str = ""
    """The id of another Patient that every read of a Patient brings."""
    refuses: frozenset[str] = frozenset()
    """Types that may not be read."""
    next_page: str = ""
    """Where the further conditions are said to be."""
    stored: list[Resource] = field(default_factory=list)
    asked: list[dict[str, str]] = field(default_factory=list)
    """The parameters of each sign-in."""
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    granted: str = ""

    @property
    def iss(self) -> str:
        return f"{self.base}/fhir"

    def configuration(self, _: Request) -> JSONResponse:
        reads = ["launch", "launch/patient", "openid", "fhirUser"]
        found = {
            "issuer": self.base,
            "authorization_endpoint": f"{self.base}/sign-in",
            "token_endpoint": f"{self.base}/token",
            "grant_types_supported": ["authorization_code"],
            "code_challenge_methods_supported": list(self.pkce),
            "scopes_supported": [*reads, "patient/*.rs" if self.syntax == "v2" else "patient/*.read"],
            "capabilities": ["launch-ehr", "launch-standalone", "client-public", f"permission-{self.syntax}"],
        }
        return JSONResponse(found)

    def sign_in(self, request: Request) -> HTMLResponse:
        asked = dict(request.query_params)
        self.asked.append(asked)
        assert asked["response_type"] == "code"
        assert asked["aud"] == self.iss
        assert asked["code_challenge_method"] == "S256"
        wanted = "launch" if asked.get("launch") == LAUNCH else "launch/patient"
        assert wanted in asked["scope"].split()
        code = f"code-{len(self.asked)}"
        self.codes[code] = asked
        back = f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}"
        return HTMLResponse(f"<!doctype html><h1>Sign in</h1><a id='allow' href='{back}'>Allow</a>")

    async def token(self, request: Request) -> JSONResponse:
        given = {name: values[0] for name, values in parse_qs((await request.body()).decode()).items()}
        asked = self.codes.pop(given["code"])
        digest = hashlib.sha256(given["code_verifier"].encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        same = [(challenge, asked["code_challenge"])]
        same += [(given[name], asked[name]) for name in ("redirect_uri", "client_id")]
        if any(one != other for one, other in same):
            return JSONResponse({"error": "invalid_grant"}, 400)
        self.granted = asked["scope"]
        claims = base64.urlsafe_b64encode(json.dumps({"fhirUser": f"{self.iss}/{USER}"}).encode()).decode()
        found = {
            "access_token": TOKEN,
            "token_type": "Bearer",
            "expires_in": 600,
            "scope": self.granted,
            "patient": self.patient,
            "id_token": f"e30.{claims.rstrip('=')}.x",
        }
        return JSONResponse(found, headers={"cache-control": "no-store"})

    def may(self, request: Request, kind: str, verb: str) -> bool:
        wanted = {"read": ("rs", "read"), "create": ("c", "write")}[verb][self.syntax == "v1"]
        is_ours = request.headers.get("authorization") == f"Bearer {TOKEN}"
        return is_ours and kind not in self.refuses and f"patient/{kind}.{wanted}" in self.granted.split()

    def search(self, query: str) -> Resource:
        """What a read or search by its address brings; without its parameters of dates and counts."""
        path, _, parameters = query.partition("?")
        kind, _, name = path.partition("/")
        if name:
            one = next(each for each in self.stored if each["resourceType"] == kind and each["id"] == name)
            return one | ({"id": self.answers_with} if kind == "Patient" and self.answers_with else {})
        given = {key: values[0] for key, values in parse_qs(parameters).items()}
        patient = given.get("patient") or given["subject"].removeprefix("Patient/")
        about = [
            each
            for each in self.stored
            if each["resourceType"] == kind and each["subject"]["reference"] == f"Patient/{patient}"
        ]
        if "questionnaire" in given:
            about = [each for each in about if each["questionnaire"].partition("|")[0] == given["questionnaire"]]
        if "_sort" in given:
            about = sorted(about, key=lambda each: str(each["authored"]), reverse=True)[: int(given["_count"])]
        entry = [{"fullUrl": f"{self.iss}/{kind}/{each['id']}", "resource": each} for each in about]
        found: Resource = {"resourceType": "Bundle", "type": "searchset", "entry": entry}
        if self.next_page and kind == "Condition" and "page" not in given:
            found["link"] = [{"relation": "next", "url": self.next_page}]
        return found

    async def fhir(self, request: Request) -> Response:
        path = request.url.path.removeprefix("/fhir/")
        kind = path.partition("/")[0]
        if not self.may(request, kind, "create" if request.method == "POST" else "read"):
            return JSONResponse({"resourceType": "OperationOutcome"}, 403)
        if request.method == "POST":
            made = await request.json() | {"id": f"made-{len(self.stored)}"}
            self.stored.append(made)
            return Response(status_code=201, headers={"location": f"{self.iss}/{kind}/{made['id']}"})
        return JSONResponse(self.search(f"{path}?{request.url.query}" if request.url.query else path))

    def app_of_others(self, request: Request) -> HTMLResponse:
        """An app made with `fhirclient`: it launches, and reads the answers that were stored."""
        if request.url.path == "/app/launch":
            options = {"clientId": "triage", "scope": request.query_params["scope"], "redirectUri": "/app"}
            script = f"FHIR.oauth2.authorize({json.dumps(options)})"
        else:
            search = "client.request('QuestionnaireResponse?subject=Patient/' + client.patient.id)"
            script = f"FHIR.oauth2.ready().then(client => {search}).then(found => {{ window.found = found }})"
        return HTMLResponse(f"<!doctype html><script src='/fhir-client.js'></script><script>{script}</script>")

    @property
    def application(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/fhir/.well-known/smart-configuration", self.configuration),
                Route("/sign-in", self.sign_in),
                Route("/token", self.token, methods=["POST"]),
                Route("/fhir/{rest:path}", self.fhir, methods=["GET", "POST"]),
                Route("/fhir-client.js", lambda _: FileResponse(FHIRCLIENT)),
                Route("/app/launch", self.app_of_others),
                Route("/app", self.app_of_others),
            ],
            middleware=[
                Middleware(CORSMiddleware, allow_origins=["*"], allow_methods=["*"], allow_headers=["*"]),
            ],
        )
