"""The digest of a release, and those of texts beside it.

The digest of a release covers facts, rules, laws, plans, all other entries that go with a decision, and their English
sentences. Paraphrases of sources, population weights, names of countries, languages, what a patient is asked and reads,
and notices about the release have a digest each, so that they can be corrected without another release.
"""

import json
from collections.abc import Mapping
from dataclasses import fields
from hashlib import sha256
from typing import Any

from app.core.rules import Source
from app.proof.traceability import cited
from app.rulebook.book import INTAKE, RULE_FILES, SAFETY, Book

NOT_DIGESTED = {"since", "until", "changed", "examples"}


def digest(book: Book, release: str) -> str:
    """Return the digest of a release, without examples and signatures."""
    countries = list(book.entries["countries.yaml"])
    wording = book.wording(release).model_dump(exclude={"changed"})
    laws = _living(book, release, ("laws.yaml",))
    return digest_of(_entries(book, release) | laws | {"countries.yaml": countries, "wording.yaml": wording})


def digests(book: Book, release: str, known: Mapping[str, Source]) -> dict[str, str]:
    """Return the digests of what the digest of a release leaves out.

    `known` are the sources in English.
    """
    facts = {entry.name for _, entry in book.living("facts.yaml", release)}
    population = book.entries["population.yaml"].model_dump()
    population["facts"] = _among(population["facts"], facts)
    entry = next(entry for entry in book.releases if entry.id == release)
    apart = {
        "sources": [_plain(known[name]) for name in sorted(cited(_entries(book, release))) if name in known],
        "population": population,
        "countries": book.entries["countries.yaml"],
        "languages": {
            code: words
            | {
                "facts": _among(words["facts"], facts),
                "releases": words["releases"].get(release),
                "entries": {
                    file: given for (of, file), given in book.words.items() if of == code and file not in SAFETY
                },
                "countries": book.countries.get(code),
            }
            for code, words in ((code, language.model_dump()) for code, language in book.languages.items())
        },
        "intake": _living(book, release, INTAKE),
        "notices": entry.model_dump(include={"withdrawn", "limits"}),
    }
    return {name: digest_of(what) for name, what in apart.items()}


def digest_of(data: Any) -> str:
    """Return the digest of plain data."""
    text = json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return "sha256:" + sha256(text.encode()).hexdigest()


def _plain(source: Source) -> dict[str, Any]:
    return {field.name: getattr(source, field.name) for field in fields(source)}  # six texts; `asdict` copies each


def _entries(book: Book, release: str) -> dict[str, Any]:
    entries = _living(book, release, ("facts.yaml", "scales.yaml", "stages.yaml", *RULE_FILES))
    for plan in entries["plans.yaml"]:
        plan["components"] = [
            {key: value for key, value in component.items() if key not in NOT_DIGESTED}
            for component in plan["components"]
            if book.lives(component["since"], component["until"], release)
        ]
    return entries


def _living(book: Book, release: str, files: tuple[str, ...]) -> dict[str, Any]:
    return {file: [entry.model_dump(exclude=NOT_DIGESTED) for _, entry in book.living(file, release)] for file in files}


def _among(given: Mapping[str, Any], names: set[str]) -> dict[str, Any]:
    return {name: value for name, value in given.items() if name in names}
