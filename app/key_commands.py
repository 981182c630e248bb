"""`triage key` and `triage signing-key`."""

import json
from typing import Annotated

import typer
from pydantic import ValidationError

from app.security.keys import SCOPES, new_key
from app.security.signing import new_signing_key


def key(
    name: Annotated[str, typer.Argument(help="Who it is for: a-z, 0-9 and -.")],
    scope: Annotated[list[str] | None, typer.Option(help="What it opens; again for each.")] = None,
) -> None:
    """Make an API key; print it once, with its entry for TRIAGE_API_KEYS."""
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


def signing_key() -> None:
    """Make a secret key for receipts, as an entry for TRIAGE_SIGNING_KEYS."""
    made = new_signing_key()
    typer.echo(json.dumps(made.model_dump()))
    typer.echo(
        "Put it first in TRIAGE_SIGNING_KEYS, a JSON list. Leave the older ones behind it, without their `d`, so that "
        "what they signed stays good.",
        err=True,
    )
