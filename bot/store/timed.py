"""A connection to PostgreSQL that nobody waits for too long.

Limits that the server keeps (`statement_timeout`) don't help when the server itself stands still, and a
socket's own time-outs don't either: the kernel of a machine whose PostgreSQL hangs still says that it is
there. So the side that waits counts the seconds.
"""

from __future__ import annotations

from time import monotonic
from typing import TYPE_CHECKING, Any, Self, TypeVar

import psycopg

from bot.store.patience import left

if TYPE_CHECKING:
    from collections.abc import Generator

    from psycopg.abc import PQGen, PQGenConn

LOOK_SECONDS = 0.1  # how often psycopg looks up while it waits

T = TypeVar("T")


class TimedConnection(psycopg.Connection[Any]):
    """A connection to PostgreSQL that is waited for no longer than `left` says.

    One that took too long is closed: nobody knows what its server will still answer.
    """

    def wait(self, gen: PQGen[T], interval: float = LOOK_SECONDS, timeout: float | None = None) -> T:
        """Wait as psycopg does, and give up in time.

        Raises:
            OperationalError: it took too long, and the connection is closed.
        """
        limit = left() if timeout is None else min(timeout, left())
        try:
            return super().wait(gen, interval, limit)
        except psycopg.errors._WaitTimeout as late:  # noqa: SLF001 - what psycopg 3.3 raises, under no other name
            self.close()
            raise psycopg.OperationalError(f"no answer in {limit:.1f} s") from late

    @classmethod
    def _connect_gen(cls, conninfo: str = "") -> PQGenConn[Self]:
        """Connect, and give up in time. libpq's own limit is never below two seconds for each address."""
        return _until(monotonic() + left(), super()._connect_gen(conninfo))


def _until(at: float, steps: PQGenConn[T]) -> Generator[Any, Any, T]:
    """Pass on the steps of a generator, which psycopg resumes every LOOK_SECONDS, until the time has come."""
    ready: Any = None
    while True:
        try:
            step = next(steps) if ready is None else steps.send(ready)
        except StopIteration as done:
            result: T = done.value
            return result
        if monotonic() >= at:
            steps.close()
            raise psycopg.errors.ConnectionTimeout("no connection in time")
        ready = yield step
