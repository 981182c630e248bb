"""What is checked of the codes of health records."""

from collections.abc import Iterator, Mapping

from app.core import codes as core
from app.core.reasons import REASONS
from app.core.rules import Release
from app.core.words import is_a_word
from app.rulebook import schema_codes as schema
from app.rulebook.book import CODES, SETS, Book
from app.rulebook.codes import codes_in, values_of
from app.rulebook.files import RuleBookError, Where
from app.rulebook.sources import sources

Placed = tuple[Where, schema.Effect | schema.Set]


def check_codes(book: Book, releases: Mapping[str, Release]) -> Iterator[RuleBookError]:
    """Yield what is wrong with the codes of the current release."""
    yield from _Checks(book, releases.get(book.current)).all()


class _Checks:
    """The checks of one rule book."""

    def __init__(self, book: Book, release: Release | None) -> None:
        self._book = book
        self._release = release
        listed: list[schema.CodeSystem] = self._entries("systems")
        self._systems = {system.system: core.System(system.system, system.family) for system in listed}
        self._material = {entry.id for entry in self._entries("material")}
        self._cited = set(sources(book))

    def all(self) -> Iterator[RuleBookError]:
        """Yield every fault."""
        yield from self._check_systems()
        yield from self._check_spans()
        yield from self._check_words()
        yield from self._check_sentences()
        for kind in SETS:
            for place, entry in enumerate(self._entries(kind)):
                yield from self._check_set(kind, place, entry)
                yield from self._check_each_word(kind, (place, "names"), entry.names)
            yield from self._check_values(kind)
        for place, medicine in enumerate(self._entries("medicines")):
            yield from self._check_medicine(place, medicine)
        yield from self._check_names()

    def _entries(self, name: str) -> list:  # type: ignore[type-arg]
        found: list = self._book.entries[f"{CODES}/{name}.yaml"]  # type: ignore[type-arg]
        return found

    def _error(self, name: str, where: Where, says: str) -> RuleBookError:
        return self._book.error(f"{CODES}/{name}.yaml", where, says)

    def _check_systems(self) -> Iterator[RuleBookError]:
        known: set[str] = set()
        for place, system in enumerate(self._entries("systems")):
            yield from self._check_seen("systems", (place,), system.seen, 1)
            for at, address in enumerate(system.addresses):
                if address in known:
                    yield self._error("systems", (place, "addresses", at), f"`{address}` is an address of two systems")
                known.add(address)

    def _check_spans(self) -> Iterator[RuleBookError]:
        spans: list[schema.Span] = self._entries("spans")
        facts = self._release.facts if self._release else {}
        named: set[str] = set()
        for place, span in enumerate(spans):
            if self._release and span.fact not in facts:
                yield self._error("spans", (place, "fact"), f"`{span.fact}` is not a fact of {self._book.current}")
                continue
            if span.fact in named:
                yield self._error("spans", (place, "fact"), f"`{span.fact}` has two spans")
            named.add(span.fact)
            for value in span.values:
                if self._release and value not in map(str, facts[span.fact].domain):
                    yield self._error("spans", (place, "values"), f"`{value}` is no answer of `{span.fact}`")
        for name in facts:
            if name not in named:
                yield self._error("spans", (), f"`{name}` of {self._book.current} has no span")

    def _check_words(self) -> Iterator[RuleBookError]:
        words: schema.Vocabulary = self._book.entries[f"{CODES}/words.yaml"]
        for name in words.facts:
            if self._release and name not in self._release.facts:
                yield self._error("words", ("facts", name), f"`{name}` is not a fact of {self._book.current}")
        for name in words.inside.facts:
            if name not in words.facts:
                yield self._error("words", ("inside", "facts"), f"`{name}` has no words in `facts`")
        for place, entry in enumerate(words.use_codes):
            yield from self._check_seen("words", ("use_codes", place), entry.seen, 1)
        listed: list[tuple[Where, list[str]]] = [
            *((("facts", name), found) for name, found in words.facts.items()),
            (("local",), words.local),
            (("systemic",), words.systemic),
            (("area", "words"), words.area.words),
            (("area", "elsewhere", "words"), words.area.elsewhere.words),
            (("inside", "words"), words.inside.words),
            (("inside", "unless"), words.inside.unless),
        ]
        for where, found in listed:
            yield from self._check_each_word("words", where, found)
        for word in sorted(set(words.local) & set(words.systemic)):
            yield self._error("words", ("local",), f"`{word}` is local and systemic")
        for word in sorted(set(words.area.words) & set(words.area.elsewhere.words)):
            yield self._error("words", ("area", "words"), f"`{word}` is in the area and elsewhere")
        for code in sorted(set(words.area.snomed) & set(words.area.elsewhere.snomed)):
            yield self._error("words", ("area", "snomed"), f"`{code}` is in the area and elsewhere")

    def _check_each_word(self, name: str, where: Where, words: list[str]) -> Iterator[RuleBookError]:
        for at, word in enumerate(words):
            if not is_a_word(word):
                says = f"`{word}` is never found: a word has a letter or digit, and a stem is one word, not Korean"
                yield self._error(name, (*where, at), says)

    def _check_sentences(self) -> Iterator[RuleBookError]:
        listed: list[schema.Sentence] = self._entries("sentences")
        for place, sentence in enumerate(listed):
            for code in sorted({"en", *self._book.languages} ^ set(sentence.says)):
                yield self._error("sentences", (place,), f"`{code}` of `{sentence.id}` is missing, or is no language")
            if sentence.id not in REASONS:
                yield self._error("sentences", (place, "id"), f"`{sentence.id}` is no reason")
        for name in sorted(REASONS - {sentence.id for sentence in listed}):
            yield self._error("sentences", (), f"`{name}` has no sentence")

    def _check_set(self, kind: str, place: int, entry: schema.Set) -> Iterator[RuleBookError]:
        where: Where = (place,)
        if (entry.fact is None) != entry.irrelevant:
            yield self._error(kind, where, "a set names its `fact`, or says `irrelevant: true`")
        if not entry.names and not any(codes_in(entry)):
            yield self._error(kind, where, "a set names at least one code or name")
        decides = entry.reads is not None or any(True for _ in values_of(entry))
        yield from self._check_codes(kind, place, entry, 2 if decides else 1)
        for at, answer in enumerate(entry.answers):
            yield from self._check_seen(kind, (place, "answers", at), answer.seen, 2)
            if answer.system not in self._systems:
                yield self._error(kind, (place, "answers", at), f"`{answer.system}` is no system of systems.yaml")
        if entry.fact:
            yield from self._check_says(kind, where, entry)

    def _check_medicine(self, place: int, medicine: schema.Medicine) -> Iterator[RuleBookError]:
        decides = any(True for effect in medicine.effects for _ in values_of(effect))
        yield from self._check_codes("medicines", place, medicine, 2 if decides else 1)
        for at, effect in enumerate(medicine.effects):
            yield from self._check_says("medicines", (place, "effects", at), effect)

    def _check_says(self, kind: str, where: Where, entry: schema.Set | schema.Effect) -> Iterator[RuleBookError]:
        if not entry.sources:
            yield self._error(kind, where, "`sources` name at least one")
        for name in sorted(set(entry.sources) - self._cited):
            yield self._error(kind, where, f"`{name}` is cited and is in none of ledger, evidence, silences")
        if self._release is None:
            return
        fact = self._release.facts.get(entry.fact or "")
        if fact is None:
            yield self._error(kind, (*where, "fact"), f"`{entry.fact}` is not a fact of {self._book.current}")
            return
        for value in values_of(entry):
            if not fact.accepts(value):
                yield self._error(kind, where, f"`{value}` is no answer of `{entry.fact}`")

    def _check_codes(
        self, kind: str, place: int, entry: schema.Set | schema.Medicine, least: int
    ) -> Iterator[RuleBookError]:
        done: set[tuple[str, int]] = set()
        for key, at, system, code in codes_in(entry):
            where = (place, key, at)
            if system not in self._systems:
                yield self._error(kind, where, f"`{system}` is no system of systems.yaml")
                continue
            if (key, at) in done:
                continue
            done.add((key, at))
            yield from self._check_seen(kind, where, code.seen, least)
            if (code.code is None) == (code.prefix is None):
                yield self._error(kind, where, "an entry names one `code` or one `prefix`")
            named = core.normal(self._systems[system], code.prefix or "")
            for but in code.but:
                if not code.prefix or not core.normal(self._systems[system], but).startswith(named):
                    yield self._error(kind, (*where, "but"), f"`{but}` is not below `{code.prefix or code.code}`")

    def _check_seen(self, kind: str, where: Where, seen: list[str], least: int) -> Iterator[RuleBookError]:
        for name in seen:
            if name not in self._material:
                yield self._error(kind, (*where, "seen"), f"`{name}` is no id of material.yaml")
        if len(set(seen)) < least:
            says = "a code that gives a value was seen in two places, or is a hint"
            yield self._error(kind, (*where, "seen"), says)

    def _check_values(self, kind: str) -> Iterator[RuleBookError]:
        """Yield codes that give one fact two values."""
        given: dict[tuple[str, str, str], object] = {}
        for place, entry in enumerate(self._entries(kind)):
            if entry.fact is None or entry.value is None or entry.answers:
                continue
            for key, at, system, code in codes_in(entry):
                if system not in self._systems:
                    continue
                plain = core.normal(self._systems[system], code.prefix or code.code or "")
                earlier = given.setdefault((system, plain, entry.fact), entry.value)
                if earlier != entry.value:
                    yield self._error(kind, (place, key, at), f"`{plain}` gives `{entry.fact}` two values")

    def _check_names(self) -> Iterator[RuleBookError]:
        taken: dict[str, str] = {}
        for place, medicine in enumerate(self._entries("medicines")):
            for key in ("names", "systemic_names", "local_names"):
                yield from self._check_each_word("medicines", (place, key), getattr(medicine, key))
                for name in getattr(medicine, key):
                    earlier = taken.setdefault(name.casefold(), medicine.medicine)
                    if earlier != medicine.medicine:
                        says = f"`{name}` is a name of `{earlier}` and of `{medicine.medicine}`"
                        yield self._error("medicines", (place, key), says)
