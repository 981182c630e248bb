"""What two releases say otherwise: each text that differs is found, and nothing else."""

from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass, replace
from typing import Any

import pytest

from app.core.catalogue import entries
from app.core.conditions import Comparison
from app.core.languages import translated
from app.core.rules import Release
from app.proof.compare import compare
from app.proof.report import entries_in_lines
from app.proof.texts import SILENT, Code, different_entries, leaves
from app.rulebook.load import RuleBook

LISTS = ("rules", "cautions", "preconditions", "notices", "alternatives", "plans", "laws")


@pytest.fixture(scope="module")
def release(book: RuleBook) -> Release:
    return book.releases[book.current]


def reworded(value: Any) -> Any:
    """Return a value with another text or condition in it; itself where there is none."""
    if isinstance(value, str) and value:
        return f"{value} otherwise"
    if isinstance(value, Comparison):
        return replace(value, text=f"not {value.text}")
    if isinstance(value, tuple) and value:
        return (reworded(value[0]), *value[1:])
    if isinstance(value, dict) and value:
        first = next(iter(value))
        return {**value, first: reworded(value[first])}
    if is_dataclass(value) and not isinstance(value, type):
        for name, other in reworded_fields(value):
            return replace(value, **{name: other})
    return value


def reworded_fields(value: Any) -> Iterator[tuple[str, Any]]:
    """Yield each field of an entry that has a text, with another one in it."""
    for each in fields(value):
        was = getattr(value, each.name)
        if each.init and each.name not in SILENT and (other := reworded(was)) != was:
            yield each.name, other


def test_a_release_says_what_it_says(release: Release) -> None:
    assert different_entries(release, release) == []


@pytest.mark.parametrize("name", LISTS)
def test_every_reworded_text_of_every_entry_is_seen(release: Release, name: str) -> None:
    """One field of one entry at a time: what differs lies in that field."""
    tried = 0
    for entry in getattr(release, name):
        before = dict(leaves(entry))
        for field, other in reworded_fields(entry):
            after = dict(leaves(replace(entry, **{field: other})))
            differs = {part.split(".")[0] for part, _ in before.items() ^ after.items()}
            assert differs == {field}, entry
            tried += 1
    assert tried >= 2 * len(getattr(release, name))


@pytest.mark.parametrize("name", LISTS)
def test_the_entry_that_says_something_else_is_named(release: Release, name: str) -> None:
    first, *others = getattr(release, name)
    (field, other), *_ = reworded_fields(first)
    given: dict[str, Any] = {name: (replace(first, **{field: other}), *others)}
    (difference,) = different_entries(release, replace(release, **given))
    assert (difference.change, difference.texts[0].part.split(".")[0]) == ("changed", field)
    assert difference.id == getattr(first, "id", getattr(first, "name", None))


@pytest.mark.parametrize(
    ("change", "differs"),
    [
        (lambda r: {"cautions": r.cautions[1:]}, ("caution", "removed")),
        (lambda r: {"preconditions": r.preconditions[:-1]}, ("precondition", "removed")),
        (lambda r: {"facts": dict(list(r.facts.items())[1:])}, ("fact", "removed")),
        (
            lambda r: {"facts": {n: replace(f, question=f"{f.question}?") for n, f in r.facts.items()}},
            ("fact", "changed"),
        ),
        (lambda r: {"facts": {n: replace(f, help="!") for n, f in r.facts.items()}}, ("fact", "changed")),
        (lambda r: {"scales": {}}, ("scale", "removed")),
        (lambda r: {"patient": {n: reworded(w) for n, w in r.patient.items()}}, ("patient", "changed")),
        (lambda r: {"wording": replace(r.wording, assumption="otherwise")}, ("wording", "changed")),
    ],
)
def test_what_comes_goes_or_is_asked_otherwise_is_found(
    release: Release, change: Callable[[Release], dict[str, Any]], differs: tuple[str, str]
) -> None:
    other = replace(release, **change(release))
    assert {(each.kind, each.change) for each in different_entries(release, other)} == {differs}
    mirrored = {"removed": "added"}.get(differs[1], differs[1])
    assert {(each.kind, each.change) for each in different_entries(other, release)} == {(differs[0], mirrored)}


def test_releases_differ_by_what_is_known_of_them(book: RuleBook) -> None:
    before, after = book.releases["2026.2"], book.releases["2026.3"]
    found = {(each.kind, each.id): each for each in compare(before, after).entries}
    assert found["label_review", "REVIEW-HEALING"].change == "added"
    caution = found["caution", "CAUTION-PREGNANT-PHASE-1"]
    (when,) = [text for text in caution.texts if text.part == "when"]
    assert (when.before, when.after) == (
        "pregnant = true or breastfeeding = true",
        "pregnant = true or breastfeeding = true or planning_pregnancy = true",
    )
    ids = [{entry.id for entry in entries(release)} for release in (before, after)]
    for each in found.values():
        if each.kind not in ("fact", "scale", "law", "patient", "wording"):
            assert (each.id in ids[0], each.id in ids[1]) == {
                "added": (False, True),
                "removed": (True, False),
                "changed": (True, True),
            }[each.change]
    lines = entries_in_lines(compare(before, after))
    assert "  added label_review REVIEW-HEALING\n    + when: abnormal_healing = true\n" in lines
    assert f"    - when: {when.before}\n    + when: {when.after}\n" in lines


def test_what_is_called_no_sentence_is_the_same_in_every_language(release: Release, book: RuleBook) -> None:
    korean = translated(release, book.languages["ko"])
    pairs = [pair for name in LISTS for pair in zip(getattr(release, name), getattr(korean, name), strict=True)]
    pairs += [(words, korean.patient[name]) for name, words in release.patient.items()]
    for english, there in (*pairs, (release.wording, korean.wording)):
        spoken = dict(leaves(there))
        for part, text in leaves(english):
            assert isinstance(text, Code) == (spoken[part] == text), (english, part)


def test_a_difference_is_one_of_an_entry(release: Release) -> None:
    (only,) = different_entries(release, replace(release, cautions=release.cautions[:-1]))
    assert all(text.after is None and text.before for text in only.texts)
    assert {text.part for text in only.texts} >= {"says", "when", "sources"}
