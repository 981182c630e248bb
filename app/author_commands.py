"""The commands for who writes, checks and signs rules."""

import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from app.api.encode import encode_indented
from app.command_options import RulesOption, engine_or_exit, engines_of, folder_of, refuse, settings_of
from app.core.languages import DEFAULT
from app.core.logic import Logic
from app.engines import build_engines, folder_of_tests, rules_folder
from app.proof.compare import compare
from app.proof.report import comparison_in_lines, comparison_in_tables, entries_in_lines, in_lines
from app.proof.verify import Verifier
from app.rulebook.book import read_book
from app.rulebook.checks import divided_assumptions
from app.rulebook.digests import digest
from app.rulebook.files import BrokenRuleBookError
from app.rulebook.load import build, load
from app.rulebook.ordering import write_orders
from app.rulebook.safety import Proofs
from app.rulebook.signing import sign, stands_against, why_unsigned
from app.settings import SETTINGS


def verify(
    ruleset: Annotated[str | None, typer.Argument(help="One release; all of them when left out.")] = None,
    rules: RulesOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the whole reports as JSON.")] = False,
) -> None:
    """Prove every law of every release, for every fully known candidate."""
    engines = engines_of(rules)
    chosen = [engine_or_exit(engines, ruleset)] if ruleset else list(engines.by_id.values())
    reports = [Verifier(engine.release).verify(engine.release.laws) for engine in chosen]
    if as_json:
        typer.echo(encode_indented(reports))
    else:
        notices = [engine.release.warnings for engine in chosen]
        said = ["\n".join([*first, in_lines(report)]) for first, report in zip(notices, reports, strict=True)]
        typer.echo("\n\n".join(said))
    if not all(report.proved for report in reports):
        raise typer.Exit(1)


def diff(
    before: Annotated[str, typer.Argument(help="A release.")],
    after: Annotated[str, typer.Argument(help="Another release.")],
    rules: RulesOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the whole comparison as JSON.")] = False,
    as_tables: Annotated[bool, typer.Option("--tables", help="Print decisions as Markdown, for a changelog.")] = False,
) -> None:
    """Compare two releases: decisions, counted exactly, then every text."""
    engines = engines_of(rules)
    one, other = (engine_or_exit(engines, name).release for name in (before, after))
    found = compare(one, other)
    if as_json:
        typer.echo(encode_indented(found))
    elif as_tables:
        typer.echo(comparison_in_tables(found))
    else:
        withdrawn = "".join(f"{release.warnings[0]}\n" for release in (one, other) if release.withdrawn)
        typer.echo(f"{withdrawn}{comparison_in_lines(found)}\n\n{entries_in_lines(found)}")


def check(rules: RulesOption = None) -> None:
    """Load and check the rule book; print every fault."""
    folder = folder_of(rules)
    tests = folder_of_tests()
    try:
        book = load(folder, Proofs(SETTINGS, tests and tests.parent))
    except BrokenRuleBookError as error:
        count = len(error.errors)
        raise refuse(f"{error}\n{count} {'fault' if count == 1 else 'faults'}; the rule book is refused") from None
    for release in book.releases.values():
        logic = Logic(release.facts, release.rules, release.order, release.budget)
        typer.echo(
            f"{release.id}{', current' if release.id == book.current else ''}: {len(release.facts)} facts, "
            f"{len(release.rules)} decision rules, {logic.size} nodes of {release.budget}, {release.digest}"
        )
        for notice in release.warnings:
            typer.echo(f"  {notice}")
    hazards = book.safety[DEFAULT].hazards
    typer.echo(f"{len(hazards)} hazards, each controlled{'' if tests else '; tests not checked here: there are none'}")


def safety_case(
    matrix: Annotated[bool, typer.Option("--matrix", help="Print the traceability matrix as CSV instead.")] = False,
    lang: Annotated[str, typer.Option(help="The language of the report.")] = DEFAULT,
    base: Annotated[
        str | None, typer.Option(metavar="URL", help="What its links begin with; TRIAGE_PUBLIC_URL.")
    ] = None,
    rules: RulesOption = None,
) -> None:
    """Print the safety case, for print, as one HTML file.

    Its links lead to a running service, by --base or TRIAGE_PUBLIC_URL; without either they begin with `/`.
    """
    from app.web.pages import Pages  # templates and pages, for which no other command waits
    from app.web.safety import matrix_csv

    settings, tests = settings_of(rules, {"TRIAGE_PUBLIC_URL": base}), folder_of_tests()
    root = settings.base if "public_url" in settings.model_fields_set else ""
    book = load(settings.rules or rules_folder())
    if lang not in book.safety:
        raise typer.BadParameter(f"write one of {', '.join(book.safety)}", param_hint="--lang")
    engines, cases = build_engines(settings, book), tests and tests / "cases"
    if matrix:
        typer.echo(matrix_csv(book.releases[engines.current], book.safety[lang], cases), nl=False)
    else:
        typer.echo(Pages(engines, root, book.safety, cases).printed(lang), nl=False)


def order(rules: RulesOption = None) -> None:
    """Search a good order of facts; write `variable_order.yaml`."""
    folder = folder_of(rules)
    book = read_book(folder)
    releases, errors = build(book)
    errors += [error for release in releases.values() for error in divided_assumptions(book, release)]
    if errors:
        raise BrokenRuleBookError(errors)

    def shown(names: Sequence[str], label: str) -> Iterator[str]:
        with typer.progressbar(names, label=label, file=sys.stderr) as bar:
            yield from bar

    for name, size in write_orders(folder / "variable_order.yaml", releases, shown).items():
        typer.echo(f"{name}: {size} nodes")


def digests(rules: RulesOption = None) -> None:
    """Print the digest of every release as the files are now."""
    book = read_book(folder_of(rules))
    for entry in book.releases:
        typer.echo(f"{entry.id} {digest(book, entry.id)}")


def sign_release(
    release: Annotated[str, typer.Argument(help="The release that was read.")],
    reviewer: Annotated[str, typer.Option(help="The clinician who read and signs it, with profession.")],
    date: Annotated[str, typer.Option(metavar="YYYY-MM-DD", help="The day of signing.")],
    replace: Annotated[bool, typer.Option("--replace", help="Take the place of a signature that stands.")] = False,
    rules: RulesOption = None,
) -> None:
    """Record that a clinician has read and signed a release."""
    folder = folder_of(rules)
    releases = load(folder, signing=release).releases
    if release not in releases:
        raise refuse(f"`{release}` is no release; the releases are {', '.join(releases)}")
    tomorrow = datetime.now(UTC).date() + timedelta(days=1)  # it is tomorrow somewhere
    reviewer = reviewer.strip()
    signed = releases[release]
    wrong = why_unsigned(reviewer, date, tomorrow.isoformat())
    if wrong := wrong or stands_against(signed, reviewer, date, replace=replace):
        raise refuse(wrong)
    made = sign(folder, release, signed.digest, reviewer, date)
    typer.echo(f"{release} is signed by {reviewer}: {made}")
    if signed.reviewed and signed.reviewed.signature != made:
        typer.echo(f"the signature of {signed.reviewed.reviewer} on {signed.reviewed.date} is gone")
