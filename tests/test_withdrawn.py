"""A withdrawn release: never the current one, answered by name, and every face says so before everything else."""

import json
import shutil
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response
from typer.testing import CliRunner

from app.api.deprecation import GOING, Going, Notice, headers_of
from app.cds_hooks.cards import Cards
from app.cds_hooks.detail import Weighed
from app.cds_hooks.request import Systems, read_call
from app.cli import cli
from app.core.engine import Engine, Engines, Question
from app.core.facts import Value
from app.engines import build_engines, rules_folder
from app.fhir.apply import Application, apply
from app.fhir.localization import Localization, Localizations
from app.fhir.plan import plan_definition
from app.main import build_app
from app.record.places import PatientFacts
from app.rulebook.load import RuleBook, load
from app.settings import BadSettingError, Settings
from tests.api.receipts import KEY
from tests.cds_hooks.calls import call
from tests.fhir.resources import BASE
from tests.fhir.validators import complaints

REASON = "One of its rules reads a label wrongly."
KOREAN = "규칙 하나가 표시를 잘못 읽습니다."
SAID = f"Release 2026.1 was withdrawn on 2026-12-01. {REASON}"
RECOMMENDED: dict[str, Value] = {
    "active_skin_infection": False,
    "autoimmune_skin_disease": "none",
    "systemic_immunosuppression": False,
    "primary_concern": "dullness",
    "elasticity_loss": "none",
    "hyperpigmentation": "none",
    "sagging": "none",
    "photodamage": "none",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The rules as shipped, with the older release withdrawn."""
    found = tmp_path_factory.mktemp("withdrawn") / "rules"
    shutil.copytree(rules_folder(), found)
    for path, old, new in (
        (
            "releases.yaml",
            '- id: "2026.1"\n',
            f'- id: "2026.1"\n    withdrawn: {{date: "2026-12-01", reason: {REASON}}}\n',
        ),
        ("languages/ko.yaml", '"2026.1":\n', f'"2026.1":\n    withdrawn: {KOREAN}\n'),
    ):
        text = (found / path).read_text("utf-8")
        assert text.count(old) == 1
        (found / path).write_text(text.replace(old, new), "utf-8")
    return found


@pytest.fixture(scope="module")
def withdrawn(folder: Path) -> RuleBook:
    return load(folder)


@pytest.fixture(scope="module")
def service(withdrawn: RuleBook) -> TestClient:
    return TestClient(build_app(Settings(), withdrawn))


@pytest.fixture(scope="module")
def engine(withdrawn: RuleBook) -> Engine:
    return Engine(withdrawn.releases["2026.1"])


def test_it_changes_no_digest_but_that_of_the_notices(withdrawn: RuleBook, book: RuleBook) -> None:
    for name, release in withdrawn.releases.items():
        before = book.releases[name]
        assert release.digest == before.digest
        changed = {key for key in release.digests if release.digests[key] != before.digests[key]}
        assert changed == ({"languages", "notices"} if name == "2026.1" else set())


def test_it_is_asked_for_by_name_and_still_answers(service: TestClient, client: TestClient) -> None:
    for view in ("full", "decision"):
        url = f"/v1/triage?ruleset=2026.1&view={view}"
        answer, before = (each.post(url, json=RECOMMENDED).json() for each in (service, client))
        assert answer["ruleset"].pop("withdrawn") == {"date": "2026-12-01", "reason": REASON}
        assert before["ruleset"].pop("withdrawn") is None
        assert answer["ruleset"].pop("digests") != before["ruleset"].pop("digests")
        assert answer == before
    korean = service.post("/v1/triage?ruleset=2026.1", json={}, headers={"accept-language": "ko"}).json()
    assert korean["ruleset"]["withdrawn"]["reason"] == KOREAN
    assert service.post("/v1/triage", json={}).json()["ruleset"]["withdrawn"] is None


def test_every_line_of_a_batch_says_so(service: TestClient) -> None:
    lines = b'{"primary_concern": "dullness"}\n{}\n'
    reply = service.post(
        "/v1/triage/batch?ruleset=2026.1", content=lines, headers={"content-type": "application/x-ndjson"}
    )
    found = [json.loads(line)["ruleset"]["withdrawn"] for line in reply.text.splitlines()]
    assert found == [{"date": "2026-12-01", "reason": REASON}] * 2


@pytest.mark.parametrize("root", ["", "/skin"])
def test_the_headers_of_an_answer_say_so_and_what_comes_after(withdrawn: RuleBook, root: str) -> None:
    service = TestClient(build_app(Settings(public_url=f"https://triage.example{root}"), withdrawn))
    ndjson = {"content-type": "application/x-ndjson"}

    def answers(name: str) -> list[Response]:
        posted = [service.post(f"/v1/triage{path}?ruleset={name}", json={}) for path in ("", "/explain")]
        posted.append(service.post(f"/v1/triage/batch?ruleset={name}", content=b"{}\n", headers=ndjson))
        return posted + [service.get(f"/v1/rulesets/{name}{path}") for path in ("", "/facts", "/rules/PHASE-1")]

    for answer in answers("2026.1"):
        assert answer.status_code == 200
        assert answer.headers["deprecation"] == "@1796083200"
        assert answer.headers["link"] == (
            f'<{root}/v1/rulesets/2026.1>; rel="deprecation", <{root}/v1/rulesets/2026.3>; rel="successor-version"'
        )
        assert "sunset" not in answer.headers
    for answer in answers("current"):
        assert answer.status_code == 200
        assert not {"deprecation", "link", "sunset"} & set(answer.headers)


@pytest.mark.parametrize(
    ("method", "path", "status", "said"),
    [
        ("GET", "/v1/rulesets/2026.1/diff/2026.3", 200, True),
        ("GET", "/v1/rulesets/2026.3/diff/2026.1", 200, True),
        ("HEAD", "/v1/rulesets/current/diff/2026.1", 200, True),
        ("GET", "/v1/rulesets/2026.1/diff/2026.1", 200, True),
        ("GET", "/v1/rulesets/2026.3/diff/current", 200, False),
        ("GET", "/v1/rulesets/2026.1/sources/S3-31", 200, True),
        ("GET", "/v1/rulesets/2026.1/rules/PHASE-9", 404, False),
        ("POST", "/v1/triage?view=decision&ruleset=2026%2E1", 200, True),
        ("POST", "/v1/triage?ruleset=2026.1&ruleset=2026.1", 422, False),
        ("GET", "/v1/rulesets", 200, False),
        ("GET", "/rules?ruleset=2026.1", 200, False),
    ],
)
def test_a_withdrawn_release_is_said_wherever_it_is_named(
    service: TestClient, method: str, path: str, status: int, said: bool
) -> None:
    answer = service.request(method, path, json={} if method == "POST" else None)
    assert answer.status_code == status
    assert ("deprecation" in answer.headers, "link" in answer.headers) == (said, said)
    if "etag" in answer.headers:  # what was kept before the withdrawal hears of it
        kept = service.request(method, path, headers={"If-None-Match": answer.headers["etag"]})
        assert (kept.status_code, kept.headers.get("link")) == (304, answer.headers.get("link"))


def test_a_stored_answer_of_a_withdrawn_release_is_verified_and_said(withdrawn: RuleBook) -> None:
    service = TestClient(build_app(Settings(signing_keys=(KEY,)), withdrawn))
    for name, said in (("2026.1", True), ("2026.3", False)):
        answer = service.post(f"/v1/triage?ruleset={name}", json=RECOMMENDED)
        stored = {"answer": answer.json(), "receipt": answer.headers["triage-receipt"]}
        verdict = service.post("/v1/receipts/verify", json=stored)
        assert (verdict.status_code, verdict.json()["result"], verdict.json()["release"]) == (200, "valid", name)
        assert verdict.headers.get("deprecation") == ("@1796083200" if said else None)


def test_of_several_the_first_day_and_every_link_is_said() -> None:
    one, other = (Notice(date(2026, month, 1), f"/{month}", "/current") for month in (3, 2))
    assert headers_of([one, other, one]) == {
        "Deprecation": "@1769904000",
        "Link": '</3>; rel="deprecation", </2>; rel="deprecation", </current>; rel="successor-version"',
    }
    assert headers_of([]) == {}


def test_what_ends_says_when() -> None:
    found = headers_of([Notice(date(2026, 1, 1), "/docs", "/v2", sunset=date(2027, 1, 1))])
    assert found == {
        "Deprecation": "@1767225600",
        "Sunset": "Fri, 01 Jan 2027 00:00:00 GMT",
        "Link": '</docs>; rel="deprecation", </v2>; rel="successor-version", </docs>; rel="sunset"',
    }


YEAR = {"since": date(2026, 1, 1), "sunset": date(2027, 1, 1), "successor": "/v2/rulesets"}


@pytest.mark.parametrize("root", ["", "/skin"])
@pytest.mark.parametrize(
    ("going", "marked"),
    [
        (Going("/v1/rulesets/{ruleset}/rules/{rule}", **YEAR), ["deprecated"]),  # type: ignore[arg-type]
        (Going("/v1/rulesets/{ruleset}/rules/{rule}", parameter="rule", **YEAR), ["parameters", 1, "deprecated"]),  # type: ignore[arg-type]
    ],
)
def test_each_answer_of_a_path_that_ends_says_when(book: RuleBook, root: str, going: Going, marked: list[Any]) -> None:
    application = build_app(Settings(public_url=f"https://triage.example{root}"), book, going=[going])
    service = TestClient(application)
    for rule, status in (("PHASE-1", 200), ("PHASE-99", 404)):
        answer = service.get(f"/v1/rulesets/current/rules/{rule}")
        assert answer.status_code == status
        assert answer.headers["deprecation"] == "@1767225600"
        assert answer.headers["sunset"] == "Fri, 01 Jan 2027 00:00:00 GMT"
        assert f'<{root}/docs>; rel="sunset"' in answer.headers["link"]
        assert f'<{root}/v2/rulesets>; rel="successor-version"' in answer.headers["link"]
    other = service.get("/v1/rulesets/current/rules")
    assert (other.status_code, {"deprecation", "sunset"} & set(other.headers)) == (200, set())
    found: Any = application.openapi()["paths"][going.path]["get"]
    assert {"Deprecation", "Sunset", "Link"} <= set(found["responses"]["200"]["headers"])
    for step in marked:
        found = found[step]
    assert found is True


def test_what_ends_answers_for_a_year_first() -> None:
    with pytest.raises(ValueError, match="sooner than 365 days"):
        Going("/v1/triage", date(2026, 1, 1), date(2026, 12, 31), "/v2/triage")


def test_nothing_that_is_marked_is_left_without_its_headers(book: RuleBook) -> None:
    document = build_app(Settings(), book).openapi()
    marked = {
        path
        for path, operations in document["paths"].items()
        for operation in operations.values()
        for each in (operation, *operation.get("parameters", ()))
        if each.get("deprecated")
    }
    assert marked == {each.path for each in GOING}


def test_it_cannot_be_made_the_current_one(withdrawn: RuleBook) -> None:
    with pytest.raises(BadSettingError, match=r"`TRIAGE_RULESET`: 2026\.1 is withdrawn"):
        build_engines(Settings(ruleset="2026.1"), withdrawn)


def test_the_list_of_rule_sets_says_so(service: TestClient) -> None:
    older, *_, current = service.get("/v1/rulesets").json()["rulesets"]
    assert (older["withdrawn"], current["withdrawn"]) == ({"date": "2026-12-01", "reason": REASON}, None)
    assert older["limits"]
    assert current["limits"] is None
    assert list(older["digests"]) == ["sources", "population", "countries", "languages", "intake", "notices"]


@pytest.mark.parametrize(("language", "reason"), [("en", REASON), ("ko", KOREAN)])
def test_a_page_warns_before_everything_else(service: TestClient, language: str, reason: str) -> None:
    page = service.get(f"/rules?ruleset=2026.1&lang={language}").text
    main = page[page.index("<main") :]
    assert 0 < main.index("2026-12-01") < main.index(reason) < main.index("<h1")
    assert reason not in service.get(f"/rules?lang={language}").text
    for named in ("before=2026.1&after=2026.3", "before=2026.3&after=2026.1", "before=2026.1&after=2026.1"):
        assert service.get(f"/changes?{named}&lang={language}").text.count(reason) == 1


def test_a_card_says_so_first_and_never_only_informs(engine: Engine, engines: Engines) -> None:
    answer = engine.answer(Question(RECOMMENDED))
    seen = Weighed(PatientFacts(RECOMMENDED))
    asked = read_call(call(), "patient-view", Systems("", ""))
    (card,) = Cards(Localization(engine, engine.release), BASE, asked).of(answer, seen)
    assert card["detail"].startswith(SAID)
    assert card["indicator"] == "warning"
    good = engines.by_id["2026.3"]
    (card,) = Cards(Localization(good, good.release), BASE, asked).of(good.answer(Question(RECOMMENDED)), seen)
    assert not card["detail"].startswith(SAID)
    assert card["indicator"] == "info"


def test_a_korean_card_says_so_in_korean(withdrawn: RuleBook) -> None:
    engines = Engines.of(withdrawn.releases.values(), "2026.1", [withdrawn.languages["ko"]])
    locale = Localizations.of(engines, {"ko": withdrawn.languages["ko"].phrases}, withdrawn.codes).find("ko")
    asked = read_call(call(), "patient-view", Systems("", ""))
    answer = locale.engine.answer(Question(RECOMMENDED))
    (card,) = Cards(locale, BASE, asked).of(answer, Weighed(PatientFacts(RECOMMENDED)))
    assert card["detail"].startswith(
        f"2026.1 판은 2026-12-01에 철회되었습니다. {KOREAN}\n\n{locale.engine.release.limits}"
    )


def test_what_leaves_as_fhir_says_so_first(engine: Engine, withdrawn: RuleBook) -> None:
    locale = Localization(engine, engine.release)
    locales = Localizations({"en": locale}, "en")
    plan = apply(Application("Patient/1"), locales, "", withdrawn.codes, BASE, datetime(2026, 12, 2, tzinfo=UTC))
    assert plan["note"][0] == {"text": SAID}
    assert plan["contained"][0]["note"][0] == {"text": SAID}
    definition = plan_definition(locale, BASE)
    assert definition["status"] == "retired"
    assert complaints([plan, definition]) == []
    good = Engine(replace(engine.release, withdrawn=None))
    assert plan_definition(Localization(good, good.release), BASE)["status"] == "active"


def test_the_command_line_says_so(folder: Path) -> None:
    for command in (["check", "--rules", str(folder)], ["verify"], ["diff", "2026.3", "2026.1"]):
        said = CliRunner().invoke(cli, command, env={"TRIAGE_RULES": str(folder)}).stdout
        assert said.count(SAID) == 1, said
