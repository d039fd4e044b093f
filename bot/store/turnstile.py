"""Let the threads of one process write to SQLite in the order they came."""

from __future__ import annotations

import os
from collections import deque
from contextlib import contextmanager
from threading import Event, Lock
from typing import TYPE_CHECKING
from weakref import WeakSet

from bot.errors import StoreError
from bot.store.patience import left

if TYPE_CHECKING:
    from collections.abc import Iterator


class Turnstile:
    """One thread at a time, first come first served.

    SQLite makes those who wait for the writer sleep and ask again, for longer each time, so whoever comes
    fresh gets in before them: with eight busy threads on a slow disk some waited for more than five seconds
    and failed, while the others went through fifty times. Other processes are still waited for that way.
    """

    def __init__(self, name: str, timeout_seconds: float) -> None:
        """Guard the database `name`; a thread that waits longer than `timeout_seconds`, or than
        it may at all, gives up.
        """
        self._name, self._timeout_seconds = name, timeout_seconds
        self.reset()
        _turnstiles.add(self)

    def reset(self) -> None:
        """Begin anew, with nobody inside or waiting."""
        self._mutex, self._taken = Lock(), False
        self._waiting: deque[Event] = deque()

    @property
    def waiting(self) -> int:
        """How many threads wait to be let in."""
        return len(self._waiting)

    @contextmanager
    def passing(self) -> Iterator[None]:
        """Wait to be let in; let the next one in at the end.

        Raises:
            StoreError: it took too long.
        """
        self._enter()
        try:
            yield
        finally:
            self._leave()

    def _enter(self) -> None:
        with self._mutex:
            if not self._taken:
                self._taken = True
                return
            called = Event()
            self._waiting.append(called)
        seconds = min(self._timeout_seconds, left())
        if called.wait(seconds):
            return
        with self._mutex:
            if called not in self._waiting:
                return  # called in the moment of giving up: it is inside, and must let the next one in
            self._waiting.remove(called)
        waited = f"nothing is stored, since other threads wrote for {seconds:.2g} s"
        raise StoreError(f"{self._name}: {waited}; use a faster disk or PostgreSQL")

    def _leave(self) -> None:
        with self._mutex:
            if self._waiting:
                self._waiting.popleft().set()  # it stays taken, by the one who is called
            else:
                self._taken = False


_turnstiles: WeakSet[Turnstile] = WeakSet()


def _reset_all() -> None:
    """Free each turnstile in a forked child: the thread that was inside does not exist there."""
    for turnstile in list(_turnstiles):
        turnstile.reset()


os.register_at_fork(after_in_child=_reset_all)
