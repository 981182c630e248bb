"""The count of codes per fact and system in `docs/ehr.md` is the one of `rules/codes`."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from app.engines import rules_folder
from app.rulebook import schema_codes
from app.rulebook.book import Book, read_book

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "ehr.md"
HEAD = "| fact | ICD-10 | SNOMED CT | RxNorm | ATC | LOINC | names |"
LISTS = ("icd", "snomed", "rxnorm", "atc", "loinc", "names")
SETS = ("conditions", "procedures", "devices", "observations", "allergies")
NONE = "none of them"


def counted(entry: schema_codes.Set | schema_codes.Medicine) -> Iterator[tuple[str, int]]:
    """Yield how many codes and names an entry has, by list."""
    for name in LISTS:
        yield name, len(getattr(entry, name, []))
    if isinstance(entry, schema_codes.Medicine):
        yield "names", len(entry.systemic_names) + len(entry.local_names)


def table(book: Book) -> list[str]:
    """Return the table of codes per fact and system."""
    counts: Counter[tuple[str, str]] = Counter()
    for file in SETS:
        for entry in book.entries[f"codes/{file}.yaml"]:
            counts.update({(entry.fact or NONE, name): number for name, number in counted(entry)})
    for entry in book.entries["codes/medicines.yaml"]:
        for fact in {effect.fact for effect in entry.effects} or {NONE}:
            for name, number in counted(entry):
                counts[fact, name] += number
    facts = sorted({fact for fact, _ in counts} - {NONE})
    rows = [f"| {fact} | " + " | ".join(str(counts[fact, name]) for name in LISTS) + " |" for fact in [*facts, NONE]]
    return [HEAD, "|---|" + "---|" * len(LISTS), *rows]


def test_the_guide_counts_the_codes_per_fact_and_system() -> None:
    lines = GUIDE.read_text(encoding="utf-8").splitlines()
    start = lines.index(HEAD)
    end = next(
        place for place in range(start, len(lines) + 1) if place == len(lines) or not lines[place].startswith("|")
    )
    assert lines[start:end] == table(read_book(Path(rules_folder())))


if __name__ == "__main__":
    print("\n".join(table(read_book(Path(rules_folder())))))
