"""A cohort's report: lines for a terminal, a page with pictures."""

from collections import Counter
from collections.abc import Iterable
from html import escape

from app.cohort.summary import Summary
from app.core.rules import Release

MOST_BARS = 15
WIDTH, BAR, LABEL = 900, 22, 400
LETTERS = 46
"""How much of a label has room beside its bar, capitals and all."""
COLOURS = {
    "recommended": "#2a7f62",
    "needs_information": "#b58a00",
    "clinician_review": "#3a6ea5",
    "referred": "#7a4fa3",
    "excluded": "#a33b3b",
}


def in_lines(summary: Summary, release: Release) -> str:
    """Return the counts as lines of text."""
    lines = [f"{summary.rows} candidates by {release.id}, {summary.refused} rows without an answer"]
    for name, count in summary.decisions.most_common():
        lines.append(f"  {count:>12,}  {share(count, summary.rows):>6}  {name}")
    if summary.asked:
        lines.append("questions that settle most:")
        ranked = sorted(summary.asked, key=lambda name: (-summary.settling[name], -summary.asked[name]))
        lines += [f"  {summary.settling[n]:>12,} of {summary.asked[n]:,}  {n}" for n in ranked[:5]]
    return "\n".join(lines)


def share(count: int, whole: int) -> str:
    """Return a share in percent."""
    if 0 < 1000 * count < whole:
        return "< 0.1 %"
    return f"{100 * count / whole:.1f} %" if whole else ""


def page(summary: Summary, release: Release, by: str | None) -> str:
    """Return the report as one HTML page without scripts."""
    questions = {name: fact.question for name, fact in release.facts.items()}
    says = {rule.id: rule.says for rule in release.rules}
    parts = [
        _section("From all to each decision", [("all", summary.rows), *summary.decisions.most_common()], summary.rows),
        _section(
            "What excludes how many",
            [(f"{name}: {says[name]}", count) for name, count in summary.excluded_by.most_common() if count],
            summary.rows,
            "Of those who are excluded; one candidate may be excluded by several rules.",
        ),
        _section(
            "Which question would settle most",
            [
                (f"{name}: {questions[name]}", summary.settling[name])
                for name in sorted(summary.asked, key=lambda n: (-summary.settling[n], n))
            ],
            summary.rows,
            "Candidates of whom it is the next question and whom one of its answers can settle.",
        ),
    ]
    if by is not None:
        parts.append(f"<h2>By <code>{escape(by)}</code></h2>")
        for name, decisions in sorted(summary.groups.items()):
            parts.append(_section(name, decisions.most_common(), sum(decisions.values()), level=3))
    style = "body{font:15px/1.4 sans-serif;max-width:60em;margin:2em auto;padding:0 1em}svg{max-width:100%}"
    return (
        f'<!doctype html>\n<html lang="en"><meta charset="utf-8"><title>Screened by {escape(release.id)}</title>'
        f"<style>{style}</style>\n<h1>{summary.rows:,} candidates by {escape(release.id)}</h1>\n"
        f"<p>{summary.refused:,} rows could not be answered. Digest of the release: <code>{escape(release.digest)}"
        f"</code>.</p>\n" + "\n".join(parts) + "\n</html>\n"
    )


def _section(title: str, bars: Iterable[tuple[str, int]], whole: int, note: str = "", level: int = 2) -> str:
    shown = list(bars)
    more = sum(count for _, count in shown[MOST_BARS:])
    shown = shown[:MOST_BARS] + ([("all others", more)] if more else [])
    picture = _bars(shown, whole) if shown else "<p>None.</p>"
    return f"<h{level}>{escape(title)}</h{level}>\n" + (f"<p>{escape(note)}</p>\n" if note else "") + picture


def _bars(bars: list[tuple[str, int]], whole: int) -> str:
    """Return counts as bars, with a text in place of them."""
    drawn = []
    for place, (name, count) in enumerate(bars):
        y = place * (BAR + 6)
        width = round((WIDTH - LABEL - 160) * count / max(1, whole), 1)
        label = escape(name if len(name) <= LETTERS else f"{name[: LETTERS - 1]}…")
        colour = COLOURS.get(name.split(":")[0], "#667")
        drawn.append(
            f'<text x="{LABEL - 8}" y="{y + 16}" text-anchor="end">{label}</text>'
            f'<rect x="{LABEL}" y="{y}" width="{width}" height="{BAR}" fill="{colour}"/>'
            f'<text x="{LABEL + width + 8}" y="{y + 16}">{count:,} ({escape(share(count, whole))})</text>'
        )
    height = len(bars) * (BAR + 6)
    read = "; ".join(f"{name}: {count}" for name, count in Counter(dict(bars)).items())
    return (
        f'<svg viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" role="img" font-size="13">'
        f"<title>{escape(read)}</title>{''.join(drawn)}</svg>"
    )
