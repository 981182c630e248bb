"""`triage serve`: the application behind uvicorn, in this process or in several that are watched and replaced.

Each process builds its own application and takes connections from the one socket they share, so that what waits there
when a process dies is taken by the others.
"""

import ctypes
import gc
import logging
import platform
import socket
import sys
from typing import Any

from fastapi import FastAPI
from prometheus_client import start_http_server
from uvicorn import Config, Server
from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors import Multiprocess

from app.main import build_app
from app.observe.logs import log_config
from app.rulebook.files import BrokenRuleBookError
from app.security.connection import DRAIN_SECONDS, bounded
from app.settings import BadSettingError, Settings

log = logging.getLogger("triage.serve")

IDLE_SECONDS = 75
"""How long a connection may wait for its next request: longer than the 60 seconds of the usual balancers, which would
else send requests into connections that are just being closed."""

logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
"""No line of ours says them, and finding them out for every line costs."""

KEPT_BYTES = 2_000_000
START_SECONDS = 15
"""How long a process may take to start or to say that it lives, on a machine that has much else to do. One that dies
while it is asked is noticed only then."""


class Process(Config):
    """How each process serves."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        super().__init__(
            build_app,
            factory=True,
            host=settings.host,
            port=settings.port,
            workers=settings.workers,
            log_config=log_config(settings.log_level),
            access_log=False,
            server_header=False,
            ws="none",
            timeout_graceful_shutdown=DRAIN_SECONDS,
            timeout_keep_alive=IDLE_SECONDS,
            timeout_worker_healthcheck=START_SECONDS,
        )

    def load_app(self) -> Any:
        """Return what makes the application, which is made here already: the protocol needs its watch."""
        gc.disable()  # nearly all that is made now stays as long as the process
        try:
            app = self._made()
            keep_memory()
            gc.collect()
            gc.freeze()  # no need to look through it for garbage again
        finally:
            gc.enable()
        return lambda: app

    def _made(self) -> FastAPI:
        settings = self._settings
        try:
            app = build_app(settings)
        except (BrokenRuleBookError, BadSettingError) as error:
            if settings.workers == 1:
                raise
            log.critical(str(error))
            sys.exit(STARTUP_FAILURE)
        self.http_protocol_class = bounded(settings, app)
        if settings.metrics == "port" and app.state.watch.metrics is not None:
            try:
                start_http_server(settings.metrics_port, settings.host, app.state.watch.metrics.registry)
            except OSError as error:
                raise BadSettingError(
                    f"`TRIAGE_METRICS_PORT`: {(error.strerror or 'cannot be bound').lower()}"
                ) from None
        return app


def keep_memory() -> None:
    """Keep up to `KEPT_BYTES` that were freed, instead of giving them back to the system only to ask for them anew.

    The C library of most Linux systems gives back what is more than 128 kB. Long answers pass that limit over and over
    again, which took a tenth of the time of a batch. Other libraries are left as they are.
    """
    options = (ctypes.c_int(-1), ctypes.c_int(-3))  # M_TRIM_THRESHOLD and M_MMAP_THRESHOLD of glibc's malloc.h
    if platform.libc_ver()[0] == "glibc":
        for option in options:
            ctypes.CDLL(None).mallopt(option, ctypes.c_int(KEPT_BYTES))


def prepared(settings: Settings) -> Process:
    """Return what is ready to serve.

    Raises `BadSettingError` and `BrokenRuleBookError`. Of several processes each reads the rule book for itself, and
    one that cannot ends them all.
    """
    process = Process(settings)
    if settings.workers == 1:
        process.load()
    elif settings.metrics != "off":
        raise BadSettingError(
            "`TRIAGE_METRICS`: several processes would each count for themselves; run one process a container, or send "
            "metrics by `TRIAGE_OTEL`"
        )
    return process


def run(process: Process) -> None:
    """Serve until told to stop."""
    if process.workers == 1:
        Server(process).run()
        return
    family = socket.AF_INET6 if ":" in process.host else socket.AF_INET
    try:
        # it listens already, so that whoever comes before the first process is ready waits, and is answered
        shared = socket.create_server((process.host, process.port), family=family, backlog=process.backlog)
    except OSError as error:
        log.critical("cannot bind %s port %d: %s", process.host, process.port, (error.strerror or "no reason").lower())
        sys.exit(STARTUP_FAILURE)
    log.info("%d processes listen", process.workers)
    supervisor = Multiprocess(process, [shared])
    supervisor.run()
    if any(each.exitcode == STARTUP_FAILURE for each in supervisor.processes):
        sys.exit(STARTUP_FAILURE)
