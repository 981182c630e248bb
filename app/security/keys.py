"""API keys: made here, kept as digests, compared in constant time.

A key is 256 random bits, so that a plain SHA-256 is a safe digest of it: there is nothing to guess. A slow digest would
only let callers keep the processor busy.
"""

import secrets
from collections.abc import Iterable, Sequence
from hashlib import sha256
from hmac import compare_digest
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

Permission = Literal["triage", "rulesets", "cds", "fhir", "metrics"]
SCOPES: tuple[Permission, ...] = ("triage", "rulesets", "cds", "fhir", "metrics")
PREFIX = "ctk_"
"""What every key begins with, so that scanners for leaked secrets can find one."""

EMPTY = frozenset(sha256(text).hexdigest() for text in (b"", b"\n", b"\r\n", PREFIX.encode()))
"""Digests of no key, as `echo | sha256sum` with an unset variable gives them."""


class ApiKey(BaseModel):
    """A key as the settings hold it: never the key itself."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Annotated[str, Field(pattern="^[a-z0-9][a-z0-9-]{0,39}$", examples=["at most 40 of a-z, 0-9 and -"])]
    """Who it was made for; stands in the log."""
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$", repr=False, examples=["64 of 0-9 and a-f"])]
    """The digest of the key."""
    scopes: Annotated[frozenset[Permission], Field(min_length=1)]
    """What it opens."""

    @field_validator("sha256")
    @classmethod
    def is_of_a_key(cls, value: str) -> str:
        """Refuse the digest of nothing, which a failed command leaves behind."""
        if value in EMPTY:
            raise ValueError("this is the digest of an empty key")
        return value


def new_key(name: str, scopes: Iterable[str]) -> tuple[str, ApiKey]:
    """Return a new key, and its entry for the settings."""
    key = PREFIX + secrets.token_urlsafe(32)
    return key, ApiKey.model_validate({"name": name, "sha256": _digest(key), "scopes": sorted(set(scopes))})


def find_key(keys: Sequence[ApiKey], given: str) -> ApiKey | None:
    """Return the key that was given, after comparing with all."""
    digest = _digest(given)
    found = None
    for key in keys:
        if compare_digest(key.sha256, digest):
            found = key
    return found


def _digest(key: str) -> str:
    return sha256(key.encode("utf-8", "replace")).hexdigest()
