"""Run scenarios: `python -m tools.stress [scenario ...] [--quick]`; exit code 1 where anything fails."""

import argparse
import sys
import time

from tools.serving import NotServingError
from tools.stress import connections, memory, overload, workers
from tools.stress.report import Report

SCENARIOS = {
    "workers": workers.run,
    "connections": connections.run,
    "overload": overload.run,
    "memory": memory.run,
}


def main() -> None:
    """Run, print, and exit."""
    parser = argparse.ArgumentParser(prog="python -m tools.stress", description=__doc__)
    parser.add_argument("scenario", nargs="*", choices=[[], *SCENARIOS], help="all of them when left out")
    parser.add_argument("--quick", action="store_true", help="small numbers, a few seconds each")
    options = parser.parse_args()
    reports = []
    for name in options.scenario or SCENARIOS:
        report = Report(name)
        begun = time.monotonic()
        print(f"{name}:", flush=True)
        try:
            SCENARIOS[name](report, quick=options.quick)
        except NotServingError as error:
            report.check("the service starts", False, error)
        report.figure("took", time.monotonic() - begun, "s")
        reports.append(report)
    for report in reports:
        print(f"{'PASS' if report.passed else 'FAIL'} {report.scenario}" + "".join(f"\n  {w}" for w in report.failed))
    sys.exit(0 if all(report.passed for report in reports) else 1)


if __name__ == "__main__":
    main()
