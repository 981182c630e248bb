"""The answer as CDS Hooks cards: referral, decision, conflicting order.

No card only agrees. Nothing in a card is null or empty.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from heapq import nlargest
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from app.cds_hooks.request import Call, ordered_pathway
from app.cds_hooks.services import ORDERS
from app.core.answer import Answer, Referral
from app.core.engine import Engine
from app.core.rules import Urgency
from app.fhir.plan import DISPOSITIONS, PATHWAYS, pathway_concept, plan_address
from app.record.bounds import newest
from app.record.elements import Resource, reference_of, text
from app.record.patient import PatientFacts

MOST = 139
"""A summary has fewer than 140 characters."""
REASONS = [
    {"code": code, "system": "http://terminology.hl7.org/CodeSystem/non-adherence-reason-codes", "display": words}
    for code, words in {
        "cds-not-applicable": "PC CDS does not apply to patient",
        "cds-suboptimal-context": "PC CDS delivered in suboptimal context",
        "recipient-disagrees-evidence": "Recipient disagrees with recommendation because of issues with the evidence",
    }.items()
]
"""Codes and displays of CDS Hooks 3.0.0-ballot (non-adherence-reason-codes)."""
PRIORITY: Mapping[Urgency, str] = {
    "emergency": "stat",
    "today": "urgent",
    "urgent": "urgent",
    "days": "asap",
    "soon": "asap",
    "routine": "routine",
}
MOST_DRAFTS = 200
"""How many drafts of ours are worked on in one call."""
LISTED = 12
Card = dict[str, Any]


@dataclass(frozen=True)
class Cards:
    """The cards of one engine's answers; `base` is the public address."""

    engine: Engine
    base: str

    def of(self, call: Call, answer: Answer, record: PatientFacts, notes: tuple[str, ...]) -> list[Card]:
        """Return the cards for a call; sources are told once."""
        system = self.base + PATHWAYS
        orders = [(order, pathway) for order in call.orders if (pathway := ordered_pathway(order, system))]
        if call.hook in ORDERS and not orders:
            return []
        unread = list(record.unread)
        if len(orders) > MOST_DRAFTS:
            unread.insert(0, f"{len(orders) - MOST_DRAFTS} drafts were not read: there are more than {MOST_DRAFTS}")
            orders = nlargest(MOST_DRAFTS, orders, lambda each: newest(each[0]))
        referrals = [self._referred(call, answer, referral) for referral in answer.referral]
        decisions = list(self._decisions(call, answer, record, notes, orders))
        cards = [*referrals, *decisions]
        if unread:
            cards.append(self._card(call, answer, "unread", f"Not all was read: {unread[0]}", "warning"))
            cards[-1]["detail"] = "\n".join(["**Not read**", "", *(f"- {line}" for line in unread)])
        if (decisions or referrals) and answer.sources:
            (decisions or referrals)[0]["detail"] += "\n\n**Sources**\n\n" + "\n".join(
                f"- [{name}]({self.base}{source.url}): {source.document}, {source.section}"
                for name, source in answer.sources.items()
            )
        for card in cards:
            card["detail"] = "\n\n".join([*self.engine.release.warnings, card["detail"]])
            if answer.ruleset.withdrawn and card["indicator"] == "info":
                card["indicator"] = "warning"
        return cards

    def _referred(self, call: Call, answer: Answer, referral: Referral) -> Card:
        key = f"referral {referral.rule}"
        return self._card(call, answer, key, referral.statement, "warning") | {
            "detail": f"**{referral.to}**\n\nSources: {', '.join(referral.sources)}",
            **self._suggested(call, key, "Refer", self._referral(call, referral)),
            "overrideReasons": REASONS,
        }

    def _decisions(
        self,
        call: Call,
        answer: Answer,
        record: PatientFacts,
        notes: tuple[str, ...],
        orders: list[tuple[Resource, str]],
    ) -> Iterator[Card]:
        detail = self._detail(answer, record, notes)
        if call.hook not in ORDERS:
            yield self._decision(call, answer, detail, doubted=bool(record.overruled))
            return
        doubted = bool(record.overruled) or any(each.status == "unmet" for each in answer.preconditions)
        for order, pathway in orders:
            if answer.decision.pathway == pathway and not doubted:
                continue
            yield self._conflict(call, answer, order, pathway, detail)

    def _decision(self, call: Call, answer: Answer, detail: str, *, doubted: bool) -> Card:
        """`doubted`: something in the record says otherwise than what was decided by."""
        settled = answer.decision.disposition in ("recommended", "excluded") and not doubted
        card = self._card(call, answer, "decision", self._headline(answer), "info" if settled else "warning")
        card["detail"] = detail
        card["links"] = self._links(answer)
        if answer.decision.pathway:
            order = self._order(call, answer.decision.pathway)
            card |= self._suggested(call, "decision", "Draft an order for this pathway", order)
        if not settled:
            card["overrideReasons"] = REASONS
        return card

    def _conflict(self, call: Call, answer: Answer, order: Resource, pathway: str, detail: str) -> Card:
        excluded = answer.decision.disposition == "excluded"
        name = reference_of(order).partition("/")[2]
        key = f"order {name or text(order.get('id'))}"
        words = f"Ordered: {self._pathway(pathway)}. {self._headline(answer)}"
        card = self._card(call, answer, key, words, "critical" if excluded else "warning")
        card |= {"detail": detail, "links": self._links(answer), "overrideReasons": REASONS}
        if name and answer.decision.pathway != pathway:
            resource = f"ServiceRequest/{name}"
            actions = [{"type": "delete", "description": "Take back the drafted order", "resourceId": resource}]
            if answer.decision.pathway:
                order = self._order(call, answer.decision.pathway)
                actions.append(_creation("Draft an order for the pathway that applies", order))
            card |= _suggestion("Change the order", self._uuid(call, answer.id, key + "s"), actions)
        return card

    def _card(self, call: Call, answer: Answer, key: str, summary: str, indicator: str) -> Card:
        words = self.engine.release.wording.dispositions[answer.decision.disposition]
        topic = {"system": self.base + DISPOSITIONS, "code": answer.decision.disposition, "display": words}
        return {
            "uuid": self._uuid(call, answer.id, key),
            "summary": summary if len(summary) <= MOST else summary[: MOST - 1].rstrip() + "…",
            "indicator": indicator,
            "source": {"label": f"Candidate Triage {self.engine.release.id}", "url": self.base + "/", "topic": topic},
        }

    def _uuid(self, call: Call, answer: str, key: str) -> str:
        """Return a UUID that depends on answer, call and card alone."""
        return str(uuid5(NAMESPACE_URL, json.dumps([answer, call.instance, key])))

    def _headline(self, answer: Answer) -> str:
        words = self.engine.release.wording.dispositions[answer.decision.disposition]
        if answer.decision.pathway:
            ready = "" if answer.ready else " (something is still to be confirmed or put in place)"
            return f"{words}: {self._pathway(answer.decision.pathway)}{ready}"
        if answer.missing:
            return f"{words}: {len(answer.missing)} {'fact' if len(answer.missing) == 1 else 'facts'} missing"
        held = [reason for reason in answer.rationale if reason.state == "held" and reason.decides is not False]
        why = held[0].statement if held else ""
        return f"{words}: {why}" if why else words

    def _pathway(self, pathway: str) -> str:
        return self.engine.release.wording.pathways.get(pathway, "another pathway")

    def _detail(self, answer: Answer, record: PatientFacts, notes: tuple[str, ...]) -> str:
        facts = self.engine.release.facts
        parts = [answer.summary]

        def section(title: str, lines: list[str]) -> None:
            if lines:
                more = [f"- and {len(lines) - LISTED} more"] if len(lines) > LISTED else []
                parts.append("\n".join([f"**{title}**", "", *(f"- {line}" for line in lines[:LISTED]), *more]))

        reasons = [(r.state, f"{r.statement} ({', '.join(r.sources)})") for r in answer.rationale]
        section("Why", [line for state, line in reasons if state == "held"])
        section("Open", [f"May hold: {line}" for state, line in reasons if state == "undecided"])
        section("Still missing", [facts[name].question for name in answer.missing])
        section("To be confirmed", [assumption.question for assumption in answer.assumptions])
        section("Not in place", [p.statement for p in answer.preconditions if p.status == "unmet"])
        section("To weigh", [caution.statement for caution in answer.cautions])
        section(
            "From the record",
            [f"{s.fact}: {s.resource} ({s.code}). {s.why}" for s in record.provenance.values() if s.resource],
        )
        said_otherwise = [f"{s.fact}: {s.resource} ({s.code}) says otherwise" for s in record.overruled]
        section("Contradictions", said_otherwise)
        section(
            "Hints in the record, to be asked", [f"{s.fact}: {s.resource} ({s.code}). {s.why}" for s in record.hints]
        )
        section("Not read", [*notes, *record.notes])
        section("Notices", list(answer.notices))
        return "\n\n".join(parts)

    def _links(self, answer: Answer) -> list[Card]:
        rules = [reason.rule for reason in answer.rationale]
        path = f"/rules/{rules[0]}" if rules else "/rules"
        links = [{"label": "The rules and their sources", "url": self.base + path, "type": "absolute"}]
        if answer.missing or answer.assumptions:
            links.append({"label": "Answer what is missing", "url": self.base + "/", "type": "smart"})
        return links

    def _suggested(self, call: Call, key: str, label: str, resource: Resource) -> Card:
        return _suggestion(label, self._uuid(call, label, key), [_creation(label, resource)])

    def _order(self, call: Call, pathway: str) -> Resource:
        return {
            "resourceType": "ServiceRequest",
            "status": "draft",
            "intent": "proposal",
            "instantiatesCanonical": [f"{plan_address(self.base)}|{self.engine.release.id}"],
            "code": pathway_concept(self.engine.release, pathway, self.base),
            "subject": {"reference": f"Patient/{call.patient}"},
        }

    def _referral(self, call: Call, referral: Referral) -> Resource:
        return {
            "resourceType": "ServiceRequest",
            "status": "draft",
            "intent": "proposal",
            "priority": PRIORITY[referral.urgency],
            "code": {"text": f"Referral. {referral.to}"},
            "subject": {"reference": f"Patient/{call.patient}"},
            "note": [{"text": referral.statement}],
        }


def _creation(words: str, resource: Resource) -> Card:
    return {"type": "create", "description": words, "resource": resource}


def _suggestion(label: str, uuid: str, actions: list[Card]) -> Card:
    suggestion = {"label": label, "uuid": uuid, "actions": actions}
    return {"suggestions": [suggestion], "selectionBehavior": "at-most-one"}
