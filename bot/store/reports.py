"""What the portal shows of a partner's routings, inside a transaction that somebody else begins.

Every function that gives rows takes the partner whose they are; there is none that gives everybody's.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select, tuple_
from sqlalchemy.exc import DBAPIError

from bot.store.portal_tables import rollup_totals, rollup_values
from bot.store.rollups import PROPERTIES
from bot.store.tables import outcomes, routings
from bot.store.wanted import Wanted, counted, looked_through, of_days

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Connection, Row, RowMapping, Select

PAGE_ROWS = 50
# What is given of a routing, in the order of an export's columns.
COLUMNS = (
    *("hour", "service", "channel", "language", "chosen_by", "outcome", "late", "leaf_index"),
    *("partner_seq", "id", "flow_revision", "directory_revision", "code_version"),
)


@dataclass(frozen=True)
class Place:
    """Where a page ends: the hour and number of its last row. The next page holds what comes after."""

    hour: datetime
    seq: int


@dataclass(frozen=True)
class Counts:
    """Routings of a period, each table adding up to the same."""

    days: Mapping[datetime, int]
    hours: Mapping[datetime, int]
    by: Mapping[str, Mapping[str, int]]

    @property
    def total(self) -> int:
        """All of them."""
        return sum(self.days.values())


@dataclass(frozen=True)
class Completeness:
    """How much of a partner's record is in the ledger: routings and outcomes, numbered from 1 without a gap.

    `last` is the newest number, 0 when there is none; `pending` wait for theirs.
    """

    last: int
    pending: int


def page(
    connection: Connection, partner: str, wanted: Wanted, after: Place | None = None, limit: int = PAGE_ROWS
) -> Sequence[RowMapping]:
    """Give a partner's routings, newest hour first, from after a place on: COLUMNS and `seq`.

    A routing that is added meanwhile never moves another to a second page, nor off one.
    """
    return connection.execute(_page(connection, partner, wanted, after, limit)).mappings().all()


def rows(
    connection: Connection, partner: str, wanted: Wanted, after: Place | None, limit: int
) -> Sequence[Row[Any]]:
    """Give the same as plain rows: COLUMNS in order, then `seq`."""
    return connection.execute(_page(connection, partner, wanted, after, limit)).all()


def columns(
    connection: Connection, partner: str, wanted: Wanted, after: Place | None, limit: int
) -> list[Sequence[Any]]:
    """Give the same by columns, for exports: past SQLAlchemy's rows, which cost more than reading does."""
    statement = _page(connection, partner, wanted, after, limit)
    with connection.execute(statement) as found:
        cursor: Any = found.cursor
        try:
            given = cursor.fetchall()
        except connection.dialect.loaded_dbapi.Error as fault:
            raise DBAPIError(None, None, fault) from fault
    chosen = statement.selected_columns
    readers = [column.type.result_processor(connection.dialect, None) for column in chosen]
    raw = zip(*given, strict=True) if given else [() for _ in chosen]
    return [list(map(read, cells)) if read else cells for read, cells in zip(readers, raw, strict=True)]


def _page(
    connection: Connection, partner: str, wanted: Wanted, after: Place | None, limit: int
) -> Select[Any]:
    column, equal = routings.c, wanted.equal()
    filters = [column.partner == partner, *of_days(column.hour, wanted)]
    if equal:
        filters += [column[name] == value for name, value in equal.items()]
        filters.append(looked_through(connection, partner, wanted, after.hour if after else None, limit))
    if after is not None:
        filters.append(tuple_(column.hour, column.seq) < (after.hour, after.seq))
    newest = (column.hour.desc(), column.seq.desc())
    chosen = [column[name] for name in COLUMNS]
    return select(*chosen, column.seq).where(*filters).order_by(*newest).limit(limit)


def one(connection: Connection, partner: str, routing_id: str) -> RowMapping | None:
    """Find one routing of a partner's: COLUMNS and `salt`."""
    column = routings.c
    chosen = [column[name] for name in (*COLUMNS, "salt")]
    mine = (column.id == routing_id) & (column.partner == partner)
    return connection.execute(select(*chosen).where(mine)).mappings().one_or_none()


def outcomes_of(connection: Connection, partner: str, routing_id: str) -> Sequence[RowMapping]:
    """Give what happened to a routing, in the order in which it happened."""
    column = outcomes.c
    chosen = [column[name] for name in ("hour", "outcome", "late", "leaf_index", "partner_seq", "salt")]
    mine = (column.routing_id == routing_id) & (column.partner == partner)
    return connection.execute(select(*chosen).where(mine).order_by(column.seq)).mappings().all()


def count(connection: Connection, partner: str, wanted: Wanted) -> int:
    """Count a partner's routings in the ledger that pass the filters."""
    table, filters = counted(wanted.equal())
    mine = [table.c.partner == partner, *of_days(table.c.day, wanted)]
    found = connection.execute(select(func.sum(table.c["count"])).where(*mine, *filters)).scalar_one()
    return int(found or 0)


def values(connection: Connection, partner: str) -> dict[str, list[str]]:
    """Give the values that a partner's routings have, for the lists of filters."""
    column = rollup_values.c
    pairs = select(column.property, column.value).where(column.partner == partner).distinct()
    found: dict[str, list[str]] = {name: [] for name in PROPERTIES}
    for name, value in connection.execute(pairs.order_by(column.value)):
        found[name].append(value)
    return found


def counts(connection: Connection, since: datetime, until: datetime, partner: str | None = None) -> Counts:
    """Count the routings of whole days, of one partner or, with None, of the whole line."""
    within = Wanted(since, until)
    column, total = rollup_values.c, rollup_totals.c
    whose = [] if partner is None else [column.partner == partner]
    daily = [*whose, *of_days(column.day, within)]
    by: dict[str, dict[str, int]] = {name: {} for name in PROPERTIES}
    sums = select(column.property, column.value, func.sum(column["count"])).where(*daily)
    for name, value, number in connection.execute(sums.group_by(column.property, column.value)):
        by[name][value] = int(number)
    of_hours = [*([] if partner is None else [total.partner == partner]), *of_days(total.hour, within)]
    hourly = select(total.hour, func.sum(total["count"])).where(*of_hours).group_by(total.hour)
    hours = {hour: int(number) for hour, number in connection.execute(hourly)}
    days: dict[datetime, int] = {}
    for hour, number in hours.items():
        day = hour.replace(hour=0)
        days[day] = days.get(day, 0) + number
    return Counts(days=days, hours=hours, by=by)


def completeness(connection: Connection, partner: str) -> Completeness:
    """Say how much of a partner's record is in the ledger."""
    last, pending = 0, 0
    for table in (routings, outcomes):
        mine = table.c.partner == partner
        newest = select(func.max(table.c.partner_seq)).where(mine)
        # Concatenated, so that no index of the partner's is used: what waits is little and has its own.
        of_mine = table.c.partner.concat("") == partner
        waiting = select(func.count()).select_from(table).where(of_mine, table.c.leaf_index.is_(None))
        last = max(last, connection.execute(newest).scalar_one() or 0)
        pending += connection.execute(waiting).scalar_one()
    return Completeness(last, pending)


def first_day(connection: Connection, partner: str | None = None) -> datetime | None:
    """Give the first day that has counts."""
    whose = [] if partner is None else [rollup_totals.c.partner == partner]
    found: datetime | None = connection.execute(
        select(func.min(rollup_totals.c.hour)).where(*whose)
    ).scalar_one()
    return found
