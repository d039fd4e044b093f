"""What was sent to whom each day, inside a transaction that somebody else begins.

A row is made once for a partner and day, whichever machine's worker comes first, and whoever moves
`due_at` on has it until then: a lease that ends by itself if that worker dies.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from bot.store.operating_tables import digests

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Connection

KEPT = timedelta(days=31)
GIVEN_UP_AFTER = timedelta(days=1)

_C = digests.c


class Due(NamedTuple):
    """A digest that is ours to send now. `tries` counts this one."""

    partner: str
    day: str
    tries: int
    begun_at: datetime


class Sent(NamedTuple):
    """How one digest stands."""

    partner: str
    day: str
    state: str
    tries: int
    reason: str


def begin(connection: Connection, partner: str, day: str, now: datetime) -> None:
    """See that a partner's day has its row; one that is there stays as it is."""
    on_sqlite = connection.dialect.name == "sqlite"
    values = {"partner": partner, "day": day, "state": "waiting", "tries": 0}
    row = (sqlite if on_sqlite else postgresql).insert(digests)
    moments = {"begun_at": now, "due_at": now, "reason": ""}
    connection.execute(row.values(values | moments).on_conflict_do_nothing())


def is_open(connection: Connection, partner: str, day: str, now: datetime) -> bool:
    """Say, without writing, whether a digest is to be begun or is due."""
    mine = (_C.partner == partner) & (_C.day == day)
    found = connection.execute(select(_C.state, _C.due_at).where(mine)).one_or_none()
    return found is None or (found.state == "waiting" and found.due_at <= now)


def lease(connection: Connection, partner: str, day: str, now: datetime, until: datetime) -> Due | None:
    """Take a digest that is due, for us alone until then; None when there is nothing to do."""
    mine = (_C.partner == partner) & (_C.day == day) & (_C.state == "waiting") & (_C.due_at <= now)
    found = connection.execute(select(_C.tries, _C.begun_at).where(mine).with_for_update()).one_or_none()
    if found is None:
        return None
    tries = found.tries + 1
    connection.execute(update(digests).where(mine).values(tries=tries, due_at=until))
    return Due(partner, day, tries, found.begun_at)


def close(connection: Connection, due: Due, state: str, reason: str = "") -> None:
    """End a digest that we have: sent, or given up and why. Another's lease is left alone."""
    connection.execute(update(digests).where(_leased(due)).values(state=state, reason=reason))


def put_off(connection: Connection, due: Due, until: datetime, reason: str) -> None:
    """Try a digest that we have again later."""
    connection.execute(update(digests).where(_leased(due)).values(due_at=until, reason=reason))


def give_up_old(connection: Connection, now: datetime) -> int:
    """Give up what could not be sent within a day; give how many."""
    old = (_C.state == "waiting") & (_C.begun_at <= now - GIVEN_UP_AFTER) & (_C.due_at <= now)
    return connection.execute(update(digests).where(old).values(state="given up")).rowcount


def forget(connection: Connection, now: datetime) -> int:
    """Delete what is older than a month; give how many."""
    return connection.execute(delete(digests).where(_C.begun_at <= now - KEPT)).rowcount


def counted(connection: Connection) -> tuple[int, int]:
    """Give how many wait, and how many were given up."""
    found = connection.execute(select(_C.state, func.count()).group_by(_C.state))
    by_state = {state: int(number) for state, number in found}
    return by_state.get("waiting", 0), by_state.get("given up", 0)


def newest(connection: Connection, limit: int) -> list[Sent]:
    """Give the newest, of all partners."""
    columns = [_C[name] for name in Sent._fields]
    rows = connection.execute(select(*columns).order_by(_C.day.desc(), _C.partner).limit(limit))
    return [Sent(*row) for row in rows]


def _leased(due: Due) -> ColumnElement[bool]:
    return (
        (_C.partner == due.partner) & (_C.day == due.day) & (_C.state == "waiting") & (_C.tries == due.tries)
    )
