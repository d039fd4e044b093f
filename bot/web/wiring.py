"""What webhooks and blueprints share: put together once by `create_app`, reached through the app."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from threading import Event, Lock, Thread
from typing import cast

from flask import current_app

from bot.breaker import Breaker
from bot.catalogue import Catalogue
from bot.channels.rest import Texter
from bot.conversation import Conversation
from bot.core.session import Medium
from bot.errors import StoreError
from bot.log import event
from bot.settings import Settings
from bot.standby import Standby
from bot.store import Entry, Journal, Known, Store
from bot.store.hand import Hand
from bot.web.overdue import Overdue
from bot.web.ranges import Ranges
from bot.web.stopping import PlannedStop
from bot.web.texts import Texts

KEY = "signpost"
# Set in the WSGI environment by the simulator, which runs in this process. No header can reach
# it: headers arrive as HTTP_….
SIMULATION = "signpost.simulation"
LONGEST_SWEEP_SECONDS = 2.0


@dataclass(frozen=True)
class Simulation:
    """One simulated request: the time it is played at, where its texts go, and the nodes it saw."""

    now: datetime | None
    texter: Texter
    seen: list[str] = field(default_factory=list)


class Sweeper:
    """Puts in order, at most once a minute in a process and after somebody was answered: deletes what has
    expired, keeps what the database could not take before, and looks who has opted out and what was spent.
    """

    def __init__(
        self, store: Store, journal: Journal | None, known: Known, ranges: Ranges, breaker: Breaker
    ) -> None:
        self._store, self._journal, self._known, self._breaker = store, journal, known, breaker
        self._ranges = ranges
        self._lock, self._swept = Lock(), datetime.min.replace(tzinfo=UTC)
        self._was_open = self._busy = False

    def is_due(self, now: datetime) -> bool:
        """Say whether there is something to put in order."""
        return not self._busy and (self._sweeps(now) or self._ranges.is_due(now))

    def _sweeps(self, now: datetime) -> bool:
        # A clock that was put back must not stop this until it has caught up.
        return self._breaker.open or self._was_open or abs(now - self._swept) >= timedelta(minutes=1)

    def sweep(self, now: datetime) -> None:
        """Empty the journal and purge when it is time, and as soon as the database works again; a fault is
        tried again a minute later. A thread of its own does it, as a disk may not answer; that one is waited
        for, but not long.
        """
        if self._breaker.open:
            self._was_open = True
            return
        with self._lock:
            sweeps = self._sweeps(now)
            if self._busy or not (sweeps or self._ranges.is_due(now)):
                return
            self._busy = True
            if sweeps:
                self._swept, self._was_open = now, False
        done = Event()
        Thread(target=self._work, args=(now, sweeps, done), name="sweeper", daemon=True).start()
        done.wait(LONGEST_SWEEP_SECONDS)

    def _work(self, now: datetime, sweeps: bool, done: Event) -> None:
        try:
            self._count(now)
            if sweeps:
                self._put_in_order(now)
        finally:
            self._busy = False
            done.set()

    def _put_in_order(self, now: datetime) -> None:
        if self._journal and self._journal.path.exists():
            self._drain(self._journal, now)
        try:
            with self._breaker.passing():
                self._store.purge(now)
        except StoreError as error:
            event("store.purge_failed", logging.WARNING, error=error)
            return
        self._known.refresh(now)

    def _count(self, now: datetime) -> None:
        """Have the numbers of each range counted, every few seconds."""
        try:
            with self._breaker.passing():
                self._ranges.keep(now)
        except StoreError as error:
            event("ranges.uncounted", logging.WARNING, error=error)

    def _drain(self, journal: Journal, now: datetime) -> None:
        try:
            kept, damaged = journal.drain(partial(self._keep, now=now))
        except StoreError as error:
            event("journal.waits", logging.WARNING, error=error)
            return
        if kept or damaged:
            event("journal.kept", logging.WARNING, kept=kept, damaged=damaged)

    def _keep(self, entries: Sequence[Entry], now: datetime) -> Sequence[Entry]:
        with self._breaker.passing():  # a journal that can't be read opens no circuit
            return self._store.keep_late(entries, now)


@dataclass(frozen=True)
class Wiring:
    """Everything a request needs. `safe` is what is answered when nothing else can be; `hand` asks the
    database for whoever watches the line, and may be lost to its disk.
    """

    settings: Settings
    catalogue: Catalogue
    store: Store
    conversation: Conversation
    standby: Standby
    breaker: Breaker
    hand: Hand
    sweeper: Sweeper
    stop: PlannedStop
    known: Known
    ranges: Ranges
    overdue: Overdue
    clock: Callable[[], datetime]
    texts: Texts
    safe: Mapping[tuple[str, Medium], str]
    displays: tuple[str, ...]
    base: str


def wiring() -> Wiring:
    """The present app's wiring."""
    return cast("Wiring", current_app.extensions[KEY])
