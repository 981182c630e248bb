"""Texts of the rule book as people read them: no capitals for emphasis, no place markers, nothing cut off."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from app.engines import rules_folder
from app.rulebook.files import read

SHOWN = {
    *("says", "title", "section", "reading", "answered_by", "suggests", "note", "aside", "about", "kind", "publisher"),
    *("question", "help", "discuss", "to", "otherwise", "name", "short", "citation", "changes", "limits"),
}
"""The keys of what is shown to people."""
ACRONYMS = re.compile(
    r"ADSC|AIDS|ASDS|ATMP|BDD|CAT|CO2|COL[13]A1|CRT|CaHA|EC|EMA|EU|FAQ|FDA|GMP|HIV|HSV|ICD|IND|ISSCR|JSRM|MFDS|MHLW|MHRA|"
    r"MMPs?|MSC|NSAID|PABA|PDGF|PIH|PRP|QAI|RCTs|RF|ROS|TGF|UK|USA?|UV|SmPC|eCFR|iPSCs?|mRNA|microRNAs?|DEN160029|[IVX]+"
)
"""Known acronyms, names of devices, and Roman numerals."""
IDS = re.compile(r"\b(?:[A-Z]{1,2}\d?-?\d+[a-z]?(?:[-/]\d+)*|(?:EXC|SCOPE|PHASE|REVIEW|CAUTION|PLAN|ALT)-[A-Z0-9-]+)\b")
SMALL_WORDS = re.compile(r"a|an|and|as|by|for|from|into|is|or|p|that|the|was|with")
PLACES = re.compile(r"\b(?:bullets?|rows? \d|lines? \d|seeds?|same section|ibid)\b", re.IGNORECASE)


def shouted(text: str) -> list[str]:
    """Return the words in capitals that are no known acronym, number or id."""
    words = re.findall(r"[A-Za-z0-9]*[A-Z]{2,}[A-Za-z0-9]*", IDS.sub("", text))
    return [word for word in words if not ACRONYMS.fullmatch(word)]


def places(text: str) -> list[str]:
    """Return the words that say where something stands in a way that only its transcriber understands."""
    return PLACES.findall(text)


def unbalanced(text: str) -> list[str]:
    """Return the brackets and quotes that do not close."""
    wrong = ['"'] if text.count('"') % 2 else []
    opened: list[str] = []
    for sign in re.findall(r"[()\[\]]", text):
        if sign in "([":
            opened.append(sign)
        elif not opened or opened.pop() + sign not in ("()", "[]"):
            wrong.append(sign)
    return wrong + opened


def cut(title: str, text: str = "") -> list[str]:
    """Return the last word of a title that breaks off: on a small word, or where its text goes on."""
    last = re.findall(r"\w+|$", title)[-2:][0]
    goes_on = text.startswith(title) and not re.match(r"[;:,(]| \(|$", text[len(title) :])
    return [last] if SMALL_WORDS.fullmatch(last) or len(title) > 120 or goes_on else []


def texts() -> Iterator[tuple[str, str, str, dict[str, Any]]]:
    """Yield the file, key, text and entry of everything that is shown."""

    def walk(file: str, value: Any) -> Iterator[tuple[str, str, str, dict[str, Any]]]:
        if isinstance(value, dict):
            for key, inside in value.items():
                if key in SHOWN and isinstance(inside, str):
                    yield file, key, inside, value
                else:
                    yield from walk(file, inside)
        elif isinstance(value, list):
            for inside in value:
                yield from walk(file, inside)

    for path in sorted(rules_folder().glob("*.yaml")):
        if path.name not in ("countries.yaml", "variable_order.yaml"):
            yield from walk(path.name, read(Path(path)).data)


def evidence() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = read(rules_folder() / "evidence.yaml").data
    return found


CHECKS: dict[str, Callable[[str], list[str]]] = {"shouted": shouted, "places": places, "unbalanced": unbalanced}


@pytest.mark.parametrize("check", CHECKS)
def test_no_text_that_people_read_is_at_fault(check: str) -> None:
    listed = [text for text in texts() if check == "unbalanced" or text[1] != "citation"]
    assert len(listed) > 1000
    faults = {
        f"{file} {entry.get('id', entry.get('name'))} {key}": CHECKS[check](said) for file, key, said, entry in listed
    }
    assert {where: found for where, found in faults.items() if found} == {}


def test_no_title_breaks_off() -> None:
    titles = [(entry.get("id"), said, entry.get("says", "")) for _, key, said, entry in texts() if key == "title"]
    assert len(titles) > 100
    assert {name: found for name, title, says in titles if (found := cut(title, says))} == {}
    assert [title for _, title, _ in titles if title[0].islower()] == []


def test_every_public_address_stands_in_the_citation_it_belongs_to() -> None:
    for entry in evidence():
        address = entry.get("public_url")
        assert address == (stated(address, entry["citation"]) if address else None)
    assert sum("public_url" in entry for entry in evidence()) > 30
    with_doi = [entry for entry in evidence() if "doi 10." in entry["citation"]]
    assert [e["id"] for e in with_doi if not e.get("public_url", "").startswith("https://doi.org/10.")] == []


def test_every_source_has_a_public_address_or_says_why_not() -> None:
    by_id = {entry["id"]: entry for entry in evidence()}
    wrong = {name: unaddressed(entry, by_id) for name, entry in by_id.items()}
    assert {name: found for name, found in wrong.items() if found} == {}


def unaddressed(entry: dict[str, Any], by_id: dict[str, dict[str, Any]]) -> str:
    """Return what is wrong with a source of no public address: it names others in its note, and they have theirs."""
    rests_on = re.match(r"No address of its own: it rests on (.+?), which ha", entry.get("note", ""))
    if "public_url" in entry:
        return "has an address and says that it has none" if rests_on else ""
    if not rests_on:
        return "has no address and says no reason"
    named = IDS.findall(rests_on[1])
    return "" if named and all("public_url" in by_id[name] for name in named) else f"rests on {named}"


@pytest.mark.parametrize(
    ("entry", "wrong"),
    [
        ({}, "has no address and says no reason"),
        ({"note": "Seen as mirror."}, "has no address and says no reason"),
        ({"note": "No address of its own: it rests on T4, which has its own."}, "rests on ['T4']"),
        ({"note": "No address of its own: it rests on M5 and T4, which have theirs."}, "rests on ['M5', 'T4']"),
        ({"note": "No address of its own: it rests on M5 and R5, which have theirs."}, ""),
        ({"public_url": "https://example.org/a"}, ""),
        (
            {
                "public_url": "https://example.org/a",
                "note": "No address of its own: it rests on M5, which has its own.",
            },
            "has an address and says that it has none",
        ),
    ],
)
def test_a_source_without_address_or_reason_is_noticed(entry: dict[str, Any], wrong: str) -> None:
    assert unaddressed(entry, {found["id"]: found for found in evidence()}) == wrong


def stated(address: str, citation: str) -> str | None:
    """Return the address where the citation states it, as a DOI, a PMC id or the address itself."""
    doi = re.fullmatch(r"https://doi\.org/(10\..+)", address)
    pmc = re.fullmatch(r"https://pmc\.ncbi\.nlm\.nih\.gov/articles/(PMC\d+)/", address)
    key = f"doi {doi[1]}" if doi else pmc[1] if pmc else address.removeprefix("https://")
    return address if key in citation else None


@pytest.mark.parametrize(
    ("check", "text"),
    [
        (shouted, "Intradermal exosome: pain, nodules, skin NECROSIS"),
        (shouted, "Exceptional case 1, where OUTCOMES MAY DIFFER: active infection"),
        (shouted, "NOT evaluated in pregnancy"),
        (shouted, "RF MICROneedling"),
        (places, "Am I an Ideal Candidate (bullet 5, Phase 3)"),
        (places, "How Does It Compare / table row 2"),
        (places, "(the seed attributes this to a journal)"),
        (unbalanced, "Can It Rejuvenate Both Skin Tone and Elasticity? (title"),
        (unbalanced, 'Ignore the "front-label word'),
        (unbalanced, "other light (within 2-3 weeks]"),
        (cut, "FDA has authorised microneedling devices only for facial acne scars, facial wrinkles and a"),
        (cut, "InMode Optimas manual p"),
    ],
)
def test_a_wrong_text_is_noticed(check: Callable[[str], list[str]], text: str) -> None:
    assert check(text)


@pytest.mark.parametrize(
    ("title", "text"),
    [
        ("devices intended for tran", "devices intended for transdermal delivery"),
        ("The labeling names acti", "The labeling names actinic keratosis"),
        ("Products, 22", "Products, 22 July 2020: only cord-blood cells"),
    ],
)
def test_a_wrong_title_is_noticed(title: str, text: str) -> None:
    assert cut(title, text)


@pytest.mark.parametrize(
    ("address", "citation"),
    [
        ("https://doi.org/10.1/other", "Friedmann 2024, doi 10.1097/DSS.0000000000004450"),
        ("https://pmc.ncbi.nlm.nih.gov/articles/PMC1/", "Liang 2022, PMC9171013"),
        ("https://fda.gov/devices", "Microneedling Devices, fda.gov/medical-devices"),
    ],
)
def test_a_wrong_address_is_noticed(address: str, citation: str) -> None:
    assert stated(address, citation) is None


def test_right_texts_pass() -> None:
    says = 'RF, CO2 and iPSC (S3-31, T19, EXC-MINOR) in types IV-VI; the FDA [2020] says "no"'
    assert (shouted(says), places(says), unbalanced(says)) == ([], [], [])
    assert cut("Skin of colour", "Skin of colour: microneedling may be safer") == []
