"""What `/rules`, `/facts` and `/sources` list, and what a search finds there."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from app.core.catalogue import entries, rule_record
from app.core.engine import Engine
from app.core.rules import Release
from app.web.names import Names
from app.web.picture import picture

Of = Literal["rules", "facts", "sources"]
OF: Sequence[Of] = ("rules", "facts", "sources")


@dataclass(frozen=True)
class Item:
    """One line of a list, with a page of its own."""

    of: Of
    id: str
    group: str
    name: str
    says: str
    words: str
    """Everything a search looks at."""


def items(engine: Engine, texts: Mapping[str, str]) -> Iterator[Item]:
    """Yield all rules, facts and sources of a release."""
    release, names = engine.release, Names(engine.release, texts)
    for entry in entries(release):
        record = rule_record(entry, release)
        title, condition = names.title(entry), names.condition(entry.when)
        searched = (title, entry.says, condition, record.condition, record.reading or "", *entry.sources)
        yield Item("rules", entry.id, texts[f"kind_{record.kind}"], title, entry.says, _words(entry.id, *searched))
    for fact in release.facts.values():
        labels = (str(label) for label in fact.labels.values()) if fact.kind != "country" else ()
        searched = (fact.name, fact.question, fact.help, *labels, *fact.sources)
        name = names.fact(fact.name)
        yield Item("facts", fact.name, texts[f"group_{fact.group}"], name, fact.question, _words(name, *searched))
    for source in release.sources.values():
        searched = (source.document, source.section, source.says, source.public_url or "")
        of_the_four = source.status == "document"
        group = source.document if of_the_four else texts[f"status_{source.status}"]
        name = f"{source.id} {source.section if of_the_four else source.document}"
        yield Item("sources", source.id, group, name, source.says, _words(source.id, *searched))


def listing(
    engine: Engine,
    texts: Mapping[str, str],
    releases: Sequence[str],
    of: str,
    q: str = "",
    english: Iterable[Item] = (),
) -> dict[str, Any]:
    """Return what a page lists, or what a search finds there.

    `of` is one kind, or `all`. `english` is looked through too: a clinician types "keloid" on a Korean page.
    """
    words = q.casefold().split()
    others = {(item.of, item.id): item.words for item in english}

    def is_found(item: Item) -> bool:
        searched = f"{item.words} {others.get((item.of, item.id), '')}"
        return of in ("all", item.of) and all(word in searched for word in words)

    found = [item for item in items(engine, texts) if is_found(item)]
    groups: dict[tuple[str, str], list[Item]] = {}
    for item in found:
        groups.setdefault((item.of, item.group), []).append(item)
    drawn = picture(engine, texts) if of == "rules" and not q else None
    return {
        "groups": groups,
        "count": len(found),
        "of": of,
        "q": q,
        "releases": releases,
        "kinds": OF,
        "picture": drawn,
    }


def cited_by(release: Release, names: Names, source: str) -> list[tuple[str, str]]:
    """Return the ids and names of the entries that cite a source."""
    return [(entry.id, names.title(entry)) for entry in entries(release) if source in entry.sources]


def one_in(share: float, texts: Mapping[str, str]) -> str:
    """Return a share of the reference population in words."""
    if share <= 0:
        return texts["share_none"]
    if share < 0.0001:
        return texts["share_few"]
    if share > 0.4:
        return texts["share_of"].format(n=min(round(share * 10), 9), all=10)
    return texts["share_of"].format(n=1, all=f"{round(1 / share):,}")


def _words(*texts: str) -> str:
    return " ".join(texts).casefold()
