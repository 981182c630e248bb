"""`intake.yaml` and `patient.yaml`: into core records, and checked."""

from collections.abc import Iterator, Mapping

from app.core.facts import Fact, Value
from app.core.intake import AnswerWords, FactWords, PatientWords, Section, Topic
from app.core.rules import Release
from app.rulebook import schema_intake
from app.rulebook.book import INTAKE, Book
from app.rulebook.files import RuleBookError, Where

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
    """Yield what is wrong with what a patient is asked and reads."""
    if not release.intake:  # a release from before the intake had a file of its own
        return
    yield from _topics(book, release)
    yield from _stages(book, release)
    yield from _outcomes(book, release)


def _topics(book: Book, release: Release) -> Iterator[RuleBookError]:
    topics: set[str] = set()
    asked: set[str] = set()
    for place, section in enumerate(book.entries[FILE]):
        for at, topic in enumerate(section.topics):
            where: Where = (place, "topics", at)
            if topic.id in topics:
                yield book.error(FILE, where, f"`{topic.id}` is the id of another topic")
            topics.add(topic.id)
            for name, words in topic.facts.items():
                if name in asked:
                    yield book.error(FILE, (*where, "facts", name), f"`{name}` stands in another topic too")
                asked.add(name)
                yield from _answers(book, release, (*where, "facts", name), words)
    for name in sorted(release.facts.keys() - asked):
        yield book.error(FILE, (), f"`{name}` of {release.id} is in no topic")


def _answers(book: Book, release: Release, where: Where, words: schema_intake.FactWords) -> Iterator[RuleBookError]:
    name = str(where[-1])
    fact = release.facts.get(name)
    if fact is None:
        yield book.error(FILE, where, f"`{name}` is no fact of {release.id}")
        return
    known = {"yes", "no"} if fact.kind == "boolean" else {*map(str, fact.values)}
    for answer in sorted(set(words.answers) - known):
        yield book.error(FILE, (*where, "answers", answer), f"`{answer}` is no answer of `{name}`")
    if fact.kind == "grade" and set(words.answers) != known:
        yield book.error(FILE, where, f"every grade of `{name}` says what to look for")


def _stages(book: Book, release: Release) -> Iterator[RuleBookError]:
    names = [entry.name for _, entry in book.living("stages.yaml", release.id)]
    facts_of = dict(zip(names, release.stages, strict=True))
    if [stage for section in release.intake for stage in section.stages] != names:
        says = f"the stages of sections are those of `stages.yaml`, in order: {', '.join(names)}"
        yield book.error(FILE, (), says)
        return
    staged = {name for stage in release.stages for name in stage}
    for place, section in enumerate(release.intake):
        of_section = {name for stage in section.stages for name in facts_of[stage]}
        for at, topic in enumerate(section.topics):
            for name in topic.names:
                if (name in staged) if not section.stages else (name not in of_section):
                    where: Where = (place, "topics", at, "facts", name)
                    yield book.error(FILE, where, f"the stage of `{name}` is in another section")


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
