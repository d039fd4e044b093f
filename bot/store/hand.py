"""Does what a disk may never answer on a thread of its own, so that whoever waits for it can stop waiting.

A write to a disk that neither fails nor answers can't be interrupted: the thread that began it is gone until
the disk is back. It must not be one that somebody is to be answered by.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from queue import SimpleQueue
from threading import Lock, Thread
from typing import TYPE_CHECKING, Any, TypeVar, cast
from weakref import WeakSet, finalize

from bot.errors import StoreError
from bot.store.gate import closed

if TYPE_CHECKING:
    from collections.abc import Callable

Result = TypeVar("Result")

MOST_WAITING = 1000


class SlowError(StoreError):
    """It was not done in time. `kept` when it is done as soon as the disk answers; else it may be, or not."""

    def __init__(self, message: str, *, kept: bool) -> None:
        super().__init__(message)
        self.kept = kept


@dataclass(eq=False)
class _Job:
    """What is to be done; `done` is closed until it has been."""

    work: Callable[[], Any]
    done: Any = field(default_factory=closed)
    result: Any = None
    fault: BaseException | None = None
    begun: bool = False
    dropped: bool = False


class Hand:
    """Does one thing after the other, in the order that they came."""

    def __init__(self, name: str) -> None:
        """Name what may hang, for the operator. The thread begins with the first work."""
        self._name = name
        self.reset()
        _hands.add(self)

    def reset(self) -> None:
        """Begin anew, with nothing to do."""
        self._mutex, self._late = Lock(), False
        self._jobs: SimpleQueue[_Job | None] | None = None

    def do(self, work: Callable[[], Result], seconds: float, *, keep: bool = False) -> Result:
        """Do something, wait for it, and give what it gives or raise what it raises.

        Args:
            work: what is to be done.
            seconds: how long it is waited for; not at all while something else has taken too long.
            keep: whether it is to be done all the same when that was not enough.

        Raises:
            SlowError: it was not enough.
        """
        job = _Job(work)
        with self._mutex:
            jobs = self._jobs
            if jobs is None:
                jobs = self._jobs = SimpleQueue()
                Thread(target=_work, args=(jobs,), name=self._name, daemon=True).start()
                finalize(self, jobs.put, None)
            late = self._late
            if late and (not keep or jobs.qsize() >= MOST_WAITING):
                raise SlowError(f"{self._name} does not answer; look at its disk", kept=False)
            jobs.put(job)
        if not job.done.acquire(timeout=0 if late else max(0.0, seconds)):
            self._is_late(job, keep=keep)
        if job.fault is not None:
            raise job.fault
        return cast("Result", job.result)

    def close(self) -> None:
        """End the thread, once it has done what was asked; the next work begins another."""
        with self._mutex:
            jobs, self._jobs, self._late = self._jobs, None, False
        if jobs is not None:
            jobs.put(None)

    def _is_late(self, job: _Job, *, keep: bool) -> None:
        with self._mutex:
            if job.done.acquire(blocking=False):
                return  # in the very last moment
            job.dropped = not keep and not job.begun
            if not self._late and self._jobs is not None:
                self._late = True
                self._jobs.put(_Job(self._in_time_again))
        raise SlowError(f"{self._name} did not answer in time; look at its disk", kept=keep)

    def _in_time_again(self) -> None:
        with self._mutex:
            self._late = False


def _work(jobs: SimpleQueue[_Job | None]) -> None:
    while (job := jobs.get()) is not None:
        job.begun = True
        if not job.dropped:
            try:
                job.result = job.work()
            except BaseException as fault:  # noqa: BLE001 - whoever waits for it raises it
                job.fault = fault
        job.done.release()


_hands: WeakSet[Hand] = WeakSet()


def _reset_all() -> None:
    """Begin each anew in a forked child: its thread does not exist there."""
    for one in list(_hands):
        one.reset()


os.register_at_fork(after_in_child=_reset_all)
