"""Proof reports and comparisons as plain lines for a person to read."""

from collections.abc import Mapping

from app.core.facts import Value
from app.core.precedence import Decision
from app.proof.compare import Comparison
from app.proof.verify import Verification


def in_lines(report: Verification) -> str:
    """Return a proof report as text."""
    lines = [
        f"{report.ruleset}: {'proved' if report.proved else 'NOT PROVED'} "
        f"for all {int(report.candidates):,} candidates ({report.nodes} nodes)",
        "",
        "decisions",
    ]
    for count in report.decisions:
        lines.append(f"  {_name(count.decision):42} {int(count.candidates):>42,}  {count.share:8.3%} of the population")
    lines += ["", "laws"]
    for law in report.laws:
        lines.append(f"  {'holds' if law.holds else 'BROKEN'}  {law.name}")
        if law.counterexample is not None:
            lines.append(f"          {facts_in_words(law.counterexample)}")
    alive = sum(rule.witness is not None for rule in report.rules)
    lines += ["", f"rules: {alive} of {len(report.rules)} are alive"]
    for defect in report.defects:
        witness = f": {facts_in_words(defect.witness)}" if defect.witness else ""
        lines.append(f"  {defect.kind}: {', '.join(defect.rules) or 'no rule'}: {defect.says}{witness}")
    return "\n".join(lines)


def comparison_in_lines(found: Comparison) -> str:
    """Return what two releases decide otherwise as text."""
    lines = [
        f"{found.before} -> {found.after}: {int(found.changed):,} of {int(found.candidates):,} candidates get another "
        f"decision ({found.share:.3%} of the population)"
    ]
    for difference in found.differences:
        rules = [*(f"without {rule}" for rule in difference.rules_before), *difference.rules_after]
        lines += [
            f"  {_name(difference.before)} -> {_name(difference.after)}",
            f"    {int(difference.candidates):,} candidates, {difference.share:.3%} of the population",
            f"    for example {_in_short(difference.example)}",
            f"    by {', '.join(rules) or 'rules that both have'}",
        ]
    for part in found.parts:
        lines.append(f"  {part.part} {part.shown}")
        for word, count, share, example in (
            ("more", part.gained, part.share_gained, part.example_gained),
            ("fewer", part.lost, part.share_lost, part.example_lost),
        ):
            if example is not None:
                lines.append(f"    {int(count):,} {word} candidates, {share:.3%} of the population")
                lines.append(f"    for example {_in_short(example) or 'everybody'}")
    return "\n".join(lines)


def comparison_in_tables(found: Comparison) -> str:
    """Return whom a change concerns, as Markdown for a changelog."""
    lines = [
        f"{found.share:.3%} of the reference population get another decision ({int(found.changed):,} of "
        f"{int(found.candidates):,} candidates).",
        "",
        "| decision | becomes | of the population | by |",
        "|---|---|---|---|",
    ]
    for each in found.differences:
        rules = [*(f"without `{rule}`" for rule in each.rules_before), *(f"`{rule}`" for rule in each.rules_after)]
        by = ", ".join(rules) or "rules that both have"
        lines.append(f"| {_name(each.before)} | {_name(each.after)} | {each.share:.3%} | {by} |")
    if found.parts:
        lines += ["", "| what goes with it | is shown as | to more | to fewer |", "|---|---|---|---|"]
    for part in found.parts:
        more, fewer = (f"{share:.3%}" if share else "" for share in (part.share_gained, part.share_lost))
        lines.append(f"| `{part.part}` | {part.shown} | {more} | {fewer} |")
    return "\n".join(lines)


def entries_in_lines(found: Comparison) -> str:
    """Return what two releases say otherwise as text."""
    lines = [f"{found.before} -> {found.after}: {len(found.entries)} entries say something else"]
    for entry in found.entries:
        lines.append(f"  {entry.change} {entry.kind} {entry.id}")
        for text in entry.texts:
            if text.before is not None:
                lines.append(f"    - {text.part}: {text.before}")
            if text.after is not None:
                lines.append(f"    + {text.part}: {text.after}")
    return "\n".join(lines)


def facts_in_words(facts: Mapping[str, Value]) -> str:
    """Return facts as one line."""
    return ", ".join(
        f"{name} = {str(value).lower() if isinstance(value, bool) else value}" for name, value in facts.items()
    )


def _in_short(example: Mapping[str, Value]) -> str:
    """Return an example as one line; what is absent is counted."""
    last = max((place for place, value in enumerate(example.values(), 1) if not _is_no(value)), default=0)
    said = facts_in_words(dict(list(example.items())[:last]))
    return f"{said}; {len(example) - last} others false or none" if last < len(example) else said


def _is_no(value: Value) -> bool:
    return value is False or value == "none"


def _name(decision: Decision) -> str:
    return f"{decision.disposition} {decision.pathway}" if decision.pathway else decision.disposition
