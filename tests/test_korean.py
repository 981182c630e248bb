"""No English sentence in a Korean answer, page or problem of the current release, titles and names aside."""

import ast
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from random import Random
from string import Formatter
from typing import Any

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response

from app.api.messages import CATALOGUES, Message, in_language
from app.api.problems import PROBLEMS
from app.api.query import SAYS
from app.core.facts import Value
from app.core.languages import translated
from app.main import build_app
from app.rulebook.load import RuleBook
from app.security.keys import ApiKey
from app.settings import Settings
from tests.api.test_errors import FAULTS
from tests.books import random_candidate
from tests.english import english_in, texts_of, texts_of_page

KOREAN = {"accept-language": "ko"}
HANGUL = re.compile("[가-힣]")


def candidates(book: RuleBook, count: int) -> Iterator[dict[str, Any]]:
    random = Random(14)
    facts_of = book.releases[book.current].facts
    for number in range(count):
        facts: dict[str, Any] = dict[str, Value](
            random_candidate(random, facts_of, random.choice((0.2, 0.5, 0.9, 1.0)))
        )
        if number % 5 == 0:
            facts["photodamage"] = {"scale": "glogau", "grade": random.choice(("I", "III", "IV"))}
            facts["sagging"] = {"scale": "alexiades", "grade": 2.5}
        yield facts


def english_of_answer(response: Response) -> set[str]:
    assert response.status_code == 200, response.text
    return {run for text in texts_of(response.json()) for run in english_in(text)}


def test_no_answer_holds_an_english_sentence(client: TestClient, book: RuleBook) -> None:
    for facts in candidates(book, 60):
        for query in ("?sources=all", "?sources=all&unknowns=strict"):
            answer = client.post(f"/v1/triage{query}", json=facts, headers=KOREAN)
            assert english_of_answer(answer) == set(), facts
    for facts in candidates(book, 6):
        assert english_of_answer(client.post("/v1/triage/explain", json=facts, headers=KOREAN)) == set(), facts


def test_every_source_is_korean(client: TestClient, book: RuleBook) -> None:
    korean = translated(book.releases[book.current], book.languages["ko"])
    for source in korean.sources.values():
        assert HANGUL.search(source.says), source.id
        assert english_in(source.says) == [], source.id
        if source.status in ("project", "A", "B", "inference"):
            assert HANGUL.search(source.document + source.section), source.id


def test_every_country_is_named_in_korean(client: TestClient, book: RuleBook) -> None:
    page = client.get("/all", headers=KOREAN).text
    options = re.findall(r'<option value="([A-Z]{2})">([^<]+)</option>', page)
    assert {code for code, _ in options} == set(book.releases[book.current].facts["jurisdiction"].values)
    assert [code for code, name in options if not HANGUL.search(name)] == []
    assert dict(options)["KR"] == "대한민국"


def pages(book: RuleBook) -> list[str]:
    release = book.releases[book.current]
    kinds: dict[str, str] = {}
    for rule in (*release.rules, *release.cautions, *release.preconditions, *release.notices, *release.alternatives):
        kinds.setdefault(f"{type(rule).__name__} {getattr(rule, 'kind', '')}", rule.id)
    rules = [*kinds.values(), *(plan.id for plan in release.plans)]
    listed = [
        "/",
        "/intake",
        "/all",
        "/report",
        "/developers",
        "/embed",
        "/rules",
        "/facts",
        "/sources",
        "/changes",
        "/proof",
        "/sign",
    ]
    return [*listed, "/sources/X5", "/sources/C-01", *(f"/rules/{name}" for name in rules)]


def test_no_page_holds_an_english_sentence(client: TestClient, book: RuleBook) -> None:
    for path in pages(book):
        page = client.get(path, headers=KOREAN)
        assert page.status_code == 200, path
        assert [run for text in texts_of_page(page.text) for run in english_in(text)] == [], path
        for kind in PROBLEMS:
            told = client.get(f"/problems/{kind}", headers=KOREAN).text
            assert [run for text in texts_of_page(told) for run in english_in(text)] == [], kind


def test_no_decision_page_holds_an_english_sentence(client: TestClient, book: RuleBook) -> None:
    for facts in candidates(book, 30):
        plain = {name: value for name, value in facts.items() if not isinstance(value, dict)}
        form = {name: str(value).lower() if isinstance(value, bool) else str(value) for name, value in plain.items()}
        unknown = [name for name in book.releases[book.current].facts if name not in form]
        page = client.post("/report?lang=ko", data=form | {"unknown": unknown})
        assert page.status_code == 200
        assert [run for text in texts_of_page(page.text) for run in english_in(text)] == [], facts


BODIES: list[tuple[str, bytes, dict[str, str]]] = [
    ("", b"{", {}),
    ("", b"[NaN]", {}),
    ("", b"\xff", {}),
    ("", b"\xef\xbb\xbf{}", {}),
    ("", b'"\\ud800"', {}),
    ("", b"[" * 200 + b"]" * 200, {}),
    ("", b'{"pregnant": true, "pregnant": true}', {}),
    ("", b"[]", {}),
    ("", b"[" + b"0," * 400_001 + b"0]", {}),
    ("", b"{}", {"content-type": "text/plain"}),
    ("", b"{}", {"content-type": "application/json; charset=latin-1"}),
    ("", b"{}", {"content-encoding": "gzip"}),
    ("", b"{}", {"accept": "text/html"}),
    ("?ruleset=1", b"{}", {}),
    ("?colour=red", b"{}", {}),
    ("?view=none", b"{}", {}),
    ("?view=decision&sources=all", b"{}", {}),
    ("?view=full&view=full", b"{}", {}),
    ("?ruleset=2026.1", b'{"pregnant": true}', {}),
    *(("", json.dumps(body).encode(), {}) for body, *_ in FAULTS),
]
"""Queries, bodies and headers that are refused, one for each way to be."""


@pytest.mark.parametrize(("query", "body", "headers"), BODIES)
def test_no_problem_holds_an_english_sentence(
    client: TestClient, query: str, body: bytes, headers: dict[str, str]
) -> None:
    sent = {"content-type": "application/json"} | KOREAN | headers
    problem = client.post(f"/v1/triage{query}", content=body, headers=sent)
    assert problem.status_code >= 400
    assert problem.headers["content-language"] == "ko"
    assert_korean(problem.json())
    english = client.post(f"/v1/triage{query}", content=body, headers=sent | {"accept-language": "en"})
    assert set(english.json()) == set(problem.json())
    assert not HANGUL.search(english.text)


def assert_korean(problem: dict[str, Any]) -> None:
    says = [problem["title"], problem["detail"], *(error["detail"] for error in problem.get("errors", ()))]
    assert [text for text in says if english_in(text) or not HANGUL.search(text)] == []


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/nothing"),
        ("GET", "/v1/triage"),
        ("GET", "/v1/rulesets/1"),
        ("GET", "/v1/rulesets/current/rules/PHASE-9"),
        ("GET", "/v1/rulesets/current/sources/S9-99"),
        ("GET", "/problems/none"),
        ("POST", "/v1/receipts/verify"),
    ],
)
def test_no_problem_of_another_path_holds_an_english_sentence(client: TestClient, method: str, path: str) -> None:
    problem = client.request(method, path, headers=KOREAN, json={} if method == "POST" else None)
    assert problem.status_code >= 400
    assert_korean(problem.json())


def test_no_line_of_a_batch_holds_an_english_sentence(client: TestClient) -> None:
    lines = b'{"pregnent": true}\n{\n[]\n[NaN]\n\xff\n'
    sent = {"content-type": "application/x-ndjson"} | KOREAN
    answered = client.post("/v1/triage/batch", content=lines, headers=sent).text.splitlines()
    assert len(answered) == 5
    for line in answered:
        assert_korean(json.loads(line))


def test_who_has_no_key_is_told_so_in_korean(book: RuleBook) -> None:
    key = ApiKey(name="reader", sha256="1" * 64, scopes=frozenset({"triage"}))
    closed = TestClient(build_app(Settings(api_keys=(key,)), book))
    for headers in ({}, {"x-api-key": "wrong"}):
        problem = closed.post("/v1/triage", json={}, headers=KOREAN | headers)
        assert problem.status_code == 401
        assert_korean(problem.json())


def messages() -> dict[str, str]:
    """Return every template in the code, with where it stands."""
    found = {template: "query.SAYS" for _, template in SAYS.values()}
    found |= {text: "PROBLEMS" for kind in PROBLEMS.values() for text in (kind.title, kind.remedy)}
    for path in (*Path("app/api").glob("*.py"), *Path("app/security").glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            match node:
                case ast.Call(func=ast.Name(id="Message"), args=[given, *_]):
                    pass
                case ast.Assign(targets=[ast.Name(id="template")], value=given):
                    pass
                case _:
                    continue
            for part in (given.body, given.orelse) if isinstance(given, ast.IfExp) else (given,):
                if isinstance(part, ast.Constant) and isinstance(part.value, str):
                    found[part.value] = f"{path}:{part.lineno}"
    return found


@pytest.mark.parametrize("language", CATALOGUES)
def test_every_message_has_its_words_and_every_word_its_message(language: str) -> None:
    catalogue, known = CATALOGUES[language], messages()
    lines = {text.replace("the body", "the line", 1) for text in known if text.startswith("the body")}
    assert [f"{where}: {text}" for text, where in known.items() if text not in catalogue] == []
    assert set(catalogue) <= {*known, *lines}
    for template, words in catalogue.items():
        assert fields(words) <= fields(template), template


def fields(template: str) -> set[str]:
    if '{"' in template:  # JSON, and no template
        return set()
    return {name for _, name, _, _ in Formatter().parse(template) if name}


def test_what_has_no_words_stays_english() -> None:
    assert in_language(Message("nobody wrote {this}", this="it"), "ko") == "nobody wrote it"


def test_a_planted_english_sentence_is_found(book: RuleBook) -> None:
    """In a source, a rule, a problem and a page."""
    korean = book.languages["ko"]
    entries = korean.entries[book.current]
    planted = replace(
        entries,
        sources={
            name: replace(source, says="Nobody wrote this in Korean.") for name, source in entries.sources.items()
        },
    )
    other = replace(korean, entries={**korean.entries, book.current: planted})
    client = TestClient(build_app(Settings(), replace(book, languages={"ko": other})))
    answer = client.post("/v1/triage", json={"active_skin_infection": True}, headers=KOREAN)
    assert english_of_answer(answer) == {"Nobody wrote this in Korean."}
    page = client.get("/sources", headers=KOREAN).text
    assert {run for text in texts_of_page(page) for run in english_in(text)} == {"Nobody wrote this in Korean."}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("이 서비스는 the body is not JSON 입니다", ["the body is not JSON"]),
        ("satisfies every document", ["satisfies every document"]),
        ("SkinPen Precision, De Novo DEN160029", []),
        ("3-4 weeks", []),
        ("`elasticity_loss` 또는 `the known one`", []),
        ("연구 단계", []),
    ],
)
def test_a_run_of_english_words_is_told_from_names(text: str, found: list[str]) -> None:
    assert english_in(text) == found


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('<p lang="en">x</p>', '<p lang="en">this is not Korean</p>'),
        ('<img alt="사진">', '<img alt="a picture of skin">'),
    ],
)
def test_marks_and_attributes_of_a_page_hide_nothing(old: str, new: str) -> None:
    assert [run for text in texts_of_page(old) for run in english_in(text)] == []
    assert [run for text in texts_of_page(new) for run in english_in(text)] != []
