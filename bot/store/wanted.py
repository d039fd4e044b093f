"""Which routings a partner asks for, and in which hours they are: no list looks through all of them.

An index for each filter would cost every turn, and every routing twice that the log takes. Counts are
there already, and say in which hours of a day there is anything to count. They may name an hour too many,
and never one too few.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import ColumnElement, select

from bot.store.portal_tables import ANY_HOUR, rollup_days, rollup_values
from bot.store.tables import FILTERS, outcomes, routings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection, Table

HOUR = timedelta(hours=1)
MOST_HOURS = 10_000  # in one statement; SQLite takes three times as many values


@dataclass(frozen=True)
class Wanted:
    """Which routings: each filter may be left out. `since` is in, `until` is out; both whole days in UTC."""

    since: datetime | None = None
    until: datetime | None = None
    service: str = ""
    channel: str = ""
    language: str = ""
    chosen_by: str = ""
    outcome: str = ""

    def equal(self) -> dict[str, str]:
        """The values that a routing must have, by column."""
        found = {name: getattr(self, name) for name in FILTERS}
        return {name: value for name, value in found.items() if value}


def of_days(column: ColumnElement[datetime], wanted: Wanted) -> list[ColumnElement[bool]]:
    """Say that a moment is in the period that is wanted."""
    filters = []
    if wanted.since is not None:
        filters.append(column >= wanted.since)
    if wanted.until is not None:
        filters.append(column < wanted.until)
    return filters


def counted(equal: Mapping[str, str]) -> tuple[Table, list[ColumnElement[bool]]]:
    """Name the table that counts routings with these values by day, and which of its rows do."""
    if len(equal) > 1:
        return rollup_days, [rollup_days.c[name] == value for name, value in equal.items()]
    # By one property there are counts; by none any property gives them.
    column = rollup_values.c
    [(name, value)] = equal.items() or [("service", "")]
    return rollup_values, [column.property == name, *([column.value == value] if value else [])]


def looked_through(
    connection: Connection, partner: str, wanted: Wanted, before: datetime | None, limit: int
) -> ColumnElement[bool]:
    """Say in which hours the newest `limit` routings that are wanted are: of all, or up to an hour.

    Args:
        connection: in a transaction.
        partner: whose.
        wanted: which, by the value of one property at least.
        before: the hour; None for all.
        limit: how many are wanted.

    Returns:
        A condition on `routings.hour`. Every routing that passes and is among the newest fulfils it.
    """
    # First what the log has not taken: if it does so meanwhile, that is counted below.
    waiting, changed = _waiting(connection, by_outcome=bool(wanted.outcome))
    limit += changed  # a count may be of what an outcome has been until now
    table, filters = counted(wanted.equal())
    column = table.c
    mine = [column.partner == partner, *filters, *of_days(column.day, wanted)]
    hours: set[datetime] = set()
    if before:
        # How many of its own day come after it nobody has counted.
        today = before.replace(hour=0)
        hours.update(today + HOUR * at for at in range(before.hour + 1))
        mine.append(column.day < today)
    found = select(column.day, column["count"], column.hours).where(*mine).order_by(column.day.desc())
    days = connection.execute(found.limit(limit + 1)).all()
    passed, bits = 0, dict[datetime, int]()
    for day, count, some in days:
        if passed >= limit and day not in bits:
            break
        passed += count
        bits[day] = bits.get(day, 0) | some
    else:
        if len(days) > limit:  # each counts one at least, so no more are needed; but the last day may go on
            bits[min(bits)] = ANY_HOUR
    hours.update(day + HOUR * at for day, some in bits.items() for at in range(24) if some >> at & 1)
    oldest = min(hours) if hours and passed >= limit else None
    hours.update(at for at in waiting if (not before or at <= before) and (not oldest or at >= oldest))
    return _within(hours)


def _within(hours: set[datetime]) -> ColumnElement[bool]:
    """Say that a routing is of one of these hours: as a range, which is read in order, if half of it is."""
    hour = routings.c.hour
    if hours and ((max(hours) - min(hours)) / HOUR < 2 * len(hours) or len(hours) > MOST_HOURS):
        return hour.between(min(hours), max(hours))
    return hour.in_(sorted(hours))


def _waiting(connection: Connection, *, by_outcome: bool) -> tuple[set[datetime], int]:
    """Give the hours of routings that no count knows as they are, and how many are counted as they were."""
    hour = select(routings.c.hour)
    new = connection.execute(hour.where(routings.c.leaf_index.is_(None)).distinct())
    found = set(new.scalars())
    if not by_outcome:
        return found, 0
    joined = hour.join(outcomes, outcomes.c.routing_id == routings.c.id)
    changed = connection.execute(joined.where(outcomes.c.leaf_index.is_(None))).scalars().all()
    return found.union(changed), len(changed)
