"""Every page of a patient is short and plain: reading age, longest sentence, words above "More"."""

import re
from collections.abc import Iterator
from random import Random

import pytest
from fastapi.testclient import TestClient

from app.core.engine import Engine, Engines
from app.web.form import as_field
from app.web.pages import load_texts
from tests.books import random_candidate
from tests.web.reading import grade, longest, syllables, words
from tests.web.test_flow import Fields, posted

MOST_GRADE = 8
MOST_SENTENCE = 20
MOST_ABOVE_MORE = 250
VERDICTS = re.compile(r"(?i:\b(?:true|false|excluded|recommended|indicated)\b)|[A-Z]{3,}-[A-Z]|\w_\w")
"""Words of the machine, and verdicts; a rule id, a fact name."""
MESSAGES = (
    "offline",
    "failed",
    "damaged",
    "other_release",
    "other_release_unread",
    "error_number",
    "plain_back",
    "moment",
)


def topic_pages(client: TestClient, engine: Engine) -> Iterator[tuple[str, str]]:
    for section in engine.release.intake:
        for topic in section.topics if section.asked_of == "patient" else ():
            fields = [("page", topic.id), *(("asked", name) for name in topic.names), ("go", "stay")]
            yield topic.id, posted(client, fields)
            wrong = [("page", topic.id), *(("asked", name) for name in topic.names)]
            yield f"{topic.id}, nothing chosen", posted(client, wrong)
            for fact in topic.facts:
                yield fact.name, posted(client, [("page", topic.id), ("asked", fact.name), ("go", "stay")])


def result_pages(client: TestClient, engine: Engine, count: int) -> Iterator[tuple[str, str]]:
    random = Random(5)
    seen: dict[str, int] = {}
    for _ in range(count):
        facts = random_candidate(random, engine.release.facts, random.choice([0.3, 0.8, 1.0]))
        if random.random() < 0.7:
            facts |= dict.fromkeys(("active_skin_infection", "systemic_immunosuppression", "suspicious_lesion"), False)
            facts["autoimmune_skin_disease"] = "none"
        if random.random() < 0.6:
            facts |= {name: False for name, fact in engine.release.facts.items() if fact.kind == "boolean"}
            facts |= {"isotretinoin": "none", "age_years": 40}
        fields: Fields = [(name, as_field(value)) for name, value in facts.items()]
        page = posted(client, fields, "/result")
        title = re.search(r"<title>([^<]+)", page)
        assert title
        seen[title[1]] = seen.get(title[1], 0) + 1
        yield f"{title[1]} {facts}", page
    assert len(seen) > 7, seen


def main_of(page: str) -> str:
    return page.split("<main", 1)[1].split("</main>")[0]


def plain_pages(client: TestClient, engines: Engines) -> Iterator[tuple[str, str]]:
    engine = engines.by_id[engines.current]
    for path in ("/", "/intake", "/result"):
        yield path, client.get(path).text
    yield from topic_pages(client, engine)
    yield from result_pages(client, engine, 60)
    yield "check", posted(client, [("primary_concern", "burn"), ("age_years", "40"), ("page", "check")])


def test_every_page_of_a_patient_is_plain(client: TestClient, engines: Engines) -> None:
    hard: list[tuple[str, float, str]] = []
    for name, page in plain_pages(client, engines):
        sentence = longest(page.split("<body", 1)[1])
        if len(sentence) > MOST_SENTENCE:
            hard.append((name, len(sentence), " ".join(sentence)))
        if (found := grade(main_of(page))) > MOST_GRADE:
            hard.append((name, round(found, 1), "grade"))
        if verdicts := VERDICTS.findall(re.sub(r"<[^>]+>|Is any of this true", " ", main_of(page))):
            hard.append((name, len(verdicts), str(verdicts)))
    assert hard == []


def test_what_a_page_may_have_to_say_is_plain_too() -> None:
    """What went wrong stands in no page beforehand."""
    said = [text for name, text in load_texts()["en"].items() if name in MESSAGES or name.startswith("error_choose")]
    assert len(said) > len(MESSAGES)
    assert grade("".join(f"<p>{text}</p>" for text in said)) <= MOST_GRADE
    for text in said:
        assert len(longest(f"<p>{text}</p>")) <= MOST_SENTENCE, text


def test_a_result_is_short_above_more_and_is_no_verdict(client: TestClient, engines: Engines) -> None:
    for name, page in result_pages(client, engines.by_id[engines.current], 150):
        above = main_of(page).split("<details", 1)[0]
        assert words(above) <= MOST_ABOVE_MORE, name
        text = re.sub(r"<[^>]+>", " ", above)
        assert VERDICTS.findall(text) == [], name


@pytest.mark.parametrize(("word", "count"), [("skin", 1), ("medicine", 3), ("apixaban", 2), ("take", 1), ("little", 2)])
def test_syllables_are_counted(word: str, count: int) -> None:
    assert syllables(word) == count


def test_a_hard_page_is_noticed() -> None:
    hard = (
        "<p>Immunosuppressive pharmaceuticals contraindicate interventional dermatological procedures universally.</p>"
    )
    assert grade(hard) > MOST_GRADE
    assert len(longest(f"<p>{'word ' * 21}.</p>")) == 21
