"""Receipts: every answer carries one, it is good for that answer alone, and a stored answer can be decided again."""

import base64
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from itertools import product
from pathlib import Path
from random import Random
from typing import Any

import pytest
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jws
from joserfc.errors import BadSignatureError
from joserfc.jwk import OKPKey

from app.api.decode import readers_of
from app.api.receipts import Replayer, Stored
from app.core.answer import CONTRACT
from app.core.engine import Engines
from app.core.precedence import Decision
from app.core.rules import Release, Review, Withdrawn
from app.engines import build_engines
from app.main import build_app
from app.rulebook.load import RuleBook
from app.security.signing import Signer, SigningKey, new_signing_key, payload
from app.settings import Settings
from tests.amounts import amount
from tests.api.receipts import KEY, URL, asked, decoded, holds, verdict
from tests.books import random_candidate
from tests.cds_hooks.calls import call
from tests.fhir.resources import BASE, bundle, condition
from tests.fhir.validators import complaints

GUIDE = Path(__file__).parent.parent.parent / "docs" / "receipts.md"
CANDIDATE = {"primary_concern": "dullness", "age_years": 34, "elasticity_loss": {"scale": "alexiades", "grade": 2.0}}


@pytest.fixture(scope="module")
def signing(book: RuleBook) -> Iterator[TestClient]:
    """A service with a signing key."""
    with TestClient(build_app(Settings(signing_keys=(KEY,), public_url=BASE), book)) as client:
        yield client


def test_every_answer_carries_a_receipt_that_anybody_can_verify(signing: TestClient) -> None:
    keys = signing.get("/.well-known/jwks.json").json()["keys"]
    assert [sorted(key) for key in keys] == [["alg", "crv", "kid", "kty", "use", "x"]]
    for facts in ({}, CANDIDATE, {"active_skin_infection": True}):
        for query in ("", "?view=decision", "?unknowns=strict", "?ruleset=2026.1"):
            for _ in range(2):  # the second is one that was kept
                answer, receipt = asked(signing, facts, query)
                assert holds(receipt, answer, keys)
                assert not holds(receipt, answer | {"id": "sha256:0"}, keys)
    lines = signing.post(
        "/v1/triage/batch",
        content=b'{"active_skin_infection": true}\n{\n{"age_years": 12}',
        headers={"Content-Type": "application/x-ndjson"},
    ).text.splitlines()
    good, bad, other = map(json.loads, lines)
    assert "receipt" not in bad
    for answer in (good, other):
        assert holds(answer["receipt"], answer, keys)
        assert verdict(signing, answer, answer["receipt"])["result"] == "valid"
    assert "triage-receipt" not in signing.post("/v1/triage", content="{").headers
    assert "triage-receipt" not in signing.get("/v1/rulesets").headers


def test_the_faces_of_health_records_carry_receipts(signing: TestClient) -> None:
    hooked = signing.post("/cds-services/candidate-triage-patient-view", json=call())
    assert hooked.status_code == 200
    assert hooked.headers["triage-receipt"].count(".") == 2
    subject = {"name": "subject", "valueString": "Patient/1"}
    record = {"name": "data", "resource": bundle(condition("L01.00"))}
    body = {"resourceType": "Parameters", "parameter": [subject, record]}
    response = signing.post("/fhir/PlanDefinition/candidate-triage/$apply", json=body)
    plan = response.json()
    guidance, provenance = plan["contained"]
    assert complaints([plan]) == []
    receipt = base64.b64decode(provenance["signature"][0]["data"]).decode()
    header, content, signature = receipt.split(".")
    signed = json.loads(decoded(content))
    assert signed["id"] == guidance["identifier"][0]["value"]
    assert signed["decision"]["disposition"] == guidance["reasonCode"][0]["coding"][0]["code"]
    assert f"{header}..{signature}" == response.headers["triage-receipt"]
    ruleset = {"digest": signed["digest"], "contract": signed["contract"]}
    answer = {"id": signed["id"], "decision": signed["decision"], "ruleset": ruleset}
    assert holds(f"{header}..{signature}", answer, signing.get("/.well-known/jwks.json").json()["keys"])


def test_a_receipt_is_verified_as_the_guide_says(signing: TestClient) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)
    answer, receipt = asked(signing, {"active_skin_infection": True})
    keys = signing.get("/.well-known/jwks.json").json()
    exec(code, {"answer": answer, "receipt": receipt, "keys": keys})
    with pytest.raises(BadSignatureError):
        exec(code, {"answer": answer | {"id": "sha256:0"}, "receipt": receipt, "keys": keys})


def test_without_a_key_there_are_no_receipts_and_none_is_believed(client: TestClient, signing: TestClient) -> None:
    assert "triage-receipt" not in client.post("/v1/triage", json={}).headers
    assert client.get("/.well-known/jwks.json").json() == {"keys": []}
    assert verdict(client, *asked(signing, {}))["result"] == "unknown_key"


@pytest.mark.parametrize("language", ["en", "ko"])
@pytest.mark.parametrize("query", ["", "?unknowns=strict", "?view=decision", "?ruleset=2026.1"])
def test_what_was_answered_is_valid(signing: TestClient, engines: Engines, query: str, language: str) -> None:
    random = Random(query + language)
    release = engines.by_id["2026.1" if "2026.1" in query else engines.current].release
    for _ in range(10):
        facts = random_candidate(random, release.facts, random.random())
        free = [name for name in release.facts if name not in facts]
        unavailable = random.sample(free, min(len(free), 2))
        open_to_doubt = [name for name in free if release.facts[name].policy == "confirm"]
        doubted = random.sample(open_to_doubt, min(len(open_to_doubt), 1))
        body = {**facts, "unavailable": unavailable, "doubted": doubted, "reference": "r:1"}
        answer, receipt = asked(signing, body, query, language)
        more = {"unavailable": unavailable, "doubted": doubted} | ({"facts": facts} if "view" in query else {})
        found = verdict(signing, answer, receipt, **more)
        assert found["result"] == "valid", found
        assert found["release"] == release.id
        assert found["current"] == (release.id == engines.current)
        assert found["key"] == KEY.kid
        for member in (name for name in ("unavailable", "doubted") if more[name]):
            forgotten = verdict(signing, answer, receipt, **(more | {member: []}))
            assert forgotten["result"] == "altered"
            assert member in forgotten["detail"]


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the way to every part of an answer."""
    if path:
        yield path
    if isinstance(value, dict):
        for key in value:
            yield from places(value[key], (*path, key))
    elif isinstance(value, list):
        for place, item in enumerate(value):
            yield from places(item, (*path, place))


SIGNED = {("ruleset",), ("id",), ("decision",), ("ruleset", "digest"), ("ruleset", "contract")}
FREE = (("reference",), ("ruleset", "reviewed"), ("ruleset", "withdrawn"))
"""May be another later."""
OTHERS: list[Any] = [None, True, False, 0, 1, "", "none", "recommended", [], {}, "exosome_microchanneling", 3]


@given(data=st.data())
def test_whatever_is_altered_is_noticed(signing: TestClient, data: st.DataObject) -> None:
    candidates: list[dict[str, Any]] = [
        {},
        CANDIDATE,
        {"active_skin_infection": True, "age_years": 50},
        {"age_years": 12},
    ]
    facts = data.draw(st.sampled_from(candidates))
    answer, receipt = asked(signing, facts)
    path = data.draw(st.sampled_from([place for place in places(answer) if place not in SIGNED]))
    altered = json.loads(json.dumps(answer))
    within = altered
    for step in path[:-1]:
        within = within[step]
    if isinstance(within, dict) and data.draw(st.booleans()):
        del within[path[-1]]
    else:
        old = within[path[-1]]
        same = [new for new in OTHERS if new == old and isinstance(new, bool) == isinstance(old, bool)]
        within[path[-1]] = data.draw(st.sampled_from([new for new in OTHERS if new not in same]))
    reply = signing.post(URL, json={"answer": altered, "receipt": receipt})
    if reply.status_code == 422:  # not whole any more: it says so
        assert reply.json()["errors"]
    elif path in FREE:
        assert reply.json()["result"] == "valid"
    elif path[:2] == ("ruleset", "digests") and path[2:] and isinstance(within.get(path[-1]), str):
        assert reply.json()["result"] == "other_texts"
    else:
        assert reply.json()["result"] == "altered", (path, reply.json())


def test_it_says_what_is_not_as_it_was_given(signing: TestClient) -> None:
    answer, receipt = asked(signing, {"active_skin_infection": True, "age_years": 50})
    answer["rationale"][0]["statement"] = "Go ahead."
    answer["colour"] = "red"
    answer["cautions"].append("none")
    assert verdict(signing, answer, receipt)["differs"] == [
        "/answer/rationale/0/statement",
        "/answer/cautions",
        "/answer/colour",
    ]


def test_a_receipt_is_good_for_its_own_answer_alone(signing: TestClient) -> None:
    one, receipt = asked(signing, {"active_skin_infection": True})
    other, _ = asked(signing, {"active_skin_infection": False})
    assert verdict(signing, other, receipt)["result"] == "altered"
    assert verdict(signing, one | {"decision": other["decision"]}, receipt)["result"] == "altered"
    assert verdict(signing, one | {"facts": {"active_skin_infection": False}}, receipt)["differs"] == ["/answer/facts"]
    for word in ("", ".", "..", "a.b.c", receipt[:-2], receipt.replace("..", ".e30.") + "x", "é..é", "A" * 1000):
        reply = signing.post(URL, json={"answer": one, "receipt": word})
        assert reply.json().get("result", "altered") == "altered"


def test_a_key_is_replaced_without_losing_what_it_signed(book: RuleBook, signing: TestClient) -> None:
    answer, receipt = asked(signing, CANDIDATE)
    new = new_signing_key()
    old = SigningKey.model_validate(KEY.model_dump(exclude={"d"}))
    rotated = TestClient(build_app(Settings(signing_keys=(new, old)), book))
    assert verdict(rotated, answer, receipt)["result"] == "valid"
    again, by_new = asked(rotated, CANDIDATE)
    assert again == answer
    assert verdict(rotated, again, by_new)["key"] == new.kid
    assert [key["kid"] for key in rotated.get("/.well-known/jwks.json").json()["keys"]] == [new.kid, KEY.kid]
    assert verdict(signing, again, by_new)["result"] == "unknown_key"


def test_an_answer_of_a_release_that_is_not_here_is_rightly_signed_and_no_more(signing: TestClient) -> None:
    answer, _ = asked(signing, {})
    elsewhere = "sha256:" + "0" * 64
    receipt = Signer((KEY,)).receipt(answer["id"], Decision(**answer["decision"]), elsewhere)
    answer["ruleset"]["digest"] = elsewhere
    assert verdict(signing, answer, receipt)["result"] == "other_release"
    answer["ruleset"]["digest"] = elsewhere[:-1] + "1"
    assert verdict(signing, answer, receipt)["result"] == "altered"


def test_an_answer_stays_valid_when_its_release_is_signed_or_withdrawn(book: RuleBook, signing: TestClient) -> None:
    answer, receipt = asked(signing, CANDIDATE)
    review = Review("Dr. Example, dermatologist", "2026-12-01", answer["ruleset"]["digest"])
    signed = {name: replace(release, reviewed=review) for name, release in book.releases.items()}
    engines = build_engines(Settings(), replace(book, releases=signed))
    replayer = Replayer(engines, readers_of(engines), Signer((KEY,)))
    assert replayer.verdict(Stored(answer=answer, receipt=receipt)).result == "valid"
    withdrawn = {n: replace(release, withdrawn=Withdrawn("2026-12-01", "Why.")) for n, release in signed.items()}
    engines = Engines.of(withdrawn.values(), book.current)
    replayer = Replayer(engines, readers_of(engines), Signer((KEY,)))
    assert replayer.verdict(Stored(answer=answer, receipt=receipt)).result == "valid"


@pytest.fixture(scope="module")
def later(book: RuleBook) -> Callable[[str], TestClient]:
    """Services after a correction of texts of one kind, made once."""
    return cache(lambda kind: TestClient(build_app(Settings(signing_keys=(KEY,)), corrected(book, kind))))


def corrected(book: RuleBook, kind: str) -> RuleBook:
    """Return a rule book with other texts of one kind, as a correction makes them."""

    def other(release: Release) -> Release:
        changed: dict[str, Any] = {
            "sources": {name: replace(s, says=f"{s.says} (corrected)") for name, s in release.sources.items()},
            "facts": {
                name: replace(fact, labels={value: f"{words}!" for value, words in fact.labels.items()})
                for name, fact in release.facts.items()
                if fact.kind == "country"
            },
            "weights": {name: dict.fromkeys(weights, 1.0) for name, weights in release.weights.items()},
            "limits": "What it does not know.",
        }
        changed["facts"] = {**release.facts, **changed["facts"]}
        field = {"population": "weights", "countries": "facts", "notices": "limits"}.get(kind, kind)
        digests = {**release.digests, kind: "sha256:corrected"}
        return replace(release, digests=digests, **({field: changed[field]} if field in changed else {}))

    korean = book.languages["ko"]
    words = {name: replace(fact, question=f"{fact.question} (?)") for name, fact in korean.facts.items()}
    entries = {
        name: replace(
            release,
            rules=tuple(replace(rule, says=f"{rule.says} (?)", reading="(?)") for rule in release.rules),
            alternatives=tuple(replace(each, title=f"{each.title} (?)") for each in release.alternatives),
            sources={name: replace(s, says=f"{s.says} (?)") for name, s in release.sources.items()},
        )
        for name, release in korean.entries.items()
    }
    languages = {"ko": replace(korean, facts=words, entries=entries)} if kind == "languages" else book.languages
    return replace(
        book, releases={name: other(release) for name, release in book.releases.items()}, languages=languages
    )


KINDS = ("sources", "population", "countries", "languages", "notices")


@pytest.mark.parametrize("language", ["en", "ko"])
@pytest.mark.parametrize("kind", KINDS)
def test_corrected_texts_are_told_from_altered_answers(
    later: Callable[[str], TestClient], signing: TestClient, kind: str, language: str
) -> None:
    queries = ("?ruleset=2026.1", "", "?unknowns=strict")
    candidates: list[dict[str, Any]] = [{}, CANDIDATE, {"active_skin_infection": True}]
    for query, facts in list(product(queries, candidates))[:: amount(4, 1)]:  # each of them, or each with each
        answer, receipt = asked(signing, facts, query, language)
        found = verdict(later(kind), answer, receipt)
        assert found["result"] == "other_texts", found
        assert f"/answer/ruleset/digests/{kind}" in found["differs"]
        answer["ready"] = "yes"
        found = verdict(later(kind), answer, receipt)
        assert (found["result"], found["differs"]) == ("altered", ["/answer/ready"])
        assert verdict(signing, answer, receipt)["result"] == "altered"


@pytest.mark.parametrize("kind", ["population", "countries", "languages"])
def test_a_text_of_one_kind_is_not_excused_by_another_kind(
    later: Callable[[str], TestClient], signing: TestClient, kind: str
) -> None:
    answer, receipt = asked(signing, {"active_skin_infection": True})
    path = next(place for place in places(answer) if place[-1] == "says" and "sources" in place)
    within = answer
    for step in path[:-1]:
        within = within[step]
    within["says"] = "Something else."
    found = verdict(later(kind), answer, receipt)
    assert (found["result"], len(found["differs"])) == ("altered", 1)


def test_an_answer_of_another_contract_is_never_called_altered(signing: TestClient) -> None:
    answer, _ = asked(signing, CANDIDATE)
    content = payload(answer["id"], answer["decision"], answer["ruleset"]["digest"], CONTRACT + 1)
    header = {"alg": "Ed25519", "kid": KEY.kid}
    key = OKPKey.import_key(KEY.model_dump(exclude_none=True))
    protected, _, signature = jws.serialize_compact(header, content, key, ["Ed25519"]).split(".")
    other = {"id": answer["id"], "decision": answer["decision"], "everything": "else"}
    other["ruleset"] = answer["ruleset"] | {"contract": CONTRACT + 1}
    found = verdict(signing, other, f"{protected}..{signature}")
    assert (found["result"], found["release"], found["differs"]) == ("other_contract", "2026.3", [])
    other["ruleset"] = answer["ruleset"]
    assert verdict(signing, other, f"{protected}..{signature}")["result"] == "altered"


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ([], ""),
        ({}, "/answer"),
        ({"answer": {}}, "/receipt"),
        ({"answer": {"id": "a", "decision": {}, "ruleset": {"digest": "b", "contract": 1}}}, "/receipt"),
        ({"answer": {"id": "a", "decision": {}, "ruleset": {"digest": "b", "contract": 1}}, "receipt": 1}, "/receipt"),
        ({"answer": {"id": "a", "decision": {}}, "receipt": ""}, "/answer"),
        (
            {"answer": {"id": "a", "decision": {}, "ruleset": {"digest": "b", "contract": True}}, "receipt": ""},
            "/answer",
        ),
        ({"answer": {}, "receipt": "", "colour": "red"}, "/colour"),
    ],
)
def test_a_body_that_is_no_stored_answer_is_refused(signing: TestClient, body: Any, pointer: str) -> None:
    reply = signing.post(URL, json=body)
    assert reply.status_code == 422
    assert reply.json()["errors"][0]["pointer"] == pointer


def test_facts_that_are_needed_are_asked_for(signing: TestClient) -> None:
    answer, receipt = asked(signing, CANDIDATE, "?view=decision")
    for more, pointer in (
        ({}, "/facts"),
        ({"facts": {"colour": "red"}}, "/facts/colour"),
        ({"facts": CANDIDATE, "unavailable": ["colour"]}, "/unavailable/0"),
    ):
        reply = signing.post(URL, json={"answer": answer, "receipt": receipt, **more})
        assert reply.status_code == 422
        assert [error["pointer"] for error in reply.json()["errors"]] == [pointer]


class Trusting(Signer):
    """Believes every receipt: what is not signed is decided again all the same."""

    def check(self, receipt: str, name: str, decision: object, digest: str, contract: int = CONTRACT) -> str:
        return receipt


class Careless(Replayer):
    """Looks at the signature alone."""

    def _compare(self, *_: Any) -> list[str]:
        return []


@pytest.mark.parametrize("wrong", [Trusting, Careless], ids=["trusts_every_receipt", "looks_at_the_signature_alone"])
def test_a_wrong_receipt_check_is_noticed(engines: Engines, signing: TestClient, wrong: type) -> None:
    answer, receipt = asked(signing, {"active_skin_infection": True})
    is_signer = issubclass(wrong, Signer)
    right, other = Signer((KEY,)), wrong((KEY,)) if is_signer else Signer((KEY,))
    make = Replayer if is_signer else wrong
    forged = answer if is_signer else answer | {"summary": "Go ahead."}
    of = "a..b" if is_signer else receipt
    readers = readers_of(engines)
    assert Replayer(engines, readers, right).verdict(Stored(answer=forged, receipt=of)).result == "altered"
    assert make(engines, readers, other).verdict(Stored(answer=forged, receipt=of)).result == "valid"
