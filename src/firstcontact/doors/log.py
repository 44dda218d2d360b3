"""Structured logs: one JSON object a line, of named fields only, so that no customer's text can slip into them."""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime

FIELDS = (
    "method", "route", "status", "milliseconds", "job", "kind", "state", "seconds", "code", "error", "at", "count",
    "exit",
)  # fmt: skip
"""What a record may carry beside its message. Anything else stays out."""


class Lines(logging.Formatter):
    """Makes a line of a record. An exception leaves its kind; its text, which may hold a value, does not appear.

    >>> record = logging.LogRecord("firstcontact", logging.INFO, "", 0, "job ended", (), None)
    >>> record.kind, record.text = "measure", "Miriam"
    >>> json.loads(Lines().format(record))["kind"], "Miriam" in Lines().format(record)
    ('measure', False)
    """

    def format(self, record: logging.LogRecord) -> str:
        said: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage() if record.name.startswith("firstcontact") else str(record.msg),
        }
        said |= {name: record.__dict__[name] for name in FIELDS if name in record.__dict__}
        if record.exc_info and record.exc_info[0] is not None:
            said["error"] = record.exc_info[0].__name__
        return json.dumps(said, ensure_ascii=False, default=str)


def start_logs(level: int = logging.INFO) -> None:
    """Write the process's logs to the standard error stream."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Lines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("firstcontact").setLevel(level)
