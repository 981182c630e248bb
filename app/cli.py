"""`triage`: decide for a candidate, check the rule book, serve, write the OpenAPI document.

Exit codes: 0 done, 1 the input or the rule book is refused, 2 the command line is wrong.
"""

import json
import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from app.api.decode import decode, readers_of
from app.api.encode import encode_indented
from app.api.problems import ProblemError
from app.batch import BadOutputError, How, answer_file
from app.core.engine import Engine, Engines, Question
from app.core.logic import Logic
from app.main import build_app, build_engines, rules_folder
from app.proof.compare import compare
from app.proof.explain import explain
from app.proof.report import comparison_in_lines, in_lines
from app.proof.verify import Verifier
from app.rulebook.book import read_book
from app.rulebook.digests import digest
from app.rulebook.files import BrokenRuleBookError
from app.rulebook.load import build, load
from app.rulebook.ordering import write_orders
from app.rulebook.signing import sign
from app.security.keys import SCOPES, new_key
from app.security.limits import is_loopback
from app.security.signing import new_signing_key
from app.serve import prepared, run
from app.settings import BadSettingError, Settings, read_settings

cli = typer.Typer(
    help="Which documented pathway applies to a candidate, what comes first, or what is missing.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

RulesOption = Annotated[
    Path | None, typer.Option("--rules", help="A folder with a rule book, instead of the one that comes along.")
]


def refuse(text: str) -> typer.Exit:
    """Say what is wrong and leave with exit code 1."""
    typer.echo(text, err=True)
    return typer.Exit(1)


def settings_or_exit() -> Settings:
    """Read the settings, or leave with a message that names the bad one."""
    try:
        return read_settings()
    except BadSettingError as error:
        raise refuse(str(error)) from None


FileArgument = Annotated[
    str, typer.Argument(help="A JSON file with the facts of one candidate, or - for standard input.")
]
RulesetOption = Annotated[str, typer.Option(help="The release that answers.")]
StrictOption = Annotated[bool, typer.Option("--strict", help="Assume nothing: every fact that matters is asked.")]


def engines_or_exit() -> Engines:
    """Compile the rule book, or leave with everything that is wrong with it."""
    try:
        return build_engines(settings_or_exit())
    except (BrokenRuleBookError, BadSettingError) as error:
        raise refuse(str(error)) from None


def engine_or_exit(engines: Engines, ruleset: str) -> Engine:
    """Return the engine of a release, or leave with the names of those there are."""
    engine = engines.find(ruleset)
    if engine is None:
        raise refuse(f"`{ruleset}` is no release; the releases are {', '.join(engines.by_id)}")
    return engine


def question_in(file: str, ruleset: str, *, strict: bool) -> tuple[Engine, Question]:
    """Read the question that a file asks, or leave with everything that is wrong with it."""
    try:
        body = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    except OSError as error:
        raise refuse(f"{file}: {(error.strerror or 'cannot be read').lower()}") from None
    engines = engines_or_exit()
    engine = engine_or_exit(engines, ruleset)
    try:
        return engine, decode(body, readers_of(engines)[engine.release.id], strict=strict)
    except ProblemError as error:
        lines = [f"  {e.pointer}: {e.detail}" + (f" (`{e.suggestion}`?)" if e.suggestion else "") for e in error.errors]
        raise refuse("\n".join([error.detail, *lines])) from None


def show(value: object) -> None:
    """Print a record as JSON."""
    typer.echo(encode_indented(value))


@cli.command()
def decide(
    file: FileArgument,
    ruleset: RulesetOption = "current",
    strict: StrictOption = False,
    view: Annotated[str, typer.Option(help="`full`, or `decision` for the machine contract alone.")] = "full",
    batch: Annotated[bool, typer.Option("--batch", help="The file holds one candidate a line.")] = False,
    output: Annotated[
        Path | None, typer.Option(help="With --batch: where the answers go, one a line; `FILE.answers` when left out.")
    ] = None,
) -> None:
    """Decide for one candidate and print the answer as JSON, or with --batch for every line of a file.

    A batch uses all cores. Where it is stopped, the same command goes on from there.
    """
    if view not in ("full", "decision"):
        raise typer.BadParameter("write `full` or `decision`", param_hint="--view")
    if batch:
        decide_batch(Path(file), output or Path(f"{file}.answers"), ruleset, strict=strict, full=view == "full")
        return
    if output is not None:
        raise typer.BadParameter("goes with --batch", param_hint="--output")
    engine, asked = question_in(file, ruleset, strict=strict)
    if view == "decision":
        show(engine.view(asked))
    else:
        show(engine.answer(asked))


def decide_batch(source: Path, output: Path, ruleset: str, *, strict: bool, full: bool) -> None:
    """Answer every line of a file into another, with a bar that shows how far it is."""
    engine = engine_or_exit(engines_or_exit(), ruleset)
    how = How(settings_or_exit(), engine.release.id, strict, full)
    try:
        with Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TaskProgressColumn(),
            TimeRemainingColumn(),
            console=Console(stderr=True),
        ) as bar:
            task = bar.add_task(source.name, total=source.stat().st_size)
            answered = answer_file(source, output, how, lambda done: bar.update(task, completed=done))
    except OSError as error:
        raise refuse(f"{error.filename}: {(error.strerror or 'cannot be read').lower()}") from None
    except BadOutputError as error:
        raise refuse(f"{output}: {error}; remove it, or name another with `--output`") from None
    typer.echo(f"{answered} lines answered into {output}", err=True)


@cli.command("explain")
def explain_decision(
    file: FileArgument,
    ruleset: RulesetOption = "current",
    strict: StrictOption = False,
    target: Annotated[str | None, typer.Option(help="Keep changes to this disposition or pathway.")] = None,
) -> None:
    """Explain the decision for one candidate: what forces it, what would change it, where every rule stands."""
    engine, asked = question_in(file, ruleset, strict=strict)
    show(explain(engine, asked, target))


@cli.command()
def verify(
    ruleset: Annotated[str | None, typer.Argument(help="One release; all of them when left out.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the whole reports as JSON.")] = False,
) -> None:
    """Prove every law of every release, for every fully known candidate."""
    engines = engines_or_exit()
    chosen = [engine_or_exit(engines, ruleset)] if ruleset else list(engines.by_id.values())
    reports = [Verifier(engine.release).verify(engine.release.laws) for engine in chosen]
    if as_json:
        show(reports)
    else:
        notices = [engine.release.warnings for engine in chosen]
        said = ["\n".join([*first, in_lines(report)]) for first, report in zip(notices, reports, strict=True)]
        typer.echo("\n\n".join(said))
    if not all(report.proved for report in reports):
        raise typer.Exit(1)


@cli.command()
def diff(
    before: Annotated[str, typer.Argument(help="A release.")],
    after: Annotated[str, typer.Argument(help="Another release.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print the whole comparison as JSON.")] = False,
) -> None:
    """Say which decisions change between two releases, for how many candidates, and by which rules."""
    engines = engines_or_exit()
    found = compare(engine_or_exit(engines, before).release, engine_or_exit(engines, after).release)
    if as_json:
        show(found)
    else:
        typer.echo(comparison_in_lines(found))


@cli.command()
def check(rules: RulesOption = None) -> None:
    """Load and check the rule book; say everything that is wrong with it."""
    folder = rules or settings_or_exit().rules or rules_folder()
    try:
        book = load(folder)
    except BrokenRuleBookError as error:
        count = len(error.errors)
        raise refuse(f"{error}\n{count} {'fault' if count == 1 else 'faults'}; the rule book is refused") from None
    for release in book.releases.values():
        logic = Logic(release.facts, release.rules, release.order, release.budget)
        current = ", current" if release.id == book.current else ""
        typer.echo(
            f"{release.id}{current}: {len(release.facts)} facts, {len(release.rules)} decision rules, "
            f"{logic.size} nodes of {release.budget}, {release.digest}"
        )
        for notice in release.warnings:
            typer.echo(f"  {notice}")


@cli.command()
def order(rules: RulesOption = None) -> None:
    """Search a good order of facts for the compiled decision and write it to `variable_order.yaml`."""
    folder = rules or rules_folder()
    try:
        releases, errors = build(read_book(folder))
    except BrokenRuleBookError as error:
        raise refuse(str(error)) from None
    if errors:
        raise refuse("\n".join(map(str, sorted(errors))))
    for name, size in write_orders(folder / "variable_order.yaml", releases).items():
        typer.echo(f"{name}: {size} nodes")


@cli.command("digest")
def digests(rules: RulesOption = None) -> None:
    """Print the digest of every release as the files are now."""
    try:
        book = read_book(rules or rules_folder())
    except BrokenRuleBookError as error:
        raise refuse(str(error)) from None
    for entry in book.releases:
        typer.echo(f"{entry.id} {digest(book, entry.id)}")


@cli.command("sign")
def sign_release(
    release: Annotated[str, typer.Argument(help="The release that was read.")],
    reviewer: Annotated[str, typer.Option(help="The clinician who read and signs it, with profession.")],
    date: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="The day of signing.")],
    rules: RulesOption = None,
) -> None:
    """Record that a clinician has read and signed a release; every answer says so from then on."""
    folder = rules or rules_folder()
    try:
        digests = {name: found.digest for name, found in load(folder).releases.items()}
    except BrokenRuleBookError as error:
        raise refuse(str(error)) from None
    if release not in digests:
        raise refuse(f"`{release}` is no release; the releases are {', '.join(digests)}")
    made = sign(folder, release, digests[release], reviewer, date.date().isoformat())
    typer.echo(f"{release} is signed by {reviewer}: {made}")


@cli.command()
def serve(
    host: Annotated[str | None, typer.Option(help="The address to bind; TRIAGE_HOST.")] = None,
    port: Annotated[int | None, typer.Option(help="The port to bind; TRIAGE_PORT.", min=1, max=65535)] = None,
    workers: Annotated[int | None, typer.Option(help="How many processes; TRIAGE_WORKERS.", min=1, max=256)] = None,
) -> None:
    """Serve over HTTP."""
    settings = settings_or_exit()
    host, port = host or settings.host, port or settings.port
    if settings.anonymous and not settings.allow_anonymous and not is_loopback(host):
        raise refuse(
            f"`TRIAGE_HOST`: others could reach {host}, and nobody would be asked who they are; set `TRIAGE_API_KEYS` "
            "(`triage key` makes one) or `TRIAGE_OAUTH_ISSUER`, or `TRIAGE_ALLOW_ANONYMOUS=true` if that is meant"
        )
    settings = settings.model_copy(update={"host": host, "port": port, "workers": workers or settings.workers})
    try:
        app = prepared(settings)
    except (BrokenRuleBookError, BadSettingError) as error:
        raise refuse(str(error)) from None
    shown = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
    if settings.unix_socket:
        shown = f"the socket {settings.unix_socket}"
    typer.echo(f"Candidate Triage answers on {shown}; open it to try it, /docs for the API")
    run(app, settings)


@cli.command()
def key(
    name: Annotated[str, typer.Argument(help="Who it is for: a-z, 0-9 and -.")],
    scope: Annotated[list[str] | None, typer.Option(help="What it opens; again for each.")] = None,
) -> None:
    """Make an API key; print it once, and the entry for TRIAGE_API_KEYS that knows only its digest."""
    try:
        made, entry = new_key(name, scope or ["triage"])
    except ValidationError as error:
        field = error.errors()[0]["loc"][0]
        right = "a-z, 0-9 and -" if field == "name" else f"some of {', '.join(SCOPES)}"
        raise typer.BadParameter(f"write {right}", param_hint="NAME" if field == "name" else "--scope") from None
    typer.echo(f"The key, shown once: {made}")
    typer.echo(f"The entry: {json.dumps(entry.model_dump(mode='json'))}")
    typer.echo("Put the entries into TRIAGE_API_KEYS as one JSON list, for example:")
    typer.echo(f"TRIAGE_API_KEYS='{json.dumps([entry.model_dump(mode='json')])}'")


@cli.command("signing-key")
def signing_key() -> None:
    """Make a key for receipts, and print the entry for TRIAGE_SIGNING_KEYS; keep it secret."""
    made = new_signing_key()
    typer.echo(json.dumps(made.model_dump()))
    typer.echo(
        "Put it first in TRIAGE_SIGNING_KEYS, a JSON list. Leave the older ones behind it, without their `d`, so that "
        "what they signed stays good.",
        err=True,
    )


@cli.command()
def openapi() -> None:
    """Print the OpenAPI document."""
    document = build_app(Settings()).openapi()
    typer.echo(json.dumps(document, indent=2, ensure_ascii=False))
