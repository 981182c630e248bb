"""A FHIR server that takes its time holds up so many calls, and nobody else."""

import asyncio
import threading
from datetime import date

import httpx
import pytest

from app.cds_hooks.routes import Service
from app.cds_hooks.server import MOST_CALLS, MOST_IN_LINE, FhirServer, UnreadableError
from app.cds_hooks.trust import Trust
from app.fhir.localization import Localizations
from app.rulebook.load import RuleBook
from tests.cds_hooks.calls import KEYS, call
from tests.fhir.resources import BASE, bundle, condition

SLOW, QUICK, ELSEWHERE = "https://slow.example/fhir", "https://quick.example/fhir", "https://elsewhere.example"
BUSY = "too many other calls"


class Servers:
    """Two servers, one of which answers once it is let."""

    def __init__(self, seconds: float = 30) -> None:
        self.may = threading.Event()
        self.under_way = self.most = 0
        hosts = frozenset({"slow.example", "quick.example"})
        self.server = FhirServer(hosts, seconds, transport=httpx.MockTransport(self))

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.url.host == "slow.example":
            self.under_way += 1
            self.most = max(self.most, self.under_way)
            try:
                while not self.may.is_set():
                    await asyncio.sleep(0.001)
            finally:
                self.under_way -= 1
        return httpx.Response(200, json=bundle(condition("L01.00")))

    async def called(self, server: str, book: RuleBook, locales: Localizations) -> tuple[int, str]:
        body = call() | {"prefetch": {}, "fhirServer": server, "fhirAuthorization": {"access_token": "token"}}
        service = Service(locales, book.codes, BASE, Trust(), self.server, lambda: date(2026, 11, 23))
        found = await service.answer(body, body["hook"])
        return found.status_code, bytes(found.body).decode()


def test_so_many_calls_are_read_for_at_once_and_each_gets_its_turn(book: RuleBook, locales: Localizations) -> None:
    async def story() -> None:
        servers = Servers()
        calls = [asyncio.create_task(servers.called(SLOW, book, locales)) for _ in range(MOST_CALLS + MOST_IN_LINE)]
        while servers.under_way < MOST_CALLS * len(KEYS):
            await asyncio.sleep(0.001)
        # the rest goes on without, and is not held up
        assert (await servers.called(SLOW, book, locales))[0] == 412
        assert (await servers.called(QUICK, book, locales))[0] == 200
        servers.may.set()
        assert {status for status, _ in await asyncio.gather(*calls)} == {200}
        assert servers.most == MOST_CALLS * len(KEYS)

    asyncio.run(story())


def test_a_turn_that_does_not_come_is_said() -> None:
    async def story() -> None:
        server = Servers(0.05).server
        taken = [server.place(SLOW) for _ in range(MOST_CALLS)]
        for place in taken:
            await place.__aenter__()
        for _ in range(2):
            with pytest.raises(UnreadableError, match=BUSY):
                async with server.place(SLOW):
                    pass
        async with server.place(QUICK) as left:
            assert 0 < left <= 0.05

    asyncio.run(story())


def test_a_turn_is_given_back_however_the_call_ends() -> None:
    async def story() -> None:
        server = Servers().server
        for _ in range(MOST_CALLS + 1):
            with pytest.raises(ZeroDivisionError):
                async with server.place(SLOW):
                    raise ZeroDivisionError
        taken = [server.place(SLOW) for _ in range(MOST_CALLS)]
        for place in taken:
            await place.__aenter__()
        given_up = [asyncio.create_task(server.place(SLOW).__aenter__()) for _ in range(MOST_IN_LINE)]
        await asyncio.sleep(0)
        for task in given_up:
            task.cancel()
        await asyncio.gather(*given_up, return_exceptions=True)
        await taken[0].__aexit__(None, None, None)
        async with server.place(SLOW):
            pass

    asyncio.run(story())


def test_servers_that_are_not_listed_are_not_remembered() -> None:
    async def story() -> None:
        server = Servers().server
        for name in range(3):
            async with server.place(f"{ELSEWHERE}{name}"):
                pass
        assert server._lines == {}

    asyncio.run(story())
