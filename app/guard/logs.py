"""Structured logs: one JSON object a line, made of named fields that hold nothing a caller wrote.

Of an exception its type and places are written and not its text, which may quote a value. Of a logger that is not ours
only the first line of its template is written, without what is filled in.
"""

import json
import logging
import traceback
from datetime import UTC, datetime
from typing import Any

OURS = ("triage.", "uvicorn")


class JsonFormatter(logging.Formatter):
    """Writes a record as one line of JSON; `extra={"fields": ...}` adds fields."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        ours = record.name.startswith(OURS)
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage() if ours else str(record.msg).partition("\n")[0],
        }
        line |= getattr(record, "fields", {})
        if record.exc_info and record.exc_info[1]:
            line["error"] = where(record.exc_info[1])
        return json.dumps(line, separators=(",", ":"))


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
        "handlers": {"err": {"class": "logging.StreamHandler", "formatter": "json", "stream": "ext://sys.stderr"}},
        "root": {"handlers": ["err"], "level": "WARNING"},
        "loggers": {"triage": {"level": level.upper()}, "uvicorn": {"level": level.upper()}},
    }
