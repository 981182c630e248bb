"""The decision page: each source told once, every id leads to it, and what is open is told as open."""

import re
from random import Random

import pytest
from fastapi.testclient import TestClient

from app.core.engine import Engines
from tests.books import random_candidate

EXCLUDED = {"pregnant": "true", "suspicious_lesion": "false", "primary_concern": "uneven_pigmentation"}
EXCLUDED |= {"elasticity_loss": "severe", "hyperpigmentation": "severe"}


def page_of(client: TestClient, answers: dict[str, str], language: str = "en") -> str:
    """The page that all these answers lead to."""
    page = client.post(f"/report?lang={language}", data=answers)
    assert page.status_code == 200
    return page.text


def test_every_id_of_a_source_leads_to_where_it_is_told_once(client: TestClient, engines: Engines) -> None:
    random = Random(6)
    facts_of = engines.by_id[engines.current].release.facts
    listed = 0
    for _ in range(30):
        facts = random_candidate(random, facts_of, random.random()) | {"active_skin_infection": False}
        page = page_of(client, {n: str(v).lower() if isinstance(v, bool) else str(v) for n, v in facts.items()})
        told = re.findall(r'<li id="source-([^"]+)"', page)
        assert len(told) == len(set(told))
        assert set(re.findall(r'href="#source-([^"]+)"', page)) == set(told)
        listed += len(told)
    assert listed


@pytest.mark.parametrize(("language", "label"), [("en", "May hold, not known yet:"), ("ko", "해당할 수 있음")])
def test_a_rule_that_is_undecided_is_labelled(client: TestClient, language: str, label: str) -> None:
    page = page_of(client, EXCLUDED, language)
    reasons = dict(re.findall(r"<code>([A-Z-]+)</code></a> (.*?)<span", page))
    assert label in reasons["EXC-INFECTION"]
    assert label not in reasons["EXC-PREGNANCY"]
    known = page_of(client, EXCLUDED | {"active_skin_infection": "true"}, language)
    assert label not in known


CLEAR = {
    "elasticity_loss": "moderate",
    "hyperpigmentation": "mild",
    "sagging": "none",
    "photodamage": "mild",
    "primary_concern": "elasticity_loss",
    "age_years": "45",
    "autoimmune_skin_disease": "none",
    "isotretinoin": "none",
}
"""Whom Phase 2 fits, once every question of yes or no is answered with no."""


@pytest.mark.parametrize(
    ("fact", "value"),
    [
        ("pregnant", "true"),
        ("breastfeeding", "true"),
        ("isotretinoin", "current"),
        ("anticoagulant_use", "true"),
        ("bleeding_disorder", "true"),
        ("keloid_history", "true"),
    ],
)
def test_no_page_offers_an_act_as_the_way_in(client: TestClient, engines: Engines, fact: str, value: str) -> None:
    page = page_of(client, said_no(engines) | CLEAR | {fact: value})
    assert "What would change the decision" not in page
    assert f"<code>{fact}: " not in page


@pytest.mark.parametrize("fact", ["recent_tan_or_sunburn", "active_skin_infection", "uncontrolled_diabetes"])
def test_a_page_says_what_time_or_treatment_may_bring(client: TestClient, engines: Engines, fact: str) -> None:
    page = page_of(client, said_no(engines) | CLEAR | {fact: "true"})
    shown = re.findall(r"<li>(<code>.*?)</li>", page.split("What would change the decision")[1].split("</section>")[0])
    assert [line.split(":")[0] for line in shown] == [f"<code>{fact}"]


def said_no(engines: Engines) -> dict[str, str]:
    facts = engines.by_id[engines.current].release.facts
    return {name: "false" for name, each in facts.items() if each.kind == "boolean"}
