"""What an operator may set: environment variables with the prefix `TRIAGE_`.

A variable that is misspelt or holds something impossible stops the start with a message that names it.
"""

import os
import re
from collections.abc import Mapping
from difflib import get_close_matches
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import BeforeValidator, ConfigDict, Field, ValidationError, field_validator, model_validator

from app.security.access import INTAKE, PARTS
from app.security.addresses import PublicUrl, ReadHost
from app.security.options import CdsClient, SecurityOptions, SmartServer, different, json_text, words
from app.setting_errors import reason

PREFIX = "TRIAGE_"
SERVICE_LINK = re.compile(r"TRIAGE_(?:SERVICE_(?:HOST|PORT(?:_\w+)?)|PORT_\d+_(?:TCP|UDP|SCTP)(?:_\w+)?)")
"""What Kubernetes adds for a Service called `triage`; `TRIAGE_PORT` is another, as `tcp://10.0.0.1:80`."""
LONGEST_SOCKET = 107
"""What `sockaddr_un` of Linux takes, less the zero at the end (unix(7))."""


class BadSettingError(Exception):
    """A setting that cannot be used; the text names it."""


class Settings(SecurityOptions):
    """The settings of one service process."""

    model_config = ConfigDict(frozen=True, extra="forbid")

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
    public_url: PublicUrl = "http://127.0.0.1:8000"
    """The address under which others reach this service, without a slash at the end: it stands in FHIR canonicals, CDS
    Hooks links and the audience of tokens. Where it is not set, it follows the port."""
    cds_fhir_hosts: Annotated[tuple[ReadHost, ...], BeforeValidator(words)] = ()
    """Hosts of FHIR servers that CDS calls may be completed from, separated by commas."""
    cds_clients: Annotated[tuple[CdsClient, ...], BeforeValidator(json_text)] = ()
    """The CDS clients that may call, as JSON: a list of `{"iss": ..., "jku": ...}` or `{"iss": ..., "jwks": {...}}`."""
    cds_intake_card: bool = True
    """Whether a patient in view who gives no reason to speak gets one quiet card with a link to the intake, or none."""
    smart_servers: Annotated[tuple[SmartServer, ...], BeforeValidator(json_text)] = ()
    """The FHIR servers whose users may launch the intake from a patient's record, as JSON: a list of `{"iss": ...,
    "client_id": ..., "sign_in": [...]}`, the last with the origins of a sign-in elsewhere. No browser sends a token to
    any other."""
    max_record_bytes: Annotated[int, Field(ge=1_000, le=1_000_000_000)] = 3_500_000
    """The largest body of the FHIR and CDS Hooks faces, in bytes."""
    max_body_bytes: Annotated[int, Field(ge=1_000, le=1_000_000_000)] = 16_384
    """The largest body of facts, and line of a batch, in bytes; an answer that is sent back to be verified may have
    four times as many."""
    log_level: Literal["critical", "error", "warning", "info", "debug"] = "info"
    """How much `triage serve` logs."""

    @field_validator("host")
    @classmethod
    def _is_bound(cls, value: str) -> str:
        try:
            good = bool(ip_address(value)) if ":" in value else bool(re.fullmatch(r"[A-Za-z0-9_.-]+", value))
        except ValueError:
            good = False
        if not good:
            raise ValueError(
                f"`{value}` is not accepted; write an address or a host name alone, without scheme, port and brackets"
            )
        return value

    @field_validator("public_url")
    @classmethod
    def _is_not_a_path_of_ours(cls, value: str) -> str:
        first = "/" + urlsplit(value).path[1:].partition("/")[0]
        if first != "/" and first in {"/" + path.split("/")[1] for path in (*PARTS, *INTAKE)}:
            raise ValueError(f"the path of it cannot begin with `{first}`, where the service has pages of its own")
        return value

    @field_validator("unix_socket", "rules", mode="before")
    @classmethod
    def _is_a_path(cls, value: Any) -> Any:
        if value == "":  # which as a path is the folder where the process runs
            raise ValueError("it is empty; write a path, or leave it out")
        return value

    @field_validator("unix_socket")
    @classmethod
    def _can_be_made(cls, value: Path | None) -> Path | None:
        if value is None:
            return None
        if not value.parent.is_dir():
            raise ValueError(f"`{value.parent}` is no folder")
        if len(os.fsencode(value)) > LONGEST_SOCKET:
            raise ValueError(f"the path of a socket has at most {LONGEST_SOCKET} bytes")
        if value.exists() and not value.is_socket():
            raise ValueError(f"`{value}` is there, and is no socket")
        return value

    @field_validator("rules")
    @classmethod
    def _is_a_folder(cls, value: Path | None) -> Path | None:
        if value is not None and not value.is_dir():
            raise ValueError(f"`{value}` is no folder")
        return value

    @field_validator("cds_clients")
    @classmethod
    def _are_different(cls, value: tuple[CdsClient, ...]) -> tuple[CdsClient, ...]:
        different([client.iss for client in value], "give each client an `iss` of its own")
        return value

    @field_validator("smart_servers")
    @classmethod
    def _are_different_servers(cls, value: tuple[SmartServer, ...]) -> tuple[SmartServer, ...]:
        different([server.iss for server in value], "name each server once")
        return value

    @model_validator(mode="after")
    def _ports_are_different(self) -> Self:
        if self.metrics == "port" and self.metrics_port == self.port and not self.unix_socket:
            raise ValueError("`TRIAGE_METRICS_PORT`: the service has this port itself; the metrics need another")
        return self

    @property
    def base(self) -> str:
        """The address under which others reach this service."""
        if "public_url" in self.model_fields_set or "port" not in self.model_fields_set:
            return self.public_url
        return f"http://127.0.0.1:{self.port}"

    @property
    def root_path(self) -> str:
        """The path of that address, without a slash at its end."""
        return urlsplit(self.public_url).path


SETTINGS = frozenset(PREFIX + name.upper() for name in Settings.model_fields)
"""The names of all settings."""
PATHS = ("rules", "unix_socket")
"""Settings that are never empty: whoever meant another rule book would get ours without a word."""
OPTIONAL = {name for name, field in Settings.model_fields.items() if field.default is None and name not in PATHS}


def read_settings(environment: Mapping[str, str] | None = None) -> Settings:
    """Return the settings of this process, or raise `BadSettingError`."""
    environment = os.environ if environment is None else environment
    for name, value in environment.items():
        if SERVICE_LINK.fullmatch(name.upper()) or (name.upper() == "TRIAGE_PORT" and "://" in value):
            raise BadSettingError(
                f"`{name}` is set by Kubernetes for a Service called `triage`: set `enableServiceLinks: false` in the "
                "pod, or give the Service another name"
            )
    for name in environment:
        if name.upper().startswith(PREFIX) and name.upper() not in SETTINGS:
            close = get_close_matches(name.upper().removeprefix(PREFIX), [k.removeprefix(PREFIX) for k in SETTINGS], 1)
            known = f"; the settings are {', '.join(sorted(SETTINGS))}"
            hint = f"; did you mean `{PREFIX}{close[0]}`?" if close else known
            raise BadSettingError(f"`{name}` is no setting{hint}")
    given: dict[str, str] = {}
    for name, value in environment.items():
        setting = name[len(PREFIX) :].lower()
        if name.upper() not in SETTINGS or (not value.strip() and setting in OPTIONAL):
            continue  # none of ours; or empty, as `${VARIABLE:-}` leaves what is not set
        if setting in given:
            raise BadSettingError(f"`{name}` stands twice, in small and in capital letters")
        given[setting] = value
    try:
        return Settings.model_validate(given)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        if not first["loc"]:  # of two settings; the text names one
            raise BadSettingError(first["msg"].removeprefix("Value error, ")) from None
        setting = str(first["loc"][0]).upper()
        raise BadSettingError(f"`{PREFIX}{setting}`{reason(first, Settings.model_json_schema())}") from None
