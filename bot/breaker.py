"""Leaves a database alone that has just failed, so that nobody waits for it in vain.

Without this a database that hangs would hold every thread for as long as a turn waits for it, and whoever
rings behind them would wait for a thread as well.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock

from bot import metrics
from bot.errors import StoreError
from bot.log import event

FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 1.0, 5.0
METRIC = "signpost_store_circuit"


class Breaker:
    """Between turns and the store of one process: closed while it works, open while it is left alone.

    After a pause one turn tries the store, and the others still do without it: if it fails, the next pause
    is twice as long, up to five seconds. The first turn that succeeds closes the circuit.
    """

    def __init__(self, seconds: Callable[[], float]) -> None:
        """Begin closed. `seconds` is a clock that only goes forward, such as `time.monotonic`."""
        self._seconds, self._lock = seconds, Lock()
        self._pause = self._tries_at = 0.0  # no pause: closed
        self._trying = False

    @property
    def open(self) -> bool:
        """Whether the store has failed and no turn has succeeded since."""
        return self._pause > 0

    @property
    def seconds_left(self) -> float:
        """How long the store is still left alone, 0 when the next turn tries it."""
        return max(0.0, self._tries_at - self._seconds()) if self.open else 0.0

    @contextmanager
    def passing(self) -> Iterator[None]:
        """Use the store in here, if it may be tried.

        Raises:
            StoreError: the store is being left alone; or what was raised inside.
        """
        trial = self._enter()
        try:
            yield
        except StoreError:
            self._failed(trial=trial)
            raise
        except BaseException:
            with self._lock:  # a fault of something else says nothing of the store
                self._trying = self._trying and not trial
            raise
        self._succeeded()

    def trip(self) -> None:
        """Leave the store alone: a turn has waited for it in vain, and still does."""
        self._failed(trial=False)

    def _enter(self) -> bool:
        """Let a turn through; say whether it is the one that tries."""
        with self._lock:
            if not self.open:
                return False
            if self._trying or self._seconds() < self._tries_at:
                raise StoreError("the database has just failed and is left alone for a moment")
            self._trying = True
            return True

    def _failed(self, *, trial: bool) -> None:
        with self._lock:
            if trial:
                self._pause, self._trying = min(2 * self._pause, LONGEST_PAUSE_SECONDS), False
            elif self.open:
                return  # it began before the circuit opened, and tells nothing new
            else:
                self._pause = FIRST_PAUSE_SECONDS
            self._tries_at = self._seconds() + self._pause
        if not trial:
            event("store.circuit_open", logging.ERROR)
            metrics.level(METRIC, 1)

    def _succeeded(self) -> None:
        if not self.open:
            return
        with self._lock:
            self._pause, self._trying = 0.0, False
        event("store.circuit_closed", logging.WARNING)
        metrics.level(METRIC, 0)
