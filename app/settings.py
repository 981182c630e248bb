"""What an operator may set: environment variables with the prefix `TRIAGE_`.

A variable that is misspelt or holds something impossible stops the start with a message that names it.
"""

import os
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, Json, ValidationError
from pydantic_settings import SettingsConfigDict

from app.security.options import CdsClient, SecurityOptions, Words

PREFIX = "TRIAGE_"


class BadSettingError(Exception):
    """A setting that cannot be used; the text names it."""


class Settings(SecurityOptions):
    """The settings of one service process."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="forbid")

    host: str = "127.0.0.1"
    """The address that `triage serve` binds."""
    port: Annotated[int, Field(ge=1, le=65535)] = 8000
    """The port that `triage serve` binds."""
    server: Literal["granian", "uvicorn"] = "granian"
    """Which ASGI server `triage serve` runs: granian, or uvicorn with h11."""
    unix_socket: Path | None = None
    """A Unix socket to bind instead of host and port."""
    workers: Annotated[int, Field(ge=1, le=256)] = 1
    """In how many processes `triage serve` answers; in containers rather run more of them."""
    worker_memory_mb: Annotated[int, Field(ge=100, le=1_000_000)] | None = None
    """The memory in MiB beyond which granian replaces a worker, looked at every 30 seconds."""
    rules: Path | None = None
    """A folder with a rule book to use instead of the one that comes with the program."""
    ruleset: str | None = None
    """The release that answers by default, instead of the rule book's current one."""
    public_url: Annotated[str, Field(pattern=r"^https?://[^/?#]+(/[^?#]*[^/?#])?$")] = "http://127.0.0.1:8000"
    """The address under which others reach this service, without a slash at the end: it stands in FHIR canonicals, CDS
    Hooks links and the audience of tokens."""
    cds_fhir_hosts: Words = ()
    """Hosts of FHIR servers that CDS calls may be completed from, separated by commas."""
    cds_clients: Json[tuple[CdsClient, ...]] | tuple[CdsClient, ...] = ()
    """The CDS clients that may call, as JSON: a list of `{"iss": ..., "jku": ...}` or `{"iss": ..., "jwks": {...}}`."""
    read_seconds: Annotated[float, Field(gt=0, le=30)] = 2.0
    """How long a FHIR server or a key address may take to answer."""
    max_record_bytes: Annotated[int, Field(ge=1_000, le=1_000_000_000)] = 5_000_000
    """The largest body of the FHIR and CDS Hooks faces, in bytes."""
    max_body_bytes: Annotated[int, Field(ge=1_000, le=1_000_000_000)] = 65_536
    """The largest request body in bytes."""
    log_level: Literal["critical", "error", "warning", "info", "debug"] = "info"
    """How much `triage serve` logs."""


def read_settings(environment: Mapping[str, str] | None = None) -> Settings:
    """Return the settings of this process, or raise `BadSettingError`."""
    environment = os.environ if environment is None else environment
    known = {PREFIX + name.upper() for name in Settings.model_fields}
    for name in environment:
        if name.upper().startswith(PREFIX) and name.upper() not in known:
            close = get_close_matches(name.upper().removeprefix(PREFIX), [k.removeprefix(PREFIX) for k in known], 1)
            hint = (
                f"; did you mean `{PREFIX}{close[0]}`?" if close else f"; the settings are {', '.join(sorted(known))}"
            )
            raise BadSettingError(f"`{name}` is no setting{hint}")
    given = {name[len(PREFIX) :].lower(): value for name, value in environment.items() if name.upper() in known}
    try:
        return Settings.model_validate(given)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        says = first["msg"].removeprefix("Value error, ")
        raise BadSettingError(f"`{PREFIX}{str(first['loc'][0]).upper()}`: {says[0].lower()}{says[1:]}") from None
