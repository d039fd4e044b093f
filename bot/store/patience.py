"""How long the database may be waited for.

Somebody who rings must be answered in three seconds, whatever the database does.
"""

from __future__ import annotations

from contextlib import contextmanager
from threading import local
from time import monotonic
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

TURN_SECONDS = 2.0  # for everything that one turn wants of the database, connecting included
# For one statement of whatever is not a turn: a little more than PostgreSQL's statement_timeout.
STATEMENT_SECONDS = 5.0
COMMAND_SECONDS = 12 * 3600.0  # for what an operator asks of the whole record, and can stop


class _Deadline(local):
    """When this thread stops waiting, None where each statement has its own time."""

    at: float | None = None


_deadline = _Deadline()


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Let what this thread does with the database in here take so long in all, and no longer."""
    before = _deadline.at
    at = monotonic() + seconds
    _deadline.at = at if before is None else min(at, before)
    try:
        yield
    finally:
        _deadline.at = before


def left() -> float:
    """Give the seconds that this thread may still wait, 0 when there are none."""
    return STATEMENT_SECONDS if _deadline.at is None else max(0.0, _deadline.at - monotonic())
