"""`triage schemas`: what editors know of the rule files."""

import json
from pathlib import Path
from typing import Annotated

import typer

from app.command_options import RulesOption, folder_of
from app.rulebook.authoring import schemas_of
from app.rulebook.book import read_book
from app.rulebook.files import BrokenRuleBookError, write_whole
from app.rulebook.load import build

SETTINGS = "settings.json"
"""Which schema belongs to which file, as `yaml-language-server` takes it."""


def schemas(
    out: Annotated[Path, typer.Option(help="The folder to write to.", file_okay=False)] = Path(".schemas"),
    rules: RulesOption = None,
) -> None:
    """Write a JSON Schema of each rule file, for editors."""
    folder = folder_of(rules)
    book = read_book(folder)
    releases, errors = build(book)
    if errors:
        raise BrokenRuleBookError(errors)
    places = {}
    for name, schema in schemas_of(book, releases).items():
        path = out / f"{name.removesuffix('.yaml')}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, json.dumps(schema, indent=1, ensure_ascii=False) + "\n")
        places[path.resolve().as_uri()] = str((folder / name).resolve())
    settings = {"yaml.schemas": places}
    write_whole(out / SETTINGS, json.dumps(settings, indent=1) + "\n")
    typer.echo(f"{len(places)} schemas in {out}; put what {out / SETTINGS} holds into the settings of your editor")
