"""Signatures: which clinician has read and signed which release.

A signature names the digest of the release, so it falls with the first changed word of a rule. Its own digest shows
that nobody changed who signed or when; it proves no identity.
"""

import json
from collections.abc import Iterator
from datetime import datetime
from hashlib import sha256
from pathlib import Path

import yaml

from app.core.rules import Release, Review
from app.rulebook import schema_book
from app.rulebook.book import Book
from app.rulebook.files import RuleBookError, read, write_whole

FILE = "signatures.yaml"
HEADER = "# Which clinician signed which release. Made by `triage sign`; a changed rule makes a signature void.\n"


def signature_of(release: str, digest: str, reviewer: str, date: str) -> str:
    """Return the digest over everything that a signature says."""
    text = json.dumps([release, digest, reviewer, date], ensure_ascii=False)
    return "sha256:" + sha256(text.encode()).hexdigest()


def review_of(book: Book, release: str) -> Review | None:
    """Return who signed a release, or `None`."""
    entries: list[schema_book.Signature] = book.entries[FILE]
    found = next((entry for entry in entries if entry.release == release), None)
    return Review(found.reviewer, found.date, found.signature) if found else None


def check_signatures(book: Book, digests: dict[str, str], signing: str = "") -> Iterator[RuleBookError]:
    """Yield signatures under no release, under another text, or changed.

    Those of the release that somebody is `signing` are void or replaced.
    """
    entries: list[schema_book.Signature] = book.entries[FILE]
    for place, entry in enumerate(entries):
        if entry.release not in digests:
            yield book.error(FILE, (place, "release"), f"`{entry.release}` is no release")
        elif entry.release == signing:
            continue
        elif entry.digest != digests[entry.release]:
            says = f"{entry.release} was signed with another text; sign it again"
            yield book.error(FILE, (place, "digest"), says)
        if entry.signature != signature_of(entry.release, entry.digest, entry.reviewer, entry.date):
            yield book.error(FILE, (place, "signature"), "the signature does not belong to what stands beside it")
        if entry.release in [other.release for other in entries[:place]]:
            yield book.error(FILE, (place, "release"), f"{entry.release} is signed twice")


def why_unsigned(reviewer: str, date: str, latest: str) -> str | None:
    """Return what is wrong with a reviewer or a day, or `None`."""
    if not any(map(str.isalpha, reviewer)) or not reviewer.isprintable():
        return "`--reviewer` names the clinician, with profession, in one line"
    try:
        is_day = datetime.strptime(date, "%Y-%m-%d").strftime("%Y-%m-%d") == date
    except ValueError:
        is_day = False
    if not is_day:
        return f"`--date`: `{date}` is no day; write one as `YYYY-MM-DD`"
    if date > latest:
        return f"`--date`: {date} is still to come"
    return None


def stands_against(release: Release, reviewer: str, date: str, *, replace: bool) -> str | None:
    """Return why nobody can sign a release, or not so, or `None`.

    `replace`: the signature of somebody else, or of another day, may go.
    """
    if release.withdrawn:
        return f"{release.id} was withdrawn on {release.withdrawn.date} and cannot be signed"
    earlier = release.reviewed
    if earlier and not replace and (earlier.reviewer, earlier.date) != (reviewer, date):
        return f"{release.id} is signed by {earlier.reviewer} on {earlier.date}; write `--replace` to take its place"
    return None


def sign(folder: Path, release: str, digest: str, reviewer: str, date: str) -> str:
    """Write a signature, in place of an older one; return its digest."""
    path = folder / FILE
    kept = [entry for entry in read(path).data if entry["release"] != release]
    made = signature_of(release, digest, reviewer, date)
    entry = {"release": release, "digest": digest, "reviewer": reviewer, "date": date, "signature": made}
    text = yaml.safe_dump([*kept, entry], sort_keys=False, allow_unicode=True, width=200)
    write_whole(path, HEADER + text)
    return made
