"""Hosts, origins and addresses of settings, as they are compared."""

import re
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator

LABEL = r"(?!-)[a-z0-9_-]{1,63}(?<!-)"
NAME = rf"{LABEL}(?:\.{LABEL})*"
PATH = re.compile(r"(?:/(?!\.{1,2}(?:/|$))[A-Za-z0-9._~-]+)+")
NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
"""A last part by which browsers take a host for an address (https://url.spec.whatwg.org/#ends-in-a-number-checker)."""
DEFAULT_PORTS = {"http": "80", "https": "443"}
NEAR = re.compile(r"http://(?:127\.0\.0\.1|\[::1\]|localhost)(?=[:/]|$)")
AUTHORITY = re.compile(rf"(?P<host>{NAME}|\[[0-9a-f:.]+\])(?::(?P<port>[1-9][0-9]{{0,4}}))?")


def _authority(text: str, what: str) -> tuple[str, str | None]:
    """Return a host and its port, or raise."""
    found = AUTHORITY.fullmatch(text)
    if not found or not _is_written_right(found["host"]) or int(found["port"] or 1) > 65_535:
        hint = f"; `{text.lower()}`?" if text != text.lower() and AUTHORITY.fullmatch(text.lower()) else ""
        raise ValueError(f"`{text}` is no {what}{hint}")
    return found["host"], found["port"]


def _is_number(host: str) -> bool:
    """Say whether a host is an address, as browsers tell."""
    return host.startswith("[") or bool(NUMBER.fullmatch(host.rpartition(".")[2]))


def _is_written_right(host: str) -> bool:
    """Say whether a host is a name, or an address."""
    if not _is_number(host):
        return True
    try:
        IPv6Address(host[1:-1]) if host.startswith("[") else IPv4Address(host)
    except AddressValueError:
        return False
    return True


def _check_short(host: str, text: str) -> None:
    """Refuse a long form of an address, which no caller writes."""
    if host.startswith("[") and (short := f"[{IPv6Address(host[1:-1])}]") != host:
        raise ValueError(f"`{text}`: browsers write `{text.replace(host, short)}`")


def _served_host(text: str) -> str:
    what = "host name: write it in small letters, without scheme, port and path, `*.` before it for every name below"
    host, port = _authority(text.removeprefix("*."), what)
    if port or (host != text and _is_number(host)):
        raise ValueError(f"`{text}` is no {what}")
    _check_short(host, text)
    return text


def _read_host(text: str) -> str:
    what = "host name: write it in small letters, without scheme and path, with a port where it has one"
    host, _ = _authority(text, what)
    _check_short(host, text)
    return text


def _origin(text: str) -> str:
    what = "origin: write `https://` or `http://`, a host in small letters, and a port if it is not the usual one"
    if text == "*":
        return text
    scheme, _, rest = text.partition("://")
    if scheme not in DEFAULT_PORTS:
        raise ValueError(f"`{text}` is no {what}")
    try:
        host, port = _authority(rest, what)
    except ValueError:
        raise ValueError(f"`{text}` is no {what}") from None
    _check_short(host, text)
    if port == DEFAULT_PORTS[scheme]:
        raise ValueError(f"`{text}`: browsers leave out the port {port}; write `{text.rpartition(':')[0]}`")
    return text


def _public(text: str) -> str:
    what = "address: write `https://` or `http://`, a host in small letters, perhaps a path, no slash at the end"
    scheme, _, rest = text.partition("://")
    host, slash, path = rest.partition("/")
    if scheme not in DEFAULT_PORTS or (slash and not PATH.fullmatch(slash + path)):
        raise ValueError(f"`{text}` is no {what}")
    try:
        _authority(host, what)
    except ValueError:
        raise ValueError(f"`{text}` is no {what}") from None
    return text


def secure_address(text: str) -> str:
    """Return an https address, or raise."""
    try:
        parts = urlsplit(text)
        good = bool(_authority(parts.netloc.lower(), "address")) and not parts.fragment
    except ValueError:
        good = False
    if not good or not text.startswith("https://") or not text.isascii() or re.search(r"\s", text):
        raise ValueError("write an address that begins with `https://` and a host")
    return text


def near_or_secure(text: str) -> str:
    """Return an https address, or one on this machine, or raise."""
    try:
        secure_address(f"https{text[4:]}" if NEAR.match(text) else text)
    except ValueError as error:
        raise ValueError(f"{error}, or with `http://` and `localhost`, `127.0.0.1` or `[::1]`") from None
    return text


def exact(text: str) -> str:
    """Return a text that is compared as it stands, or raise."""
    if text.strip() != text or not text.isprintable():
        raise ValueError("it is compared as it stands; take out the space or line end around it")
    return text


def origin_of(text: str) -> str:
    """Return the origin of an address."""
    return "/".join(text.split("/")[:3])


ServedHost = Annotated[str, AfterValidator(_served_host)]
"""A name that requests are answered for, `*.example.org` for all below."""
ReadHost = Annotated[str, AfterValidator(_read_host)]
"""A host, and its port where it is not the usual one."""
Origin = Annotated[str, AfterValidator(_origin)]
"""An origin as browsers send it, or `*`."""
Exact = Annotated[str, AfterValidator(exact)]
"""A name that others know as well."""
PublicUrl = Annotated[str, AfterValidator(_public)]
"""An address of a service, perhaps with a path."""
SecureUrl = Annotated[str, AfterValidator(secure_address)]
"""An https address that is fetched from."""
FhirServer = Annotated[str, AfterValidator(_public), AfterValidator(near_or_secure)]
"""The address of a FHIR server, without a slash at the end: https, or http on the same machine."""
SecureOrigin = Annotated[str, AfterValidator(_origin), AfterValidator(near_or_secure)]
"""An origin that a token may be asked from."""
