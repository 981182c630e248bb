"""Settings of security, receipts and observation.

Lists of words are written with commas, keys as JSON. Nothing secret shows when the settings are printed.
"""

import json
import re
from collections import Counter
from collections.abc import Iterable
from typing import Annotated, Any, Literal, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationInfo,
    ValidatorFunctionWrapHandler,
    field_validator,
    model_validator,
)

from app.api.described import Described
from app.security.addresses import (
    Exact,
    FhirServer,
    Origin,
    SecureOrigin,
    SecureUrl,
    ServedHost,
    near_or_secure,
    origin_of,
)
from app.security.issuer import ASYMMETRIC, Issuer
from app.security.keys import ApiKey
from app.security.signing import SigningKey


def words(value: Any) -> Any:
    """Return words between commas."""
    if not isinstance(value, str):
        return value
    found = tuple(word.strip() for word in value.split(",") if word.strip())
    if value.strip() and not found:
        raise ValueError("write words with commas between them")
    return found


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise TwiceError
    return found


class TwiceError(Exception):
    """A member that stands twice in one JSON object."""


def json_text(value: Any) -> Any:
    """Return the data of a JSON text; nothing is an empty list."""
    if not isinstance(value, str):
        return value
    if not value.strip():  # an empty secret: no keys
        return ()
    try:
        return json.loads(value, object_pairs_hook=_once)
    except TwiceError:
        raise ValueError("a member stands twice in one object") from None
    except (ValueError, RecursionError):
        raise ValueError("write it as JSON") from None


def different(keys: Iterable[Any], what: str) -> None:
    """Refuse two of a kind: which one counts would be chance."""
    counted = Counter(keys)
    if twice := [key for key, count in counted.items() if count > 1]:
        raise ValueError(f"{what}: `{twice[0]}` stands twice")


Words = Annotated[tuple[str, ...], BeforeValidator(words)]


class CdsClient(BaseModel):
    """A CDS client, with its keys or where they are."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    iss: Annotated[Exact, Field(min_length=1)]
    jku: SecureUrl | None = None
    jwks: dict[str, list[dict[str, Any]]] | None = None

    @model_validator(mode="after")
    def has_keys(self) -> Self:
        """Refuse a client whose keys nobody can know."""
        if (self.jku is None) == (self.jwks is None) or (self.jwks is not None and "keys" not in self.jwks):
            raise ValueError("give just one of `jku` and `jwks` with `keys`")
        return self

    @field_validator("jwks")
    @classmethod
    def has_usable_keys(cls, value: dict[str, list[dict[str, Any]]] | None) -> dict[str, list[dict[str, Any]]] | None:
        """Refuse a key that no token could be checked with."""
        from app.security.key_sets import check_client_key  # where a client is set: see app/security/issuer.py

        for place, key in enumerate(value.get("keys", ()) if value else (), 1):
            check_client_key(place, key)
        if value is not None and not value.get("keys"):
            raise ValueError("`keys` holds at least one key")
        return value


class SmartServer(BaseModel):
    """A FHIR server whose users may launch the intake."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    iss: FhirServer
    client_id: Annotated[Exact, Field(min_length=1, max_length=200)]
    sign_in: tuple[SecureOrigin, ...] = ()

    @property
    def origins(self) -> tuple[str, ...]:
        """What a browser may connect to: the server, and its sign-in."""
        return tuple(dict.fromkeys((origin_of(self.iss), *self.sign_in)))


OF_AN_ISSUER = ("oauth_algorithms", "oauth_scope_claims", "oauth_scope_prefix")
"""Settings that mean nothing where no issuer is set."""
NUMBER = re.compile(r"\d+(?:\.\d+)?", re.ASCII)
"""How a setting writes a number."""


class SecurityOptions(Described):
    """The settings of everything in `app.security`."""

    model_config = ConfigDict(frozen=True, validate_default=True)

    allow_anonymous: bool = False
    """Lets `triage serve` bind an address that others reach although neither keys nor an issuer are configured."""
    api_keys: Annotated[tuple[ApiKey, ...], BeforeValidator(json_text), Field(repr=False)] = ()
    """The API keys that open this service, as JSON; `triage key` writes an entry."""
    open_intake: bool = False
    """Lets everybody use the intake pages although keys or an issuer are configured: a browser has no key."""
    oauth_issuer: Exact | None = None
    """The `iss` of the bearer tokens that open this service."""
    oauth_audience: Exact | None = None
    """The `aud` that such a token must name."""
    oauth_jwks_url: str | None = None
    """Where the public keys of that issuer are: https, or http on the same machine."""
    oauth_algorithms: Words = ("RS256", "PS256", "ES256", "ES384")
    """The signature algorithms that are accepted: asymmetric ones alone."""
    oauth_scope_claims: Words = ("scope", "scp")
    """The claims that name the scopes; add `roles` for the tokens of applications (Microsoft Entra)."""
    oauth_scope_prefix: str = ""
    """What may stand before a scope, such as `api://candidate-triage/`."""
    signing_keys: Annotated[tuple[SigningKey, ...], BeforeValidator(json_text), Field(repr=False)] = ()
    """The Ed25519 keys of receipts, as JSON: the first signs, the others stay known. `triage signing-key` makes one."""

    trusted_hosts: Annotated[tuple[ServedHost, ...], BeforeValidator(words)] = ()
    """The host names that are answered, `*.example.org` for every name below; any host where none is set."""
    cors_origins: Annotated[tuple[Origin, ...], BeforeValidator(words)] = ()
    """The origins whose pages may ask from a browser; none where none is set."""
    hsts_seconds: Annotated[int, Field(ge=0, le=63_072_000)] = 0
    """For how long browsers are told to use https alone; told over https only, and not at all where it is 0."""
    max_concurrency: Annotated[int, Field(ge=1, le=100_000)] = 256
    """How many requests are worked on at once; the rest get 503."""
    max_header_bytes: Annotated[int, Field(ge=1_000, le=1_000_000)] = 16_384
    """The largest request line and headers in bytes."""
    request_seconds: Annotated[int, Field(ge=1, le=600)] = 15
    """How long headers may take to arrive, and how long a body may crawl below 1,000 bytes a second."""
    read_seconds: Annotated[float, Field(gt=0, le=30)] = 2.0
    """How long a FHIR server or a key address may take to answer."""

    metrics: Literal["off", "path", "port"] = "off"
    """Metrics for Prometheus: at `/metrics`, or at a port of their own."""
    metrics_port: Annotated[int, Field(ge=1, le=65535)] = 9464
    """The port of the metrics, where they have one of their own."""
    otel: bool = False
    """Sends traces and metrics by OpenTelemetry; the usual `OTEL_` variables say where to."""

    @field_validator("*", mode="wrap")
    @classmethod
    def _is_written_plainly(cls, value: Any, check: ValidatorFunctionWrapHandler) -> Any:
        taken = check(value)
        if type(taken) in (int, float) and isinstance(value, str) and not NUMBER.fullmatch(value.strip()):
            raise ValueError(f"`{value}` is not accepted; write `{taken}`")  # Python takes 1_8310 for 18310
        return taken

    @field_validator("signing_keys")
    @classmethod
    def _can_sign(cls, value: tuple[SigningKey, ...]) -> tuple[SigningKey, ...]:
        if value and value[0].d is None:
            raise ValueError("the first key signs, and needs its private half `d`")
        different([key.kid for key in value], "give each key a `kid` of its own")
        return value

    @field_validator("api_keys")
    @classmethod
    def _are_told_apart(cls, value: tuple[ApiKey, ...]) -> tuple[ApiKey, ...]:
        different([key.name for key in value], "give each key a `name` of its own")
        different([key.sha256 for key in value], "give each key a `sha256` of its own")
        return value

    @field_validator("cors_origins")
    @classmethod
    def _any_is_alone(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if "*" in value and len(value) > 1:
            raise ValueError("`*` is any origin, and stands alone")
        return value

    @field_validator("oauth_audience", "oauth_jwks_url")
    @classmethod
    def _goes_with_the_issuer(cls, value: str | None, info: ValidationInfo) -> str | None:
        if bool(value) != bool(info.data.get("oauth_issuer")):
            raise ValueError("set `TRIAGE_OAUTH_ISSUER`, `TRIAGE_OAUTH_AUDIENCE` and `TRIAGE_OAUTH_JWKS_URL` together")
        return value

    @field_validator("oauth_jwks_url")
    @classmethod
    def _is_fetched_safely(cls, value: str | None) -> str | None:
        return None if value is None else near_or_secure(value)

    @field_validator("oauth_algorithms")
    @classmethod
    def _are_asymmetric(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not value or not set(value) <= set(ASYMMETRIC):
            raise ValueError(f"choose among {', '.join(ASYMMETRIC)}")
        return value

    @field_validator("oauth_scope_claims")
    @classmethod
    def _name_claims(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not value or any(len(word.split()) > 1 for word in value):
            raise ValueError("write the names of claims with commas between them, at least one")
        return value

    @field_validator("oauth_scope_prefix")
    @classmethod
    def _is_of_a_scope(cls, value: str) -> str:
        if value and value.split() != [value]:
            raise ValueError("a scope has no space in it")
        return value

    @model_validator(mode="after")
    def _tokens_are_of_an_issuer(self) -> Self:
        given = [name for name in OF_AN_ISSUER if name in self.model_fields_set and getattr(self, name)]
        if given and self.oauth_issuer is None:
            raise ValueError(f"`TRIAGE_{given[0].upper()}`: it goes with `TRIAGE_OAUTH_ISSUER`, which is not set")
        return self

    @property
    def issuer(self) -> Issuer | None:
        """The issuer of bearer tokens, where one is configured."""
        if self.oauth_issuer is None or self.oauth_audience is None or self.oauth_jwks_url is None:
            return None
        return Issuer(
            issuer=self.oauth_issuer,
            audience=self.oauth_audience,
            jwks_url=self.oauth_jwks_url,
            algorithms=self.oauth_algorithms,
            scope_claims=self.oauth_scope_claims,
            scope_prefix=self.oauth_scope_prefix,
        )

    @property
    def anonymous(self) -> bool:
        """Whether anybody who reaches this service may ask."""
        return not self.api_keys and self.issuer is None
