"""The report: what holds is told as holding, each question stands once, each id leads to its source."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from random import Random

import pytest
import yaml
from fastapi.testclient import TestClient

from app.core.catalogue import entries
from app.core.engine import Engines
from app.core.facts import Value
from app.core.rules import DecisionRule
from app.record.answers import answers_of
from app.web.form import as_field
from app.web.names import Names
from app.web.pages import load_texts
from tests.books import random_candidate

CASES = Path(__file__).parents[1] / "cases"
PHASE_2: dict[str, Value] = {
    "primary_concern": "uneven_pigmentation",
    "elasticity_loss": "moderate",
    "hyperpigmentation": "mild",
    "sagging": "none",
    "photodamage": "none",
    "active_skin_infection": False,
    "autoimmune_skin_disease": "none",
    "systemic_immunosuppression": False,
}
"""Phase 2, with nothing known but concern, findings and exclusions."""


def report_on(
    client: TestClient, facts: Mapping[str, Value], language: str = "en", unknown: tuple[str, ...] = ()
) -> str:
    fields = {name: as_field(value) for name, value in facts.items()} | {"unknown": list(unknown)}
    page = client.post(f"/report?lang={language}", data=fields)
    assert page.status_code == 200
    return page.text


def part(page: str, name: str) -> str:
    """One part of a report that can be opened."""
    return page.split(f'id="{name}"')[1].split("</details>")[0]


def text(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


def nothing_objects(engines: Engines) -> dict[str, Value]:
    facts = engines.by_id[engines.current].release.facts
    said: dict[str, Value] = {name: False for name, fact in facts.items() if fact.kind == "boolean"}
    return said | PHASE_2 | {"age_years": 45, "isotretinoin": "none"}


def test_the_state_stands_beside_the_outcome(client: TestClient) -> None:
    page = report_on(client, PHASE_2)
    assert "Criteria hold · not ready: 31 to confirm" in page
    assert "Phase 2: Exosomes through micro-channels" in page
    assert 'class="ct-outcome warn"' in page


def test_nothing_is_green_beside_a_caution(client: TestClient, engines: Engines) -> None:
    """Everything in place: ready, and the cautions that go with Phase 2 still stand there."""
    page = report_on(client, all_in_place(engines))
    assert "Criteria hold · ready" in page
    assert 'class="ct-outcome calm"' in page
    assert "ct-harm" in page


def test_no_exclusion_is_said_to_be_absent_beside_another(client: TestClient) -> None:
    assert "none of them" in report_on(client, PHASE_2)
    excluded = report_on(client, PHASE_2 | {"pregnant": True})
    assert "Do not proceed" in excluded
    assert "none of them" not in excluded


def all_in_place(engines: Engines) -> dict[str, Value]:
    ready = nothing_objects(engines) | {"product_source": "autologous", "product_status": "approved_medicine"}
    for name in ("lawful_here_checked", "investigational_consent", "physician_supervised", "product_documented"):
        ready[name] = True
    ready |= {
        "baseline_photo_taken": True,
        "realistic_expectations": True,
        "jurisdiction": "BR",
        "fitzpatrick_type": "II",
    }
    return ready


def test_each_question_stands_once(client: TestClient, engines: Engines) -> None:
    random = Random(6)
    facts_of = engines.by_id[engines.current].release.facts
    asked = 0
    for _ in range(20):
        facts = random_candidate(random, facts_of, random.random() / 2)
        names = re.findall(r'id="ask-([a-z_]+)"', report_on(client, facts))
        assert len(names) == len(set(names))
        assert not facts.keys() & set(names)
        asked += len(names)
    assert asked > 100


def test_who_can_answer_is_asked(client: TestClient) -> None:
    confirm = part(report_on(client, PHASE_2), "confirm")
    patient, examination, clinic = confirm.split("<fieldset")[1:]
    assert "ask-pregnant" in patient
    assert "ask-suspicious_lesion" in examination
    assert "ask-product_source" in clinic


def test_what_is_confirmed_here_goes_before_not_known(client: TestClient) -> None:
    unsure = {name: as_field(value) for name, value in PHASE_2.items()} | {"unknown": "pregnant"}
    assert "Do not proceed" not in client.post("/report", data=unsure).text
    assert "Do not proceed" in client.post("/report", data=unsure | {"pregnant": "true"}).text


@pytest.mark.parametrize("language", ["en", "ko"])
def test_a_rule_that_is_undecided_is_told_as_open(client: TestClient, language: str) -> None:
    """Advanced sagging, photodamage not known: nobody said that just one is present."""
    texts = load_texts()[language]
    facts = {name: value for name, value in PHASE_2.items() if name != "photodamage"} | {"sagging": "advanced"}
    page = report_on(client, facts, language)
    partial = texts["rule_REVIEW-PARTIAL-PHASE-3"]
    assert partial not in text(part(page, "against"))
    assert texts["state_needs_information"].format(n=1) in page
    known = report_on(client, {**facts, "pregnant": True, "photodamage": "severe"}, language)
    assert texts["fact_pregnant"] in part(known, "against").split(texts["waits_reviews"])[0]


def test_every_id_of_a_source_leads_to_where_it_is_told_once(client: TestClient, engines: Engines) -> None:
    random = Random(6)
    facts_of = engines.by_id[engines.current].release.facts
    listed = 0
    for _ in range(20):
        facts = random_candidate(random, facts_of, random.random()) | {"active_skin_infection": False}
        page = report_on(client, facts)
        told = re.findall(r'<li id="source-([^"]+)"', page)
        assert len(told) == len(set(told))
        cited = set(re.findall(r'href="/sources/([^?"]+)\?', page))
        assert cited == set(told)
        listed += len(told)
    assert listed


@pytest.mark.parametrize(
    ("fact", "value"),
    [("pregnant", True), ("breastfeeding", True), ("isotretinoin", "current"), ("anticoagulant_use", True)],
)
def test_no_page_offers_an_act_as_the_way_in(client: TestClient, engines: Engines, fact: str, value: Value) -> None:
    change = part(report_on(client, nothing_objects(engines) | {fact: value}), "change")
    assert "→ No" not in change
    assert "→ none" not in change


@pytest.mark.parametrize("fact", ["recent_tan_or_sunburn", "active_skin_infection", "uncontrolled_diabetes"])
def test_a_page_says_what_time_or_treatment_may_bring(client: TestClient, engines: Engines, fact: str) -> None:
    change = part(report_on(client, nothing_objects(engines) | {fact: True}), "change")
    assert f"{load_texts()['en'][f'fact_{fact}']}: Yes → No" in change


@pytest.mark.parametrize("language", ["en", "ko"])
def test_facts_and_rules_have_short_names(engines: Engines, language: str) -> None:
    texts = load_texts()[language]
    for engine in engines.by_id.values():
        names = Names(engine.release, texts)
        for name in engine.release.facts:
            assert names.fact(name)
        decision = [names.rule(rule) for rule in entries(engine.release) if isinstance(rule, DecisionRule)]
        assert len(decision) == len(set(decision))
        for rule in (*engine.release.cautions, *engine.release.preconditions):
            assert names.rule(rule)
            assert names.condition(rule.when)


def test_languages_have_the_same_words() -> None:
    english, korean = load_texts()["en"], load_texts()["ko"]
    # Korean has no plural
    assert {name for name in english.keys() ^ korean.keys() if not re.fullmatch(r"unit_.*_1", name)} == set()


def test_it_is_taken_along_as_text_fhir_and_json(client: TestClient, engines: Engines) -> None:
    release = engines.by_id[engines.current].release
    fields = {name: as_field(value) for name, value in PHASE_2.items()} | {"unknown": "pregnant", "reference": "A-17"}
    note = client.post("/report?as=text", data=fields)
    assert note.headers["content-type"].startswith("text/plain")
    assert "Phase 2: Exosomes through micro-channels (Criteria hold · not ready: 31 to confirm)" in note.text
    answer = json.loads(client.post("/report?as=json", data=fields).text)
    assert answer["decision"]["phase"] == 2
    assert answer["reference"] == "A-17"
    for said in (answer["id"], answer["ruleset"]["digest"], "A-17"):
        assert said in note.text
    response = client.post("/report?as=fhir", data=fields)
    assert response.headers["content-type"] == "application/fhir+json"
    found = answers_of(response.json(), release, response.json()["questionnaire"].partition("|")[0])
    assert found is not None
    assert found.facts == PHASE_2
    assert found.unavailable == ("pregnant",)


@pytest.mark.parametrize(
    ("otherwise", "state", "step"),
    [
        ({"product_status": "unapproved"}, "1 to confirm", "lawful where it is done"),
        ({"lawful_here_checked": False}, "1 to confirm", "lawful where it is done"),
        ({"product_status": "unapproved", "jurisdiction": "US"}, "1 not in place", "lawful where it is done"),
        (
            {"product_status": "unapproved", "physician_supervised": False},
            "1 to confirm, 1 not in place",
            "physician responsible, lawful where it is done",
        ),
    ],
)
def test_what_no_further_answer_confirms_is_named(
    client: TestClient, otherwise: dict[str, Value], state: str, step: str
) -> None:
    """Everything is known: what is not in place, or does not fit together, is the next step."""
    facts = yaml.safe_load((CASES / "bases" / "phase_2.yaml").read_text("utf-8")) | otherwise
    note = client.post("/report?as=text", data={name: as_field(value) for name, value in facts.items()}).text
    assert f"(Criteria hold · not ready: {state})" in note
    assert f"Next step: Settle first: {step}.\n" in note


def test_the_next_step_of_a_note_is_the_most_urgent(client: TestClient) -> None:
    """A suspicious spot, for the next days, stands first in `referral`; the infection is for today."""
    facts = PHASE_2 | {"suspicious_lesion": True, "active_skin_infection": True}
    note = client.post("/report?as=text", data={name: as_field(value) for name, value in facts.items()}).text
    assert note.index("(in the next days)") < note.index("(today)")
    assert re.search(r"^Next step: Send on \(today\)", note, re.M)


def test_a_name_is_no_reference(client: TestClient) -> None:
    page = client.post("/report", data={"primary_concern": "dullness", "reference": "Kim Minji"})
    assert page.status_code == 200
    assert "Minji" not in page.text


def test_the_plan_keeps_the_unit_of_each_document(client: TestClient) -> None:
    plan = text(part(report_on(client, PHASE_2), "plan"))
    for label in (
        "12 to 24 hours: redness and slight swelling · S3-38",
        "1 to 2 weeks: moisture",
        "6 to 12 months: to maintenance · S2-43",
    ):
        assert label in plan
    assert plan.count("circle") == 0
    svg = part(report_on(client, PHASE_2), "plan").split('class="timeline wide"')[2].split("</svg>")[0]
    assert len(re.findall(r'class="session"', svg)) == 3
    assert len(re.findall(r'class="session open"', svg)) == 2


def test_a_day_is_claimed_only_of_answers_of_today(client: TestClient) -> None:
    fields = {name: as_field(value) for name, value in PHASE_2.items()}
    page, note = (client.post(f"/report{way}", data=fields).text for way in ("", "?as=text"))
    assert all(
        "If no answer is older than 20" in said for said in (page, note)
    )  # a link may hold answers of another day
    answer = json.loads(client.post("/report?as=json", data=fields).text)
    assert (answer["asked_on"], answer["valid_until"]) == (None, None)
    for nothing_holds in ({}, {"active_skin_infection": "true"}):  # nothing is decided; other care comes first
        assert "If no answer is older" not in client.post("/report", data=nothing_holds).text


def test_a_reference_that_is_not_taken_is_said_to_be_wrong(client: TestClient) -> None:
    page = client.post("/report", data={"primary_concern": "dullness", "reference": "Kim Min-ji"}).text
    assert "<p>Reference: up to 64 letters" in page
    assert "Kim" not in page


def test_a_reload_keeps_the_reference(client: TestClient) -> None:
    page = client.post("/report", data={"primary_concern": "dullness", "reference": "AB-1"}).text
    assert '["reference", "AB-1"]' in page.split("data-answers='")[1].split("'")[0]


def test_the_reference_goes_along_to_the_answers_and_comes_back(client: TestClient) -> None:
    fields = {"primary_concern": "dullness", "reference": "AB-1"}
    page = client.post("/report", data=fields).text
    for path in ("/intake", "/intake", "/result", "/report"):
        fields = dict(re.findall(r'<input[^>]* name="(\w+)"[^>]* value="([^"]+)"', page.split("data-download")[0]))
        page = client.post(path, data=fields).text
        assert 'value="AB-1"' in page, path
    bad = client.post("/intake", data={"primary_concern": "dullness", "reference": "Kim Min-ji"}).text
    assert "<p>Reference: up to 64 letters" in bad
    assert "Kim" not in bad


def test_the_count_of_what_is_in_place_does_not_contradict_ready(client: TestClient, engines: Engines) -> None:
    """The examination in person always remains: it stands beside the count, not in it."""
    ready = all_in_place(engines)
    for given in (ready, ready | {"baseline_photo_taken": False}, PHASE_2):
        page = report_on(client, given)
        said = text(part(page, "preconditions"))
        met, seen = re.findall(r"(\d+) of (\d+) in place; the examination in person always remains", said)[0]
        assert (met == seen) == ("Criteria hold · ready" in page) == (given is ready)
        assert said.count("(in place)") == int(met)
        assert said.count("(always remains)") == 1
        assert said.count("(to be confirmed)") + said.count("(not in place)") == int(seen) - int(met)


@pytest.mark.parametrize("age", ["17.5", "200"])
def test_a_number_that_cannot_be_is_said_to_be_wrong_and_not_a_damaged_link(client: TestClient, age: str) -> None:
    page = client.post("/report?lang=en", data={"primary_concern": "dullness", "age_years": age}).text
    assert re.search('role="alert"><p>Age: Write a whole number from 0 to 120.</p>', page)
    assert "<p>Part of this link is damaged." not in page
    assert re.search('<details[^>]*id="confirm" open', page)
    assert f'value="{age}"' in part(page, "confirm")
    state = dict(json.loads(page.split("data-answers='")[1].split("'")[0]))
    assert client.post("/report?lang=en", data=state).text == page  # a reload says it again
