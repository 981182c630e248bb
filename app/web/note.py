"""The report as plain text, for a note in a record."""

from collections.abc import Iterator
from datetime import date

from app.web.clinician import Report
from app.web.names import inside


def note(report: Report, today: date) -> str:
    """Return the report as text."""
    return "\n".join(_lines(report, today)) + "\n"


def _lines(report: Report, today: date) -> Iterator[str]:
    texts, answer = report.texts, report.answer
    yield f"{texts['title']}, {today.isoformat()}"
    yield f"{report.headline} ({report.state})"
    yield report.lead
    for each in answer.referral:
        yield f"{texts['referral']}: {each.to} ({texts['urgency_' + each.urgency]}). {each.statement}"
    yield f"{texts['next_step']}: {report.next_step}"
    if report.holds:
        yield report.holds
    yield from _listed(
        texts["why"], (f"{row.name}: {row.answer}" + (f" ({row.needed})" if row.needed else "") for row in report.why)
    )
    yield from _listed(texts["against"], (f"{each.name}. {each.rule.says}" for each in report.against))
    yield from _listed(texts["weigh"], (f"{report.caution(each)}. {each.statement}" for each in answer.cautions))
    for who, asks in report.confirm.groups.items():
        needed = inside(ask.name for ask in asks if ask.needed)
        if needed:
            yield f"{texts['confirm_' + who]}: {needed}"
    yield from _listed(texts["answers"], (f"{name}: {said}" for _, name, _, said in report.answers))
    yield from answer.notices
    yield f"{texts['release']} {answer.ruleset.id}, {answer.ruleset.digest}"
    yield f"{texts['answer_id']} {answer.id}"
    if answer.reference:
        yield f"{texts['reference']} {answer.reference}"


def _listed(title: str, lines: Iterator[str]) -> Iterator[str]:
    found = list(lines)
    if found:
        yield f"{title}:"
        yield from (f"- {line}" for line in found)
