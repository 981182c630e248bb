"""Work beside the event loop: heavy, and what strangers send.

One thread of each: every further one that wants the interpreter's lock makes everybody else wait for another turn.
"""

import asyncio
import gc
import os
import sys
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from threading import Lock, Thread
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")

LIGHT_BYTES = 32_768
"""What is read of so few bytes takes less time than a change of threads may."""
SWITCH_SECONDS = 0.001
"""How long the worker may go on while the event loop waits; a request takes a handful of such turns."""
sys.setswitchinterval(SWITCH_SECONDS)
_worker = ThreadPoolExecutor(1, "triage-worker")
_beside: list[asyncio.AbstractEventLoop] = []
_starting = Lock()
os.register_at_fork(after_in_child=_beside.clear)  # a thread does not come along


async def in_worker(work: Callable[P, R], *arguments: P.args, **named: P.kwargs) -> R:
    """Return what some work comes to, while the event loop goes on."""
    context = copy_context()

    def run() -> R:
        # a large record is no garbage, and looking through it for some holds up everybody
        collects = gc.isenabled()
        gc.disable()
        try:
            return context.run(work, *arguments, **named)
        finally:
            if collects:
                gc.enable()

    return await asyncio.get_running_loop().run_in_executor(_worker, run)


async def beside(work: Coroutine[Any, Any, R]) -> R:
    """Return what a coroutine comes to, on another event loop.

    What a stranger sends is taken apart there: for each turn of it, this loop waits `SWITCH_SECONDS` at most.
    """
    with _starting:
        if not _beside:
            _beside.append(asyncio.new_event_loop())
            Thread(target=_beside[0].run_forever, name="triage-beside", daemon=True).start()
    return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, _beside[0]))
