"""What several commands take, and how they refuse."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

import typer

from app.core.engine import Engine, Engines
from app.engines import build_engines, rules_folder
from app.settings import Settings, read_settings


def is_a_folder(value: Path | None) -> Path | None:
    """Refuse what is no folder."""
    if value is not None and not value.is_dir():
        raise typer.BadParameter(f"`{value}` is no folder")
    return value


RULES = "A folder with a rule book, instead of the one that comes along; TRIAGE_RULES."
RulesOption = Annotated[Path | None, typer.Option("--rules", help=RULES, callback=is_a_folder)]
RulesetOption = Annotated[str, typer.Option(help="The release that answers.")]
StrictOption = Annotated[bool, typer.Option("--strict", help="Assume nothing: every fact that matters is asked.")]


def refuse(text: str) -> typer.Exit:
    """Print what is wrong; the exit code is 1."""
    typer.echo(text, err=True)
    return typer.Exit(1)


def one_of(words: Sequence[str], option: str, value: object) -> None:
    """Refuse a value that is none of these."""
    if value is not None and value not in words:
        raise typer.BadParameter(f"`{value}` is none of `{'`, `'.join(words)}`", param_hint=option)


def settings_of(rules: Path | None, given: Mapping[str, str | None] | None = None) -> Settings:
    """Return the settings; what a command is given goes before variables."""
    options = {"TRIAGE_RULES": None if rules is None else str(rules), **(given or {})}
    return read_settings({**os.environ, **{name: value for name, value in options.items() if value is not None}})


def folder_of(rules: Path | None) -> Path:
    """Return the folder of the rule book that a command is about."""
    return settings_of(rules).rules or rules_folder()


def engines_of(rules: Path | None) -> Engines:
    """Return the engines of the rule book that a command is about."""
    return build_engines(settings_of(rules))


def engine_or_exit(engines: Engines, ruleset: str) -> Engine:
    """Return the engine of a release, or exit."""
    engine = engines.find(ruleset)
    if engine is None:
        raise refuse(f"`{ruleset}` is no release; the releases are {', '.join(engines.by_id)}")
    return engine
