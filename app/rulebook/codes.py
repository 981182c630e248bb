"""The codes and names of a rule book, with their own digest."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from app.core import codes as core
from app.core.facts import Value
from app.core.words import Words
from app.rulebook import schema_codes as schema
from app.rulebook.book import CODES, SETS, Book
from app.rulebook.digests import digest_of

SYSTEM_KEYS = ("snomed", "loinc", "rxnorm", "atc")
"""The systems that a set has a list of its own for."""


def codes_of(book: Book) -> core.Codes:
    """Return the codes of a checked rule book."""
    entries = {name: book.entries[f"{CODES}/{name}.yaml"] for name in ("systems", "spans", "words", "sentences")}
    listed: list[schema.CodeSystem] = entries["systems"]
    systems = {system.system: core.System(system.system, system.family) for system in listed}
    tables = {kind: _table(book.entries[f"{CODES}/{kind}.yaml"], systems) for kind in SETS}
    words: schema.Vocabulary = entries["words"]
    uses: list[tuple[str, core.Use]] = [
        *((w, "local") for w in words.local),
        *((w, "systemic") for w in words.systemic),
    ]
    sentences: list[schema.Sentence] = entries["sentences"]
    return core.Codes(
        systems={address: systems[system.system] for system in listed for address in system.addresses},
        spans={span.fact: _span(span) for span in entries["spans"]},
        medicines=_medicines(book.entries[f"{CODES}/medicines.yaml"], systems),
        fact_words=Words((word, fact) for fact, listed in words.facts.items() for word in listed),
        inside=_inside(words.inside),
        use_words=Words(uses),
        use_codes={(entry.system, entry.code): entry.use for entry in words.use_codes},
        places=_places(words.area),
        sentences={code: {s.id: s.says[code] for s in sentences} for code in ("en", *book.languages)},
        digest=digest_of({name: dumped(entry) for name, entry in book.entries.items() if name.startswith(CODES)}),
        **tables,
    )


def dumped(entries: Any) -> Any:
    """Return the entries of a file as plain data."""
    return [e.model_dump() for e in entries] if isinstance(entries, list) else entries.model_dump()


def codes_in(entry: schema.Set | schema.Medicine) -> Iterator[tuple[str, int, str, schema.OneCode]]:
    """Yield each code with its list, place and system."""
    for place, icd in enumerate(getattr(entry, "icd", ())):
        yield from (("icd", place, system, icd) for system in icd.systems)
    for key in SYSTEM_KEYS:
        yield from ((key, place, key, code) for place, code in enumerate(getattr(entry, key, ())))
    yield from (("other", place, code.system, code) for place, code in enumerate(entry.other))


def _table(entries: Sequence[schema.Set], systems: Mapping[str, core.System]) -> core.Table:
    table = core.Table()
    names: list[tuple[str, core.Hit]] = []
    for entry in entries:
        meanings = (_meaning(entry),) if entry.fact else ()
        _add(table, entry, systems, {site: core.Hit(meanings, site) for site in (None, "in", "elsewhere")}, "site")
        names += [(name, core.Hit(meanings)) for name in entry.names]
    table.name(names)
    return table


def _medicines(entries: Sequence[schema.Medicine], systems: Mapping[str, core.System]) -> core.Table:
    table = core.Table()
    names: list[tuple[str, core.Hit]] = []
    for entry in entries:
        effects = tuple(_effect(effect) for effect in entry.effects)
        medicine = core.Medicine(entry.medicine, entry.use, effects)
        uses: tuple[core.Use | None, ...] = (None, "systemic", "local", "both")
        hits = {use: core.Hit(effects, None, medicine, use) for use in uses}
        _add(table, entry, systems, hits, "use")
        names += _named(entry.names, hits[None])
        names += _named(entry.systemic_names, hits["systemic"])
        names += _named(entry.local_names, hits["local"])
    table.name(names)
    return table


def _named(names: Iterable[str], hit: core.Hit) -> list[tuple[str, core.Hit]]:
    return [(name, hit) for name in names]


def _add(
    table: core.Table,
    entry: schema.Set | schema.Medicine,
    systems: Mapping[str, core.System],
    hits: Mapping[Any, core.Hit],
    key: str,
) -> None:
    for _, _, name, code in codes_in(entry):
        system, hit = systems[name], hits[getattr(code, key)]
        if code.prefix:
            but = tuple(core.normal(system, one) for one in code.but)
            table.add(name, core.normal(system, code.prefix), hit, but)
        elif code.code:
            table.add(name, core.normal(system, code.code), hit)


def _meaning(entry: schema.Set) -> core.Meaning:
    return core.Meaning(
        fact=entry.fact or "",
        value=entry.value,
        area=entry.area,
        suspected=entry.suspected,
        ended=_ended(entry.ended),
        yes_days=entry.yes_days,
        rules_out=frozenset(entry.rules_out),
        answers={(answer.system, answer.code): answer.value for answer in entry.answers},
        reads=entry.reads,
        suspects=frozenset((answer.system, answer.code) for answer in entry.answers if answer.suspected),
    )


def _effect(entry: schema.Effect) -> core.Meaning:
    return core.Meaning(
        fact=entry.fact,
        value=entry.value,
        ended=_ended(entry.ended),
        yes_days=entry.yes_days,
        as_needed=entry.as_needed == "asked",
        local=entry.local,
    )


def _ended(entry: schema.Ended | None) -> core.Ended | None:
    return core.Ended(entry.value, entry.within_days) if entry else None


def _span(entry: schema.Span) -> core.Span:
    return core.Span(
        entry.yes_days,
        entry.no_days,
        entry.while_active,
        entry.history,
        entry.ended,
        entry.from_onset,
        dict(entry.values),
    )


def _inside(inside: schema.Inside) -> core.Inside:
    listed = [*((word, False) for word in inside.words), *((word, True) for word in inside.unless)]
    return core.Inside(frozenset(inside.facts), Words(listed))


def _places(area: schema.Area) -> core.Places:
    sites: list[tuple[core.Site, list[str], list[str]]] = [
        ("in", area.words, area.snomed),
        ("elsewhere", area.elsewhere.words, area.elsewhere.snomed),
    ]
    return core.Places(
        codes={code: site for site, _, codes in sites for code in codes},
        words=Words((word, (site, word)) for site, words, _ in sites for word in words),
    )


def values_of(entry: schema.Set | schema.Effect) -> Iterator[Value]:
    """Yield every value that a set or an effect gives."""
    if entry.value is not None:
        yield entry.value
    if entry.ended and entry.ended.value is not None:
        yield entry.ended.value
    if isinstance(entry, schema.Set):
        yield from entry.rules_out
        yield from (answer.value for answer in entry.answers if answer.value is not None)
