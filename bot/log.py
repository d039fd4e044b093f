"""Logs: one line an event, a constant name and fields, with no person in it.

Everything passes one handler at the root, which removes whatever looks like a telephone number
or a Twilio id and drops the messages of exceptions: a message may quote what somebody wrote,
the frames of a traceback can't.
"""

from __future__ import annotations

import json
import logging
import re
import sys
import traceback
from contextvars import ContextVar
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Literal, TextIO

from bot.errors import SignpostError

NUMBER = re.compile(r"(?:\+|%2B|\b00)?\d[\d ().-]{6,}\d")
SID = re.compile(r"\b[A-Z]{2}[0-9a-fA-F]{32}\b")
DIGIT = re.compile(r"\d")
FRAMES = 12
REQUEST_ID_BYTES = 6

_log = logging.getLogger("signpost")
# What the lines of one request have in common; "" outside of any.
request_id: ContextVar[str] = ContextVar("request_id", default="")


def event(
    name: str, /, level: int = logging.INFO, *, error: BaseException | None = None, **fields: object
) -> None:
    """Log an event under a constant name, such as `turn.taken`, with its fields."""
    _log.log(level, name, extra={"fields": fields}, exc_info=error)


def redact(text: str) -> str:
    """Remove what could be a telephone number or a Twilio id: both have digits."""
    if not DIGIT.search(text):
        return text
    return NUMBER.sub("[number]", SID.sub("[sid]", text))


class Formatter(logging.Formatter):
    """JSON lines, or `name key=value` for reading in a terminal; redacted either way."""

    def __init__(self, style: Literal["json", "plain"]) -> None:
        super().__init__()
        self.json = style == "json"

    def format(self, record: logging.LogRecord) -> str:
        """One line."""
        fields: dict[str, Any] = {k: _plain(v) for k, v in getattr(record, "fields", {}).items()}
        # A library's own messages may carry values as arguments; they are redacted like the rest.
        name = redact(record.getMessage())
        if record.exc_info and record.exc_info[1]:
            fields |= _exception(record.exc_info[1], record.exc_info[2])
        if request := request_id.get():
            fields = {"request": request, **fields}
        at = datetime.fromtimestamp(record.created, UTC)
        if self.json:
            head = {
                "at": at.isoformat(timespec="milliseconds"),
                "level": record.levelname.lower(),
                "event": name,
            }
            if record.name != _log.name:
                head["logger"] = record.name
            return _encodable(json.dumps(fields | head, ensure_ascii=False))
        shown = " ".join(f"{key}={value}" for key, value in fields.items())
        line = f"{at:%H:%M:%S} {record.levelname.lower():7} {name} {shown}".rstrip()
        return _encodable(line.replace("\n", "\\n"))


def configure(level: str, style: Literal["json", "plain"], stream: TextIO | None = None) -> None:
    """Send every log of the process through one redacting handler."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(Formatter(style))
    logging.raiseExceptions = False  # logging's own report of a bad call would print its arguments unredacted
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for noisy in ("alembic", "twilio", "urllib3", "werkzeug"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


def _plain(value: object) -> str | int | float | bool | None:
    shown = redact(str(value))
    if value is None or (isinstance(value, bool | int | float) and shown == str(value)):
        return value
    return shown


def _encodable(line: str) -> str:
    """Escape lone surrogates, which a stream refuses; logging would then print the record unredacted."""
    return line.encode("utf-8", "backslashreplace").decode()


def _exception(error: BaseException, trace: TracebackType | None) -> dict[str, str]:
    frames = traceback.extract_tb(trace)[-FRAMES:]
    where = " < ".join(f"{frame.filename.rsplit('/', 1)[-1]}:{frame.lineno}" for frame in reversed(frames))
    fields = {"error": type(error).__name__, "where": where}
    if isinstance(error, SignpostError):  # our own words, written to be read
        fields["why"] = redact(str(error))
    return fields
