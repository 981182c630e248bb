"""What a scenario found: figures, and checks that hold or do not."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

SHOWN = 10


@dataclass
class Report:
    """Prints each figure and each check as it comes; remembers what failed."""

    scenario: str
    failed: list[str] = field(default_factory=list)
    say: Callable[[str], None] = print

    def figure(self, name: str, value: object, unit: str = "") -> None:
        """Print a measured figure with its unit."""
        shown = f"{value:,.2f}" if isinstance(value, float) else f"{value:,}" if isinstance(value, int) else value
        self.say(f"  {self.scenario}: {name}: {shown} {unit}".rstrip())

    def check(self, what: str, holds: bool, found: object = "") -> bool:
        """Print whether something holds; `found` says what was found instead."""
        if not holds:
            self.failed.append(what)
        self.say(f"  {self.scenario}: {'ok  ' if holds else 'FAIL'} {what}" + ("" if holds else f": {found}"))
        return holds

    def none(self, what: str, found: Sequence[object]) -> bool:
        """Check that there is nothing of a kind; print the first of what there is."""
        shown = "".join(f"\n      {one}" for one in found[:SHOWN])
        return self.check(what, not found, f"{len(found)}, the first of them:{shown}")

    @property
    def passed(self) -> bool:
        """Whether every check held."""
        return not self.failed
