"""What a record says, as fields of the intake; and who may launch it. No browser."""

import json
import re
from collections.abc import Iterator
from html import unescape
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from fastapi.testclient import TestClient

from app.main import build_app
from app.rulebook.load import RuleBook
from app.security.options import SmartServer
from app.settings import BadSettingError, Settings, read_settings
from app.web.form import as_field, read_form
from tests.english import english_in, texts_of_page
from tests.fhir.resources import BASE, NOW, SEEN, Resource, bundle, condition, response, yes_no
from tests.web.test_browser import SAFE

EHR = "https://ehr.example/fhir"
SIGN_IN = "https://id.example"
PATIENT: Resource = {"resourceType": "Patient", "id": "1", "birthDate": "1985-04-02"}
LAUNCHED = "a" * 22
KOREAN = {"accept-language": "ko"}
OLD = condition("L01.00", recordedDate="2024-01-01")
"""An infection, longer ago than one lasts."""


@pytest.fixture(scope="module")
def client(book: RuleBook) -> Iterator[TestClient]:
    servers = tuple(SmartServer(iss=iss, client_id="triage", sign_in=(SIGN_IN,)) for iss in (EHR, f"{EHR}/2"))
    app = build_app(Settings(smart_servers=servers, public_url=BASE), book, clock=lambda: NOW)
    with TestClient(app) as found:
        yield found


def sent(client: TestClient, *resources: Resource, patient: str = "1", **headers: str) -> Any:
    body = {"patient": patient, "server": EHR, "record": bundle(*resources)}
    return client.post("/chart", json=body, headers=headers)


def fields(client: TestClient, *resources: Resource) -> list[tuple[str, str]]:
    return [(name, value) for name, value in sent(client, PATIENT, *resources).json()["fields"]]


def page(client: TestClient, path: str, fields: list[tuple[str, str]], **headers: str) -> str:
    form = {"content-type": "application/x-www-form-urlencoded"}
    text = client.post(path, content=urlencode(fields), headers=form | headers).text
    return re.sub(r'<span class="ct-day">([\d-]+)</span>', r"\1", text)


def test_a_record_becomes_answers_with_what_they_come_from(client: TestClient) -> None:
    assert fields(client, condition("L01.00"), condition("Z95.0", id="c2")) == [
        ("active_skin_infection", "true"),
        ("electronic_implant", "true"),
        ("age_years", "41"),
        ("recorded", f"active_skin_infection|true|Condition|{SEEN}"),
        ("recorded", f"electronic_implant|true|Condition|{SEEN}"),
        ("recorded", "age_years|41|Patient|"),
        ("page", "check"),
    ]


def test_earlier_answers_are_named_as_such(client: TestClient) -> None:
    found = fields(client, response(yes_no("melasma_prone", True)))
    assert ("recorded", f"melasma_prone|true|QuestionnaireResponse|{SEEN}") in found


def test_an_age_that_is_a_range_is_no_answer(client: TestClient) -> None:
    year = PATIENT | {"birthDate": "1985"}
    assert sent(client, year).json()["fields"] == [["page", "check"]]


def test_what_is_too_old_is_asked(client: TestClient) -> None:
    found = fields(client, OLD)
    assert ("recorded", "active_skin_infection||Condition|2024-01-01") in found
    assert "active_skin_infection" not in dict(found)
    note = "The record speaks of this (diagnosis of 2024-01-01), but it is old or unclear."
    assert note in page(client, "/intake", [*found, ("page", "safety")])


def test_the_report_assumes_nothing_of_what_the_record_leaves_open(client: TestClient) -> None:
    """Diabetes, of which nothing says whether it is under control."""
    found = fields(client, condition("E11.65"))
    known = [(name, as_field(value)) for name, value in SAFE.items()]
    reports = [json.loads(page(client, "/report?as=json", each)) for each in (known, [*known, *found])]
    assert [each["decision"]["disposition"] for each in reports] == ["recommended", "needs_information"]
    assert reports[1]["missing"] == ["uncontrolled_diabetes"]
    orders = [json.loads(page(client, "/report?as=order", each)) for each in (known, [*known, *found])]
    assert orders[0]["code"]["coding"][0]["code"] == reports[0]["decision"]["pathway"]
    assert orders[1]["status"] == 404


def test_a_note_stays_beside_a_changed_answer(client: TestClient) -> None:
    found = [*fields(client, condition("Z95.0")), ("launched", LAUNCHED)]
    changed = [(name, "false" if name == "electronic_implant" else value) for name, value in found]
    for each in (found, changed):
        assert f"From the record: Yes (diagnosis of {SEEN})." in page(client, "/intake", each)
    marked = [json.loads(page(client, "/report?as=fhir", each)) for each in (found, changed)]
    names = [{item["linkId"] for item in one["item"] if "extension" in item["answer"][0]} for one in marked]
    assert names == [{"electronic_implant", "age_years"}, {"age_years"}]


def test_an_answer_of_the_record_keeps_its_day_until_somebody_is_asked(client: TestClient) -> None:
    """Saving alone makes nothing newer: neither what a diagnosis says nor an earlier answer."""
    earlier = response(yes_no("pregnant", False), authored="2026-11-12")
    found = [*fields(client, condition("Z95.0"), earlier), ("launched", LAUNCHED)]
    asked = [("page", "medicines"), ("asked", "pregnant"), ("pregnant", "false"), ("go", "next")]
    seen_only = [*asked[:-1], ("go", "back")]

    def saved(fields: list[tuple[str, str]]) -> dict[str, Any]:
        stored = json.loads(page(client, "/report?as=fhir", fields))
        assert stored["authored"] == NOW.date().isoformat()
        given = {item["linkId"]: item["answer"][0].get("extension", []) for item in stored["item"]}
        return {name: [each["valueDate"] for each in marks if "valueDate" in each] for name, marks in given.items()}

    def after(fields: list[tuple[str, str]]) -> list[tuple[str, str]]:
        html = page(client, "/intake", [each for each in found if each[0] not in ("page", "pregnant")] + fields)
        state = json.loads(unescape(re.findall(r"data-answers='([^']+)'", html)[0]))
        return [(name, value) for name, value in state if name != "page"]

    days = {"electronic_implant": [SEEN], "pregnant": ["2026-11-12"], "age_years": []}
    assert saved(found) == days
    assert saved(after(seen_only)) == days
    assert saved(after(asked)) == days | {"pregnant": []}
    known = [*found, *((name, as_field(value)) for name, value in SAFE.items())]
    assert "this holds until" not in page(client, "/report", known)
    assert "this holds until" in page(client, "/report", [each for each in known if each[0] != "recorded"])


def test_a_saved_answer_is_as_old_in_the_next_card_as_in_the_record(client: TestClient) -> None:
    """A no to pregnancy is relied on for 14 days."""

    def next_time(day: str) -> dict[str, str]:
        """The answers, and what is noted of the pregnancy."""
        mark = {"url": f"{BASE}/fhir/StructureDefinition/answered-on", "valueDate": day}
        item = yes_no("pregnant", False)
        item["answer"][0]["extension"] = [mark]
        found = fields(client, response(item))
        return dict(found) | {"noted": next(note for name, note in found if note.startswith("pregnant|"))}

    assert next_time("2026-11-09")["pregnant"] == "false"
    assert "pregnant" not in next_time("2026-11-08")
    assert "pregnant" not in next_time("2026-10")
    assert next_time("2026-11-09")["noted"].endswith("|2026-11-09")
    assert next_time("2026-11-22")["noted"].endswith(f"|{SEEN}")  # never later than the response


def test_every_page_passes_on_what_the_record_says(client: TestClient) -> None:
    found = [*fields(client, condition("Z95.0")), ("launched", LAUNCHED), ("unread", "Device")]
    carried = [(name, value) for name, value in found if name in ("recorded", "unread", "launched")]
    for path in ("/intake", "/all", "/result", "/report"):
        html = page(client, path, found)
        held = re.findall(r'<input type="hidden" name="(recorded|unread|launched)" value="([^"]*)"', html)
        assert sorted(held) == sorted(carried), path
        assert ("data-save" in html) is (path in ("/result", "/report"))


@pytest.mark.parametrize(
    "text",
    [
        *("", "pregnant|true", "pregnant|maybe|Condition|", "nobody|true|Condition|", "pregnant|true|Poem|"),
        *("pregnant|true|Condition|yesterday", "age_years|999|Patient|", "pregnant|true|Condition||"),
    ],
)
def test_a_damaged_note_is_said_to_be(book: RuleBook, text: str) -> None:
    filled = read_form(urlencode([("recorded", text)]).encode(), book.releases[book.current])
    assert filled.damaged
    assert not filled.recorded


@pytest.mark.parametrize(
    ("resources", "patient", "says"),
    [
        ((PATIENT,), "2", "not the one of the patient"),
        ((condition("Z95.0"),), "1", "not the one of the patient"),
        ((PATIENT, PATIENT | {"id": "2"}), "1", "not the one of the patient"),
        ((PATIENT | {"deceasedBoolean": True},), "1", "has died"),
        ((PATIENT,), "../1", "send `patient`"),
        ((PATIENT, condition("Z95.0", assertedDate=SEEN)), "1", "R4"),
    ],
)
def test_the_record_of_somebody_else_is_refused(
    client: TestClient, resources: tuple[Resource, ...], patient: str, says: str
) -> None:
    answer = sent(client, *resources, patient=patient)
    assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json")
    assert says in answer.json()["detail"]
    assert english_in(sent(client, *resources, patient=patient, **KOREAN).json()["detail"]) == []


def test_what_is_said_of_others_is_no_answer(client: TestClient) -> None:
    theirs = condition("Z95.0", subject={"reference": "Patient/2"})
    assert "electronic_implant" not in dict(fields(client, theirs))


@pytest.mark.parametrize("iss", ["https://evil.example/fhir", f"{EHR}x", f"{EHR}/../x", "http://ehr.example/fhir", "x"])
def test_a_server_that_is_not_listed_is_refused(client: TestClient, iss: str) -> None:
    answer = client.get(f"/launch?iss={quote(iss)}&launch=1")
    assert answer.status_code == 403
    assert "data-iss" not in answer.text
    assert "connect-src 'self';" in answer.headers["content-security-policy"]


def test_a_listed_server_may_launch_and_its_origins_alone_are_connected_to(client: TestClient) -> None:
    answer = client.get(f"/launch?iss={quote(EHR)}/&launch=1")
    assert answer.status_code == 200
    assert f"connect-src 'self' https://ehr.example {SIGN_IN};" in answer.headers["content-security-policy"]
    searches = json.loads(unescape(re.findall(r'data-searches="([^"]+)"', answer.text)[0]))
    wanted = {"Patient", "Condition", "MedicationRequest", "MedicationStatement", "AllergyIntolerance", "Device"}
    assert searches.keys() == wanted | {"Procedure", "Observation", "QuestionnaireResponse"}
    for path in ("/", "/intake", "/rules", "/embed"):
        assert "ehr.example" not in client.get(path).headers["content-security-policy"]


def test_who_names_no_server_chooses_among_them(client: TestClient, book: RuleBook) -> None:
    chosen = client.get("/launch")
    assert chosen.status_code == 403
    assert f'href="/launch?lang=en&amp;iss={quote(EHR)}"' in chosen.text
    with TestClient(build_app(Settings(), book)) as none:
        assert "set up no system" in none.get("/launch").text
        assert none.get("/launched").headers["content-security-policy"].count("connect-src 'self';") == 1


@pytest.mark.parametrize("path", ["/launch?iss=https://ehr.example/fhir", "/launch?iss=https://e.example", "/launched"])
def test_the_pages_of_a_launch_are_korean(client: TestClient, path: str) -> None:
    html = client.get(path, headers=KOREAN).text
    assert [run for text in texts_of_page(html) for run in english_in(text)] == []
    says = re.findall(r"data-says='([^']+)'", html)
    assert [run for each in says for text in json.loads(each).values() for run in english_in(text)] == []


def test_what_the_record_says_is_korean(client: TestClient) -> None:
    found = [*fields(client, condition("Z95.0"), OLD), ("launched", LAUNCHED), ("unread", "Device")]
    for path in ("/intake", "/result", "/report"):
        html = page(client, path, found, **KOREAN)
        assert [run for text in texts_of_page(html) for run in english_in(text)] == [], path


@pytest.mark.parametrize(
    ("server", "says"),
    [
        ({"iss": "http://ehr.example/fhir", "client_id": "t"}, "https://"),
        ({"iss": "https://ehr.example/fhir/", "client_id": "t"}, "no slash at the end"),
        ({"iss": "https://ehr.example/fhir?a=b", "client_id": "t"}, "is no address"),
        ({"iss": "https://ehr.example/fhir", "client_id": ""}, "it is empty"),
        ({"iss": "https://ehr.example/fhir"}, "it is missing"),
        ({"iss": EHR, "client_id": "t", "sign_in": ["https://id.example/login"]}, "is no origin"),
        ({"iss": EHR, "client_id": "t", "sign_in": ["http://id.example"]}, "https://"),
        ({"iss": EHR, "client_id": "t", "sign_in": ["*"]}, "https://"),
        ({"iss": EHR, "client_id": "t", "client_secret": "x"}, "no such member"),
    ],
)
def test_a_bad_server_is_named(server: dict[str, Any], says: str) -> None:
    with pytest.raises(BadSettingError, match=r"TRIAGE_SMART_SERVERS.*" + re.escape(says)):
        read_settings({"TRIAGE_SMART_SERVERS": json.dumps([server])})


def test_a_server_stands_once() -> None:
    server = {"iss": EHR, "client_id": "t"}
    with pytest.raises(BadSettingError, match="name each server once"):
        read_settings({"TRIAGE_SMART_SERVERS": json.dumps([server, server])})
