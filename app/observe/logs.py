"""Structured logs: one JSON object a line, made of named fields that hold nothing a caller wrote.

Of an exception its type and places are written and not its text, which may quote a value. Of a logger that is not ours
only the first line of its template is written, without what is filled in.
"""

import asyncio
import logging
import traceback
from contextlib import nullcontext
from functools import lru_cache
from time import gmtime, strftime
from typing import Any, TextIO

import orjson

OURS = ("triage.", "uvicorn")
REQUESTS = "triage.request"
"""The logger of requests, which only the event loop answers."""


class JsonFormatter(logging.Formatter):
    """Writes a record as one line of JSON; `extra={"fields": ...}` adds fields."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        ours = record.name.startswith(OURS)
        line: dict[str, Any] = {
            "time": f"{_second(int(record.created))}.{int(record.created % 1 * 1000):03d}+00:00",
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage() if ours else _first_line(str(record.msg)),
        }
        line |= getattr(record, "fields", {})
        if record.exc_info and record.exc_info[1]:
            line["error"] = where(record.exc_info[1])
        return orjson.dumps(line).decode()


@lru_cache(1)
def _second(time: int) -> str:
    return strftime("%Y-%m-%dT%H:%M:%S", gmtime(time))


def _first_line(text: str) -> str:
    return text.partition("\n")[0].encode(errors="backslashreplace").decode()


class LineHandler(logging.StreamHandler[TextIO]):
    """Writes the lines of requests together when the event loop's turn ends, any other line at once."""

    def __init__(self, stream: TextIO) -> None:
        super().__init__(stream)
        self._lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Take a record."""
        self._lines.append(self.format(record))
        if record.name != REQUESTS:
            self.flush()
        elif len(self._lines) == 1:
            asyncio.get_running_loop().call_soon(self.flush)

    def flush(self) -> None:
        """Write what was taken."""
        with self.lock or nullcontext():
            lines, self._lines = self._lines, []
            if lines and not self.stream.closed:
                self.stream.write("\n".join([*lines, ""]))
                self.stream.flush()


def where(error: BaseException) -> dict[str, Any]:
    """Return the type of an exception and the places it passed, innermost last."""
    places = [f"{frame.name} {frame.lineno}" for frame in traceback.extract_tb(error.__traceback__)]
    return {"type": type(error).__name__, "at": places[-12:]}


def log_config(level: str) -> dict[str, Any]:
    """Return the logging of `triage serve`, as `logging.config` takes it."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"json": {"()": JsonFormatter}},
        "handlers": {"err": {"()": LineHandler, "formatter": "json", "stream": "ext://sys.stderr"}},
        "root": {"handlers": ["err"], "level": "WARNING"},
        "loggers": {"triage": {"level": level.upper()}, "uvicorn": {"level": level.upper()}},
    }
