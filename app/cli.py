"""`triage`: decide, prove, check, serve and document, from the command line.

Exit codes: 0 done, 1 the input or the rule book is refused, 2 the command line is wrong.
"""

import json
import sys
from pathlib import Path
from typing import Annotated, Any, get_args

import typer
from typer.core import TyperGroup

from app.api.decode import decode, readers_of
from app.api.encode import encode_indented
from app.api.problems import ProblemError
from app.author_commands import check, diff, digests, order, safety_case, sign_release, verify
from app.batch import BadOutputError, BatchError, How, answer_file, why
from app.cohort.cql import Library
from app.command_options import (
    RulesetOption,
    RulesOption,
    StrictOption,
    engine_or_exit,
    engines_of,
    one_of,
    refuse,
    settings_of,
)
from app.core.engine import Engine, Question
from app.engines import build_engines
from app.key_commands import key, signing_key
from app.proof.explain import Target, explain
from app.rulebook.files import BrokenRuleBookError, write_whole
from app.schema_command import schemas
from app.security.limits import is_loopback
from app.settings import BadSettingError


class Commands(TyperGroup):
    """The commands, which refuse a bad setting or rule book alike."""

    def main(self, *args: Any, **kwargs: Any) -> Any:
        """Run the command line; say in one line what cannot be written."""
        try:
            return super().main(*args, **kwargs)
        except OSError as error:
            typer.echo(f"{error.filename or 'standard output'}: {why(error)}", err=True)
            sys.exit(1)

    def invoke(self, ctx: Any) -> Any:
        """Run a command."""
        try:
            return super().invoke(ctx)
        except (BrokenRuleBookError, BadSettingError) as error:
            raise refuse(str(error)) from None


cli = typer.Typer(
    cls=Commands,
    help="Which documented pathway applies to a candidate, what comes first, or what is missing.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

FileArgument = Annotated[
    str, typer.Argument(help="A JSON file with the facts of one candidate, or - for standard input.")
]


def question_in(file: str, ruleset: str, rules: Path | None, *, strict: bool) -> tuple[Engine, Question]:
    """Return the engine and question for a file, or exit."""
    if file == "-" and sys.stdin is None:
        raise refuse("standard input is closed")
    try:
        body = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    except OSError as error:
        raise refuse(f"{file}: {why(error)}") from None
    engines = engines_of(rules)
    engine = engine_or_exit(engines, ruleset)
    try:
        return engine, decode(body, readers_of(engines)[engine.release.id], strict=strict)
    except ProblemError as error:
        lines = [f"  {e.pointer}: {e.detail}" + (f" (`{e.suggestion}`?)" if e.suggestion else "") for e in error.errors]
        raise refuse("\n".join([error.detail, *lines])) from None


@cli.command()
def decide(
    file: FileArgument,
    ruleset: RulesetOption = "current",
    strict: StrictOption = False,
    view: Annotated[str, typer.Option(help="`full`, or `decision` for the machine contract alone.")] = "full",
    rules: RulesOption = None,
    batch: Annotated[bool, typer.Option("--batch", help="The file holds one candidate a line.")] = False,
    output: Annotated[
        str | None, typer.Option(help="With --batch: where the answers go, one a line; `FILE.answers` when left out.")
    ] = None,
) -> None:
    """Decide for one candidate, or with --batch for a file.

    A batch uses all cores. Where it is stopped, the same command goes on from there.
    """
    one_of(("full", "decision"), "--view", view)
    if batch:
        if output is None and not Path(file).is_file():
            hint = "name where the answers go, or - for standard output" if file == "-" or Path(file).exists() else ""
            raise typer.BadParameter(hint, param_hint="--output") if hint else refuse(f"{file}: no such file")
        decide_batch(file, output or f"{file}.answers", ruleset, rules, strict=strict, full=view == "full")
        return
    if output is not None:
        raise typer.BadParameter("goes with --batch", param_hint="--output")
    engine, asked = question_in(file, ruleset, rules, strict=strict)
    typer.echo(encode_indented(engine.view(asked) if view == "decision" else engine.answer(asked)))


def decide_batch(source: str, output: str, ruleset: str, rules: Path | None, *, strict: bool, full: bool) -> None:
    """Answer every line of a file into another, showing progress."""
    settings = settings_of(rules)
    engines = build_engines(settings)
    how = How(engines, engine_or_exit(engines, ruleset).release.id, settings, strict, full)
    try:
        if sys.stderr is not None and sys.stderr.isatty() and Path(source).is_file():
            with typer.progressbar(length=Path(source).stat().st_size, label=Path(source).name, file=sys.stderr) as bar:
                answered = answer_file(source, output, how, lambda done: bar.update(done - bar.pos))
        else:  # nobody looks, or nobody knows how long a pipe is
            answered = answer_file(source, output, how, lambda _: None)
    except OSError as error:
        raise refuse(f"{error.filename or output}: {why(error)}") from None
    except BatchError as error:
        raise refuse(str(error)) from None
    except BadOutputError as error:
        raise refuse(f"{output}: {error}; remove it, or name another with `--output`") from None
    typer.echo(f"{answered} lines answered into {'standard output' if output == '-' else output}", err=True)


@cli.command("screen")
def screen_cohort(
    source: Annotated[str, typer.Argument(metavar="IN", help="Parquet, Arrow, CSV or JSON Lines, by its ending.")],
    out: Annotated[str | None, typer.Option(help="Where the answers go; beside IN when left out.")] = None,
    ruleset: RulesetOption = "current",
    unknowns: Annotated[str, typer.Option(help="`confirm`, or `strict` to assume nothing.")] = "confirm",
    full: Annotated[bool, typer.Option("--full", help="Add each whole answer as JSON; slow.")] = False,
    by: Annotated[str | None, typer.Option(help="A column by whose values decisions are counted too.")] = None,
    report: Annotated[Path | None, typer.Option(help="An HTML file for a report with pictures.")] = None,
    rules: RulesOption = None,
) -> None:
    """Screen a whole cohort: a table in, answers out as columns.

    Where it is stopped, the same command goes on from there. Needs the extra `cohort`.
    """
    one_of(("confirm", "strict"), "--unknowns", unknowns)
    one_of((".html", ".htm"), "--report", report and report.resolve().suffix)  # never what is no report
    try:
        from app.cohort.files import FormatError, beside, rows_of
        from app.cohort.report import in_lines, page
        from app.screen import screen_file
    except ImportError:
        raise refuse("`triage screen` needs numpy and pyarrow; install `candidate-triage[cohort]`") from None
    settings = settings_of(rules)
    engines = build_engines(settings)
    engine = engine_or_exit(engines, ruleset)
    how = How(engines, engine.release.id, settings, unknowns == "strict", full)
    try:
        output = out or beside(source)
        if sys.stderr and sys.stderr.isatty():
            with typer.progressbar(range(rows_of(source) or 0), label=Path(source).name, file=sys.stderr) as bar:
                done = screen_file(source, output, how, by, lambda rows: bar.update(rows - bar.pos))
        else:
            done = screen_file(source, output, how, by)
    except (FormatError, BatchError) as error:
        raise refuse(str(error)) from None
    except BadOutputError as error:
        raise refuse(f"{out or beside(source)}: {error}; remove it, or name another with `--out`") from None
    typer.echo("\n".join([in_lines(done.summary, engine.release), *done.notes]), err=True)
    if report is not None:
        write_whole(report, page(done.summary, engine.release, by))
    typer.echo(f"{done.rows} rows screened into {output}", err=True)


@cli.command("explain")
def explain_decision(
    file: FileArgument,
    ruleset: RulesetOption = "current",
    strict: StrictOption = False,
    target: Annotated[str | None, typer.Option(help="Keep changes to this disposition or pathway.")] = None,
    rules: RulesOption = None,
) -> None:
    """Explain a decision: what forces it, changes it, every rule."""
    one_of(get_args(Target), "--target", target)
    engine, asked = question_in(file, ruleset, rules, strict=strict)
    typer.echo(encode_indented(explain(engine, asked, target)))


@cli.command()
def serve(
    host: Annotated[str | None, typer.Option(help="The address to bind; TRIAGE_HOST.")] = None,
    port: Annotated[str | None, typer.Option(metavar="<int>", help="The port to bind; TRIAGE_PORT.")] = None,
    workers: Annotated[str | None, typer.Option(metavar="<int>", help="How many processes; TRIAGE_WORKERS.")] = None,
    rules: RulesOption = None,
) -> None:
    """Serve over HTTP."""
    from app.serve import check_ports, greeting, prepared, run  # a fifth of the start, which no other command waits for

    settings = settings_of(rules, {"TRIAGE_HOST": host, "TRIAGE_PORT": port, "TRIAGE_WORKERS": workers})
    if settings.anonymous and not settings.allow_anonymous and not is_loopback(settings.host):
        raise refuse(
            f"`TRIAGE_HOST`: others could reach {settings.host}, and nobody would be asked who they are; set "
            "`TRIAGE_API_KEYS` (`triage key` makes one), `TRIAGE_OAUTH_ISSUER`, or `TRIAGE_ALLOW_ANONYMOUS=true`"
        )
    check_ports(settings)
    app = prepared(settings)
    typer.echo(greeting(settings))
    run(app, settings)


cli.command()(verify)
cli.command()(diff)
cli.command()(check)
cli.command("safety")(safety_case)
cli.command()(order)
cli.command("digest")(digests)
cli.command("sign")(sign_release)
cli.command()(key)
cli.command("signing-key")(signing_key)
cli.command()(schemas)


@cli.command()
def sql(
    dialect: Annotated[str, typer.Option(help="`duckdb`, `postgres`, `spark` or `sqlite`.")] = "duckdb",
    ruleset: RulesetOption = "current",
    strict: StrictOption = False,
    table: Annotated[str, typer.Option(help="The table with a column of each fact.")] = "candidates",
    column: Annotated[list[str] | None, typer.Option(help="A column to hand through; again for each.")] = None,
    rules: RulesOption = None,
) -> None:
    """Print the decision as one SQL query, for a warehouse without Python."""
    try:
        from app.cohort.sql import DIALECTS, sql_of
    except ModuleNotFoundError as error:
        raise refuse(f"`{error.name}` is not installed; it comes with `pip install candidate-triage[cohort]`") from None
    one_of(DIALECTS, "--dialect", dialect)
    release = engine_or_exit(engines_of(rules), ruleset).release
    typer.echo(sql_of(release, dialect, strict=strict, table=table, columns=column or ["reference"]))


@cli.command()
def cql(
    ruleset: RulesetOption = "current",
    elm: Annotated[bool, typer.Option("--elm", help="Print ELM, as JSON, instead of CQL.")] = False,
    rules: RulesOption = None,
) -> None:
    """Print the decision as a CQL library, exact for unknown facts too."""
    library = Library(engine_or_exit(engines_of(rules), ruleset).release)
    typer.echo(json.dumps(library.as_elm(), indent=2) if elm else library.text(), nl=elm)


@cli.command()
def openapi(rules: RulesOption = None) -> None:
    """Print the OpenAPI document."""
    from app.main import build_app

    typer.echo(json.dumps(build_app(settings_of(rules)).openapi(), indent=2, ensure_ascii=False))
