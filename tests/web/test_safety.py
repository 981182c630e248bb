"""The safety case as a page, as a report on paper, and as a table."""

import csv
import re
from collections.abc import Mapping
from dataclasses import fields
from html import unescape
from io import StringIO

import pytest
from fastapi.testclient import TestClient

from app.core.answer import Answer
from app.core.catalogue import entries
from app.engines import build_engines, folder_of_tests
from app.proof.safety import SafetyCase
from app.proof.traceability import traced, uncited
from app.rulebook.load import RuleBook
from app.settings import Settings
from app.web.pages import Pages
from app.web.safety import TABLE, counted, matrix_csv, patients_by_rule
from tests.patients import patients
from tests.web.reading import grade, longest

LINK = re.compile(r'<a href="([^"]+)"')
CASES = (folder_of_tests() or pytest.fail("no tests")) / "cases"
MEMBERS = {"rationale", "cautions", "preconditions", "notices", "alternatives", "plan", "facts"}


@pytest.fixture(scope="module")
def rows(book: RuleBook) -> list[dict[str, str]]:
    text = matrix_csv(book.releases[book.current], book.safety["en"], CASES)
    return list(csv.DictReader(StringIO(text)))


@pytest.mark.parametrize("language", ["en", "ko"])
def test_every_hazard_and_control_is_shown(client: TestClient, book: RuleBook, language: str) -> None:
    page = unescape(client.get(f"/safety?lang={language}").text)
    for hazard in book.safety[language].hazards:
        assert f'id="{hazard.id}"' in page
        assert all(text in page for text in (hazard.title, hazard.cause, hazard.harm, hazard.left)), hazard.id
        for control in hazard.controls:
            assert control.name in page
            assert control.says in page


def test_each_link_leads_to_what_it_names(client: TestClient) -> None:
    """From hazard to control, to its proof, and to the evidence: pages and places on them."""
    page = client.get("/safety").text
    texts: dict[str, str] = {"": page}
    links = {unescape(link) for link in LINK.findall(page)}
    assert len(links) > 300
    for link in sorted(links):
        path, _, place = link.partition("#")
        if path not in texts:
            answer = client.get(path)
            assert answer.status_code == 200, link
            texts[path] = answer.text
        assert not place or f'id="{place}"' in texts[path], link


def test_laws_of_the_log_are_proved(client: TestClient, book: RuleBook) -> None:
    named = {c.name for hazard in book.safety["en"].hazards for c in hazard.controls if c.kind == "law"}
    proof = client.get("/v1/rulesets/current/verification").json()
    assert named <= {law["name"] for law in proof["laws"] if law["holds"]}


def test_each_hazard_is_counted_once_before_and_after(book: RuleBook) -> None:
    cells = counted(book.safety["en"]).values()
    count = len(book.safety["en"].hazards)
    assert (sum(before for before, _ in cells), sum(after for _, after in cells)) == (count, count)


def test_languages_rate_alike(book: RuleBook) -> None:
    def ratings(case: SafetyCase) -> list[object]:
        return [(hazard.id, hazard.initial, hazard.residual) for hazard in case.hazards]

    assert ratings(book.safety["en"]) == ratings(book.safety["ko"])


def test_every_statement_leads_to_an_answer_or_is_set_aside(book: RuleBook, rows: list[dict[str, str]]) -> None:
    release = book.releases[book.current]
    documents = {source.id for source in release.sources.values() if source.status == "document"}
    assert documents <= {row["statement"] for row in rows}
    aside = {row["statement"] for row in rows if not row["rule"]}
    assert aside == set(uncited(release))
    assert aside.isdisjoint(row["statement"] for row in rows if row["rule"])


def test_every_way_is_whole(book: RuleBook, rows: list[dict[str, str]]) -> None:
    """Each rule has a member of the answer; each decision rule a law, an example and a golden patient."""
    release = book.releases[book.current]
    laws = {law.name for law in release.laws}
    known = {*(entry.id for entry in entries(release)), *release.facts, *release.scales}
    decides = {rule.id for rule in release.rules}
    for row in rows:
        if row["rule"]:
            assert row["rule"] in known
            assert row["member"] in MEMBERS
            assert set(filter(None, row["law"].split("; "))) <= laws
        if row["rule"] in decides:
            assert row["law"]
            assert re.match(r"\d+ examples, run by `triage check`; \w+: ", row["test"]), row
    assert decides <= {row["rule"] for row in rows}
    assert {member.name for member in fields(Answer)} >= MEMBERS


def test_a_way_names_the_hazards_behind_its_rule_and_its_laws(book: RuleBook, rows: list[dict[str, str]]) -> None:
    by_name = {c.name: set[str]() for hazard in book.safety["en"].hazards for c in hazard.controls}
    for hazard in book.safety["en"].hazards:
        for control in hazard.controls:
            by_name[control.name].add(hazard.id)
    for row in rows:
        names = [row["rule"], *row["law"].split("; ")]
        found = set(filter(None, row["hazard"].split("; ")))
        assert found >= set().union(*(by_name.get(name, set()) for name in names)), row["rule"]
        assert row["law"] or row["rule"] in by_name or not found or row["member"] == "plan"
    shown = {name for row in rows for name in row["hazard"].split("; ")}
    of_laws = {hazard.id for hazard in book.safety["en"].hazards if {"law", "rule"} & {c.kind for c in hazard.controls}}
    assert of_laws <= shown


@pytest.mark.parametrize("language", ["en", "ko"])
def test_a_rule_leads_to_the_hazards_that_it_controls(client: TestClient, book: RuleBook, language: str) -> None:
    case = book.safety[language]
    for name in ("EXC-INFECTION", "SCOPE-LESION", "REVIEW-ANTICOAGULANT"):
        page = unescape(client.get(f"/rules/{name}?lang={language}").text)
        hazards = [hazard for hazard in case.hazards if name in {control.name for control in hazard.controls}]
        assert hazards
        laws = set(re.findall(r"<small><code>(\w+)</code>", page))
        for hazard in case.hazards:
            is_there = f'href="/safety?lang={language}#{hazard.id}">{hazard.title}</a>' in page
            assert is_there == bool({name, *laws} & {control.name for control in hazard.controls}), hazard.id
    assert "/safety?lang=en#" not in client.get("/rules/EXC-INFECTION?lang=en&ruleset=2026.1").text


def test_every_law_holds_some_rule(book: RuleBook) -> None:
    release = book.releases[book.current]
    assert {law.name for row in traced(release) for law in row.laws} == {law.name for law in release.laws}


@pytest.mark.parametrize("language", ["en", "ko"])
def test_the_report_is_one_file_for_print(book: RuleBook, language: str) -> None:
    engines = build_engines(Settings(), book)
    report = Pages(engines, "https://triage.example", book.safety).printed(language)
    assert "@page" in report
    assert re.findall(r"<link[^>]*stylesheet|<script[^>]*src|@import|@font-face", report) == []
    assert all(link.startswith(("https://triage.example/", "#", "?")) for link in LINK.findall(report))
    assert all(hazard.title in unescape(report) for hazard in book.safety[language].hazards)


def test_patients_are_those_of_the_release(book: RuleBook) -> None:
    asked = {(p.name, ruleset) for p in patients() for ruleset in p.rulesets}
    for release in book.releases:
        named = {name for names in patients_by_rule(CASES, release).values() for name in names}
        assert named
        assert named <= {name for name, ruleset in asked if ruleset == release}


def test_the_table_has_the_columns_that_it_says(rows: list[dict[str, str]]) -> None:
    assert tuple(rows[0]) == TABLE


def test_every_page_leads_to_what_happens_to_answers(client: TestClient) -> None:
    said: Mapping[str, str] = {"en": "We keep nothing", "ko": "아무것도 보관하지 않습니다"}
    for language, words in said.items():
        for path in ("/", "/report", "/rules", "/safety"):
            assert f'href="/privacy?lang={language}"' in client.get(f"{path}?lang={language}").text
        assert words in client.get(f"/privacy?lang={language}").text


def test_what_happens_to_answers_is_plain(client: TestClient) -> None:
    page = client.get("/privacy?lang=en").text
    assert grade(page) <= 8
    assert len(longest(page)) <= 20
