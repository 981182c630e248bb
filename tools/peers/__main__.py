"""Check that other rule engines decide as ours does, and print what each takes.

Each gets the fastest form that we found, compiled beforehand as far as it allows, and only candidates whose facts are
all known. The others name an outcome and no more, but for ZEN's trace; our decision also holds which rules bear on it
and what is missing, and our full answer the reasons, in words. An engine that is not installed (the extra `bench`) is
named and left out.
"""

import platform

from tools.inside import responder
from tools.peers.compare import CHECKED, PEERS, RARE, agreed, checked, measured


def main() -> None:
    """Check, measure and print."""
    engine, respond = responder()
    print(f"Python {platform.python_version()}; {'; '.join(map(str, PEERS.values()))}")
    candidates = checked(engine, CHECKED, RARE)
    ways = agreed(engine, candidates)
    for name in ways:
        print(f"{name}: {len(candidates)} equal decisions, and two swapped cases are noticed")
    rows = measured(engine, respond, ways)
    took = dict(rows)
    hand, decision, answer = list(took.values())[:3]
    print(f"\n{'':42} {'median':>10} {'to hand':>9} {'to ours':>9} {'to ours in full':>16}")
    for name, each in rows:
        print(f"{name:42} {each:7.1f} us {each / hand:9.1f} {each / decision:9.2f} {each / answer:16.2f}")


if __name__ == "__main__":
    main()
