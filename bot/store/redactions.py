"""What is still to be deleted at the carrier: its ids of messages and calls, until they are gone there.

Such an id says who somebody is to whoever may look into the account, so a row goes as soon as it is done.
Whoever works on a row leases it first; a lease that runs out passes it on.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple, cast

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from bot.store.desk import desk_on
from bot.store.tables import redacted, redactions
from bot.store.turns import keep_redaction

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from contextlib import AbstractContextManager

    from sqlalchemy import Connection

    from bot.core.redaction import Kind, Redaction

    Transaction = Callable[[str], AbstractContextManager[Connection]]

# Longer than a row takes, with every request as slow as it may be.
LEASE = timedelta(minutes=10)
_ROW = redactions.c


def _counting(statement: sqlite.Insert | postgresql.Insert) -> sqlite.Insert | postgresql.Insert:
    more = {"count": redacted.c.count + statement.excluded.count}
    return statement.on_conflict_do_update(index_elements=[redacted.c.result], set_=more)


_COUNT = {
    "sqlite": _counting(sqlite.insert(redacted)),
    "postgresql": _counting(postgresql.insert(redacted)),
}
_NEXT = select(redactions).order_by(_ROW.due_at).limit(1).with_for_update(skip_locked=True)


@dataclass(frozen=True)
class Due:
    """A row that one worker has for itself for a while; `tries` counts this one."""

    sid: str = field(repr=False)
    kind: Kind
    tries: int
    lease: str


class Standing(NamedTuple):
    """How many rows wait, since when the oldest does, and what has come of rows so far, by result."""

    waiting: int
    oldest: datetime | None
    totals: Mapping[str, int]


class Redactions:
    """What is to be deleted, in one database. Threads, processes and machines share it."""

    def __init__(self, writing: Transaction, reading: Transaction) -> None:
        """Take what begins a transaction."""
        self._writing, self._reading = writing, reading

    def keep(self, redaction: Redaction, now: datetime) -> None:
        """Write what is to be deleted, outside of any turn: a text that has been sent, say."""
        with self._writing("what is to be deleted at the carrier is not noted") as connection:
            desk_on(connection).run(*keep_redaction(redaction, now))

    def claim(self, now: datetime, lease: str) -> Due | None:
        """Lease the next row that is due to whoever has made up `lease`; None when there is none.

        Raises:
            StoreError: the database failed.
        """
        with self._writing("nothing is deleted at the carrier") as connection:
            row = connection.execute(_NEXT.where(_ROW.due_at <= now)).one_or_none()
            if row is None:
                return None
            leased = {"lease": lease, "due_at": now + LEASE, "tries": row.tries + 1}
            connection.execute(update(redactions).where(_ROW.sid == row.sid).values(**leased))
        return Due(row.sid, cast("Kind", row.kind), row.tries + 1, lease)

    def waiting_among(self, sids: Iterable[str]) -> set[str]:
        """Of these ids, give those that have a row of their own, whose turn comes."""
        with self._reading("what is to be deleted can't be looked up") as connection:
            return set(connection.execute(select(_ROW.sid).where(_ROW.sid.in_(list(sids)))).scalars())

    def done(self, due: Due, result: str) -> None:
        """Forget a row, since nothing is left of it at the carrier, and count how that came about."""
        with self._writing("it is not noted that something was deleted") as connection:
            gone = connection.execute(delete(redactions).where(_ROW.sid == due.sid)).rowcount
            if gone:
                _add(connection, result)

    def later(self, due: Due, due_at: datetime) -> None:
        """Try a row again then, unless somebody else has it by now, and count that it was put off."""
        with self._writing("it is not noted when to delete again") as connection:
            mine = (_ROW.sid == due.sid, _ROW.lease == due.lease)
            values = {"due_at": due_at, "lease": ""}
            if connection.execute(update(redactions).where(*mine).values(**values)).rowcount:
                _add(connection, "put_off")

    def standing(self) -> Standing:
        """Count what waits and what has been done."""
        with self._reading("what is to be deleted can't be counted") as connection:
            waiting, oldest = connection.execute(select(func.count(), func.min(_ROW.kept_at))).one()
            rows = connection.execute(select(redacted.c.result, redacted.c.count))
            return Standing(waiting, oldest, {result: int(count) for result, count in rows})


def _add(connection: Connection, result: str) -> None:
    connection.execute(_COUNT[connection.dialect.name], {"result": result, "count": 1})
