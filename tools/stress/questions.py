"""Random candidates as requests, with the bytes that answer them: the engine in this process, written by pydantic.

The service writes its answers another way, so that the two can be told apart.
"""

import json
from dataclasses import dataclass
from functools import cache
from random import Random
from typing import Any

from pydantic import TypeAdapter

from app.api.decode import readers_of
from app.core.answer import Answer, DecisionView
from app.core.engine import Engines
from app.main import build_engines
from app.settings import Settings
from tools.bench.decisions import candidate
from tools.stress.wire import Reply, request

KNOWN = 0.6
"""How probable it is that a fact is known: enough of them to reach every disposition."""
WAYS = (("", False, True), ("?view=decision", False, False), ("?unknowns=strict", True, True))
"""Queries, with whether they are strict and full."""


@dataclass(frozen=True)
class Question:
    """A request and the body that answers it; `facts` is the candidate alone as JSON."""

    sent: bytes
    expected: bytes
    facts: bytes

    def is_answered_by(self, reply: Reply) -> bool:
        """Say whether a reply is the right one, byte by byte."""
        return reply.status == 200 and reply.body == self.expected


@cache
def _engines() -> Engines:
    return build_engines(Settings())


def questions(number: int, seed: int = 2026) -> list[Question]:
    """Return different questions."""
    engines = _engines()
    engine = engines.by_id[engines.current]
    reader = readers_of(engines)[engines.current]
    full: TypeAdapter[Any] = TypeAdapter(Answer)
    short: TypeAdapter[Any] = TypeAdapter(DecisionView)
    random = Random(seed)
    made: dict[bytes, Question] = {}
    while len(made) < number:
        query, strict, is_full = WAYS[len(made) % len(WAYS)]
        drawn: dict[str, Any] = candidate(random, engine.release.facts, engine, KNOWN)
        facts = json.dumps({**drawn, "reference": f"{random.getrandbits(64):x}"}).encode()
        asked = reader.asked(json.loads(facts), strict=strict)
        written = full.dump_json(engine.answer(asked)) if is_full else short.dump_json(engine.view(asked))
        sent = request(f"/v1/triage{query}", facts)
        made[sent] = Question(sent, written, facts)
    return list(made.values())
