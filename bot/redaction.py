"""Has the carrier forget: messages and calls of those who were sent to a service are deleted there.

    a turn routes ─► a row, due in REDACT_AFTER_HOURS ─► lease ─► what was said around it ─► itself ─► no row

Whatever fails is tried again, later each time, until nothing is left. The message that the row names goes
last: through it the others are found, also after an attempt that stopped half way.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Event, Thread
from typing import TYPE_CHECKING

from bot.errors import SignpostError
from bot.log import event

if TYPE_CHECKING:
    from bot.channels.erasing import Records
    from bot.store import Due, Redactions

PAUSE_SECONDS = 5.0
FIRST_WAIT, LONGEST_WAIT = timedelta(minutes=1), timedelta(hours=6)
MOST_DOUBLINGS = 12  # beyond that a wait is the longest in any case
TELL_AGAIN = timedelta(minutes=10)


@dataclass
class Redactor:
    """Deletes what is due. `span` is how far around a routing a conversation may reach."""

    redactions: Redactions
    records: Records
    span: timedelta
    clock: Callable[[], datetime]
    new_lease: Callable[[], str] = lambda: secrets.token_hex(8)
    _told_at: datetime | None = field(default=None, init=False)

    def start(self, stop: Event) -> Thread:
        """Delete in a thread until somebody sets `stop`: a slow carrier must not hold up the log."""
        thread = Thread(target=self._run, args=(stop,), name="redactions", daemon=True)
        thread.start()
        return thread

    def _run(self, stop: Event) -> None:
        while not stop.is_set():
            if not self.step():
                stop.wait(PAUSE_SECONDS)

    def step(self) -> bool:
        """Do one row that is due; False where there was none, or the database failed."""
        try:
            due = self.redactions.claim(self.clock(), self.new_lease())
            if due is None:
                return False
            self._work_on(due)
        except SignpostError as fault:  # of the database; the lease runs out
            self._tell(fault)
            return False
        return True

    def _work_on(self, due: Due) -> None:
        try:
            result = self._delete(due)
        except Exception as fault:  # noqa: BLE001 - Twilio's, or one that nobody thought of: neither may end the deleting
            self._tell(fault)
            self.redactions.later(due, self.clock() + wait_after(due.tries))
        else:
            self.redactions.done(due, result)

    def _delete(self, due: Due) -> str:
        around = self.records.around(due.kind, due.sid, self.span)
        if around is None:
            return "gone"
        # What has a row of its own is the middle of another conversation: it goes in its turn.
        spared = self.redactions.waiting_among([sid for _, sid in around])
        for kind, sid in around:
            if sid not in spared:
                self.records.erase(kind, sid)
        return "done" if self.records.erase(due.kind, due.sid) else "gone"

    def _tell(self, fault: Exception) -> None:
        """Say what is wrong, at most every ten minutes."""
        now = self.clock()
        if self._told_at is None or now - self._told_at >= TELL_AGAIN:
            self._told_at = now
            event("redaction.put_off", logging.WARNING, error=fault)


def wait_after(tries: int) -> timedelta:
    """How long to wait after so many tries: a minute, then twice as long each time, at most six hours."""
    doubled: int = 2 ** min(tries - 1, MOST_DOUBLINGS)
    return min(LONGEST_WAIT, FIRST_WAIT * doubled)
