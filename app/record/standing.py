"""Whether what is said counts today, by state, place and time."""

from datetime import timedelta
from typing import Any, Literal, NamedTuple

from app.core.codes import UNSURE, Codes, Meaning, Places, Site, Span, is_no
from app.core.facts import Value
from app.record.concepts import said_of
from app.record.dates import Day, Days
from app.record.elements import Resource, first_items, text
from app.record.limits import LONGEST_TEXT, Limits
from app.record.weigh import Claim, Draft

State = Literal["active", "unknown", "ended", "remission"]
"""What is in remission may come back: it has not ended, and whether it is there is asked."""
Open = Literal["open_status", "planned", "refers_to_error", "given_once", "not_final", "open_use", "both_uses"]
"""Why all that a resource says must be asked."""
ENDED: frozenset[State] = frozenset({"ended", "remission"})
MOST_SITES = 8


class Situation(NamedTuple):
    """What a resource says about itself, whatever its codes mean.

    `day` is when it was said last, `onset` when it began, `end` when it ended or will. `site` is the place of the body
    that it names.
    """

    state: State
    day: Day | None
    onset: Day | None = None
    end: Day | None = None
    is_suspected: bool = False
    site: Site | None = None
    open: Open | None = None


class Standing:
    """Judges statements on one day."""

    def __init__(self, codes: Codes, days: Days) -> None:
        self._spans = codes.spans
        self._days = days

    def claim(self, draft: Draft, meaning: Meaning, at: Situation, value: Value | None = None) -> Claim:
        """Return what a meaning says in a situation."""
        span = self._spans.get(meaning.fact, UNSURE)
        claim = Claim(draft, meaning.fact, meaning.value if value is None else value, "asked", "open_value")
        draft.claims.append(claim)
        if at.state in ENDED:
            if meaning.ended:
                self._ended(claim, meaning, at)
                return claim
            if span.after == "asked" or (at.state == "remission" and span.after == "over"):
                claim.reason = "open_status"
                return claim
            if span.after == "over":
                claim.put("set_aside", "ended")
                return claim
        if at.open:
            claim.reason = at.open
        elif at.is_suspected and not meaning.suspected:
            claim.reason = "suspected"
        elif meaning.area and at.site == "elsewhere":
            claim.reason = "other_place"
        elif meaning.area == "placed" and at.site is None:
            claim.reason = "no_place"
        else:
            self._time(claim, meaning, span, at)
        return claim

    def _ended(self, claim: Claim, meaning: Meaning, at: Situation) -> None:
        """Say what is still said of what ended."""
        ended = meaning.ended
        if ended is None:
            return
        claim.value, claim.is_past = ended.value, True
        end = at.end
        if end is None and at.day and self._days.ago(at.day.first) <= ended.within_days:
            end = at.day  # it ended after it was said
        if end is None:
            claim.reason = "end_unknown"
        elif self._days.ago(end.first) <= ended.within_days:
            if at.is_suspected and not meaning.suspected:
                claim.reason = "suspected"
            elif claim.value is not None:
                claim.counts, claim.until = True, end.first + timedelta(days=ended.within_days)
                claim.put("used", "ended_recently")
        elif self._days.ago(end.last) > ended.within_days:
            claim.put("set_aside", "ended")
        else:
            claim.reason = "end_unknown"

    def _time(self, claim: Claim, meaning: Meaning, span: Span, at: Situation) -> None:
        """Say whether it can be relied on today."""
        is_yes = not is_no(claim.value)
        days = meaning.yes_days if meaning.yes_days is not None and is_yes else span.days(claim.value)
        day = (at.onset if span.from_onset else None) or at.day
        is_active = at.state == "active"
        lasts = is_active and (days is None or (span.while_active and is_yes))
        in_time = day is not None and (days is None or self._days.ago(day.first) <= days)
        if not (in_time or lasts or (day is None and span.history and is_yes)):
            claim.reason = "no_date" if day is None else "too_old"
            claim.is_over = day is not None and days is not None and self._days.ago(day.last) > days
        elif claim.value is None:
            claim.rules_out = meaning.rules_out
        else:
            # what is active today is as good as said today
            since = self._days.on if lasts or day is None else day.first
            claim.counts, claim.until = True, None if days is None else since + timedelta(days=days)
            if at.end and at.state not in ENDED:  # which then lies ahead, or is today
                claim.until = min(claim.until or at.end.last, at.end.last)
            claim.put("used", "history" if span.history else "current")

    def answer(self, claim: Claim, day: Day) -> None:
        """Say whether an answer of the intake can be relied on today."""
        days = self._spans.get(claim.fact, UNSURE).days(claim.value)
        if days is not None and self._days.ago(day.first) > days:
            claim.put("asked", "too_old")
        else:
            claim.counts, claim.until = True, None if days is None else day.first + timedelta(days=days)
            claim.put("used", "answered")


class Sites:
    """Places of the body, as far as they are in the area.

    The area is face, head and neck, and what a draft or an appointment names.
    """

    def __init__(self, places: Places, area: Any, limits: Limits) -> None:
        self._places = places
        self._limits = limits
        self._known: dict[str, Site | None] = {}
        self._codes: set[tuple[str, str]] = set()
        self._words: set[str] = set()
        self._texts: set[str] = set()
        for concept in first_items(area, MOST_SITES):
            codings = first_items(concept.get("coding"), MOST_SITES)
            self._codes |= {(text(c.get("system")), text(c.get("code"))) for c in codings}
            said = said_of(concept)
            self._texts |= {each.casefold() for each in said}
            self._words |= {word for each in said for _, word in self._found(each)}

    def of(self, body_sites: Any, code: Site | None, words: str) -> Site | None:
        """Return where something is, by body sites, code and words."""
        named = [self._named(each) for each in first_items(body_sites, MOST_SITES)]
        if "widened" in named:
            return "in"
        body: Site | None = ("in" if "in" in named else "elsewhere") if named else None
        if body and code and body != code:
            return "elsewhere"
        return body or code or self._by_words(words)

    def _named(self, concept: Resource) -> Literal["in", "elsewhere", "widened"]:
        if not self._limits.may_look_up():
            return "elsewhere"
        said = said_of(concept)
        codes = [(text(c.get("system")), text(c.get("code"))) for c in first_items(concept.get("coding"), MOST_SITES)]
        self._limits.look_up(len(codes))
        words = [found for each in said for found in self._found(each)]
        if self._codes.intersection(codes) or any(each.casefold() in self._texts for each in said):
            return "widened"
        if any(word in self._words for _, word in words):
            return "widened"
        sites: list[Site] = [self._places.codes[code] for _, code in codes if code in self._places.codes]
        sites = sites or [site for site, _ in words]
        return "in" if "in" in sites else "elsewhere"

    def _found(self, words: str) -> dict[tuple[Site, str], None]:
        said = self._limits.text(words)
        return self._places.words.found(said) if said else {}

    def _by_words(self, words: str) -> Site | None:
        if words not in self._known:
            found = self._found(words[:LONGEST_TEXT])
            is_in = any(site == "in" or word in self._words for site, word in found)
            self._known[words] = "in" if is_in else "elsewhere" if found else None
        return self._known[words]
