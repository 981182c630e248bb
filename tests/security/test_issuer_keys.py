"""When the keys of an issuer are fetched, and who waits for them."""

import asyncio
import threading
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import dataclass, field

import httpx
import pytest
from joserfc.jwk import ECKey, Key, KeySet

from app.security.issuer import NoIssuerError
from app.security.issuer_keys import (
    AGAIN_SECONDS,
    KEPT_SECONDS,
    MOST_WAITING,
    RENEWED_SECONDS,
    RETRY_SECONDS,
    STALE_SECONDS,
    IssuerKeys,
)

KEYS = {name: ECKey.generate_key("P-256", {"kid": name}) for name in ("one", "two")}


@dataclass
class Issuer:
    """An issuer that answers once it is let, and a clock."""

    keys: list[Key] = field(default_factory=lambda: [KEYS["one"]])
    broken: bool = False
    now: float = 0.0
    asked: int = 0
    may: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.may.set()

    async def __call__(self, _: httpx.Request) -> httpx.Response:
        self.asked += 1
        while not self.may.is_set():
            await asyncio.sleep(0.001)
        return httpx.Response(500) if self.broken else httpx.Response(200, json=KeySet(self.keys).as_dict())

    def held(self) -> IssuerKeys:
        transport = httpx.MockTransport(self)
        return IssuerKeys("https://id.example/", seconds=30, transport=transport, clock=lambda: self.now)


Story = Callable[[Issuer, IssuerKeys], Coroutine[None, None, None]]


def told(story: Story) -> None:
    issuer = Issuer()
    asyncio.run(story(issuer, issuer.held()))


def names(keys: Iterable[Key]) -> set[str | None]:
    return {key.kid for key in keys}


async def asking(issuer: Issuer, times: int) -> None:
    while issuer.asked < times:
        await asyncio.sleep(0.001)


async def settled(keys: IssuerKeys) -> None:
    while keys._under_way is not None and not keys._under_way.done():
        await asyncio.sleep(0.001)


def test_all_who_need_keys_wait_for_one_fetch_and_no_more_than_so_many() -> None:
    async def story(issuer: Issuer, keys: IssuerKeys) -> None:
        issuer.may.clear()
        waiting = [asyncio.create_task(keys.having("one")) for _ in range(MOST_WAITING)]
        await asking(issuer, 1)
        for _ in range(3):
            with pytest.raises(NoIssuerError):
                await keys.having("one")
        issuer.may.set()
        assert all(names(found) == {"one"} for found in await asyncio.gather(*waiting))
        assert issuer.asked == 1
        assert names(await keys.having("one")) == {"one"}

    told(story)


def test_a_new_key_is_found_by_all_who_name_it_while_it_is_fetched() -> None:
    async def story(issuer: Issuer, keys: IssuerKeys) -> None:
        await keys.having("one")
        issuer.now += AGAIN_SECONDS
        issuer.keys.append(KEYS["two"])
        issuer.may.clear()
        waiting = [asyncio.create_task(keys.having("two")) for _ in range(3)]
        await asking(issuer, 2)
        assert names(await keys.having("one")) == {"one"}
        issuer.may.set()
        assert all(names(found) == {"one", "two"} for found in await asyncio.gather(*waiting))
        assert issuer.asked == 2

    told(story)


def test_made_up_keys_cause_one_fetch_a_minute() -> None:
    async def story(issuer: Issuer, keys: IssuerKeys) -> None:
        await keys.having("one")
        for second in range(600):
            issuer.now = second
            await keys.having(f"made up {second}")
        assert issuer.asked <= 600 / AGAIN_SECONDS

    told(story)


def test_nobody_waits_for_keys_that_are_renewed() -> None:
    async def story(issuer: Issuer, keys: IssuerKeys) -> None:
        await keys.having("one")
        issuer.now += RENEWED_SECONDS + 1
        issuer.keys = [KEYS["two"]]
        issuer.may.clear()
        for _ in range(3):
            assert names(await keys.having("one")) == {"one"}
        await asking(issuer, 2)
        issuer.may.set()
        await settled(keys)
        assert names(await keys.having(None)) == {"two"}
        assert issuer.asked == 2

    told(story)


def test_a_key_that_was_taken_back_serves_no_longer_than_it_may() -> None:
    async def story(issuer: Issuer, keys: IssuerKeys) -> None:
        await keys.having("one")
        issuer.now += KEPT_SECONDS + 1
        issuer.keys = [KEYS["two"]]
        assert names(await keys.having("one")) == {"two"}

    told(story)


def test_while_the_issuer_fails_the_last_keys_serve_at_once_and_others_are_not_called_bad() -> None:
    async def story(issuer: Issuer, keys: IssuerKeys) -> None:
        await keys.having("one")
        issuer.now += KEPT_SECONDS + 1
        issuer.broken = True
        assert names(await keys.having("one")) == {"one"}
        with pytest.raises(NoIssuerError):  # it may be a good one, and nobody can tell
            await keys.having("two")
        issuer.now += RETRY_SECONDS
        issuer.may.clear()
        assert names(await keys.having("one")) == {"one"}
        await asking(issuer, 3)
        issuer.may.set()
        await settled(keys)
        issuer.broken, issuer.keys, issuer.now = False, [KEYS["two"]], issuer.now + RETRY_SECONDS
        assert names(await keys.having("two")) == {"two"}
        issuer.broken = True
        issuer.now += STALE_SECONDS + 1
        with pytest.raises(NoIssuerError):
            await keys.having("two")

    told(story)


def test_an_issuer_that_fails_is_asked_again_as_soon_as_a_refusal_says() -> None:
    async def story(issuer: Issuer, keys: IssuerKeys) -> None:
        issuer.broken = True
        for second in range(int(RETRY_SECONDS)):
            issuer.now = second
            with pytest.raises(NoIssuerError):
                await keys.having("one")
        assert issuer.asked == 1
        issuer.broken, issuer.now = False, RETRY_SECONDS
        assert names(await keys.having("one")) == {"one"}

    told(story)


def test_who_goes_away_takes_the_keys_from_nobody() -> None:
    async def story(issuer: Issuer, keys: IssuerKeys) -> None:
        issuer.may.clear()
        first, second = (asyncio.create_task(keys.having("one")) for _ in range(2))
        await asking(issuer, 1)
        first.cancel()
        issuer.may.set()
        assert names(await second) == {"one"}
        assert issuer.asked == 1

    told(story)
