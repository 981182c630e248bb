"""Korean as well as English: what a patient reads is translated whole, and no decision depends on it."""

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest
from fastapi.testclient import TestClient

from app.core.languages import language_of
from app.engines import rules_folder
from app.rulebook.files import BrokenRuleBookError
from app.rulebook.load import RuleBook, load
from tests.books import random_candidate
from tools.serving import ROOT

SAID = frozenset(
    {"summary", "statement", "reading", "says", "why", "title", "to", "when", "question", "help", "label", "notices"}
)
"""The members of an answer that people read as sentences."""
KOREAN = {"accept-language": "ko-KR,ko;q=0.9,en;q=0.5"}


@pytest.mark.parametrize(
    ("asked", "accepted", "language"),
    [
        (None, "", "en"),
        (None, "ko", "ko"),
        (None, "ko-KR,en;q=0.9", "ko"),
        (None, "en-GB,ko;q=0.9", "en"),
        (None, "fr, ko;q=0.2", "ko"),
        (None, "fr", "en"),
        (None, "ko;q=x, en", "en"),
        (None, "ko;q=0", "en"),
        (None, "ko ; Q=0.0, fr", "en"),
        (None, "ko;q=0, *", "en"),
        (None, "en;q=0, *;q=0.1", "ko"),
        (None, "*", "en"),
        (None, "en;q=0.4, ko; q=0.5", "ko"),
        (None, "ko;q=0.5,en", "en"),
        (None, "KO-KR", "ko"),
        (None, "ko;q=nan, en;q=0.1", "en"),
        ("en", "ko", "en"),
        ("ko", "en", "ko"),
        ("fr", "ko", "ko"),
    ],
)
def test_the_language_is_the_one_asked_for_or_the_best_accepted(
    asked: str | None, accepted: str, language: str
) -> None:
    assert language_of(asked, accepted, ("en", "ko")) == language


def test_the_question_is_asked_in_korean(client: TestClient, book: RuleBook) -> None:
    english = client.post("/v1/triage", json={})
    korean = client.post("/v1/triage", json={}, headers=KOREAN)
    assert (english.headers["content-language"], korean.headers["content-language"]) == ("en", "ko")
    asked = korean.json()["next_question"]
    words = book.languages["ko"].facts[asked["fact"]]
    assert (asked["question"], asked["help"]) == (words.question, words.help)
    assert asked["fact"] == english.json()["next_question"]["fact"]
    assert korean.json()["id"] != english.json()["id"]


def test_no_decision_depends_on_the_language(client: TestClient, book: RuleBook) -> None:
    random = Random(3)
    facts_of = book.releases[book.current].facts
    for _ in range(100):
        facts = random_candidate(random, facts_of, random.random())
        english = client.post("/v1/triage", json=facts).json()
        korean = client.post("/v1/triage", json=facts, headers=KOREAN).json()
        for key in ("decision", "indicated", "ready", "possible", "missing", "also_matched", "near_misses", "ruleset"):
            assert korean[key] == english[key]
        for key in ("rationale", "cautions", "unresolved", "preconditions", "alternatives", "referral"):
            assert [each["rule"] for each in korean[key]] == [each["rule"] for each in english[key]]


@pytest.mark.parametrize("ruleset", ["2026.1", "2026.2"])
def test_an_older_release_answers_in_english_and_says_so(client: TestClient, ruleset: str) -> None:
    """Half of its sentences have no Korean; only the notices about it have."""
    path, facts = f"/v1/triage?ruleset={ruleset}", {"primary_concern": "dullness", "active_skin_infection": True}
    english, korean = (client.post(path, json=facts, headers=headers) for headers in ({}, KOREAN))
    assert korean.headers["content-language"] == "en"
    ours, theirs = english.json(), korean.json()
    assert ours.pop("ruleset")["digest"] == theirs.pop("ruleset")["digest"]
    assert ours.pop("id") != theirs.pop("id")  # what was asked for is a part of it
    assert ours == theirs
    rules = f"/v1/rulesets/{ruleset}/rules"
    assert client.get(rules, headers=KOREAN).headers["content-language"] == "en"
    assert client.get(rules, headers=KOREAN).content == client.get(rules).content
    for page in ("/rules", "/facts/pregnant" if ruleset != "2026.1" else "/facts/primary_concern"):
        html = client.get(f"{page}?lang=ko&ruleset={ruleset}").text
        assert "이 판은 영어로만 답합니다." in html
        assert "영어로만" not in client.get(f"{page}?lang=ko").text


def test_the_pages_speak_korean(client: TestClient, book: RuleBook) -> None:
    page = client.get("/intake", headers=KOREAN).text
    assert '<html lang="ko">' in page
    assert book.languages["ko"].facts["primary_concern"].question in page
    switched = client.get("/?lang=en", headers=KOREAN).text
    assert '<html lang="en">' in switched


def test_a_language_with_a_gap_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "rules"
    shutil.copytree(rules_folder(), folder)
    path = folder / "languages" / "ko.yaml"
    text = path.read_text("utf-8")
    text = text.replace("  smoker:\n", "  smokes:\n").replace("dullness: 칙칙하고 윤기 없는 피부, ", "")
    path.write_text(text.replace("6개월", "몇 개월"), "utf-8")
    with pytest.raises(BrokenRuleBookError) as refused:
        load(folder)
    said = str(refused.value)
    assert "`smoker` is not translated" in said
    assert "`dullness` of `primary_concern` is not translated" in said
    assert "`question` of `isotretinoin` lacks `6` of the English: translate it anew" in said


def test_what_goes_with_an_answer_is_korean_too(client: TestClient, book: RuleBook) -> None:
    """Titles, names, ids and what sources say aside."""
    random = Random(8)
    hangul = re.compile("[가-힣]")
    facts_of = book.releases[book.current].facts
    for _ in range(60):
        facts = random_candidate(random, facts_of, random.choice((0.5, 0.9, 1.0)))
        korean = client.post("/v1/triage?sources=none", json=facts, headers=KOREAN).json()
        assert [text for text in sentences(korean) if not hangul.search(text)] == []


def sentences(part: object, key: str = "") -> Iterator[str]:
    """Yield every sentence of a part of an answer."""
    if isinstance(part, dict):
        for name, each in part.items():
            if name != "ruleset":  # its digests are named by what they cover
                yield from sentences(each, name)
    elif isinstance(part, list):
        for each in part:
            yield from sentences(each, key)
    elif isinstance(part, str) and key in SAID:
        yield part


@pytest.mark.parametrize(
    ("file", "old", "new", "says"),
    [
        (
            "scope.yaml",
            "SCOPE-LESION:\n  says:",
            "SCOPE-LESION:\n  spoken:",
            "`says` of SCOPE-LESION",
        ),
        ("plans.yaml", "  parts.cost.figures.0.says: 세럼 한 병\n", "", "`parts.cost.figures.0.says` of PLAN-1"),
        (
            "notices.yaml",
            "NOTICE-SUN:\n",
            "NOTICE-RAIN:\n",
            "`says` of NOTICE-RAIN",
        ),
        ("ledger.yaml", "S0-28:\n", "S0-99:\n", "`says` of S0-28"),
        ("ledger.yaml", "S0-01:\n  says:", "S0-01:\n  title:", "`title` of S0-01"),
        ("evidence.yaml", "T19:\n  title:", "T19:\n  name:", "`title` of T19"),
        ("silences.yaml", "A-15:\n  title:", "A-15:\n  name:", "`title` of A-15"),
        ("scales.yaml", "glogau:\n", "glogua:\n", "`reading` of glogau"),
        ("laws.yaml", "no_injection_over_filler:\n", "no_injection:\n", "`says` of no_injection_over_filler"),
        (
            "label_safety.yaml",
            "18세부터 21세까지는",
            "18세부터 20세까지는",
            "`says` of REVIEW-AGE-18-21 lacks `21` of the English",
        ),
        ("countries.yaml", "KR:", "XX:", "`KR` is missing: translate its name"),
    ],
)
def test_a_sentence_that_lacks_its_korean_is_named(tmp_path: Path, file: str, old: str, new: str, says: str) -> None:
    folder = tmp_path / "rules"
    shutil.copytree(rules_folder(), folder)
    korean = folder / "languages" / "ko" / file
    text = korean.read_text("utf-8")
    assert text.count(old) == 1
    korean.write_text(text.replace(old, new), "utf-8")
    with pytest.raises(BrokenRuleBookError) as refused:
        load(folder)
    assert any(f"languages/ko/{file}:" in str(error) and says in str(error) for error in refused.value.errors)


def test_no_text_has_the_name_of_another() -> None:
    def once(pairs: list[tuple[str, object]]) -> dict[str, object]:
        names = [name for name, _ in pairs]
        assert sorted(set(names)) == sorted(names)
        return dict(pairs)

    files = [*ROOT.glob("app/*/texts/*.json"), *ROOT.glob("app/*/texts/*/*.json")]
    assert len(files) > 10
    for path in files:
        json.loads(path.read_text("utf-8"), object_pairs_hook=once)
    with pytest.raises(AssertionError):
        json.loads('{"holds": "", "holds": ""}', object_pairs_hook=once)
