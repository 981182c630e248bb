"""Links and codes: whole, damaged, of another release."""

import json
import re
from random import Random
from typing import Any
from urllib.parse import quote

import pytest
from fastapi.testclient import TestClient

from app.core.engine import Engine, Engines
from app.web import code
from app.web.code import answers_of, code_of
from app.web.form import as_field, read_form
from app.web.pages import load_texts
from tests.books import random_candidate
from tests.web.test_flow import kept, posted


@pytest.mark.parametrize("path", ["/intake", "/result"])
def test_a_number_of_a_link_that_cannot_be_is_said_to_be_wrong(client: TestClient, path: str) -> None:
    page = posted(client, [("age_years", "999")], path)
    assert "<p>Age: Write a whole number from 0 to 120.</p>" in page
    assert "damaged" not in page.split("<main")[1].split("data-damaged")[0] + page.split("</form>")[1]


ANOTHER = "<p>This link was made with another version of this check ({}"
UNREAD = "Its answers cannot be read here."


@pytest.mark.parametrize("path", ["/intake", "/result", "/report"])
def test_a_link_of_another_release_says_so_and_keeps_what_fits(client: TestClient, engines: Engines, path: str) -> None:
    current = engines.by_id[engines.current].release
    random = Random(6)
    for name, engine in engines.by_id.items():
        given = random_candidate(random, engine.release.facts, 0.5)
        page = posted(client, [("code", code_of(given, engine.release))], path)
        assert (ANOTHER.format(name) in page) == (name != engines.current)
        assert "<p>Part of this link is damaged." not in page
        assert UNREAD not in page
        fits = {n: as_field(v) for n, v in given.items() if n in current.facts and v in current.facts[n].domain}
        state = dict(json.loads(re.findall(r"data-answers='([^']*)'", page)[0]))
        assert {n: text for n, text in state.items() if n in current.facts} == fits
        assert state["ruleset"] == engines.current  # so that the next page does not say it again


def test_what_another_release_asks_is_left_and_not_said_to_be_damaged(client: TestClient) -> None:
    answers = [("primary_concern", "dullness"), ("primary_worry", "x"), ("elasticity_loss", "9")]
    page = posted(client, [*answers, ("ruleset", "2019.1")])
    assert ANOTHER.format("2019.1") in page
    assert "<p>Part of this link is damaged." not in page
    assert kept(page)["primary_concern"] == "dullness"
    assert "<p>Part of this link is damaged." in posted(client, [*answers, ("ruleset", "2026.3")])


@pytest.mark.parametrize("language", ["en", "ko"])
def test_a_code_of_a_release_that_is_not_here_cannot_be_read(client: TestClient, language: str) -> None:
    text = "2031.7~0A1"
    page = posted(client, [("code", text + code._check(text))], f"/report?lang={language}")
    assert load_texts()[language]["other_release_unread"].format(other="2031.7") in page
    for odd in ("<b>~0", "2031.7 or so~0", "~0", "2031.7"):
        assert "<p>Part of this link is damaged." in posted(client, [("code", quote(odd + code._check(odd)))])


def test_a_whole_link_is_not_said_to_be_damaged(client: TestClient) -> None:
    for path in ("/intake", "/result"):
        assert 'role="alert"' not in posted(client, [("primary_concern", "dullness"), ("unknown", "pregnant")], path)
    # the report sends its reference too, when somebody changes the answers there
    assert 'role="alert"' not in posted(client, [("primary_concern", "dullness"), ("reference", ""), ("page", "check")])


def current(engines: Engines) -> Engine:
    return engines.by_id[engines.current]


def test_a_code_that_nobody_wrote_is_damaged_though_its_sum_is_right(engines: Engines) -> None:
    release = engines.by_id[engines.current].release
    wide = next(place for place, fact in enumerate(release.facts.values()) if len(fact.domain) > 62)
    whole = code_of({}, release)[:-2]
    before = "." * sum(1 if len(fact.domain) <= 62 else 2 for fact in list(release.facts.values())[:wide])
    for letters in (before + "1", before + "1.", whole.partition("~")[2] + "." * 200 + "0", "."):
        text = f"{release.id}~{letters}"
        assert answers_of(text + code._check(text), release) is None


def test_an_age_in_digits_of_full_width_is_an_age(engines: Engines) -> None:
    filled = read_form("age_years=\uff14\uff11".encode(), current(engines).release)
    assert filled.answers == {"age_years": 41}


def test_reading_keeps_the_order_in_which_answers_were_given(engines: Engines) -> None:
    filled = read_form(b"age_years=40&unknown=pregnant&primary_concern=dullness", current(engines).release)
    expected: dict[str, Any] = {"age_years": 40, "pregnant": None, "primary_concern": "dullness"}
    assert list(filled.answers.items()) == list(expected.items())
