"""The digest of a release covers what it decides and says; what may be corrected has a digest of its own."""

import re
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from typer.testing import CliRunner

from app.cli import cli
from app.engines import rules_folder
from app.rulebook.book import RULE_FILES, Book, read_book
from app.rulebook.digests import digest, digest_of, digests
from app.rulebook.files import BrokenRuleBookError
from app.rulebook.load import load
from app.rulebook.sources import sources

Digest = Callable[[Book, str], str]
OF_THE_RELEASE = {
    "fact": ("facts.yaml", "in or near the area that would be treated?", "in the area that would be treated?"),
    "rule": ("phases.yaml", "elasticity_loss >= moderate", "elasticity_loss >= advanced"),
    "sentence": ("exclusions.yaml", "An active skin infection in or near", "An open skin infection in or near"),
    "law": ("laws.yaml", "fact: sagging\n  says", "fact: photodamage\n  says"),
    "plan": ("plans.yaml", "{min: 3, max: 5, unit: sessions", "{min: 3, max: 6, unit: sessions"),
    "caution": ("cautions.yaml", "topic: age", "topic: medical"),
    "precondition": ("preconditions.yaml", "outside: true", "outside: false"),
    "notice": ("notices.yaml", "order: 10\n", "order: 11\n"),
    "alternative": ("alternatives.yaml", "min: 3, max: 7, unit: days", "min: 3, max: 8, unit: days"),
    "scale": ("scales.yaml", "II: moderate", "II: advanced"),
    "wording": ("wording.yaml", "unknown: I don't know", "unknown: Not sure"),
    "country": ("countries.yaml", "KR:", "KX:"),
}
APART = {
    "sources": ("ledger.yaml", "At age 25: not worth doing", "At age 25 it is not worth doing"),
    "population": ("population.yaml", "weight: ", "weight: 1"),
    "countries": ("countries.yaml", "KR: ", "KR: The "),
    "languages": ("languages/ko.yaml", "yes: 예", "yes: 네"),
    "notices": ("releases.yaml", "and knows no label safety", "without label safety"),
}


def everything(book: Book, of: Digest = digest) -> dict[str, str]:
    return {"release": of(book, "2026.1")} | digests(book, "2026.1", sources(book))


def changed(edit: tuple[str, str, str], folder: Path, of: Digest = digest) -> set[str]:
    """Return which digests an edit of the shipped rule book changes."""
    shutil.copytree(rules_folder(), folder, dirs_exist_ok=True)
    file, old, new = edit
    text = (folder / file).read_text("utf-8")
    assert old in text
    before = everything(read_book(folder), of)
    (folder / file).write_text(text.replace(old, new, 1), "utf-8")
    after = everything(read_book(folder), of)
    return {name for name in before if before[name] != after[name]}


@pytest.mark.parametrize("what", OF_THE_RELEASE)
def test_what_is_decided_and_said_changes_the_digest_of_the_release(what: str, tmp_path: Path) -> None:
    assert "release" in changed(OF_THE_RELEASE[what], tmp_path)


@pytest.mark.parametrize("what", APART)
def test_what_may_be_corrected_changes_its_own_digest_alone(what: str, tmp_path: Path) -> None:
    assert changed(APART[what], tmp_path) == {what}


@pytest.mark.parametrize(
    "edit",
    [
        ("label_safety.yaml", "keloid_history = true", "keloid_history = false"),
        ("wording.yaml", "A clinician decides first: not", "A physician decides first: not"),
    ],
)
def test_what_another_release_alone_has_changes_nothing(edit: tuple[str, str, str], tmp_path: Path) -> None:
    assert changed(edit, tmp_path) == set()


def without_laws(book: Book, release: str) -> str:
    """Return the digest as it was: over the entries that have sources."""
    return digest_of({file: [e.model_dump() for _, e in book.living(file, release)] for file in RULE_FILES})


def with_sources(book: Book, release: str) -> str:
    """Return a digest that a corrected paraphrase would change."""
    return digest_of([digest(book, release), digests(book, release, sources(book))["sources"]])


WRONG: Mapping[str, tuple[Digest, tuple[str, str, str], bool]] = {
    "leaves_out_laws": (without_laws, OF_THE_RELEASE["law"], True),
    "covers_paraphrases": (with_sources, APART["sources"], False),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_digest_is_noticed(name: str, tmp_path: Path) -> None:
    of, edit, changes = WRONG[name]
    assert ("release" in changed(edit, tmp_path / "wrong", of)) != changes
    assert ("release" in changed(edit, tmp_path / "right")) == changes


def test_a_new_release_gets_its_digest_from_the_command(tmp_path: Path) -> None:
    """Without a placeholder: the command prints it, the check says what to write, and takes what was printed."""
    folder = tmp_path / "rules"
    shutil.copytree(rules_folder(), folder)
    releases = folder / "releases.yaml"
    text = releases.read_text("utf-8")
    *_, (line, pinned) = re.findall(r'(    digest: "(.+)"\n)', text)
    releases.write_text(text.replace(line, ""), "utf-8")
    printed = CliRunner().invoke(cli, ["digest", "--rules", str(folder)]).stdout
    assert printed.splitlines()[-1] == f"2026.3 {pinned}"
    with pytest.raises(BrokenRuleBookError) as refused:
        load(folder)
    (error,) = refused.value.errors
    assert (error.file, error.entry, error.says) == ("releases.yaml", "2026.3", f'write `digest: "{pinned}"`')
