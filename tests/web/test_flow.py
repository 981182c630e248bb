"""What follows from what was chosen on a page: no browser, only forms."""

import re
from random import Random

import pytest
from fastapi.testclient import TestClient

from app.core.engine import Engines, Question
from app.core.facts import Value
from app.web.code import answers_of, code_of
from app.web.form import as_field, read_form
from app.web.pages import load_texts
from tests.books import random_candidate

Fields = list[tuple[str, str]]
SAFETY = ["suspicious_lesion", "active_skin_infection", "systemic_immunosuppression", "autoimmune_skin_disease"]
AT_SAFETY: Fields = [("primary_concern", "dullness"), ("page", "safety"), *(("asked", name) for name in SAFETY)]


def posted(client: TestClient, fields: Fields, path: str = "/intake") -> str:
    body = "&".join(f"{name}={value}" for name, value in fields)
    page = client.post(path, content=body, headers={"content-type": "application/x-www-form-urlencoded"})
    assert page.status_code == 200
    return page.text


def hidden(page: str) -> Fields:
    return re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page)


def asked(page: str) -> list[str]:
    return [value for name, value in hidden(page) if name == "asked"]


def kept(page: str) -> dict[str, str]:
    """The answers that a page holds beside its own questions."""
    return {value if name == "unknown" else name: name if name == "unknown" else value for name, value in hidden(page)}


def checked(page: str) -> set[str]:
    return set(re.findall(r'<input[^>]*id="([^"]+)"[^>]*checked', page))


@pytest.mark.parametrize("language", ["en", "ko"])
def test_the_start_page_says_what_it_is_before_anything_is_asked(client: TestClient, language: str) -> None:
    page, texts = client.get(f"/?lang={language}").text, load_texts()[language]
    for name in ("heading", "lead", "who_says", "long", "decides", "stored", "urgent_says", "now"):
        assert texts[f"start_{name}"] in page
    assert f'href="/intake?lang={language}"' in page
    assert "<form" not in page


def test_what_only_a_clinic_knows_is_asked_on_the_report_alone(client: TestClient, engines: Engines) -> None:
    intake = engines.by_id[engines.current].release.intake
    clinic = {n for each in intake if each.asked_of == "clinic" for topic in each.topics for n in topic.names}
    assert clinic
    assert not clinic & {*asked(client.get("/all").text)}
    report = posted(client, [(name, as_field(value)) for name, value in settled(engines).items()], "/report")
    report += posted(client, [("elasticity_loss", "moderate"), ("hyperpigmentation", "mild")], "/report")
    assert clinic & {*re.findall(r'id="ask-(\w+)"', report)}


def test_the_first_page_asks_what_brings_somebody(client: TestClient) -> None:
    assert asked(client.get("/intake").text) == ["primary_concern"]


def test_a_page_asks_what_of_its_topic_is_still_missing_and_no_more(client: TestClient, engines: Engines) -> None:
    engine = engines.by_id[engines.current]
    random = Random(4)
    facts_of = engine.release.facts
    topics = {name: topic for section in engine.release.intake for topic in section.topics for name in topic.names}
    pages = 0
    for _ in range(150):
        facts = random_candidate(random, facts_of, random.random() / 2)
        page = posted(client, [(name, as_field(value)) for name, value in facts.items()])
        outcome = engine.decide(Question(facts, strict=True))
        if outcome.next_fact is None:
            continue
        topic = topics[outcome.next_fact]
        wanted = {name for name in topic.names if name in outcome.missing or name == outcome.next_fact}
        assert set(asked(page)) == wanted - facts.keys()
        pages += 1
    assert pages > 80


def test_nothing_chosen_is_an_error_and_never_a_no(client: TestClient) -> None:
    page = posted(client, AT_SAFETY)
    assert asked(page) == sorted(SAFETY, key=asked(page).index)
    assert "nhsuk-error-summary" in page
    assert 'href="#safety"' in page
    assert 'id="safety"' in page
    assert not kept(page).keys() & {*SAFETY}
    assert "<title>Error:" in page.replace("\n", "")


def test_each_fact_of_a_page_gets_its_own_answer(client: TestClient) -> None:
    page = posted(client, [*AT_SAFETY, ("yes", "active_skin_infection"), ("unsure", "suspicious_lesion")])
    answers = kept(page)
    assert answers["active_skin_infection"] == "true"
    assert answers["suspicious_lesion"] == "unknown"
    assert answers["systemic_immunosuppression"] == "false"
    assert answers["autoimmune_skin_disease"] == "none"


def test_none_of_these_is_a_no_to_each(client: TestClient) -> None:
    answers = kept(posted(client, [*AT_SAFETY, ("nothing", "safety")]))
    assert [answers[name] for name in SAFETY] == ["false", "false", "false", "none"]


@pytest.mark.parametrize(
    "chosen",
    [
        [("yes", "suspicious_lesion"), ("nothing", "safety")],
        [("yes", "suspicious_lesion"), ("unsure", "suspicious_lesion")],
        [("unsure", "suspicious_lesion")],
    ],
)
def test_what_cannot_both_be_meant_is_asked_again_with_what_was_chosen(client: TestClient, chosen: Fields) -> None:
    page = posted(client, [*AT_SAFETY, *chosen])
    assert "nhsuk-error-summary" in page
    assert len(checked(page)) == len(chosen)
    assert not kept(page).keys() & {*SAFETY}


def test_whoever_is_not_sure_of_anything_goes_on(client: TestClient) -> None:
    page = posted(client, [*AT_SAFETY, *(("unsure", name) for name in SAFETY)])
    assert {kept(page)[name] for name in SAFETY} == {"unknown"}


def test_a_choice_among_checkboxes_is_asked_alone_next(client: TestClient) -> None:
    page = posted(client, [*AT_SAFETY, ("yes", "autoimmune_skin_disease")])
    assert asked(page) == ["autoimmune_skin_disease"]
    assert kept(page)["active_skin_infection"] == "false"
    after = posted(client, [*hidden(page), ("autoimmune_skin_disease", "controlled")])
    assert kept(after)["autoimmune_skin_disease"] == "controlled"
    back = posted(client, [*hidden(page), ("go", "back")])
    assert set(asked(back)) == {*SAFETY}
    assert "yes-autoimmune_skin_disease" in checked(back)


@pytest.mark.parametrize("age", ["", "200", "-1", "4.5", "forty"])
def test_a_bad_age_says_what_would_be_right(client: TestClient, age: str) -> None:
    page = posted(client, [("page", "age"), ("asked", "age_years"), ("age_years", age)])
    assert "Write a whole number from 0 to 120." in page
    assert 'href="#age_years"' in page
    assert f'value="{age}"' in page


def test_back_shows_what_was_chosen_and_goes_to_the_start_at_last(client: TestClient) -> None:
    page = posted(client, [*AT_SAFETY, ("yes", "active_skin_infection")])
    back = posted(client, [*hidden(page), ("go", "back")])
    assert set(asked(back)) == {*SAFETY}
    assert "yes-active_skin_infection" in checked(back)
    assert "unsure-active_skin_infection" not in checked(back)
    first = posted(client, [*hidden(back), ("yes", "active_skin_infection"), ("go", "back")])
    assert asked(first) == ["primary_concern"]
    assert checked(first) == {"primary_concern"}
    assert 'class="nhsuk-back-link" href="/?lang=en"' in first
    assert kept(first)["active_skin_infection"] == "true"


def test_back_goes_the_way_that_somebody_came_though_an_answer_was_changed(client: TestClient) -> None:
    """Two pages back, on with another concern, and back again; and so after a reload of the page."""
    firmness = posted(client, [*AT_SAFETY, ("nothing", "safety")])
    assert asked(firmness) == ["elasticity_loss"]
    safety = posted(client, [*hidden(firmness), ("go", "back")])
    concern = posted(client, [*hidden(safety), ("nothing", "safety"), ("go", "back")])
    assert asked(concern) == ["primary_concern"]
    for page in (concern, posted(client, [*hidden(concern), ("primary_concern", "sagging"), ("go", "stay")])):
        assert 'class="nhsuk-back-link" href="/?lang=en"' in page
        on = posted(client, [*hidden(page), ("primary_concern", "sagging")])
        assert asked(on) == ["elasticity_loss"]
        back = posted(client, [*hidden(on), ("go", "back")])
        assert {*asked(back)} == {*SAFETY}
        assert asked(posted(client, [*hidden(back), ("nothing", "safety"), ("go", "back")])) == ["primary_concern"]


@pytest.mark.parametrize("go", ["stay", "all", "back", "finish"])
def test_no_way_off_a_page_loses_what_was_chosen(client: TestClient, go: str) -> None:
    chosen = [*AT_SAFETY, ("yes", "active_skin_infection"), ("go", go)]
    page = posted(client, chosen, "/all" if go == "all" else "/intake?lang=ko")
    if go in ("stay", "all"):
        assert "yes-active_skin_infection" in checked(page)
    else:
        assert kept(page)["active_skin_infection"] == "true"
    assert ("primary_concern", "dullness") in hidden(page) or "primary_concern" in checked(page)


def test_a_change_keeps_which_answer_a_tick_stands_for(client: TestClient) -> None:
    """An active disease excludes: to look at the page and go back must not forget it."""
    answers = [("primary_concern", "dullness"), ("autoimmune_skin_disease", "uncontrolled"), ("finished", "1")]
    page = posted(client, [*answers, ("go", "change:safety")])
    assert "yes-autoimmune_skin_disease" in checked(page)
    ticks = [("yes", "autoimmune_skin_disease")]
    assert kept(posted(client, [*hidden(page), *ticks, ("go", "back")]))["autoimmune_skin_disease"] == "uncontrolled"
    next_page = posted(client, [*hidden(page), *ticks])
    assert asked(next_page) == ["autoimmune_skin_disease"]
    assert re.search('value="uncontrolled"[^>]* checked', next_page)
    assert kept(posted(client, [*hidden(page), ("nothing", "safety")]))["autoimmune_skin_disease"] == "none"


@pytest.mark.parametrize("go", ["back", "finish", "all"])
def test_a_no_that_no_box_shows_is_not_lost_on_the_way_off(client: TestClient, go: str) -> None:
    """A topic of which one thing was denied, as a record may; the boxes of the rest are all empty."""
    answers = [("primary_concern", "dullness"), ("active_skin_infection", "false"), ("suspicious_lesion", "true")]
    page = posted(client, [*answers, ("go", "change:safety")])
    for again in (page, posted(client, [*hidden(page), ("go", "stay")], "/intake?lang=ko")):
        off = posted(client, [*hidden(again), ("go", go)], "/all" if go == "all" else "/intake")
        off = posted(client, [*hidden(off), ("primary_concern", "dullness")]) if go == "all" else off
        assert kept(off)["active_skin_infection"] == "false"
        assert "suspicious_lesion" not in kept(off)  # it was ticked, and is no longer
    nothing = posted(client, hidden(page))
    assert "nhsuk-error-summary" in nothing


def test_all_on_one_page_keeps_what_was_answered_and_comes_back(client: TestClient) -> None:
    page = posted(client, [*AT_SAFETY, ("unsure", "suspicious_lesion"), ("nothing", "safety"), ("go", "all")], "/all")
    chosen = checked(page)
    assert {"primary_concern", "nothing-safety", "unsure-suspicious_lesion"} <= chosen
    fields = [("everything", "1"), *(("asked", name) for name in asked(page)), ("age_years", "200")]
    wrong = posted(client, [*fields, ("primary_concern", "burn")])
    assert "Write a whole number from 0 to 120." in wrong
    assert len(asked(wrong)) == len(asked(page))
    right = posted(client, [*fields[:-1], ("age_years", "30"), ("primary_concern", "burn")])
    assert ("page", "check") in hidden(right)
    assert kept(right)["age_years"] == "30"
    assert "pregnant" not in kept(right)


@pytest.mark.parametrize("path", ["/intake", "/all"])
def test_a_bad_age_and_what_is_said_of_it_stay_in_another_language(client: TestClient, path: str) -> None:
    """Where it is asked alone, and with every question on one page."""
    page = posted(client, [("go", "all")], "/all") if path == "/all" else ""
    fields = hidden(page) if page else [("page", "age"), ("asked", "age_years")]
    wrong = posted(client, [*fields, ("age_years", "200")])
    assert "Write a whole number from 0 to 120." in wrong
    korean = posted(client, [*hidden(wrong), ("age_years", "200"), ("go", "stay")], f"{path}?lang=ko")
    assert "0부터 120까지의 정수를 적으십시오." in korean
    assert 'value="200"' in korean
    right = posted(client, [*hidden(korean), ("age_years", "30")])
    assert kept(right)["age_years"] == "30"
    assert ("faults", "1") not in hidden(right)


def test_a_bad_age_goes_along_to_all_on_one_page(client: TestClient) -> None:
    page = posted(client, [("page", "age"), ("asked", "age_years"), ("age_years", "200"), ("go", "all")], "/all")
    assert "Write a whole number from 0 to 120." in page
    assert 'value="200"' in page


def test_finishing_early_says_what_is_open_and_can_be_taken_back(client: TestClient) -> None:
    page = posted(client, [("primary_concern", "dullness"), ("go", "finish")])
    assert ("page", "check") in hidden(page)
    assert "Not answered yet:</p><ul" in page
    assert "<li>Spots, infection and immune system</li>" in page
    more = posted(client, [*hidden(page), ("go", "more")])
    assert set(asked(more)) == {*SAFETY}
    assert ("finished", "1") not in hidden(more)


@pytest.mark.parametrize("language", ["en", "ko"])
def test_a_no_to_some_stands_beside_what_is_not_answered(client: TestClient, language: str) -> None:
    """A no to three of four, below a title that names all, read as if the fourth was denied."""
    texts = load_texts()[language]
    everything: Fields = [(name, "false") for name in SAFETY[:3]] + [(SAFETY[3], "none")]
    for left in (set(), {"suspicious_lesion"}, {"suspicious_lesion", "active_skin_infection"}):
        fields = [("primary_concern", "dullness"), *(each for each in everything if each[0] not in left)]
        page = posted(client, [*fields, ("page", "check")], f"/intake?lang={language}")
        row = page.split('value="change:safety"')[0].rpartition("<dt")[2]
        assert row.count(texts["still_open_topics"]) == len(left)
        said = texts["no_to_others" if left else "no_to_all"].format(count=4 - len(left))
        assert said in row


def test_what_is_open_stands_in_the_same_order_at_the_check_and_in_the_result(client: TestClient) -> None:
    random = Random(20261127)
    for _ in range(10):
        given: Fields = [("primary_concern", "sagging"), ("elasticity_loss", "moderate")]
        given += [(name, "false") for name in random.sample(SAFETY[:3], 2)]
        random.shuffle(given)
        lists = [
            re.findall(r"<li>([^<]+)</li>", posted(client, [*given, *page], path).split(title)[1].split("</ul>")[0])
            for path, page, title in (
                ("/intake", [("page", "check")], "Not answered yet:</p>"),
                ("/result", [], "Still open</h2>"),
            )
        ]
        assert lists[0] == lists[1] != []


def test_a_change_shows_the_answer_and_returns_to_the_check(client: TestClient, engines: Engines) -> None:
    facts = settled(engines) | {"age_years": 50}
    fields = [(name, as_field(value)) for name, value in facts.items()] + [("skipped", "1")]
    check = posted(client, fields)
    assert ("page", "check") in hidden(check)
    change = posted(client, [*hidden(check), ("go", "change:age")])
    assert 'value="50"' in change
    again = posted(client, [*hidden(change), ("age_years", "51")])
    assert ("page", "check") in hidden(again)
    assert kept(again)["age_years"] == "51"


def test_back_from_a_change_leads_to_the_check_with_what_was_chosen(client: TestClient) -> None:
    """From the first question too, where Back leads to the start page else."""
    check = posted(client, [("primary_concern", "dullness"), ("finished", "1")])
    change = posted(client, [*hidden(check), ("go", "change:concern")])
    assert 'class="nhsuk-back-link" href=' not in change
    again = posted(client, [*hidden(change), ("primary_concern", "sagging"), ("go", "stay")])
    back = posted(client, [*hidden(again), ("primary_concern", "sagging"), ("go", "back")])
    assert ("page", "check") in hidden(back)
    assert kept(back)["primary_concern"] == "sagging"
    assert not {*hidden(back)} & {("changing", "1")}
    on = posted(client, [*hidden(change), ("primary_concern", "burn")])
    assert ("page", "check") in hidden(on)


def settled(engines: Engines) -> dict[str, Value]:
    """Whom conservative care fits, all that a decision reads known."""
    release = engines.by_id[engines.current].release
    staged = {name for stage in release.stages for name in stage}
    facts: dict[str, Value] = {name: False for name in staged if release.facts[name].kind == "boolean"}
    graded = {name: "none" for name in staged if release.facts[name].kind == "grade"}
    return (
        facts
        | graded
        | {
            "primary_concern": "dullness",
            "age_years": 40,
            "isotretinoin": "none",
            "autoimmune_skin_disease": "none",
        }
    )


def test_the_practical_page_changes_no_decision_and_can_be_skipped(client: TestClient, engines: Engines) -> None:
    engine = engines.by_id[engines.current]
    facts = settled(engines)
    page = posted(client, [(name, as_field(value)) for name, value in facts.items()])
    assert ("page", "practical") in hidden(page)
    names = asked(page)
    assert "fitzpatrick_type" in names
    assert not {*names} & {"product_source", "physician_supervised", "lawful_here_checked"}
    skipped = posted(client, hidden(page))
    assert ("page", "check") in hidden(skipped)
    assert not kept(skipped).keys() & {*names}
    random = Random(3)
    before = engine.decide(Question(facts, strict=True)).decision
    for _ in range(50):
        more = {name: random.choice(list(engine.release.facts[name].domain)) for name in names}
        assert engine.decide(Question(facts | more, strict=True)).decision == before


def test_a_person_of_75_can_say_that_pregnancy_does_not_apply(client: TestClient) -> None:
    fields = [("primary_concern", "sagging"), ("age_years", "75"), ("page", "medicines"), ("nothing", "safety")]
    page = posted(client, [*fields, *(("asked", name) for name in ("pregnant", "breastfeeding")), ("go", "stay")])
    assert "None of these, or they do not apply to me" in page
    alone = posted(client, [*fields, ("asked", "pregnant"), ("go", "stay")])
    assert "No, or this does not apply to me" in alone


def test_a_burn_is_told_where_to_go_on_the_very_next_page(client: TestClient) -> None:
    page = posted(client, [("page", "concern"), ("asked", "primary_concern"), ("primary_concern", "burn")])
    assert "nhsuk-card--care--emergency" in page
    assert page.index("Get help for your burn now") < page.index("<form")


@pytest.mark.parametrize(
    "fields",
    [
        [("primary_concern", "luck")],
        [("nonsense", "1")],
        [("code", "2026.3~0")],
        [("code", "")],
    ],
)
@pytest.mark.parametrize("path", ["/intake", "/result"])
def test_a_damaged_link_is_said_to_be_one(client: TestClient, path: str, fields: Fields) -> None:
    assert "<p>Part of this link is damaged." in posted(client, fields, path)


def test_a_code_holds_every_answer_and_notices_every_damage(engines: Engines) -> None:
    release = engines.by_id[engines.current].release
    random = Random(11)
    for _ in range(60):
        answers: dict[str, Value | None] = {**random_candidate(random, release.facts, random.random())}
        answers |= {name: None for name in release.facts if name not in answers and random.random() < 0.3}
        code = code_of(answers, release)
        assert len(code) < 80
        assert answers_of(code, release) == answers
        assert read_form(f"code={code}".encode(), release).answers == answers
        at = random.randrange(len(code))
        other = code[:at] + ("1" if code[at] != "1" else "2") + code[at + 1 :]
        assert answers_of(other, release) is None
        assert answers_of(code[:-1], release) is None
