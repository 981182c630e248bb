"""The intake inside an EHR, in a browser: launch, sign-in, prefilled answers, result, what is saved, the next card."""

import json
import re
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from app.main import build_app
from app.rulebook.load import RuleBook
from app.security.options import SmartServer
from app.settings import Settings
from tests.cds_hooks.calls import call, path
from tests.fhir.validators import complaints
from tests.patients import base
from tests.serving import HANGS, serving
from tests.web.ehr import FHIRCLIENT, LAUNCH, NAME, RECORD, TODAY, TOKEN, USER, Ehr
from tests.web.test_browser import AXE
from tests.web.walk import Walk, choose, go_on

WANTED = base("phase_2")


class Served:
    """The service and an EHR that is registered there."""

    def __init__(self, service: str, ehr: Ehr) -> None:
        self.service, self.ehr = service, ehr

    def launch(self, standalone: bool = False, lang: str = "en") -> str:
        launch = "" if standalone else f"&launch={LAUNCH}"
        return f"{self.service}/launch?lang={lang}&iss={quote(self.ehr.iss)}{launch}"


@pytest.fixture(scope="module")
def served(book: RuleBook) -> Iterator[Served]:
    ehrs: list[Ehr] = []

    def build(base: str) -> Any:
        ehrs.append(Ehr(base))
        return ehrs[0].application

    with ExitStack() as stack:
        iss = stack.enter_context(serving(build)) + "/fhir"
        servers = (SmartServer(iss=iss, client_id="triage"),)
        service = stack.enter_context(
            serving(lambda base: build_app(Settings(public_url=base, smart_servers=servers), book))
        )
        yield Served(service, ehrs[0])


@pytest.fixture(autouse=True)
def as_new(served: Served) -> None:
    """Every test begins with the same EHR."""
    ehr = served.ehr
    ehr.patient, ehr.syntax, ehr.pkce, ehr.answers_with, ehr.refuses = "1", "v2", ("S256",), "", frozenset()
    ehr.next_page = ""
    ehr.stored[:] = RECORD
    ehr.asked.clear()


@pytest.fixture
def window(browser: Browser, served: Served) -> Iterator[BrowserContext]:
    """A window; the service never gets the token or a name, and nothing goes anywhere else."""
    found = browser.new_context(locale="en-GB")
    found.set_default_timeout(HANGS * 1_000)
    sent: list[str] = []
    strangers: list[str] = []

    def failed(request: Any) -> None:
        if request.url in strangers and request.failure == "csp":
            strangers.remove(request.url)  # the policy kept it from leaving

    def asked(request: Any) -> None:
        if request.url.startswith(served.service):
            sent.append(json.dumps([request.url, request.headers, request.post_data]))
        elif not request.url.startswith((served.ehr.base, "data:")):
            strangers.append(request.url)

    found.on("request", asked)
    found.on("requestfailed", failed)
    yield found
    found.close()
    assert sent
    assert [each for each in sent if TOKEN in each or NAME in each] == []
    assert strangers == []


def to_the_answers(page: Page, address: str) -> None:
    """Launch, sign in, and wait for the answers of the record."""
    page.goto(address)
    page.locator("#allow").click()
    page.wait_for_selector("[name=page][value=check]", state="attached")


def to_the_end(page: Page) -> str:
    """Answer all that the record leaves open, see the result, and return what the pages said."""
    before = page.locator("main").inner_html()
    page.locator("button[value=more]").click()
    expect(page.locator("main")).not_to_have_js_property("innerHTML", before)
    walk = Walk()
    while not page.locator("[name=page][value=check]").count():
        if page.locator("[name=page][value=practical]").count():
            before = page.locator("main").inner_html()
            page.locator("button[value=next]").click()
            expect(page.locator("main")).not_to_have_js_property("innerHTML", before)
            continue
        walk.pages.append(page.locator("main").inner_text())
        choose(page, WANTED, walk)
        go_on(page, walk)
    page.locator("[data-main]").click()
    page.wait_for_selector(".ct-first")
    return "\n".join(walk.pages)


def card_of(served: Served) -> dict[str, Any]:
    """The card that the next hook gives, with what its own templates find in the EHR."""
    with httpx.Client(base_url=served.service) as client:
        services = client.get("/cds-services").json()["services"]
        templates = next(each["prefetch"] for each in services if each["hook"] == "patient-view")
        found: dict[str, Any] = {
            key: served.ehr.search(template.replace("{{context.patientId}}", "1"))
            for key, template in templates.items()
        }
        card: dict[str, Any]
        (card,) = client.post(path(), json=call(**found)).json()["cards"]
    return card


def test_a_launch_prefills_the_intake_and_what_is_saved_answers_the_next_card(
    window: BrowserContext, served: Served
) -> None:
    assert card_of(served)["summary"] == "Candidate intake for regenerative skin treatment"
    page = window.new_page()
    to_the_answers(page, served.launch())
    assert "code=" not in page.url
    shown = page.locator("main").inner_text()
    assert "From the record: 41 years (personal details)." in shown
    assert f"From the record: Yes (diagnosis of {TODAY})." in shown
    assert "1985" not in page.content()
    page.reload()
    expect(page.locator("main")).to_contain_text("From the record: 41 years")
    pages = to_the_end(page)
    assert f"The record speaks of this (diagnosis of {TODAY}), but it is old or unclear." in pages
    page.get_by_role("button", name="Save the answers in the record").click()
    expect(page.locator("[data-said-of-save]")).to_have_text("Saved in the record.")
    stored = served.ehr.stored[-1]
    assert stored["questionnaire"].startswith(f"{served.service}/fhir/Questionnaire/candidate-intake|")
    assert (stored["status"], stored["subject"], stored["author"]) == (
        "completed",
        {"reference": "Patient/1"},
        {"reference": USER},
    )
    assert complaints([stored]) == []
    marked = {item["linkId"] for item in stored["item"] if "extension" in item.get("answer", [{}])[0]}
    assert marked == {"age_years", "pregnant", "electronic_implant"}
    card = card_of(served)
    assert "exosome" in card["detail"]
    assert card["summary"] != "Candidate intake for regenerative skin treatment"
    assert served.ehr.asked[0]["client_id"] == "triage"


def test_the_report_drafts_an_order_where_a_clinician_asks_for_it(window: BrowserContext, served: Served) -> None:
    page = window.new_page()
    to_the_answers(page, served.launch())
    to_the_end(page)
    page.locator("details[data-more] summary").click()
    page.get_by_role("button", name="Open the report").click()
    page.wait_for_selector(".ct-outcome")
    page.click("#answers > summary")
    expect(page.locator("#answers")).to_contain_text("From the record: 41 years (personal details).")
    page.get_by_role("button", name="Draft an order for this pathway").click()
    expect(page.locator("[data-said-of-save]")).to_have_text("Saved in the record.")
    order = served.ehr.stored[-1]
    assert complaints([order]) == []
    assert (order["resourceType"], order["status"], order["subject"]) == (
        "ServiceRequest",
        "draft",
        {"reference": "Patient/1"},
    )
    assert order["code"]["coding"][0]["code"] == "exosome_microchanneling"


def test_a_server_of_v1_is_asked_in_v1_standalone_and_in_korean(window: BrowserContext, served: Served) -> None:
    served.ehr.syntax, served.ehr.refuses = "v1", frozenset({"Device"})
    page = window.new_page()
    to_the_answers(page, served.launch(standalone=True, lang="ko"))
    shown = page.locator("main").inner_text()
    assert f"기록: 예 ({TODAY} 진단)." in shown
    assert "기록에서 읽지 못한 것: 기기." in shown
    (asked,) = served.ehr.asked
    scopes = asked["scope"].split()
    assert {"launch/patient", "patient/Condition.read", "patient/QuestionnaireResponse.write"} <= {*scopes}
    assert "launch" not in asked


@pytest.mark.parametrize(
    ("next_page", "unread"),
    [("https://evil.example/fhir/Condition?page=2", True), ("Condition?patient=1&page=2", False)],
)
def test_the_next_page_is_read_from_the_same_server_alone(
    window: BrowserContext, served: Served, next_page: str, unread: bool
) -> None:
    served.ehr.next_page = next_page
    page = window.new_page()
    to_the_answers(page, served.launch())
    shown = page.locator("main").inner_text()
    assert f"From the record: Yes (diagnosis of {TODAY})." in shown
    assert ("This could not be read from the record: diagnosis." in shown) is unread


def test_after_its_time_a_sign_in_saves_nothing(window: BrowserContext, served: Served) -> None:
    page = window.new_page()
    to_the_answers(page, served.launch())
    page.locator("[data-main]").click()
    page.wait_for_selector(".ct-first")
    kept = json.loads(page.evaluate("sessionStorage.getItem('triage-launch')"))
    page.evaluate("text => sessionStorage.setItem('triage-launch', text)", json.dumps(kept | {"until": 0}))
    page.get_by_role("button", name="Save the answers in the record").click()
    expect(page.locator("[data-said-of-save]")).to_contain_text("Your sign-in has ended. Nothing was saved.")
    assert served.ehr.stored[-1]["resourceType"] == "Condition"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"answers_with": "2"}, "not the one of the chosen patient"),
        ({"refuses": frozenset({"Patient"})}, "No patient was chosen"),
        ({"patient": ""}, "No patient was chosen"),
        ({"pkce": ()}, "PKCE"),
    ],
)
def test_what_cannot_be_trusted_is_refused(
    window: BrowserContext, served: Served, change: dict[str, Any], says: str
) -> None:
    for name, value in change.items():
        setattr(served.ehr, name, value)
    page = window.new_page()
    page.goto(served.launch())
    if "pkce" not in change:
        page.locator("#allow").click()
    expect(page.get_by_role("alert")).to_contain_text(says)
    assert page.url.startswith(served.service)
    assert "answers" not in page.url


def test_a_sign_in_that_this_tab_did_not_start_is_refused(window: BrowserContext, served: Served) -> None:
    page = window.new_page()
    page.goto(f"{served.service}/launched?code=stolen&state=guessed")
    expect(page.get_by_role("alert")).to_contain_text("was not started in this tab")
    page.goto(served.launch())
    page.wait_for_selector("#allow")
    page.goto(f"{served.service}/launched?code=stolen&state=guessed")
    expect(page.get_by_role("alert")).to_contain_text("was not started in this tab")


def test_answers_of_another_launch_are_not_saved(window: BrowserContext, served: Served) -> None:
    """Two patients in one tab: what Back shows belongs to the first, the sign-in to the second."""
    page = window.new_page()
    to_the_answers(page, served.launch())
    page.locator("[data-main]").click()
    page.wait_for_selector(".ct-first")
    first = page.url
    served.ehr.patient = "2"
    to_the_answers(page, served.launch())
    stored = len(served.ehr.stored)
    page.goto(first)
    page.get_by_role("button", name="Save the answers in the record").click()
    expect(page.locator("[data-said-of-save]")).to_contain_text("Nothing was saved")
    assert len(served.ehr.stored) == stored


def test_the_policy_names_the_registered_server_alone(served: Served) -> None:
    with httpx.Client(base_url=served.service) as client:
        policy = client.get(served.launch()).headers["content-security-policy"]
        assert re.findall(r"connect-src ([^;]+);", policy) == [f"'self' {served.ehr.base}"]
        refused = client.get("/launch?iss=https://evil.example/fhir&launch=x")
        assert refused.status_code == 403
        assert "evil" not in refused.headers["content-security-policy"]
        assert "launch.js" not in refused.text
        assert "evil" not in client.get("/intake").headers["content-security-policy"]


@pytest.mark.skipif(not FHIRCLIENT.exists(), reason="NO NODE MODULES: `make test` installs them")
def test_fhirclient_signs_in_as_we_do_and_reads_what_we_saved(window: BrowserContext, served: Served) -> None:
    """The same EHR, once by our module and once by the npm `fhirclient`: the same sign-in, the same record."""
    page = window.new_page()
    to_the_answers(page, served.launch())
    page.locator("[data-main]").click()
    page.wait_for_selector(".ct-first")
    page.get_by_role("button", name="Save the answers in the record").click()
    expect(page.locator("[data-said-of-save]")).to_have_text("Saved in the record.")
    scope = quote(served.ehr.asked[0]["scope"])
    page.goto(f"{served.ehr.base}/app/launch?iss={quote(served.ehr.iss)}&launch={LAUNCH}&scope={scope}")
    page.locator("#allow").click()
    page.wait_for_function("window.found")
    ours, theirs = served.ehr.asked
    each_time = {"state", "code_challenge", "redirect_uri"}
    assert {k: v for k, v in ours.items() if k not in each_time} == {
        k: v for k, v in theirs.items() if k not in each_time
    }
    assert ours.keys() == theirs.keys()
    assert len(ours["code_challenge"]) == len(theirs["code_challenge"])
    (entry,) = page.evaluate("window.found.entry")
    assert entry["resource"] == served.ehr.stored[-1]


@pytest.mark.skipif(not AXE.exists(), reason="NO NODE MODULES: `make test` installs them")
@pytest.mark.parametrize(("lang", "scheme"), [("en", "light"), ("ko", "dark")])
def test_axe_finds_nothing_in_a_launch_and_a_phone_needs_no_sideways_scrolling(
    browser: Browser, served: Served, lang: str, scheme: Any
) -> None:
    recorded = [["recorded", f"pregnant|false|Observation|{TODAY}"], ["recorded", "uncontrolled_diabetes||Condition|"]]
    fields = [["pregnant", "false"], *recorded, ["unread", "Device"], ["launched", "a" * 22]]
    answers = f"?lang={lang}#answers={quote(json.dumps([*fields, ['page', 'check']]))}"
    paths = [f"/launch?lang={lang}&iss=https://evil.example/fhir", f"/launched?lang={lang}"]
    shown = "[data-said-of-save], [name=page][value=check], main code, [role=alert]"
    phone = browser.new_context(
        base_url=served.service, color_scheme=scheme, bypass_csp=True, viewport={"width": 360, "height": 640}
    )
    page = phone.new_page()
    for address in [*paths, f"/intake{answers}", f"/result{answers}", f"/report{answers}"]:
        page.goto(address)
        page.wait_for_selector(shown, state="attached")
        assert page.evaluate("document.documentElement.scrollWidth") <= 360, address
        page.add_script_tag(path=AXE)
        found = page.evaluate("axe.run()")
        violations = [(v["id"], [node["html"][:150] for node in v["nodes"]][:3]) for v in found["violations"]]
        assert violations == [], address
    phone.close()
