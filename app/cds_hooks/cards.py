"""The answer as CDS Hooks cards: referral, decision, conflicting order.

No card only agrees. Nothing in a card is null or empty.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from heapq import nlargest
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from app.cds_hooks.detail import Weighed, detail_of
from app.cds_hooks.request import Call, Draft
from app.cds_hooks.services import ORDERS
from app.core.answer import Answer, Referral
from app.core.rules import Urgency
from app.fhir import said
from app.fhir.localization import Localization
from app.fhir.plan import DISPOSITIONS
from app.record.bounds import newest
from app.record.elements import Resource, reference_of, text
from app.record.orders import draft_order

MOST = 139
"""A summary has fewer than 140 characters."""
REASONS = {
    "cds-not-applicable": "PC CDS does not apply to patient",
    "cds-suboptimal-context": "PC CDS delivered in suboptimal context",
    "recipient-disagrees-evidence": "Recipient disagrees with recommendation because of issues with the evidence",
}
"""Codes and displays of CDS Hooks 3.0.0-ballot (non-adherence-reason-codes)."""
NON_ADHERENCE = "http://terminology.hl7.org/CodeSystem/non-adherence-reason-codes"
PRIORITY: Mapping[Urgency, str] = {
    "emergency": "stat",
    "today": "urgent",
    "urgent": "urgent",
    "days": "asap",
    "soon": "asap",
    "routine": "routine",
}
LONGEST_KEY = 1_000
"""How much of an order's id and pathway tells its card from others."""
MOST_DRAFTS = 200
"""How many drafts of ours are worked on in one call."""
MOST_DETAILED = 10
"""In how many cards about drafts the reasons stand, which are the same for all of them."""
Card = dict[str, Any]


@dataclass(frozen=True)
class Cards:
    """The cards of one call's answer; `base` is the public address."""

    locale: Localization
    base: str
    call: Call
    launches: frozenset[str] = frozenset()
    """The FHIR servers whose users may launch the intake."""

    def of(self, answer: Answer, weighed: Weighed) -> list[Card]:
        """Return the cards about a decision; sources stand in one of them."""
        drafts, unread = self.call.drafts, said.unread(weighed.record, self.locale)
        if len(drafts) > MOST_DRAFTS:
            left = "{count} drafts were not read: there are more than {most}"
            unread.insert(0, self._say(left, count=len(drafts) - MOST_DRAFTS, most=MOST_DRAFTS))
            drafts = nlargest(MOST_DRAFTS, drafts, lambda each: newest(each.resource))
        referrals = [self._referred(answer, referral) for referral in answer.referral]
        decisions = list(self._decisions(answer, weighed, drafts))
        cards = [*referrals, *([self._another(answer)] if self.call.for_another else []), *decisions]
        lost = [] if decisions else weighed.lost(self.locale)  # else the detail of a decision tells it
        if unread or lost:
            cards.append(self.unread(answer, [*unread, *lost], is_lost=bool(lost)))
        if (decisions or referrals) and answer.sources:
            (decisions or referrals)[0]["detail"] += f"\n\n**{self._say('Sources')}**\n\n" + "\n".join(
                f"- [{name}]({self.base}{source.url}): {source.document}, {source.section}"
                for name, source in answer.sources.items()
            )
        for card in cards:
            card["detail"] = "\n\n".join([*self.locale.warnings, card["detail"]])
            if answer.ruleset.withdrawn and card["indicator"] == "info":
                card["indicator"] = "warning"
        return cards

    def invitation(self, answer: Answer, weighed: Weighed) -> Card:
        """Return the quiet card, which only invites to the intake."""
        card = self._card(answer, "invitation", self._say("Candidate intake for regenerative skin treatment"), "info")
        says = self._say("Nothing in the record says whether this kind of care is wanted. The intake asks for it.")
        lost = [f"- {line}" for line in weighed.lost(self.locale)]
        card["detail"] = "\n".join([says, *(["", f"**{self._say('Not read')}**", "", *lost] if lost else [])])
        card["links"] = [self._intake_link()]
        return card

    def _another(self, answer: Answer) -> Card:
        """Return the card about an order for another patient."""
        says = self._say("What is ordered or booked names another patient than the one of this call")
        detail = self._say("Everything else that is said here is about the patient of the call.")
        return self._card(answer, "another patient", says, "warning") | {"detail": detail}

    def unread(self, answer: Answer, unread: list[str], *, is_lost: bool, indicator: str = "warning") -> Card:
        """Return the card about what was not read."""
        card = self._card(answer, "unread", self._say("Not all was read: {what}", what=unread[0]), indicator)
        lines = [f"**{self._say('Not read')}**", "", *(f"- {line}" for line in unread)]
        if is_lost:
            lines += [
                "",
                self._say("What was not read may speak against it. That nothing else is said here is no answer."),
            ]
        card["detail"] = "\n".join(lines)
        return card

    def _referred(self, answer: Answer, referral: Referral) -> Card:
        key = f"referral {referral.rule}"
        sources = self._say("Sources: {sources}", sources=", ".join(referral.sources))
        return self._card(answer, key, referral.statement, "warning") | {
            "detail": f"**{referral.to}**\n\n{sources}",
            **self._suggested(key, answer.id, self._say("Refer"), self._referral(referral)),
            "overrideReasons": self._override_reasons(),
        }

    def _decisions(self, answer: Answer, weighed: Weighed, drafts: list[Draft]) -> Iterator[Card]:
        detail = detail_of(answer, weighed, self.locale)
        if any(not draft.pathway for draft in drafts) or self.call.hook == "patient-view":
            yield self._decision(answer, weighed, detail)
        doubted = weighed.doubted or not answer.ready
        conflicts = [each for each in drafts if each.pathway and (answer.decision.pathway != each.pathway or doubted)]
        for number, draft in enumerate(conflicts):
            yield self._conflict(answer, draft, detail if number < MOST_DETAILED else answer.summary, weighed)

    def _decision(self, answer: Answer, weighed: Weighed, detail: str) -> Card:
        disposition = answer.decision.disposition
        settled = disposition in ("recommended", "excluded") and not weighed.record.contradictions
        card = self._card(answer, "decision", self._headline(answer), "info" if settled else "warning")
        card |= {"detail": detail, "links": self._links(answer)}
        if answer.decision.pathway:
            order = self._order(answer.decision.pathway)
            card |= self._suggested("decision", answer.id, self._say("Draft an order for this pathway"), order)
        if not settled:
            card["overrideReasons"] = self._override_reasons()
        return card

    def _conflict(self, answer: Answer, draft: Draft, detail: str, weighed: Weighed) -> Card:
        """Return the card about a draft that the decision does not settle.

        An exclusion of what is ordered is named first while something else decides, or nothing does yet.
        """
        excluded = answer.decision.disposition == "excluded"
        against = [rule for rule in weighed.held if rule.effect == "excludes" and draft.pathway in rule.pathways]
        name = reference_of(draft.resource).partition("/")[2]
        key = f"order {name or text(draft.resource.get('id'))[:LONGEST_KEY]} {draft.pathway[:LONGEST_KEY]}"
        agrees = answer.decision.pathway == draft.pathway
        says = "Ordered: {pathway}. {headline}" if self.call.hook in ORDERS else "Booked: {pathway}. {headline}"
        headline = self._doubt(weighed) if agrees and weighed.doubted else self._headline(answer)
        if against and not excluded:
            headline = self._say("Ruled out: {statement}", statement=against[0].says)
            detail = "\n".join(
                [f"**{self._say('Rules out what is ordered')}**", ""]
                + [f"- {rule.says} ({', '.join(rule.sources)})" for rule in against]
                + ["", detail]
            )
        words = self._say(says, pathway=self._pathway(draft.pathway), headline=headline)
        card = self._card(answer, key, words, "critical" if excluded or against else "warning")
        card |= {"detail": detail, "links": self._links(answer), "overrideReasons": self._override_reasons()}
        if name and not agrees and self.call.hook in ORDERS:
            says = self._say("Take back the drafted order")
            actions = [{"type": "delete", "description": says, "resourceId": f"ServiceRequest/{name}"}]
            if answer.decision.pathway:
                order = self._order(answer.decision.pathway)
                actions.append(_creation(self._say("Draft an order for the pathway that applies"), order))
            card |= _suggestion(self._say("Change the order"), self._uuid(answer.id, key + "s"), actions)
        return card

    def _doubt(self, weighed: Weighed) -> str:
        if weighed.record.contradictions:
            return self._say("The record and the intake contradict each other; see the detail")
        return self._say("Something in the record was not understood; see the detail")

    def _card(self, answer: Answer, key: str, summary: str, indicator: str) -> Card:
        release = self.locale.engine.release
        words = release.wording.dispositions[answer.decision.disposition]
        topic = {"system": self.base + DISPOSITIONS, "code": answer.decision.disposition, "display": words}
        return {
            "uuid": self._uuid(answer.id, key),
            "summary": summary if len(summary) <= MOST else summary[: MOST - 1].rstrip() + "…",
            "indicator": indicator,
            "source": {"label": f"Candidate Triage {release.id}", "url": self.base + "/", "topic": topic},
        }

    def _uuid(self, answer: str, key: str) -> str:
        """Return a UUID that depends on answer, call and card alone."""
        return str(uuid5(NAMESPACE_URL, json.dumps([answer, self.call.instance, key])))

    def _headline(self, answer: Answer) -> str:
        words = self.locale.engine.release.wording.dispositions[answer.decision.disposition]
        if answer.decision.pathway:
            says = "{decision}: {pathway}"
            if not answer.ready:
                says = "{decision}: {pathway} (something is still to be confirmed or put in place)"
            return self._say(says, decision=words, pathway=self._pathway(answer.decision.pathway))
        if answer.missing:
            count = len(answer.missing)
            says = "{decision}: {count} fact missing" if count == 1 else "{decision}: {count} facts missing"
            return self._say(says, decision=words, count=count)
        held = [reason for reason in answer.rationale if reason.state == "held" and reason.decides is not False]
        why = held[0].statement if held else ""
        return f"{words}: {why}" if why else words

    def _pathway(self, pathway: str) -> str:
        return self.locale.engine.release.wording.pathways.get(pathway) or self._say("another pathway")

    def _links(self, answer: Answer) -> list[Card]:
        rules = [reason.rule for reason in answer.rationale]
        path = f"/rules/{rules[0]}" if rules else "/rules"
        links = [{"label": self._say("The rules and their sources"), "url": self.base + path, "type": "absolute"}]
        if answer.missing or answer.assumptions or any(each.ask for each in answer.preconditions):
            links.append(self._intake_link())
        return links

    def _intake_link(self) -> Card:
        """Return the link to the intake; `smart` where it can be launched."""
        label = self._say("Answer what is missing")
        if self.launches and (not self.call.server or self.call.server in self.launches):
            return {"label": label, "url": f"{self.base}/launch", "type": "smart"}
        return {"label": label, "url": f"{self.base}/intake", "type": "absolute"}

    def _override_reasons(self) -> list[Card]:
        return [{"code": code, "system": NON_ADHERENCE, "display": self._say(words)} for code, words in REASONS.items()]

    def _suggested(self, key: str, answer: str, label: str, resource: Resource) -> Card:
        return _suggestion(label, self._uuid(answer, f"{key} suggestion"), [_creation(label, resource)])

    def _order(self, pathway: str) -> Resource:
        release = self.locale.engine.release
        subject = {"reference": f"Patient/{self.call.patient}"}
        return draft_order(release, pathway, self.base) | {"subject": subject}

    def _referral(self, referral: Referral) -> Resource:
        return {
            "resourceType": "ServiceRequest",
            "status": "draft",
            "intent": "proposal",
            "priority": PRIORITY[referral.urgency],
            "code": {"text": self._say("Referral. {to}", to=referral.to)},
            "subject": {"reference": f"Patient/{self.call.patient}"},
            "note": [{"text": referral.statement}],
        }

    def _say(self, says: str, **values: object) -> str:
        return self.locale.phrases.of(says, **values)


def _creation(words: str, resource: Resource) -> Card:
    return {"type": "create", "description": words, "resource": resource}


def _suggestion(label: str, uuid: str, actions: list[Card]) -> Card:
    suggestion = {"label": label, "uuid": uuid, "actions": actions}
    return {"suggestions": [suggestion], "selectionBehavior": "at-most-one"}
