"""Commits the turns of several threads together, so that they share what a disk takes to be sure.

Whoever comes while nobody commits takes the lead: it waits a moment for those who are known to be on their
way, commits its own turn together with all that wait, and then calls one of those who came in the meantime to
lead. Nobody is answered before the commit of their own turn has returned. No thread of its own is needed, and
a turn that comes alone waits for nothing.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from threading import Lock, local
from typing import TYPE_CHECKING, Any, cast
from weakref import WeakSet

from bot.errors import StoreError
from bot.store.gate import closed
from bot.store.patience import left

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractContextManager

    from bot.store.decision import Delivery, Taken

MOST_TOGETHER = 64
LAST_SECONDS = 0.3
# For those on their way: a turn takes a fraction of it to compute, and nobody notices it.
LONGEST_WAIT_SECONDS = 0.003


@dataclass(eq=False)
class _Waiting:
    """A turn that waits for its result, or for the call to lead: `called` is opened for either."""

    delivery: Delivery
    called: Any = field(default_factory=closed)
    result: Taken | BaseException | None = None


class _Here(local):
    """What a thread has said of itself."""

    is_coming = False


class Batches:
    """Puts turns together. `leaders` batches may be under way at the same time."""

    def __init__(
        self,
        commit: Callable[[Sequence[Delivery]], Sequence[Taken | Exception]],
        leaders: int,
        timeout_seconds: float,
    ) -> None:
        """Keep what commits a batch: it gives a result or an exception for each delivery, or raises."""
        self._commit, self._leaders, self._timeout_seconds = commit, leaders, timeout_seconds
        self.reset()
        _batches.add(self)

    def reset(self) -> None:
        """Begin anew, with nobody leading or waiting."""
        self._mutex, self._leading = Lock(), 0
        self._waiting: list[_Waiting] = []
        self._here, self._coming = _Here(), 0
        self._until_all_came: list[Any] = []

    def coming(self) -> AbstractContextManager[None]:
        """Say that this thread will probably take a turn in here, soon."""
        return _Coming(self)

    def comes(self) -> None:
        """This thread is on its way."""
        with self._mutex:
            self._coming += 1
        self._here.is_coming = True

    def comes_not(self) -> None:
        """This thread is not on its way, or not any more."""
        with self._mutex:
            self._came()

    def _came(self) -> None:
        """This thread is no longer on its way."""
        if self._here.is_coming:
            self._here.is_coming = False
            self._coming -= 1
        if not self._coming:
            for one in self._until_all_came:
                one.release()
            self._until_all_came.clear()

    @property
    def waiting(self) -> int:
        """How many turns wait for a commit."""
        return len(self._waiting)

    def take(self, delivery: Delivery) -> Taken:
        """Commit a turn, alone or with others.

        Raises:
            StoreError: it is not acknowledged. Others were committed for too long, or the database failed.
        """
        mine = _Waiting(delivery)
        with self._mutex:
            leads = self._leading < self._leaders
            if leads:
                self._leading += 1
            else:
                self._waiting.append(mine)
            self._came()
        if not leads and not mine.called.acquire(timeout=self._patience()):
            self._give_up(mine)
        if mine.result is None:
            self._lead(mine)
        if isinstance(mine.result, BaseException):
            raise mine.result
        return cast("Taken", mine.result)  # a leader leaves a result for each, its own first

    def _patience(self) -> float:
        return min(self._timeout_seconds, left())

    def _give_up(self, mine: _Waiting) -> None:
        with self._mutex:
            if mine in self._waiting:
                self._waiting.remove(mine)
                raise StoreError(
                    "the turn is not stored: others were stored for too long; use a faster disk or PostgreSQL"
                )
        if not mine.called.acquire(timeout=LAST_SECONDS):  # a leader has it already
            raise StoreError("the turn may not be stored: the database did not answer in time")

    def _lead(self, mine: _Waiting) -> None:
        self._let_come()
        with self._mutex:
            batch = self._next(mine)
        results: Sequence[Taken | BaseException] = ()
        try:
            results = self._commit([one.delivery for one in batch])
        except BaseException as fault:  # noqa: BLE001 - each of them is told, and raises it in its own thread
            results = [fault] * len(batch)
        finally:
            for one, result in zip(batch, results, strict=True):
                one.result = result
            with self._mutex:
                if self._waiting:
                    self._waiting.pop(0).called.release()  # with no result yet: it leads
                else:
                    self._leading -= 1
            for one in batch:
                if one is not mine:
                    one.called.release()

    def _let_come(self) -> None:
        """Wait for those who are on their way, but no longer than anybody notices."""
        with self._mutex:
            if not self._coming:
                return
            all_came = closed()
            self._until_all_came.append(all_came)
        all_came.acquire(timeout=LONGEST_WAIT_SECONDS)

    def _next(self, mine: _Waiting) -> list[_Waiting]:
        """Take my turn and those that wait, but no two of one session or with one id: those follow later."""
        batch, names = [mine], {mine.delivery.turn_id, mine.delivery.session_id}
        for one in self._waiting:
            theirs = {one.delivery.turn_id, one.delivery.session_id}
            if not names & theirs:
                batch.append(one)
                names |= theirs
            if len(batch) == MOST_TOGETHER:
                break
        self._waiting = [one for one in self._waiting if one not in batch]
        return batch


class _Coming:
    """What `Batches.coming` gives: a generator would take three times as long."""

    def __init__(self, batches: Batches) -> None:
        self._batches = batches

    def __enter__(self) -> None:
        self._batches.comes()

    def __exit__(self, *_fault: object) -> None:
        self._batches.comes_not()


_batches: WeakSet[Batches] = WeakSet()


def _reset_all() -> None:
    """Free each in a forked child: the threads that were waiting do not exist there."""
    for one in list(_batches):
        one.reset()


os.register_at_fork(after_in_child=_reset_all)
