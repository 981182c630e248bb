"""How much work something is, in steps of Python: no other load of the machine changes them."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any


@contextmanager
def steps() -> Iterator[list[int]]:
    """Count steps of the interpreter."""
    counted = [0]

    def trace(frame: FrameType, event: str, _: Any) -> Any:
        frame.f_trace_opcodes, frame.f_trace_lines = True, False
        counted[0] += event == "opcode"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        yield counted
    finally:
        sys.settrace(before)


def growth(work: Callable[[int], int], least: int) -> float:
    """Return what twice as much takes more; the first time something is made that stays."""
    _, some, more, most = (work(least * times) for times in (1, 1, 2, 4))
    return (most - more) / (more - some)
