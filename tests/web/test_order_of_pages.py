"""The order of what stands on a page of the intake."""

import re

import pytest
from fastapi.testclient import TestClient

from app.web.pages import load_texts
from tests.web.test_flow import AT_SAFETY, Fields, posted

AT_AGE: Fields = [("page", "age"), ("asked", "age_years"), ("age_years", "200")]


@pytest.mark.parametrize("language", ["en", "ko"])
@pytest.mark.parametrize("fields", [AT_SAFETY, AT_AGE], ids=["boxes", "number"])
def test_what_is_wrong_stands_below_the_way_back_and_above_the_question(
    client: TestClient, fields: Fields, language: str
) -> None:
    page = posted(client, fields, f"/intake?lang={language}")
    places = [page.index(part) for part in ("nhsuk-back-link", "nhsuk-error-summary__title", 'class="ct-step"', "<h1")]
    assert places == sorted(places)


@pytest.mark.parametrize("language", ["en", "ko"])
def test_the_unit_of_a_number_stands_behind_its_field(client: TestClient, language: str) -> None:
    """Above its hint it read as a heading; for a screen reader it is still the label."""
    page = posted(client, AT_AGE, f"/intake?lang={language}")
    unit = {"en": "years", "ko": "살"}[language]
    label = re.search(r'<label class="([^"]*)" for="age_years">\s*(\S+)\s*</label>', page)
    assert label
    assert label[2] == unit
    assert "nhsuk-u-visually-hidden" in label[1]
    behind = page.split('id="age_years"')[1].split(load_texts()[language]["rather_not_say"])[0]
    assert re.search(rf'suffix" aria-hidden="true">\s*{unit}\s*<', behind)
