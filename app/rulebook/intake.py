"""`intake.yaml` and `patient.yaml`: into core records, and checked."""

from collections import Counter
from collections.abc import Iterator, Mapping

from app.core.facts import Fact, Value
from app.core.intake import AnswerWords, FactWords, PatientWords, Section, Topic
from app.core.rules import Release
from app.rulebook import schema_intake
from app.rulebook.book import INTAKE, Book
from app.rulebook.files import RuleBookError

FILE, PATIENT = INTAKE
OUTCOMES = ("referred", "excluded", "clinician_review", "needs_information")
BESIDE = ("before", "ask", "next")
"""What stands beside every outcome."""


def section_of(entry: schema_intake.Section, facts: Mapping[str, Fact]) -> Section:
    """Return a section with its topics."""
    topics = tuple(
        Topic(
            topic.id,
            topic.title,
            topic.asks,
            topic.hint,
            topic.nothing,
            tuple(_fact(name, words, facts.get(name)) for name, words in topic.facts.items()),
        )
        for topic in entry.topics
    )
    return Section(entry.id, entry.title, entry.asked_of, tuple(entry.stages), topics)


def _fact(name: str, words: schema_intake.FactWords, fact: Fact | None) -> FactWords:
    named: Mapping[str, Value] = {"yes": True, "no": False} if fact and fact.kind == "boolean" else {}
    answers = {named.get(key, key): AnswerWords(each.says, each.hint) for key, each in words.answers.items()}
    return FactWords(name, words.says, words.hint, words.asks, answers)


def patient_words(entry: schema_intake.PatientWords) -> PatientWords:
    """Return what a patient reads."""
    return PatientWords(entry.title, entry.says or "", tuple(each.says for each in entry.listed))


def check_intake(book: Book, release: Release) -> Iterator[RuleBookError]:
    """Yield what is wrong with how a patient is asked, and with what they read."""
    if not release.intake:  # a release from before the intake had a file of its own
        return
    yield from _topics(book, release)
    yield from _stages(book, release)
    yield from _outcomes(book, release)


def _topics(book: Book, release: Release) -> Iterator[RuleBookError]:
    topics = Counter(topic.id for section in release.intake for topic in section.topics)
    for name in sorted(name for name, times in topics.items() if times > 1):
        yield book.error(FILE, (), f"`{name}` names {topics[name]} topics")
    asked = [fact for section in release.intake for topic in section.topics for fact in topic.facts]
    times = Counter(fact.name for fact in asked)
    for name in sorted(release.facts.keys() - times.keys()):
        yield book.error(FILE, (), f"`{name}` of {release.id} is in no topic")
    for name in sorted(name for name in times if name not in release.facts or times[name] > 1):
        yield book.error(FILE, (), f"`{name}` is no fact of {release.id}, or is in {times[name]} topics")
    for fact in asked:
        known = release.facts.get(fact.name)
        wrong = set(fact.answers) - set(known.values) if known else set()
        for answer in sorted(map(str, wrong)):
            yield book.error(FILE, (), f"`{answer}` is no answer of `{fact.name}`")
        if known and known.kind == "grade" and set(fact.answers) != set(known.values):
            yield book.error(FILE, (), f"every grade of `{fact.name}` says what to look for")


def _stages(book: Book, release: Release) -> Iterator[RuleBookError]:
    names = [entry.name for _, entry in book.living("stages.yaml", release.id)]
    facts_of = dict(zip(names, release.stages, strict=True))
    given = [stage for section in release.intake for stage in section.stages]
    if given != names:
        yield book.error(FILE, (), f"the stages of sections are those of `stages.yaml`, in order: {', '.join(names)}")
        return
    for section in release.intake:
        staged = {name for stage in section.stages for name in facts_of[stage]}
        asked = {name for topic in section.topics for name in topic.names}
        for name in sorted(staged ^ asked if section.stages else asked & set().union(*release.stages)):
            yield book.error(
                FILE, (), f"`{name}` is in section `{section.id}`, and its stage is in another, or the reverse"
            )


def _outcomes(book: Book, release: Release) -> Iterator[RuleBookError]:
    care = {rule.id for rule in release.rules if rule.refer_to}
    needed = {*OUTCOMES, *BESIDE, *care, *(f"recommended.{p}" for p in release.wording.pathways)}
    may = {f"ask.{p}" for p in release.wording.pathways}
    for name in sorted(needed - release.patient.keys()):
        yield book.error(
            PATIENT, (), f"`{name}` is missing: a patient reads something of every outcome and kind of care"
        )
    for name in sorted(release.patient.keys() - needed - may):
        yield book.error(PATIENT, (), f"`{name}` is no outcome of {release.id}, and no rule that sends on")
