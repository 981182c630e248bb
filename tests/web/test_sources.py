"""Rules, facts and sources: each has its page, a search finds them, what is not there is a page for people."""

import re
from html import escape, unescape
from urllib.parse import parse_qs

import pytest
from fastapi.testclient import TestClient

from app.core.catalogue import entries
from app.core.engine import Engines
from app.proof.compare import compare
from app.rulebook.load import RuleBook
from app.web.listing import one_in
from app.web.pages import load_texts

BROWSER = {"accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}


def test_each_source_has_its_page_and_its_address(client: TestClient, book: RuleBook) -> None:
    release = book.releases[book.current]
    listed = client.get("/sources").text
    for name, source in list(release.sources.items())[::25]:
        page = client.get(f"/sources/{name}").text
        assert f'id="{name}"' in page
        assert (f'href="{escape(source.public_url or "")}"' in page) == (source.public_url is not None)
        assert f"/sources/{name}?" in listed


def test_each_fact_and_rule_has_its_page_and_links_open_at_the_source(client: TestClient, engines: Engines) -> None:
    release = engines.by_id[engines.current].release
    for path, names in (("facts", list(release.facts)), ("rules", [entry.id for entry in entries(release)])):
        for name in names[::9]:
            page = client.get(f"/{path}/{name}")
            assert page.status_code == 200
            links = re.findall(r'href="(/(?:sources|rules|facts)/[^"]+)"', page.text)
            assert links
            assert {client.get(link.replace("&amp;", "&")).status_code for link in links[:3]} == {200}


@pytest.mark.parametrize(
    "path", ["/sources/S9-99", "/sources/%20", "/rules/NONE", "/facts/none", "/nowhere", "/problems/none"]
)
def test_what_is_not_there_is_a_page_for_people_and_json_for_programs(client: TestClient, path: str) -> None:
    page = client.get(path, headers=BROWSER)
    assert page.status_code == 404
    assert page.headers["content-type"].startswith("text/html")
    assert "content-security-policy" in page.headers
    assert "<h1>" in page.text
    assert "<nav" in page.text
    assert 'href="?lang=ko"' in page.text
    assert "openapi" not in page.text
    for accept in ("application/json", "*/*"):
        problem = client.get(path, headers={"accept": accept})
        assert problem.status_code == 404
        assert problem.headers["content-type"] == "application/problem+json"
    assert "accept" in [name.strip().lower() for name in page.headers["vary"].split(",")]


def test_a_problem_page_is_in_the_language_of_the_page(client: TestClient) -> None:
    page = client.get("/rules/NONE?lang=ko", headers=BROWSER).text
    assert '<html lang="ko">' in page
    assert "규칙 찾기" in page


def test_the_page_of_a_problem_type_is_for_people_and_programs(client: TestClient) -> None:
    assert "<nav" in client.get("/problems/not-json", headers=BROWSER).text
    told = client.get("/problems/not-json", headers={"accept": "application/json"}).json()
    assert (told["type"], told["status"]) == ("/problems/not-json", 400)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("q=keloid", ["/rules/REVIEW-KELOID", "/facts/keloid_history"]),
        ("q=keloid&of=facts", ["/facts/keloid_history"]),
        ("q=%EC%BC%88%EB%A1%9C%EC%9D%B4%EB%93%9C&lang=ko&of=rules", ["/rules/REVIEW-KELOID"]),
        ("q=granuloma&of=sources", ["/sources/M13"]),
    ],
)
def test_a_search_finds_rules_facts_and_sources(client: TestClient, query: str, expected: list[str]) -> None:
    query = query if "of=" in query else f"{query}&of=all"
    page = client.get(f"/rules?{query}").text
    assert '<label class="nhsuk-label" for="q">' in page
    for link in expected:
        assert f'href="{link}?' in page
    if "of=facts" in query:
        assert 'href="/rules/REVIEW-KELOID' not in page


@pytest.mark.parametrize("query", ["keloid", "granuloma", "isotretinoin label", "pregnant", "glogau", "FDA"])
def test_a_korean_page_finds_what_an_english_word_finds(client: TestClient, query: str) -> None:
    """Terms of the field are typed in English there too: "keloid" found 2 of 8."""
    english, korean = (
        set(
            re.findall(
                r'<li><a href="([^?]+)', client.get("/rules", params={"q": query, "of": "all", "lang": lang}).text
            )
        )
        for lang in ("en", "ko")
    )
    assert english
    assert english <= korean


def test_a_search_keeps_to_its_release(client: TestClient) -> None:
    assert "/rules/REVIEW-KELOID?" not in client.get("/rules?q=keloid&ruleset=2026.1").text


def test_counts_are_said_so_that_people_can_take_them_in() -> None:
    texts = load_texts()["en"]
    said = [one_in(share, texts) for share in (0, 0.00005, 0.0001, 0.141, 0.5, 0.97)]
    assert [text.split(" candidate")[0] for text in said] == [
        "no",
        "fewer than 1 in 10,000",
        "1 in 10,000",
        "1 in 7",
        "5 in 10",
        "9 in 10",
    ]


def test_a_rule_says_its_share_before_the_exact_count(client: TestClient) -> None:
    page = client.get("/rules/PHASE-2").text
    assert page.index("candidates of the reference population") < page.index("its condition holds for")


def test_one_rule_can_be_objected_to(client: TestClient, engines: Engines) -> None:
    release = engines.by_id[engines.current].release
    assert client.get("/sign").text.count("☐ object, because") == len(entries(release))


def test_whoever_signs_a_law_reads_whom_it_concerns(client: TestClient, engines: Engines) -> None:
    laws = engines.by_id[engines.current].release.laws
    page = client.get("/sign").text
    assert page.count("Whom it concerns: ") == sum(law.when is not None for law in laws) > 0
    after = page[page.index("<code>a_cosmetic_is_never_lawfully_needled_in_korea</code>") :]
    assert "Korea" in after[: after.index("</li>")]


def test_the_icon_is_there_where_browsers_ask_for_it(client: TestClient) -> None:
    icon = client.get("/favicon.ico")
    assert icon.headers["content-type"] == "image/svg+xml"
    again = client.get("/favicon.ico", headers={"If-None-Match": icon.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_two_releases_are_chosen_and_compared_by_decision_and_by_text(client: TestClient, engines: Engines) -> None:
    for before in engines.by_id:
        for after in engines.by_id:
            page = unescape(client.get(f"/changes?before={before}&after={after}").text)
            for name, value in (("before", before), ("after", after)):
                (choices,) = re.findall(rf'<select[^>]* name="{name}">(.*?)</select>', page)
                assert re.findall(r"<option( selected)?>([\d.]+)</option>", choices) == [
                    (" selected" if each == value else "", each) for each in engines.by_id
                ]
            found = compare(engines.by_id[before].release, engines.by_id[after].release)
            assert len(re.findall(r"<div><dt>", page)) == len(found.entries)
            for entry in found.entries:
                assert f"<code>{entry.id}</code>" in page
                for text in entry.texts:
                    assert text.before is None or f"{text.before}</" in page
                    assert text.after is None or f"{text.after}</" in page


def test_what_changed_is_shown_to_readers_of_korean_too(client: TestClient, engines: Engines) -> None:
    english, korean = (client.get(f"/changes?before=2026.1&lang={lang}").text for lang in ("en", "ko"))
    assert "달라진 문장" in korean
    assert 'lang="ko"' not in english.partition("<main")[2].partition("</main>")[0]
    assert "<ins>치료할 부위나 그 근처의 피부에 지금 감염이 있습니까?</ins>" in korean
    assert '<del lang="en">Is there an infection of the skin' in korean
    assert "<ins><code>tattoo_or_permanent_makeup = true</code></ins>" in korean


def test_entries_that_changed_lead_to_their_pages(client: TestClient) -> None:
    page = client.get("/changes?before=2026.2&after=2026.3").text
    links = {unescape(link) for link in re.findall(r'<dt><a href="([^"]+)"', page)}
    assert len(links) > 50
    assert {client.get(link).status_code for link in sorted(links)[::9]} == {200}


@pytest.mark.parametrize(
    "shown",
    [
        "/rules?ruleset=2026.1&q=skin%26&of=rules",
        "/changes?before=2026.1&after=2026.2",
        *(
            f"/{page}?ruleset=2026.1"
            for page in ("rules", "rules/PHASE-2", "facts/primary_concern", "sources/S3-31", "sign", "proof")
        ),
    ],
)
def test_the_other_language_shows_the_same(client: TestClient, shown: str) -> None:
    path, _, query = shown.partition("?")
    found = re.search('class="ct-language" href="([^"]*)"', client.get(shown, headers=BROWSER).text)
    assert found
    assert parse_qs(unescape(found[1])[1:]) == {"lang": ["ko"], **parse_qs(query)}
    assert client.get(path + unescape(found[1]), headers=BROWSER).status_code == 200
