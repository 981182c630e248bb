"""The functions of ours that one full request calls, in order: `make trace`.

A complete candidate of 2026.2, from body to bytes: one who was not seen before, after many others (cold), the same
again (warm), and the very first after a start, which is shown without a limit: it makes what is remembered. Counted
are calls of functions in files below `app/`; a comprehension belongs to the function that it stands in, and a
generator is called once. A move is a call in another file than the call before it. Exit code 1 above a limit.
"""

import inspect
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import groupby, pairwise
from types import CodeType, FrameType
from typing import Any, NamedTuple

from tools.inside import RELEASE, responder, shipped, written
from tools.population import drawn
from tools.serving import ROOT

OURS = f"{ROOT / 'app'}/"
INSIDE = frozenset({"<listcomp>", "<dictcomp>", "<setcomp>", "<genexpr>"})
"""Names of comprehensions, which are functions of their own before Python 3.12."""
RESUMED = inspect.CO_GENERATOR | inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR


class Totals(NamedTuple):
    """What is counted of a request."""

    calls: int
    functions: int
    files: int
    moves: int

    def __str__(self) -> str:
        return ", ".join(f"{count} {name}" for name, count in self._asdict().items())


OTHERS = 1_000
"""How many candidates come between the first and the new one."""
LIMITED = ("cold", "warm")
LIMITS = Totals(calls=150, functions=45, files=10, moves=15)


@dataclass
class Call:
    """A call of a function, with the calls that it made."""

    name: str = ""
    inner: list["Call"] = field(default_factory=list)

    def lines(self, depth: int = 0) -> list[str]:
        """Return it as lines of a tree; calls in a row that look alike are told once, with their number."""
        own = [f"{'  ' * depth}{self.name}"] if self.name else []
        below = [call.lines(depth + len(own)) for call in self.inner]
        for (first, *rest), same in groupby(below):
            times = len(list(same))
            own += [f"{first} x {times}" if times > 1 else first, *rest]
        return own


@dataclass
class Trace:
    """The calls of ours while something runs: all in order, and as a tree."""

    calls: list[CodeType] = field(default_factory=list)
    root: Call = field(default_factory=Call)

    def totals(self) -> Totals:
        """Return what was counted."""
        files = [code.co_filename for code in self.calls]
        moves = sum(before != after for before, after in pairwise(files))
        return Totals(len(files), len(set(self.calls)), len(set(files)), moves)


def traced(work: Callable[[], object], ours: str = OURS) -> Trace:
    """Run something in this thread and return its calls in files whose paths begin as `ours`."""
    trace, begun = Trace(), set[FrameType]()
    stack = [trace.root]

    def profile(frame: FrameType, event: str, _: Any) -> None:
        code = frame.f_code
        if event not in ("call", "return") or not code.co_filename.startswith(ours) or code.co_name in INSIDE:
            return
        if event == "return":
            stack.pop()
            return
        again = code.co_flags & RESUMED and frame in begun
        begun.add(frame)
        if not again:
            trace.calls.append(code)
        call = Call(f"{name_of(code)} again" if again else name_of(code))
        stack[-1].inner.append(call)
        stack.append(call)

    sys.setprofile(profile)
    try:
        work()
    finally:
        sys.setprofile(None)
    return trace


def name_of(code: CodeType) -> str:
    """Return the file and the name of a function."""
    name: str = getattr(code, "co_qualname", code.co_name)
    return f"{code.co_filename.removeprefix(OURS)} {name}"


def requests() -> dict[str, Trace]:
    """Return the calls of the first full request, of another one after many, and of the same again."""
    first, *others, new = map(written, drawn(shipped().release, OTHERS + 2))
    _, respond = responder()
    found = {"first": traced(lambda: respond(b"", first))}
    for body in others:
        respond(b"", body)
    return found | {name: traced(lambda: respond(b"", new)) for name in LIMITED}


def exceeded(totals: Totals) -> list[str]:
    """Return the names of what is above its limit."""
    return [name for name, count, most in zip(Totals._fields, totals, LIMITS, strict=True) if count > most]


def main() -> None:
    """Print the traces; exit with 1 where a limit is exceeded."""
    above: list[str] = []
    for name, trace in requests().items():
        print(f"{name}, a full answer of {RELEASE}, complete facts:", *trace.root.lines(1), "", sep="\n")
        if name in LIMITED:
            above += [f"{name}: {what}" for what in exceeded(trace.totals())]
        print(f"{name}: {trace.totals()}\n")
    print(f"at most {LIMITS}")
    if above:
        sys.exit(f"above the limit: {', '.join(above)}")


if __name__ == "__main__":
    main()
