"""The log of all but requests: JSON without callers' text.

Of an exception its type and places are written and not its text, which may quote a value. Of a logger that is not ours
only the first line of its template is written, without what is filled in.
"""

import json
import logging
import traceback
from time import gmtime, strftime
from typing import Any

OURS = ("triage.", "uvicorn")


class JsonFormatter(logging.Formatter):
    """Writes a record as one line of JSON; `extra={"fields": ...}` adds fields."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        ours = record.name.startswith(OURS)
        line: dict[str, Any] = {
            "time": f"{second_of(record.created)}.{int(record.msecs):03d}+00:00",
            "level": record.levelname.lower(),
            "logger": record.name.lstrip("_"),
            "message": record.getMessage() if ours else str(record.msg).partition("\n")[0],
        }
        line |= getattr(record, "fields", {})
        if record.exc_info and record.exc_info[1]:
            line["error"] = where(record.exc_info[1])
        return json.dumps(line, separators=(",", ":"))


def second_of(seconds: float) -> str:
    """Return a point of time in UTC, to the second."""
    return strftime("%Y-%m-%dT%H:%M:%S", gmtime(seconds))


def where(error: BaseException) -> dict[str, Any]:
    """Return an exception's type and places, innermost last."""
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
        "loggers": {name: {"level": level.upper()} for name in ("triage", "uvicorn", "_granian")},
    }
