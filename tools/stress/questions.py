"""Random candidates as requests, with the bytes that answer them: the endpoint in this process."""

from dataclasses import dataclass
from random import Random

from tools.inside import RELEASE, responder, written
from tools.population import candidates
from tools.stress.wire import Reply, request

KNOWN = 0.6
"""How probable it is that a fact is known: enough of them to reach every disposition."""
QUERIES = ("", "view=decision", "unknowns=strict")


@dataclass(frozen=True)
class Question:
    """A request and the body that answers it; `facts` is the candidate alone as JSON."""

    sent: bytes
    expected: bytes
    facts: bytes

    def is_answered_by(self, reply: Reply) -> bool:
        """Say whether a reply is the right one, byte by byte."""
        return reply.status == 200 and reply.body == self.expected


def questions(number: int, seed: int = 2026) -> list[Question]:
    """Return different questions."""
    engine, respond = responder()
    random, made = Random(seed), list[Question]()
    for facts, _ in zip(candidates(engine.release, KNOWN, seed), range(number), strict=False):
        query = QUERIES[len(made) % len(QUERIES)]
        body = written({**facts, "reference": f"{random.getrandbits(64):x}"})
        answer = respond(query.encode(), body)
        sent = request(f"/v1/triage?ruleset={RELEASE}&{query}".rstrip("&"), body)
        made.append(Question(sent, bytes(answer.body), body))
    return made
