"""What a patient reads of an answer, in the language of one release: all else in it is the same in every language."""

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache

from app.core.answer import AlternativeShown, Assumption, NextQuestion, Option
from app.core.conditions import facts_read
from app.core.facts import Fact
from app.core.finding import Finder, Finding
from app.core.follow import Following
from app.core.precedence import Indicated, Stage, phases
from app.core.rules import DecisionRule, Fits, Release, Source
from app.core.states import HELD, NOT_HELD, REMEMBERED, States, state_at


class Worded:
    """Words the answers of one release; what it returns it makes once and returns again."""

    def __init__(self, release: Release, finder: Finder, sources: Mapping[str, tuple[Source, ...]]) -> None:
        self._release = release
        self._finder = finder
        self._sources = sources
        self._phases = phases(release.rules)
        self._readers: dict[str, list[DecisionRule]] = {name: [] for name in release.facts}
        for rule in release.rules:
            for name in facts_read(rule.when):
                self._readers[name].append(rule)
        self._questions = {name: self._question(fact) for name, fact in release.facts.items()}
        self._assumed = {name: fact.assumed_as for name, fact in release.facts.items() if fact.assumed_as is not None}
        self._next_question = lru_cache(REMEMBERED)(self._make_next_question)
        self._assumption = lru_cache(REMEMBERED)(self._make_assumption)
        read = [*self._phases, *(rule for rule in release.rules if rule.pathways)]
        places = [finder.logic.place[rule.id] for rule in read]
        self._against: States = sum((HELD | NOT_HELD) << place for place in places)
        """Where the states stand that say which lower phases may be discussed."""
        self._lower_phases = lru_cache(REMEMBERED)(self._find_lower_phases)
        self._lower_phase = lru_cache(REMEMBERED)(self._make_lower_phase)

    def _question(self, fact: Fact) -> NextQuestion:
        wording = self._release.wording
        labels = dict(fact.labels)
        if fact.kind == "boolean":
            labels = {True: wording.yes, False: wording.no} | labels
        return NextQuestion(
            fact=fact.name,
            question=fact.question,
            help=fact.help,
            answers=[
                Option(value, labels.get(value, str(value)))
                for value in ([True, False] if fact.kind == "boolean" else fact.values)
            ],
            minimum=fact.minimum if fact.kind == "integer" else None,
            maximum=fact.maximum if fact.kind == "integer" else None,
            unit=fact.unit,
            why="",
        )

    def next_question(self, finding: Finding) -> NextQuestion | None:
        """Return the question to ask next; `None` where nothing is left to ask."""
        return self._next_question(finding.next_fact, finding.settles) if finding.next_fact else None

    def _make_next_question(self, name: str, settles: bool) -> NextQuestion:
        why = self._release.wording.next_question["settles" if settles else "narrows"]
        return replace(self._questions[name], why=why)

    def assumptions(self, finding: Finding) -> tuple[Assumption, ...]:
        """Return the assumptions that a finding stands on."""
        return tuple([self._assumption(name, finding.stages) for name in finding.objections if name in self._assumed])

    def _make_assumption(self, name: str, stages: frozenset[Stage]) -> Assumption:
        fact = self._release.facts[name]
        because = [rule.id for rule in self._readers[name] if self._finder.could_object(rule, stages)]
        return Assumption(name, self._assumed[name], because, fact.question)

    def summary(self, following: Following, *, ready: bool) -> str:
        """Return the answer in one or two plain sentences."""
        finding, texts = following.finding, self._release.wording.summary
        disposition = finding.decision.disposition
        several = len(finding.stages) > 1
        stage = next(iter(finding.stages), "gap")
        match disposition:
            case "recommended":
                key = f"recommended.{finding.decision.pathway}"
            case "excluded":
                key = f"excluded.{'undetermined' if several else 'documented' if stage == 'exclusion' else stage}"
            case "clinician_review":
                key = f"clinician_review.{'undetermined' if several else stage}"
            case "referred":
                key = "referred"
            case "needs_information":
                key = "needs_information.ask" if finding.next_fact else "needs_information.stuck"
        first = [texts["referral_first"]] if following.referred and disposition != "referred" else []
        if disposition == "recommended" and not ready:
            first = [texts["not_ready"]]
        return " ".join([*first, texts[key]])

    def lower_phases(self, finding: Finding) -> tuple[AlternativeShown, ...]:
        """Return what of a blocked candidate's lower phases a clinician may discuss: those that nothing excludes."""
        if finding.indicated is None or finding.decision.disposition not in ("excluded", "clinician_review"):
            return ()
        return self._lower_phases(finding.indicated, finding.given_states & self._against)

    def _find_lower_phases(self, indicated: Indicated, states: States) -> tuple[AlternativeShown, ...]:
        shown = []
        place = self._finder.logic.place
        for rule in self._phases:
            if rule.phase >= indicated.phase:
                continue
            against = [(r, state_at(states, place[r.id])) for r in self._release.rules if rule.pathway in r.pathways]
            if any(r.effect == "excludes" and state for r, state in against):
                continue
            criteria = state_at(states, place[rule.id])
            open_ = criteria is None or any(state is None for _, state in against)
            fits: Fits = "no" if criteria is False else "unknown" if open_ else "yes"
            shown.append(self._lower_phase(rule.id, fits, tuple([r.id for r, state in against if state])))
        return tuple(shown)

    def _make_lower_phase(self, rule_id: str, fits: Fits, blocked: tuple[str, ...]) -> AlternativeShown:
        wording = self._release.wording
        rule = next(rule for rule in self._phases if rule.id == rule_id)
        return AlternativeShown(
            rule.id,
            "lower_phase",
            wording.pathways[rule.pathway],
            rule.discuss,
            {},
            fits,
            wording.lower_phase[fits],
            blocked,
            self._sources[rule.id],
        )
