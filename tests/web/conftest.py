"""A real Chromium, where there is one."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Request, expect, sync_playwright

from tests.serving import HANGS
from tools.browser import CHROMIUM, HOW, OPTIONS

expect.set_options(timeout=HANGS * 1_000)
QUIET = ["--disable-background-networking", "--disable-component-update", "--disable-quic"]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The browser; the tests that need it are skipped where it is not installed."""
    if CHROMIUM is None:
        pytest.skip(f"NO CHROMIUM: the pages were not tried in a browser; {HOW}")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=[*OPTIONS, *QUIET])
        yield chromium
        chromium.close()


@pytest.fixture
def context(browser: Browser, address: str, request: pytest.FixtureRequest) -> Iterator[BrowserContext]:
    """A window of its own that fails the test when a request leaves the service; a parameter says what is special."""
    window = browser.new_context(base_url=address, locale="en-GB", **getattr(request, "param", {}))
    window.set_default_timeout(HANGS * 1_000)
    left: list[str] = []

    def asked(request: Request) -> None:
        if not request.url.startswith((address, "data:", "blob:")):
            left.append(request.url)

    def failed(request: Request) -> None:
        if request.url in left and request.failure == "csp":
            left.remove(request.url)  # the page wanted it, and its policy kept it from leaving

    window.on("request", asked)
    window.on("requestfailed", failed)
    yield window
    window.close()
    assert left == []
