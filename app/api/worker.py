"""Heavy work beside the event loop, in one thread.

One thread, because each further one that wants the interpreter's lock makes everybody else wait for another turn.
"""

import asyncio
import gc
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")

LIGHT_BYTES = 32_768
"""What is read of so few bytes takes less time than a change of threads may."""
SWITCH_SECONDS = 0.001
"""How long the worker may go on while the event loop waits; a request takes a handful of such turns."""
sys.setswitchinterval(SWITCH_SECONDS)
_worker = ThreadPoolExecutor(1, "triage-worker")


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
