"""What `/safety` shows: hazards, controls, and statements down to answers."""

import csv
import re
from collections.abc import Mapping
from dataclasses import dataclass
from io import StringIO
from itertools import groupby
from pathlib import Path
from typing import Any

from app.core.catalogue import entries
from app.core.rules import Law, Release, Rule
from app.proof.safety import Hazard, SafetyCase
from app.proof.traceability import traced, uncited
from app.proof.verify import Verification
from app.web.names import Names

RULESETS = re.compile(r"^ *rulesets: (.*)$", re.M)
CASE = re.compile(r"^  - name: (.+)$", re.M)
RULE = re.compile(r"\b[A-Z][A-Z0-9]*(?:-[A-Z0-9]+)+\b")
TABLE = ("statement", "rule", "law", "test", "member", "hazard")
EXAMPLES = "examples, run by `triage check`"
ASIDE = "set aside in rules/ledger.yaml, with the reason"


@dataclass(frozen=True)
class Shown:
    """A control with the law or the rule that it names."""

    kind: str
    name: str
    says: str
    law: Law | None
    rule: Rule | None


def safety_values(
    release: Release, case: SafetyCase, texts: Mapping[str, str], report: Verification, cases: Path | None
) -> dict[str, Any]:
    """Return what the template shows; `cases` are a checkout's golden patients."""
    laws = {law.name: law for law in release.laws}
    rules = {entry.id: entry for entry in entries(release)}

    def controls(hazard: Hazard) -> list[Shown]:
        found = []
        for each in hazard.controls:
            law = laws.get(each.name) if each.kind == "law" else None
            rule = rules.get(each.name) if each.kind == "rule" else None
            says = law.says if law else rule.says if rule else each.says
            found.append(Shown(each.kind, each.name, says, law, rule))
        return found

    return {
        "case": case,
        "controls": controls,
        "counted": counted(case),
        "level": {level.id: level for level in (*case.matrix.severities, *case.matrix.likelihoods)},
        "report": report,
        "names": Names(release, texts),
        "members": [(member, list(rows)) for member, rows in groupby(traced(release), lambda row: row.member)],
        "patients": patients_by_rule(cases, release.id),
        "aside": uncited(release),
    }


def counted(case: SafetyCase) -> dict[tuple[str, str], tuple[int, int]]:
    """Return how many hazards each cell has, before and after controls."""
    before = [(hazard.initial.likelihood, hazard.initial.severity) for hazard in case.hazards]
    after = [(hazard.residual.likelihood, hazard.residual.severity) for hazard in case.hazards]
    cells = [(row.id, column.id) for row in case.matrix.likelihoods for column in case.matrix.severities]
    return {cell: (before.count(cell), after.count(cell)) for cell in cells}


def patients_by_rule(cases: Path | None, release: str) -> dict[str, list[str]]:
    """Return the golden patients of a release whose case names a rule."""
    found: dict[str, list[str]] = {}
    for path in sorted(cases.glob("*.yaml")) if cases else ():
        head, *parts = CASE.split(path.read_text("utf-8"))
        for name, text in zip(parts[::2], parts[1::2], strict=True):
            asked = RULESETS.search(text) or RULESETS.search(head)
            if asked and f'"{release}"' in asked[0]:
                for rule in dict.fromkeys(RULE.findall(text)):
                    found.setdefault(rule, []).append(f"{path.stem}: {name}")
    return found


def matrix_csv(release: Release, case: SafetyCase, cases: Path | None) -> str:
    """Return the traceability matrix as CSV.

    A row for each source of each rule, fact and scale; statements that the ledger sets aside come last.
    """
    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(TABLE)
    patients = patients_by_rule(cases, release.id)
    for row in traced(release):
        tests = [f"{row.examples} {EXAMPLES}"] * bool(row.examples) + patients.get(row.name, [])
        laws = "; ".join(law.name for law in row.laws)
        hazards = "; ".join(hazard.id for hazard in case.hazards_of(row.controls))
        ends = (row.name, laws, "; ".join(tests), row.member, hazards)
        writer.writerows((statement, *ends) for statement in row.statements)
    writer.writerows((name, "", "", "", ASIDE, "") for name in uncited(release))
    return text.getvalue()
