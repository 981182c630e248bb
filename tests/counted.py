"""How many requests the tests made of the application, counted over all processes of a run.

`make test-long PART=fuzz` sets `TRIAGE_TEST_LEAST_REQUESTS`: the last line of the run is then the count, and a run of
fewer requests, or with an answer of 500 and above, fails.
"""

import os
from collections import Counter
from typing import Any

import pytest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LEAST = "TRIAGE_TEST_LEAST_REQUESTS"
_COUNTS: Counter[str] = Counter()


def counted(app: ASGIApp) -> ASGIApp:
    """Return an application that counts its requests and its answers of 500 and above."""

    async def counting(scope: Scope, receive: Receive, send: Send) -> None:
        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start":
                _COUNTS["5xx"] += message["status"] >= 500
            await send(message)

        _COUNTS["requests"] += scope["type"] == "http"
        await app(scope, receive, sent)

    return counting


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Add the counts of a process that is done."""
    _COUNTS.update(getattr(node, "workeroutput", {}).get("counts", {}))


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Hand on the counts of this process, or fail a run of too few."""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["counts"] = dict(_COUNTS)
    elif is_short(_COUNTS) and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_unconfigure(config: pytest.Config) -> None:
    """Print the count, last of all."""
    if LEAST in os.environ and not hasattr(config, "workeroutput"):
        print(in_words(_COUNTS))


def is_short(counts: Counter[str]) -> bool:
    """Say whether fewer requests were made than asked for, or one was answered by 500 and above."""
    return LEAST in os.environ and (counts["requests"] < int(os.environ[LEAST]) or counts["5xx"] > 0)


def in_words(counts: Counter[str]) -> str:
    """Return the count as the last line of a run."""
    few = f", fewer than {int(os.environ[LEAST]):,}" if counts["requests"] < int(os.environ[LEAST]) else ""
    return f"{counts['requests']:,} requests{few}, {counts['5xx']:,} answered by 500 and above"
