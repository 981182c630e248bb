"""Facts in, answer out: the one engine behind every face of the service.

`Engine` holds one compiled release. `finding` gives the bare decision, `answer` the whole answer, `view` the machine
contract alone. All are pure functions of the question and the release.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from hashlib import sha256
from types import MappingProxyType
from typing import NamedTuple

from app.core.answer import (
    AlternativeShown,
    Answer,
    CautionShown,
    DecisionView,
    IfResolved,
    KnownFact,
    PlanShown,
    PreconditionShown,
    Reason,
    Referral,
    ScaleGrade,
    Unresolved,
    ruleset_of,
)
from app.core.compiled import Compiled
from app.core.facts import Candidate, Value
from app.core.finding import Finding
from app.core.follow import OUTLINES, Following, Shared
from app.core.languages import DEFAULT, Translation, language_of, translated
from app.core.precedence import Decision
from app.core.rules import Release
from app.core.states import REMEMBERED
from app.core.traits import Profile
from app.core.why import Referring
from app.core.worded import Worded


class Question(NamedTuple):
    """A question to the engine: what is known of a candidate, and how to treat the unknown.

    Every value is in its fact's domain and of its type, `unavailable` names facts of the release that `facts` does not:
    whoever builds one checks that. `graded` says which findings were read on a scale.
    """

    facts: Candidate
    """What is known; a `Profile` of the engine that is asked takes it least time."""
    strict: bool = False
    unavailable: tuple[str, ...] = ()
    graded: Mapping[str, ScaleGrade] = MappingProxyType({})
    reference: str | None = None


class Decided(NamedTuple):
    """What is told of an answer that is given out: as much of it as may be written down or signed."""

    id: str
    decision: Decision
    rules: Sequence[str]
    """The rules that bear on the decision."""
    release: str
    digest: str
    """The digest of the release."""


class Own(NamedTuple):
    """What of an answer is one candidate's own: fields of `Answer`, in their order."""

    referral: Sequence[Referral]
    rationale: Sequence[Reason]
    cautions: Sequence[CautionShown]
    unresolved: Sequence[Unresolved]
    preconditions: Sequence[PreconditionShown]
    plan: PlanShown | Mapping[str, str]
    alternatives: Sequence[AlternativeShown]
    if_resolved: IfResolved | None
    notices: Sequence[str]
    facts: Mapping[str, Value | ScaleGrade]
    id: str
    reference: str | None


NOBODYS = Own((), (), (), (), (), {}, (), None, (), {}, "", None)
OnDecision = Callable[[Decided], None]
"""Hears of every answer that is given out."""
ReceiptSigner = Callable[[Decided], str]
"""Signs an answer that is given out, and returns the receipt."""


class Engine:
    """One release in one language, ready to answer; `compiled` is what it shares with the same in other languages."""

    def __init__(
        self,
        release: Release,
        language: str = DEFAULT,
        compiled: Compiled | None = None,
        on_decision: OnDecision | None = None,
    ) -> None:
        self._on_decision = on_decision
        compiled = compiled or Compiled(release)
        self.release = release
        self.language = language
        self.finder, self.traits = compiled.finder, compiled.traits
        self._why, self._follow, self._accompany = compiled.why, compiled.follow, compiled.accompany
        self._worded = Worded(release, self.finder, self._why.sources)
        self.ruleset = ruleset_of(release)
        self._exclusions = [r for r in release.rules if r.effect == "excludes"]
        self._options = lru_cache(REMEMBERED)(self._write_options)
        self._outlines = Shared[DecisionView]()
        self._shells = Shared[Answer]()
        self._known_fact = lru_cache(REMEMBERED)(KnownFact)

    def finding(self, asked: Question) -> Finding:
        """Return the decision and the machine contract around it, without any text."""
        return self._following(asked, self.traits.profile(asked.facts)).finding

    def _following(self, asked: Question, profile: Profile) -> Following:
        return self._follow.of(self.traits.decision(profile), asked.strict, asked.unavailable)

    def forget(self) -> None:
        """Forget what followed from readings. No answer changes by it; whoever measures needs it."""
        self._follow.of.cache_clear()

    def answer(self, asked: Question) -> Answer:
        """Return the whole answer."""
        shell, own, _ = self.answered(asked)
        return replace(shell, **{**own._asdict(), "facts": dict(own.facts)})

    def answered(self, asked: Question) -> tuple[Answer, Own, Decided]:
        """Return the whole answer in two: one object for all who are read alike, and what is this candidate's own.

        So a face can keep what it made of the one. What is told of the answer comes with it.
        """
        profile = self.traits.profile(asked.facts)
        following = self._following(asked, profile)
        finding, pathways = following.finding, following.pathways
        known = self._accompany.known(self.traits.beside(profile))
        disposition = finding.decision.disposition
        indicated = finding.indicated.pathway if finding.indicated else None
        cautions, unresolved = self._accompany.cautions(profile, known, pathways)
        preconditions, all_met = self._accompany.preconditions(known.reading, pathways)
        recommended = finding.decision.pathway
        ready = recommended is not None and all_met and not finding.objections
        consultation = self.release.wording.consultation
        alternatives = self._accompany.alternatives(known, indicated, consultation) if following.alternatives else ()
        lower = self._worded.lower_phases(finding)
        own = Own(
            referral=self._why.referral(self._why.referring(profile, finding)) if following.referred else (),
            rationale=self._rationale(profile, following),
            cautions=cautions,
            unresolved=unresolved,
            preconditions=preconditions if disposition in ("recommended", "clinician_review") else (),
            plan=self._accompany.plan(known.reading, recommended) if recommended else {},
            alternatives=[*alternatives, *lower] if lower else alternatives,
            if_resolved=self._if_resolved(asked, profile.facts, finding) if disposition == "excluded" else None,
            notices=self._accompany.notices(known, finding, pathways),
            facts={**profile.facts, **asked.graded} if asked.graded else profile,
            id=self._identity(asked, profile),
            reference=asked.reference,
        )
        told = self._told(own.id, finding.decision, following.bearing.rules)
        return following.shells.get((self.language, ready)) or self._shell(following, ready=ready), own, told

    def _rationale(self, profile: Profile, following: Following) -> list[Reason]:
        if following.because is None:
            following.because = self._why.because(following.finding, following.bearing)
        return self._why.rationale(profile, following.because, following.bearing.undecided)

    def _shell(self, following: Following, *, ready: bool) -> Answer:
        finding = following.finding

        def make() -> Answer:
            return Answer(
                decision=finding.decision,
                indicated=finding.indicated,
                ready=ready,
                summary=self._worded.summary(following, ready=ready),
                possible=finding.possible,
                missing=finding.missing,
                next_question=self._worded.next_question(finding),
                assumptions=self._worded.assumptions(finding),
                also_matched=self._why.also_matched(finding),
                near_misses=self._why.near_misses(finding),
                ruleset=self.ruleset,
                **NOBODYS._asdict(),
            )

        shaping = finding.given_states & self._why.phased
        shell = self._shells.shared(following, (shaping, ready), make)
        following.shells[self.language, ready] = shell
        return shell

    def _told(self, name: str, decision: Decision, rules: Sequence[str]) -> Decided:
        told = Decided(name, decision, rules, self.ruleset.id, self.ruleset.digest)
        self.give(told)
        return told

    def give(self, decided: Decided) -> None:
        """Say that an answer is given out."""
        if self._on_decision is not None:
            self._on_decision(decided)

    def view(self, asked: Question) -> DecisionView:
        """Return the machine contract alone."""
        outline, told = self.outlined(asked)
        return replace(outline, id=told.id, reference=asked.reference)

    def outlined(self, asked: Question) -> tuple[DecisionView, Decided]:
        """Return `view` without its `id` and `reference`, one object for all that are decided alike; and what is told.

        So a face can keep what it made of it.
        """
        profile = self.traits.profile(asked.facts)
        following = self._following(asked, profile)
        finding = following.finding
        ready = finding.decision.pathway is not None and not finding.objections
        if ready:
            reading = self._accompany.sight.reading(self.traits.beside(profile))
            _, ready = self._accompany.preconditions(reading, following.pathways)
        because = self._why.referring(profile, finding) if following.referred else ()
        key = self.language, ready, because
        outline = following.outlines.get(key) or self._outline(following, because, ready=ready)
        return outline, self._told(self._identity(asked, profile), outline.decision, outline.rules)

    def _outline(self, following: Following, because: Referring, *, ready: bool) -> DecisionView:
        finding = following.finding

        def make() -> DecisionView:
            return DecisionView(
                decision=finding.decision,
                indicated=finding.indicated,
                ready=ready,
                referral=self._why.referral(because),
                possible=finding.possible,
                missing=finding.missing,
                next_question=self._worded.next_question(finding),
                assumptions=self._worded.assumptions(finding),
                rules=following.bearing.rules,
                ruleset=self.ruleset,
                id="",
                reference=None,
            )

        shaping = finding.assumed_states & self._why.bearing(finding.stages)
        outline = self._outlines.shared(following, (shaping, because, ready), make)
        if len(following.outlines) >= OUTLINES:
            following.outlines.clear()
        following.outlines[self.language, ready, because] = outline
        return outline

    def identity(self, asked: Question) -> str:
        """Return the digest of release, options and normalised facts: equal questions have equal ids, anywhere."""
        return self._identity(asked, self.traits.profile(asked.facts))

    def _identity(self, asked: Question, profile: Profile) -> str:
        return (
            "sha256:" + sha256(self._options(asked.unavailable, asked.strict) + self.traits.code(profile)).hexdigest()
        )

    def _write_options(self, unavailable: Iterable[str], strict: bool) -> bytes:
        options = {
            "language": self.language,
            "release": self.release.digest,
            "unavailable": sorted(set(unavailable)),
            "unknowns": "strict" if strict else "confirm",
        }
        return json.dumps(options, separators=(",", ":")).encode()

    def _if_resolved(self, asked: Question, facts: Candidate, finding: Finding) -> IfResolved | None:
        """Lift every exclusion that stands against the candidate, also those that lifting one uncovers."""
        lifted: dict[str, Value] = {}
        while finding.decision.disposition == "excluded":
            standing = [rule for rule in self._exclusions if self.finder.bears(rule, finding)]
            if not standing or not all(rule.lifted_by for rule in standing):
                return None
            for rule in standing:
                lifted |= rule.lifted_by
            finding = self.finding(Question({**facts, **lifted}, asked.strict, asked.unavailable))
        return IfResolved(
            [self._known_fact(name, lifted[name]) for name in self.release.facts if name in lifted],
            finding.decision,
            finding.possible,
            finding.missing,
            self._worded.assumptions(finding),
        )


def event_of(answer: Answer) -> Decided:
    """Return what is told of an answer."""
    rules = [reason.rule for reason in answer.rationale]
    return Decided(answer.id, answer.decision, rules, answer.ruleset.id, answer.ruleset.digest)


@dataclass(frozen=True)
class Engines:
    """Every release side by side, each compiled; `current` answers by default."""

    by_id: Mapping[str, Engine]
    current: str
    language: str = DEFAULT
    others: Mapping[str, "Engines"] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        releases: Iterable[Release],
        current: str,
        translations: Iterable[Translation] = (),
        on_decision: OnDecision | None = None,
    ) -> "Engines":
        """Compile releases, in English and in every language that there is; `on_decision` hears of every answer."""
        listed = [(release, Compiled(release)) for release in releases]
        others = {}
        for each in translations:
            spoken = {r.id: Engine(translated(r, each), each.code, c, on_decision) for r, c in listed}
            others[each.code] = cls(spoken, current, each.code)
        by_id = {r.id: Engine(r, DEFAULT, c, on_decision) for r, c in listed}
        return cls(by_id, current, others=others)

    def in_language(self, accepted: str, asked: str | None = None) -> "Engines":
        """Return the engines in the language asked for, else in the best accepted one (`Accept-Language`)."""
        language = language_of(asked, accepted, (self.language, *self.others))
        return self.others.get(language, self)

    def find(self, name: str) -> Engine | None:
        """Return the engine of a release, by its id or as `current`; `None` where there is none."""
        return self.by_id.get(self.current if name == "current" else name)
