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
from app.api.problems import MOST_ERRORS, PROBLEMS
from app.api.query import SAYS
from app.core.facts import Value
from app.core.languages import translated
from app.core.precedence import Decision
from app.main import build_app
from app.rulebook.load import RuleBook
from app.security.keys import ApiKey
from app.security.signing import Signer, new_signing_key
from app.settings import Settings
from tests.api.receipts import KEY, URL, asked
from tests.api.test_errors import FAULTS
from tests.books import random_candidate
from tests.english import english_in, texts_of, texts_of_page
from tests.pages import PAGES

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


IN_PATHS = {"{ruleset}": "current", "{rule}": "PHASE-2", "{source}": "X5", "{other}": "2026.2", "{kind}": "not-facts"}
FORMAL = frozenset({"condition", "expect", "system", "prefetch"})
"""Members of a formal language: conditions, states, addresses, queries."""


def without(members: frozenset[str], part: object) -> object:
    if isinstance(part, dict):
        return {name: without(members, each) for name, each in part.items() if name not in members}
    return [without(members, each) for each in part] if isinstance(part, list) else part


def without_older(comparison: Any) -> object:
    """Return a comparison without what is no sentence, and without what only an older release said."""
    for entry in comparison["entries"]:
        for text in entry["texts"]:
            for side in ("before", "after"):
                if text[f"language_{side}"] != "ko":
                    text[side] = None
    return comparison


def test_nothing_that_is_read_by_get_holds_an_english_sentence(client: TestClient) -> None:
    """The catalogue of rule sets, FHIR definitions, the discovery of services: every path of the description."""
    read = 0
    for template, operations in client.get("/openapi.json").json()["paths"].items():
        if "get" not in operations:
            continue
        path = template
        for name, value in IN_PATHS.items():
            path = path.replace(name, value)
        answer = client.get(path, headers=KOREAN)
        assert answer.status_code == 200, path
        if "json" in answer.headers["content-type"]:
            read += 1
            titles = {"display", "citation"} if path.startswith("/fhir/PlanDefinition") else set[str]()
            said = without(FORMAL | titles, answer.json())
            texts = texts_of(without_older(said) if "/diff/" in path else said)
            assert [run for text in texts for run in english_in(text)] == [], path
            if path.startswith(("/v1/", "/cds-services")):
                assert answer.headers["content-language"] == "ko"
                assert "Accept-Language" in answer.headers["vary"]
                english = client.get(path)
                assert english.headers["content-language"] == "en"
                assert not HANGUL.search(english.text), path
    assert read > 16


def pages(book: RuleBook) -> list[str]:
    release = book.releases[book.current]
    kinds: dict[str, str] = {}
    for rule in (*release.rules, *release.cautions, *release.preconditions, *release.notices, *release.alternatives):
        kinds.setdefault(f"{type(rule).__name__} {getattr(rule, 'kind', '')}", rule.id)
    rules = [*kinds.values(), *(plan.id for plan in release.plans)]
    return [*PAGES, "/sources/X5", "/sources/C-01", *(f"/rules/{name}" for name in rules)]


def test_no_page_holds_an_english_sentence(client: TestClient, book: RuleBook) -> None:
    for path in pages(book):
        page = client.get(path, headers=KOREAN)
        assert page.status_code == 200, path
        texts = texts_of_page(page.text)
        assert [run for text in texts for run in english_in(text)] == [], path
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


HIDDEN = re.compile(r'nhsuk-u-visually-hidden">\s*([^<]+)')
"""What a screen reader alone reads: the components of NHS.UK frontend put English there unless they are given words."""


@pytest.mark.parametrize(
    "answers",
    [
        {"primary_concern": "burn"},
        {"primary_concern": "chronic_wound"},
        {"active_skin_infection": "true"},
        {"suspicious_lesion": "true"},
    ],
)
def test_what_a_screen_reader_alone_reads_is_korean(client: TestClient, answers: dict[str, str]) -> None:
    """On the first page, beside each kind of care, and beside a question that is not answered."""
    pages = [client.get("/?lang=ko"), client.post("/result?lang=ko", data=answers)]
    page = {"asked": "primary_concern", "page": "concern"}
    pages += [client.post("/intake?lang=ko", data=page), client.post("/intake?lang=ko", data=page | answers)]
    hidden = [HIDDEN.findall(page.text) for page in pages]
    assert all(hidden[:3])
    assert [text for texts in hidden for text in texts if not HANGUL.search(text)] == []


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
    for path in (path for part in ("api", "security", "web") for path in Path("app", part).glob("*.py")):
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


def test_every_verdict_is_korean_for_who_reads_korean(book: RuleBook) -> None:
    signing = TestClient(build_app(Settings(signing_keys=(KEY,)), book))
    answer, receipt = asked(signing, {"age_years": 34})
    view, its_receipt = asked(signing, {"age_years": 34}, "?view=decision")
    facts = {"active_skin_infection": True}
    elsewhere = answer | {"ruleset": answer["ruleset"] | {"digest": "sha256:0"}}
    decision = Decision(**answer["decision"])
    of_another_release = Signer((KEY,)).receipt(answer["id"], decision, "sha256:0")
    by_a_stranger = Signer((new_signing_key(),)).receipt(answer["id"], decision, answer["ruleset"]["digest"])
    stored: list[dict[str, Any]] = [
        {"answer": answer, "receipt": receipt},
        {"answer": answer | {"summary": "other"}, "receipt": receipt},
        {"answer": answer | {f"other_{place}": 1 for place in range(MOST_ERRORS + 1)}, "receipt": receipt},
        {"answer": answer | {"facts": {"no_such_fact": 1}}, "receipt": receipt},
        {"answer": answer | {"id": "sha256:0"}, "receipt": receipt},
        {"answer": view, "receipt": its_receipt, "facts": facts},
        {"answer": elsewhere, "receipt": of_another_release},
        {"answer": answer, "receipt": by_a_stranger},
    ]
    said = set()
    for body in stored:
        response = signing.post(URL, json=body, headers=KOREAN)
        assert response.status_code == 200, response.text
        assert response.headers["content-language"] == "ko"
        assert "Accept-Language" in response.headers["vary"]
        detail = response.json()["detail"]
        assert english_in(detail) == []
        assert HANGUL.search(detail)
        said.add(detail)
    assert len(said) == len(stored)


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
