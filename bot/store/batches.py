"""Commits turns together, so that they share what a disk takes to be sure.

Threads of its own commit, `leaders` at most: whatever came while they were busy goes into their next
batch. Whoever brings a turn says what is to be done with its result, which happens after the turn's own
commit, in the thread that committed it. The threads begin with the first turn and end when none has come for
a while.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from math import inf
from threading import Lock, Thread
from time import monotonic
from typing import TYPE_CHECKING, Any, cast
from weakref import WeakSet

from bot.errors import StoreError
from bot.store.gate import closed
from bot.store.patience import left, within

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from bot.store.decision import Delivery, Done, Taken

Take = Callable[[], "Sequence[Delivery]"]

logger = logging.getLogger(__name__)

MOST_TOGETHER = 64
LAST_SECONDS = 0.3
IDLE_SECONDS = 5.0


@dataclass(eq=False)
class _Waiting:
    """A turn that waits for its commit, and no longer than until `due_at` (monotonic)."""

    delivery: Delivery
    done: Done
    due_at: float


@dataclass(eq=False)
class _Result:
    """Where a thread that waits is told what became of its turn."""

    here: Any = field(default_factory=closed)
    result: Taken | BaseException | None = None

    def is_(self, result: Taken | BaseException) -> None:
        """Tell it."""
        self.result = result
        self.here.release()


class Batches:
    """Puts turns together. `leaders` batches may be under way at the same time."""

    def __init__(
        self,
        commit: Callable[[Take], Sequence[Taken | Exception]],
        leaders: int,
        seconds: float,
    ) -> None:
        """Keep what commits a batch: it takes the turns by the function that it is given, as late as it can
        (asked again, that gives the same), and gives a result or an exception for each, or raises. A turn
        waits for `seconds` in all, or as long as the thread that brings it may.
        """
        self._commit, self._leaders, self._seconds = commit, leaders, seconds
        self.reset()
        _batches.add(self)

    def reset(self) -> None:
        """Begin anew, with nobody waiting."""
        self._mutex, self._threads = Lock(), 0
        self._waiting: list[_Waiting] = []
        self._begun_at: list[float] = []  # of each commit that is under way
        self._idle: list[Any] = []  # a closed lock for each thread that has nothing to do

    @property
    def waiting(self) -> int:
        """How many turns wait for a commit to begin."""
        return len(self._waiting)

    @property
    def threads(self) -> int:
        """How many threads there are to commit."""
        return self._threads

    @property
    def stuck(self) -> bool:
        """Whether a commit that is under way has taken longer than a turn waits."""
        return min(self._begun_at, default=inf) <= monotonic() - self._seconds

    def submit(self, turns: Iterable[tuple[Delivery, Done]]) -> None:
        """Have turns committed, and each result given to what stands beside it: `Taken`, what its `decide`
        raised, or a StoreError. That has to be quick and must not raise: others wait for the same thread.
        """
        due_at = monotonic() + min(self._seconds, left())
        self._add([_Waiting(delivery, done, due_at) for delivery, done in turns])

    def take(self, delivery: Delivery) -> Taken:
        """Commit a turn and wait for it.

        Raises:
            StoreError: it is not acknowledged. Others were committed for too long, or the database failed.
        """
        told = _Result()
        seconds = min(self._seconds, left())
        mine = _Waiting(delivery, told.is_, monotonic() + seconds)
        self._add([mine])
        if not told.here.acquire(timeout=seconds):
            self._give_up(mine, told)
        if isinstance(told.result, BaseException):
            raise told.result
        return cast("Taken", told.result)

    def _add(self, turns: list[_Waiting]) -> None:
        with self._mutex:
            self._waiting += turns
            self._call_one()

    def _call_one(self) -> None:
        """See that somebody comes for what waits; those who are busy look again when they are done."""
        if self._idle:
            self._idle.pop().release()
        elif self._threads < self._leaders:
            self._threads += 1
            Thread(target=self._work, name="commits", daemon=True).start()

    def _give_up(self, mine: _Waiting, told: _Result) -> None:
        with self._mutex:
            if mine in self._waiting:
                self._waiting.remove(mine)
                raise StoreError(
                    "the turn is not stored: others were stored for too long; use a faster disk or PostgreSQL"
                )
        if not told.here.acquire(timeout=LAST_SECONDS):  # it is being committed
            raise StoreError("the turn may not be stored: the database did not answer in time")

    def _work(self) -> None:
        while True:
            with self._mutex:
                called = None if self._waiting else closed()
                if called is not None:
                    self._idle.append(called)
            if called is None:
                self._take()
            elif not called.acquire(timeout=IDLE_SECONDS) and self._may_go(called):
                return

    def _may_go(self, called: Any) -> bool:
        with self._mutex:
            if called not in self._idle:
                return False  # called in the very last moment
            self._idle.remove(called)
            self._threads -= 1
            return True

    def _take(self) -> None:
        batch = list[_Waiting]()

        def take() -> Sequence[Delivery]:
            if not batch:
                with self._mutex:
                    batch.extend(self._next())
                    if self._waiting and self._idle:
                        self._call_one()
            return [one.delivery for one in batch]

        results: Sequence[Taken | BaseException]
        began = monotonic()
        self._begun_at.append(began)
        # Another thread may have taken what waited, and then what comes next is new.
        due_at = min((one.due_at for one in self._waiting), default=began + self._seconds)
        try:
            with within(max(0.0, due_at - began)):
                results = self._commit(take)
        except BaseException as fault:  # noqa: BLE001 - each of them is told
            results = [fault] * len(take())
        finally:
            self._begun_at.remove(began)
        for one, result in zip(batch, results, strict=True):
            try:
                one.done(result)
            except Exception:
                logger.exception("turn.unanswered")  # the others wait for this thread

    def _next(self) -> list[_Waiting]:
        """Take those that wait, but no two of one session or with one id: those follow later."""
        batch, rest, names = list[_Waiting](), list[_Waiting](), set[str]()
        for one in self._waiting:
            theirs = {one.delivery.turn_id, one.delivery.session_id}
            if len(batch) == MOST_TOGETHER or names & theirs:
                rest.append(one)
            else:
                batch.append(one)
                names |= theirs
        self._waiting = rest
        return batch


_batches: WeakSet[Batches] = WeakSet()


def _reset_all() -> None:
    """Free each in a forked child: its threads do not exist there."""
    for one in list(_batches):
        one.reset()


os.register_at_fork(after_in_child=_reset_all)
