"""Every fault of `rules/codes` is refused, with file, line and what would be right."""

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from app.engines import rules_folder
from app.rulebook.book import ADAPTERS, SETS, Book, explain, read_book
from app.rulebook.check_codes import check_codes
from app.rulebook.codes import codes_of
from app.rulebook.files import RuleBookError, read
from app.rulebook.load import RuleBook

SET = "- {fact: pregnant, value: true, says: x, sources: [T1], snomed: [{code: '1', title: x, seen: [SEEN, ALSO]}]}\n"
MEDICINE = "- {medicine: m, use: both, names: [zzz], atc: [{code: Z99, title: x, seen: [SEEN, ALSO]}], effects: []}\n"
WRONG = [
    (
        "systems",
        "- {system: x, title: x, addresses: ['http://loinc.org'], family: exact, licence: x, seen: [SEEN]}",
        "two systems",
    ),
    ("systems", "- {system: x, title: x, addresses: [y], family: other, licence: x, seen: [SEEN]}", "`family`"),
    ("spans", "- {fact: height, yes_days: 1, no_days: 1, reading: x}", "`height` is not a fact"),
    ("spans", "- {fact: pregnant, yes_days: 1, no_days: 1, reading: x}", "`pregnant` has two spans"),
    ("spans", "- {fact: pregnant, yes_days: 0, no_days: 1, reading: x}", "a number above 0"),
    ("conditions", SET.replace("fact: pregnant, ", ""), "a set names its `fact`, or says"),
    ("conditions", SET.replace("says", "irrelevant: true, says"), "a set names its `fact`, or says"),
    ("conditions", SET.replace("fact: pregnant", "fact: height"), "`height` is not a fact"),
    ("conditions", SET.replace("value: true", "value: maybe"), "`maybe` is no answer of `pregnant`"),
    ("conditions", SET.replace("[T1]", "[Q1]"), "`Q1` is cited and is in none"),
    ("conditions", SET.replace("[T1]", "[]"), "`sources` name at least one"),
    ("conditions", SET.replace("[SEEN, ALSO]", "[SEEN]"), "was seen in two places"),
    ("conditions", SET.replace("[SEEN, ALSO]", "[SEEN, SEEN]"), "was seen in two places"),
    ("conditions", SET.replace("[SEEN, ALSO]", "[SEEN, nowhere]"), "`nowhere` is no id of material.yaml"),
    ("conditions", SET.replace("seen: [SEEN, ALSO]", "seen: []"), "at least 1"),
    ("conditions", SET.replace("code: '1'", "site: in"), "one `code` or one `prefix`"),
    ("conditions", SET.replace("code: '1'", "code: '1', but: ['12']"), "`12` is not below `1`"),
    ("conditions", SET.replace("snomed: [{", "other: [{system: x, "), "`x` is no system"),
    ("conditions", SET.replace("snomed: [{", "icd: [{systems: [x], "), "`x` is no system"),
    ("conditions", SET.partition(", snomed")[0] + "}", "at least one code or name"),
    ("conditions", SET + SET.replace("true", "false"), "`1` gives `pregnant` two values"),
    (
        "conditions",
        SET.replace("snomed", "answers: [{system: x, code: y, value: true, seen: [SEEN, ALSO]}], snomed"),
        "`x` is no system",
    ),
    ("conditions", SET.replace("says: x", "rules_out: [maybe], says: x"), "`maybe` is no answer"),
    ("conditions", SET.replace("says: x", "ended: {value: maybe, within_days: 1}, says: x"), "`maybe` is no answer"),
    ("conditions", SET.replace("says: x", "colour: red, says: x"), "`colour` is no key"),
    ("medicines", MEDICINE + MEDICINE.replace("medicine: m", "medicine: n"), "`zzz` is a name of `m` and of `n`"),
    (
        "medicines",
        MEDICINE.replace("effects: []", "effects: [{fact: pregnant, value: 7, says: x, sources: [T1]}]"),
        "`7` is no answer",
    ),
    ("sentences", "- {id: nonsense, says: {en: x, ko: x}}", "`nonsense` is no reason"),
    ("sentences", "- {id: current, says: {en: x}}", "`ko` of `current` is missing"),
]


@pytest.fixture(scope="module")
def shipped() -> Book:
    """The rule book as shipped, as it was read."""
    return read_book(rules_folder())


def faults(book: RuleBook, shipped: Book, path: Path, kind: str, more: str) -> Iterator[tuple[RuleBookError, int]]:
    """Yield the faults that more text at the end of a file makes, and the line after which it stands."""
    name = f"codes/{kind}.yaml"
    seen = [entry.id for entry in shipped.entries["codes/material.yaml"]][:2]
    before = (rules_folder() / name).read_text("utf-8")
    path.write_text(f"{before}\n{more.replace('SEEN', seen[0]).replace('ALSO', seen[1])}\n", "utf-8")
    file = read(path, name)
    after = before.count("\n") + 1
    try:
        entries = ADAPTERS[name].validate_python(file.data)
    except ValidationError as error:
        yield from ((each, after) for each in explain(file, error))
        return
    changed = replace(shipped, files={**shipped.files, name: file}, entries={**shipped.entries, name: entries})
    yield from ((error, after) for error in check_codes(changed, book.releases))


@pytest.mark.parametrize(("kind", "more", "says"), WRONG)
def test_a_fault_of_the_codes_is_refused(
    book: RuleBook, shipped: Book, tmp_path: Path, kind: str, more: str, says: str
) -> None:
    found = list(faults(book, shipped, tmp_path / "file.yaml", kind, more))
    assert any(says in error.says for error, _ in found), [str(error) for error, _ in found]
    assert all(error.file == f"codes/{kind}.yaml" for error, _ in found)
    assert all(error.line > after or error.line == 1 for error, after in found)


@pytest.mark.parametrize(("kind", "more"), [("conditions", SET), ("medicines", MEDICINE)])
def test_a_set_that_is_right_is_not_refused(
    book: RuleBook, shipped: Book, tmp_path: Path, kind: str, more: str
) -> None:
    assert list(faults(book, shipped, tmp_path / "file.yaml", kind, more)) == []


def word_lists(data: Any, found: str = "") -> Iterator[list[str]]:
    """Yield every list of the codes that words are looked up in."""
    for key, value in data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ():
        is_one = key in ("words", "unless", "local", "systemic") or str(key).endswith("names") or found == "facts"
        if is_one and isinstance(value, list):
            yield value
        yield from word_lists(value, str(key))


@pytest.mark.parametrize("word", ["{", "...", "_", "*", " ", "two stem*", "low-platel*", "소염*"])
def test_a_word_that_is_never_found_is_refused_wherever_it_stands(
    book: RuleBook, shipped: Book, monkeypatch: pytest.MonkeyPatch, word: str
) -> None:
    found = 0
    for name in (f"codes/{kind}.yaml" for kind in ("words", "medicines", *SETS)):
        data = deepcopy(shipped.files[name].data)
        lists = [listed for listed in word_lists(data) if listed]
        text = (rules_folder() / name).read_text("utf-8").splitlines()
        firsts = [listed[0] for listed in lists]
        for listed in lists:
            listed[0] = word
        with monkeypatch.context() as patched:
            patched.setitem(shipped.entries, name, ADAPTERS[name].validate_python(data))
            errors = [each for each in check_codes(shipped, book.releases) if f"`{word}` is never found" in each.says]
        assert len(errors) == len(lists)
        assert {each.file for each in errors} <= {name}
        lines = " ".join(text[each.line - 1] for each in errors)
        assert [first for first in firsts if first not in lines] == []
        found += len(errors)
    assert found > 50


def test_a_fact_without_a_span_is_refused(book: RuleBook, shipped: Book) -> None:
    name = "codes/spans.yaml"
    fewer = replace(shipped, entries={**shipped.entries, name: shipped.entries[name][1:]})
    missing = shipped.entries[name][0].fact
    assert [error.says for error in check_codes(fewer, book.releases)] == [f"`{missing}` of {book.current} has no span"]


def test_the_digest_is_over_every_code(shipped: Book) -> None:
    digest = codes_of(shipped).digest
    assert codes_of(shipped).digest == digest
    for name, entries in shipped.entries.items():
        if name.startswith("codes/") and isinstance(entries, list):
            fewer = replace(shipped, entries={**shipped.entries, name: entries[:-1] if len(entries) > 1 else []})
            if name in ("codes/systems.yaml", "codes/sentences.yaml"):
                continue  # others refer to them
            assert codes_of(fewer).digest != digest
