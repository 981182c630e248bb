"""Short names of facts, answers and rules, as clinicians say them."""

from collections.abc import Iterable, Mapping

from app.core.conditions import All, Any, Comparison, Condition, Not, facts_read
from app.core.facts import Fact, Value
from app.core.rules import Alternative, Notice, Plan, Release, Rule

PHASE = "Phase "
"""What a name begins with that has a capital in a sentence too."""


def inside(names: Iterable[str]) -> str:
    """Return names as they stand in a sentence, after one another."""
    return ", ".join(map(_within, names))


def _within(name: str) -> str:
    keeps = name.startswith(PHASE) or name[1:2].isupper()
    return name if keeps else name[:1].lower() + name[1:]


class Names:
    """The short names of one release in one language."""

    def __init__(self, release: Release, texts: Mapping[str, str]) -> None:
        self.release = release
        self.texts = texts

    def fact(self, name: str) -> str:
        """Return the short name of a fact."""
        return self.texts[f"fact_{name}"]

    def facts(self, names: Iterable[str]) -> str:
        """Return the short names of facts, as they stand in a sentence."""
        return inside(map(self.fact, names))

    def rule(self, rule: Rule) -> str:
        """Return the short name of an entry.

        Without one of its own it has that of the one fact that it reads.
        """
        own = self.texts.get(f"rule_{rule.id}")
        if own is not None:
            return own
        if isinstance(rule, Alternative):
            return rule.title
        read = facts_read(rule.when)
        return self.fact(read[0]) if len(read) == 1 else self.texts[f"rule_{rule.id}"]

    def title(self, rule: Rule) -> str:
        """Return what to call an entry on a page of its own."""
        if isinstance(rule, Notice):
            return rule.id
        return self.release.wording.pathways[rule.pathway] if isinstance(rule, Plan) else self.rule(rule)

    def answer(self, name: str, value: Value) -> str:
        """Return an answer as a clinician writes it."""
        fact = self.release.facts[name]
        if fact.kind == "grade":
            return self.texts[f"grade_{value}"]
        if fact.kind == "boolean":
            return self.texts["yes" if value else "no"]
        return label_of(fact, value, self.texts)

    def condition(self, when: Condition) -> str:
        """Return a condition in words."""
        match when:
            case Comparison():
                return self._comparison(when)
            case Not(part):
                return self.texts["not_so"].format(what=self.condition(part))
            case All(()):
                return self.texts["always"]
            case Any(()):
                return self.texts["never"]
            case All(parts):
                return self.texts["all_of"].join(self._grouped(part) for part in parts)
            case Any(parts):
                return self.texts["any_of"].join(self._grouped(part) for part in parts)

    def needed(self, name: str, when: Condition) -> str:
        """Return what a condition asks of one fact, or nothing."""
        found = [part for part in _comparisons(when) if part.fact == name]
        return self.values(found[0]) if len(found) == 1 else ""

    def values(self, comparison: Comparison) -> str:
        """Return the values that a comparison accepts, in words."""
        fact = self.release.facts[comparison.fact]
        places = [place for place, value in enumerate(fact.domain) if value in comparison.accepted]
        first, last, end = places[0], places[-1], len(fact.domain) - 1
        whole = last - first + 1 == len(places)
        low, high = (self.answer(fact.name, fact.domain[place]) for place in (first, last))
        if fact.ordered and whole and first != last and last == end:
            return self.texts["or_more"].format(value=low)
        if fact.ordered and whole and first != last and first == 0:
            return self.texts["or_less"].format(value=high)
        if fact.kind == "integer" and whole and first != last:
            return self.texts["from_to"].format(least=fact.domain[first], most=high)
        if fact.kind == "country" and len(places) > 3:
            return self.texts["countries"].format(n=len(places))
        return self.texts["any_of"].join(self.answer(fact.name, fact.domain[place]) for place in places)

    def _comparison(self, comparison: Comparison) -> str:
        name = self.fact(comparison.fact)
        if self.release.facts[comparison.fact].kind == "boolean":
            return name if True in comparison.accepted else self.texts["is_not"].format(what=name)
        return f"{name}: {self.values(comparison)}"

    def _grouped(self, part: Condition) -> str:
        words = self.condition(part)
        return words if isinstance(part, Comparison | Not) else f"({words})"


def _comparisons(when: Condition) -> list[Comparison]:
    match when:
        case Comparison():
            return [when]
        case All(parts):
            return [each for part in parts for each in _comparisons(part)]
    return []  # below `any` and `not` a value alone does not say what is needed


def label_of(fact: Fact, value: Value, texts: Mapping[str, str]) -> str:
    """Return the label of an answer, as who answers reads it."""
    if fact.kind == "boolean":
        return fact.labels.get(value) or texts["yes" if value else "no"]
    return fact.labels.get(value) or measured(fact, value, texts)


def measured(fact: Fact, value: Value, texts: Mapping[str, str]) -> str:
    """Return a number with its unit, as a language writes the two."""
    if not fact.unit:
        return str(value)
    unit = texts.get(f"unit_{fact.unit}_1", fact.unit) if value == 1 else fact.unit
    return texts["amount"].format(number=value, unit=unit)
