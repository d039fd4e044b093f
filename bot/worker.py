"""What goes on behind the line: the audited log grows and is signed, and what has expired is deleted.

One worker a machine; of all of them one works at a time. It never stops for a fault: it says what is
wrong, keeps on trying, and the line answers people in the meantime.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from threading import Event

from bot.core.retention import kept_since
from bot.errors import LedgerError, SignpostError, StoreError
from bot.ledger.integrator import Integrator
from bot.ledger.signing import Signing
from bot.log import event
from bot.store import DatabaseLedger, Store

PAUSE_SECONDS = 1.0
# After a full batch: long enough for a turn that waits for SQLite to get in between.
BREATH_SECONDS = 0.02
LOOK_AROUND = timedelta(seconds=30)  # for what no row asks for: a heartbeat, a day's tallies
SWEEP = timedelta(minutes=1)
TELL_AGAIN = timedelta(minutes=10)
# How long ago something was is asked with `abs`: a clock that was put back must not stop it for hours.


@dataclass
class Worker:
    """Everything that is done in the background, step by step."""

    store: Store
    ledger: DatabaseLedger
    integrator: Integrator
    signing: Signing
    retention_months: int
    clock: Callable[[], datetime]
    _looked_at: datetime | None = field(default=None, init=False)
    _swept_at: datetime | None = field(default=None, init=False)
    _purged_on: date | None = field(default=None, init=False)
    _alarm: str | None = field(default=None, init=False)
    _told_at: datetime | None = field(default=None, init=False)

    def run(self, stop: Event) -> None:
        """Work until somebody sets `stop`."""
        while not stop.is_set():
            busy = self.step()
            stop.wait(BREATH_SECONDS if busy else PAUSE_SECONDS)

    def step(self) -> bool:
        """Do what is due; say whether there is more. Whatever fails is told, and tried again."""
        now = self.clock()
        try:
            busy = self._grow(now)
            self._all_clear(now)
        except SignpostError as fault:
            self._tell(now, fault)
            busy = False
        except Exception as fault:  # noqa: BLE001 - a fault nobody thought of must not end the worker
            self._tell(now, fault)
            busy = False
        self._sweep(now)
        return busy

    def _grow(self, now: datetime) -> bool:
        """Take one batch and sign; nothing is added to a tree that is not the one that was signed."""
        looked = self._looked_at
        if looked is not None and abs(now - looked) < LOOK_AROUND and not self.ledger.waits(now):
            return False
        with self.ledger.holding() as alone:
            if not alone:
                self.signing.follow()
                self._looked_at = now
                return False
            self.signing.refuse_another_tree()
            added = self.integrator.grow(now)
            forgotten = self._purge(now)
            signed = self.signing.sign(now)
            self._looked_at = now
        if signed is not None:
            event("ledger.signed", logging.DEBUG, size=signed.size)
        return max(added, forgotten) >= self.integrator.batch_leaves

    def _purge(self, now: datetime) -> int:
        """Delete one batch of old records; once a day, until there is none."""
        if self._purged_on == now.date():
            return 0
        before = kept_since(now, self.retention_months)
        count = self.integrator.purge(now, before)
        if count < self.integrator.batch_leaves:
            self._purged_on = now.date()
        if count:
            event("ledger.purged", count=count, before=before.date().isoformat())
        return count

    def _sweep(self, now: datetime) -> None:
        if self._swept_at is not None and abs(now - self._swept_at) < SWEEP:
            return
        self._swept_at = now
        try:
            self.store.purge(now)
        except StoreError as fault:
            event("store.purge_failed", logging.WARNING, error=fault)

    def _tell(self, now: datetime, fault: Exception) -> None:
        """Raise the alarm: in the log, again every ten minutes, and where /readyz finds it."""
        told = str(fault) if isinstance(fault, SignpostError) else type(fault).__name__
        if told == self._alarm and self._told_at is not None and abs(now - self._told_at) < TELL_AGAIN:
            return
        self._alarm, self._told_at = told, now
        name = "ledger.refused" if isinstance(fault, LedgerError) else "ledger.failed"
        event(name, logging.ERROR, error=fault)
        self._keep_alarm(told)

    def _all_clear(self, now: datetime) -> None:
        if self._alarm == "":
            return
        if self._alarm:
            event("ledger.mended", at=now.isoformat(timespec="seconds"))
        if self._keep_alarm(""):
            self._alarm = ""

    def _keep_alarm(self, told: str) -> bool:
        try:
            self.ledger.raise_alarm(told)
        except StoreError:  # it has been told already, or is about to be
            return False
        return True
