"""Clients that ask without pause over connections they keep, and ask again where one breaks.

A decision is a pure function, so that repeating a request is safe. What they remember can be checked: `wrong`, `lost`,
and every `Break` with the port it was on.
"""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from tools.stress.questions import Question
from tools.stress.report import Report
from tools.stress.wire import BrokenError, Connection, MalformedError, Reply

BOUND = 20.0
"""Seconds after which a request that has no answer is lost."""
AGAIN = 0.02


@dataclass(frozen=True)
class Break:
    """A connection that ended under a request: when, on which client port, what had come, when it was written."""

    at: float
    port: int
    received: bytes
    sent_at: float


@dataclass(frozen=True)
class Lost:
    """A request that got no answer within the bound."""

    sent: bytes
    seconds: float


class Crowd:
    """Asks questions until it is stopped; times are seconds since the epoch, as the service logs them.

    Each client pauses so many seconds before it asks. Without `again` a client whose connection breaks asks no more.
    """

    def __init__(
        self, port: int, asked: Sequence[Question], clients: int, *, pause: float = 0.0, again: bool = True
    ) -> None:
        self._port = port
        self._asked = asked
        self._pause = pause
        self._again = again
        self._stopped = False
        self._tasks = [asyncio.create_task(self._client(number)) for number in range(clients)]
        self.answered = 0
        self.slowest = 0.0
        self.wrong: list[str] = []
        self.lost: list[Lost] = []
        self.breaks: list[Break] = []

    async def stop(self) -> None:
        """Let each client finish what it asked, and return when all have."""
        self._stopped = True
        await asyncio.gather(*self._tasks)

    async def _client(self, number: int) -> None:
        random = Random(number)
        connection: Connection | None = None
        while not self._stopped:
            question = random.choice(self._asked)
            await asyncio.sleep(self._pause)
            begun = time.time()
            connection = await self._answered(question, connection, begun)
            if connection is None and not self._again:
                return
            self.slowest = max(self.slowest, time.time() - begun)
        if connection:
            connection.close()

    async def _answered(self, question: Question, connection: Connection | None, begun: float) -> Connection | None:
        """Ask until answered, and return the connection that did; `None` where there is no answer."""
        while (left := begun + BOUND - time.time()) > 0:
            sent_at = time.time()
            try:
                async with asyncio.timeout(left):
                    connection = connection or await Connection.open(self._port)
                    self.judge(question, await connection.ask(question.sent))
                    return connection
            except BrokenError as error:
                assert connection
                self.breaks.append(Break(time.time(), connection.local_port, error.received, sent_at))
            except MalformedError as error:
                self.wrong.append(f"{question.sent!r} got {error}")
            except TimeoutError:
                if connection:
                    connection.abort()
                break
            except OSError:
                await asyncio.sleep(AGAIN)
            if connection:
                connection.abort()
                connection = None
            if not self._again:
                return None
        self.lost.append(Lost(question.sent, time.time() - begun))
        return None

    def judge(self, question: Question, reply: Reply) -> None:
        """Note an answer."""
        self.answered += 1
        if not question.is_answered_by(reply):
            self.wrong.append(f"{question.sent!r} got {reply.status} {reply.body[:200]!r}")


def well(report: Report, when: str, crowd: Crowd) -> None:
    """Check that every answer was right, each on the connection it was asked on."""
    slowest = f"answers, the slowest after {crowd.slowest * 1e3:.0f} ms"
    report.figure(f"ordinary clients {when}", crowd.answered, slowest)
    found = [*crowd.wrong, *crowd.lost, *crowd.breaks]
    report.check(f"ordinary clients are answered {when}", crowd.answered > 0)
    report.none(f"they get right answers, and no connection of theirs breaks, {when}", found)
