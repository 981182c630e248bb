"""`triage serve`: the application on granian, or uvicorn with h11.

Both end with SIGTERM once what is under way is answered, and replace a worker that died. The workers of granian are
forked with the application that was loaded here, those of uvicorn load it themselves. Only the server that is chosen is
imported.
"""

import ctypes
import errno
import gc
import logging.config
import multiprocessing
import os
import platform
import socket
import sys
from contextlib import suppress
from ipaddress import ip_network

from fastapi import FastAPI
from starlette.types import ASGIApp

from app.main import build_app
from app.observe.logs import log_config
from app.processes import end_with_parent
from app.rulebook.files import BrokenRuleBookError
from app.settings import BadSettingError, Settings

log = logging.getLogger("triage.serve")

BACKLOG = 2_048
CONNECTIONS = 10_000
"""How many connections a worker of granian holds open; idle ones count, so that it is far above what is at work."""
DRAIN_SECONDS = 25
"""How long requests may take to finish once the process is told to stop; Kubernetes waits 30 seconds."""
STARTUP_FAILURE = 3
KEPT_BYTES = 256_000
"""A batch of 6,000 full answers takes 0.8 s, as with 2 MB, and after everything a worker holds 3 MB less."""
LEAST_BUFFER = 8_192
"""The smallest buffer that hyper takes for headers; what it holds of each connection grows with it."""


def keep_memory() -> None:
    """Keep freed memory, up to `KEPT_BYTES`, instead of returning it.

    The C library of most Linux systems gives back what is more than 128 kB. Long answers pass that limit over and over
    again, which took a tenth of the time of a batch. All threads share one arena: Python's take turns anyway, and the
    arenas of those beside the event loop kept 3 MB of a worker. Other libraries are left as they are.
    """
    # M_TRIM_THRESHOLD, M_MMAP_THRESHOLD and M_ARENA_MAX of glibc's malloc.h
    options = {-1: KEPT_BYTES, -3: KEPT_BYTES, -8: 1}
    if platform.libc_ver()[0] == "glibc":
        for option, value in options.items():
            ctypes.CDLL(None).mallopt(ctypes.c_int(option), ctypes.c_int(value))


def check_ports(settings: Settings) -> None:
    """Refuse what cannot be bound, or is already."""
    forwarders()
    if settings.metrics == "port":
        _check_port("TRIAGE_METRICS_PORT", settings.host, settings.metrics_port)
    if settings.unix_socket is None:
        _check_port("TRIAGE_PORT", settings.host, settings.port)
        return
    path = settings.unix_socket.resolve()  # as granian does
    with socket.socket(socket.AF_UNIX) as other, suppress(OSError):
        other.connect(os.fspath(path))
        raise BadSettingError(f"`TRIAGE_UNIX_SOCKET`: {path} is in use by another process")
    try:
        path.unlink(missing_ok=True)  # nobody listens: what a killed service left behind
        with socket.socket(socket.AF_UNIX) as tried:
            tried.bind(os.fspath(path))
        path.unlink()
    except OSError as error:
        raise BadSettingError(f"`TRIAGE_UNIX_SOCKET`: {path}: {_why(error)}") from None


def address_of(host: str) -> str:
    """Return the address that a host is bound at.

    Of several the first. granian takes no names, nor short forms such as `127.1`.
    """
    try:
        return str(socket.getaddrinfo(host, None, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0][4][0])
    except OSError:
        raise BadSettingError(f"`TRIAGE_HOST`: `{host}` is no address of this machine") from None


def _check_port(name: str, host: str, port: int) -> None:
    address = address_of(host)
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as tried:
        tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as servers do: only listeners count
        if family == socket.AF_INET6:
            tried.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        try:
            tried.bind((address, port))
        except OSError as error:
            at = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
            setting = "TRIAGE_HOST" if error.errno == errno.EADDRNOTAVAIL else name
            raise BadSettingError(f"`{setting}`: {at}: {_why(error)}") from None


def _why(error: OSError) -> str:
    return (error.strerror or "cannot be bound").lower()


def forwarders() -> str | None:
    """Return which proxies are believed, or raise where none can be.

    Both servers take what is no address for a name, which no caller has.
    """
    given = os.environ.get("FORWARDED_ALLOW_IPS")
    for word in given.split(",") if given and given != "*" else ():
        try:
            ip_network(word.strip())
        except ValueError:
            says = f"`{word}` is no address and no network, such as `10.0.0.5` or `10.0.0.0/8`; `*` alone is any"
            raise BadSettingError(f"`FORWARDED_ALLOW_IPS`: {says}") from None
    return given


def greeting(settings: Settings) -> str:
    """Return the line that says where it answers, and whom."""
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    where = f"the socket {settings.unix_socket}" if settings.unix_socket else f"http://{host}:{settings.port}"
    # a browser has no key: the start page is refused it
    first = "open it to try it" if settings.anonymous or settings.open_intake else "callers need a key or token"
    return f"Candidate Triage answers on {where}; {first}, /docs for the API"


def prepared(settings: Settings) -> FastAPI:
    """Return the loaded application with its garbage collection frozen, or raise."""
    if settings.workers > 1 and settings.metrics != "off":
        raise BadSettingError(
            "`TRIAGE_METRICS`: several processes would each count for themselves; run one process a container, or send "
            "metrics by `TRIAGE_OTEL`"
        )
    logging.config.dictConfig(log_config(settings.log_level))
    gc.disable()  # nearly all that is made now stays as long as the process
    gc.freeze()  # and so does what was imported: to look it through took 70 ms
    try:
        app = build_app(settings, lines=sys.stderr)
        keep_memory()
        gc.collect()
        gc.freeze()  # never looked through for garbage again, so that forked workers go on sharing it
    finally:
        gc.enable()
    return app


def run(app: FastAPI, settings: Settings) -> None:
    """Serve until told to stop."""
    if settings.server == "granian":
        _run_granian(app, settings)
    else:
        _run_uvicorn(app, settings)


def _run_granian(app: FastAPI, settings: Settings) -> None:
    from granian.constants import HTTPModes, Interfaces, Loops
    from granian.http import HTTP1Settings
    from granian.log import LogLevels
    from granian.server import Server
    from granian.utils.proxies import wrap_asgi_with_proxy_headers

    proxies = forwarders()

    def load() -> ASGIApp:
        end_with_parent()
        _serve_metrics(app, settings)
        # one address is enough: proxies that name themselves are asked for only where an operator trusts some
        return wrap_asgi_with_proxy_headers(app, proxies) if proxies else app

    def reload() -> None:
        nonlocal app
        try:
            app = build_app(settings, lines=sys.stderr)
        except (BrokenRuleBookError, BadSettingError) as error:
            log.error("the rule book in use stays: %s", error)

    multiprocessing.set_start_method("fork", force=True)  # workers share the memory of what was loaded
    server = Server(
        "app.main:app",
        address=address_of(settings.host),
        port=settings.port,
        uds=settings.unix_socket,
        interface=Interfaces.ASGI,
        workers=settings.workers,
        loop=Loops.uvloop,
        http=HTTPModes.http1,
        websockets=False,
        backlog=BACKLOG,
        backpressure=CONNECTIONS,
        http1_settings=HTTP1Settings(
            header_read_timeout=settings.request_seconds * 1_000,
            max_buffer_size=max(LEAST_BUFFER, 2 * settings.max_header_bytes),
        ),
        log_level=LogLevels(settings.log_level),
        log_dictconfig=log_config(settings.log_level),
        respawn_failed_workers=True,
        workers_max_rss=settings.worker_memory_mb,
        workers_kill_timeout=DRAIN_SECONDS,
    )
    server.on_reload(reload)
    try:
        server.serve(target_loader=load, wrap_loader=False)
    except (OSError, RuntimeError) as error:  # what Rust could not do is a RuntimeError, its trace behind its text
        log.critical("cannot serve: %s", str(error).partition("\n")[0].lower())
        sys.exit(STARTUP_FAILURE)


def _run_uvicorn(app: FastAPI, settings: Settings) -> None:
    import uvicorn

    _serve_metrics(app, settings)
    uvicorn.run(
        app if settings.workers == 1 else "app.main:app",
        host=address_of(settings.host),
        port=settings.port,
        uds=str(settings.unix_socket) if settings.unix_socket else None,
        workers=settings.workers,
        loop="uvloop",
        http="h11",
        ws="none",
        backlog=BACKLOG,
        h11_max_incomplete_event_size=2 * settings.max_header_bytes,
        timeout_keep_alive=settings.request_seconds,
        timeout_graceful_shutdown=DRAIN_SECONDS,
        proxy_headers="FORWARDED_ALLOW_IPS" in os.environ,
        log_config=log_config(settings.log_level),
        access_log=False,
        server_header=False,
    )


def _serve_metrics(app: FastAPI, settings: Settings) -> None:
    """Serve the metrics of this process, if at a port."""
    metrics = app.state.access_log.metrics
    if settings.metrics != "port" or metrics is None:
        return
    from prometheus_client import start_http_server

    try:
        start_http_server(settings.metrics_port, settings.host, metrics.registry)
    except OSError as error:
        log.critical("`TRIAGE_METRICS_PORT`: %s", _why(error))
        sys.exit(STARTUP_FAILURE)
