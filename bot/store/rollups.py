"""Counts of routings by hour and by day, so that no page counts millions of rows.

They hold what is in the ledger: the integrator makes the hours that it touched anew, in the transaction
that gave their routings an index. Days are sums of hours. What can be counted again is `check`ed against
the routings; older hours, whose records were purged, keep the counts they had.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import reduce
from itertools import islice
from operator import add
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    BigInteger,
    Integer,
    bindparam,
    cast,
    delete,
    extract,
    func,
    insert,
    literal,
    literal_column,
    select,
    text,
    union_all,
)

from bot.store.portal_tables import rollup_days, rollup_hours, rollup_totals, rollup_values
from bot.store.tables import FILTERS, UtcDateTime, routings

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sqlalchemy import ColumnElement, Connection, Select, Table

PROPERTIES = FILTERS
HOURS_AT_ONCE = 400
DAY = timedelta(days=1)

_KEYS = ("partner", "hour", *PROPERTIES)
_COUNTED = [routings.c[name] for name in _KEYS]
_BY_HOUR = select(*_COUNTED, func.count().label("count")).where(routings.c.leaf_index.is_not(None))
_HOURS = bindparam("hours", expanding=True, type_=UtcDateTime)
_DAY_KEYS = [rollup_hours.c[name] for name in ("partner", *PROPERTIES)]
_START, _END = (bindparam(name, type_=UtcDateTime) for name in ("start", "end"))

_FORGET_HOURS = delete(rollup_hours).where(rollup_hours.c.hour.in_(_HOURS))
_COUNT_HOURS = insert(rollup_hours).from_select(
    [*_KEYS, "count"], _BY_HOUR.where(routings.c.hour.in_(_HOURS)).group_by(*_COUNTED)
)
_FORGET_TOTALS = delete(rollup_totals).where(rollup_totals.c.hour.in_(_HOURS))
_ADD_UP_TOTALS = insert(rollup_totals).from_select(
    ["partner", "hour", "count"],
    select(rollup_hours.c.partner, rollup_hours.c.hour, func.sum(rollup_hours.c.count))
    .where(rollup_hours.c.hour.in_(_HOURS))
    .group_by(rollup_hours.c.partner, rollup_hours.c.hour),
)
_FORGET_DAY = delete(rollup_days).where(rollup_days.c.day == _START)
_HOUR_OF_DAY = cast(extract("epoch", rollup_hours.c.hour), BigInteger) // 3600 % 24
_BIT = literal_column("1").op("<<")(cast(_HOUR_OF_DAY, Integer))
_ADD_UP_DAY = insert(rollup_days).from_select(
    ["day", "partner", *PROPERTIES, "count", "hours"],
    # Each hour has one row of a kind, so that the sum of their bits is all of them.
    select(_START, *_DAY_KEYS, func.sum(rollup_hours.c.count), func.sum(_BIT))
    .where(rollup_hours.c.hour >= _START, rollup_hours.c.hour < _END)
    .group_by(*_DAY_KEYS),
)


# Neither database's way to put bits together is the other's.
_ANY_OF_HOURS = reduce(
    add, (func.max(rollup_days.c.hours.bitwise_and(literal_column(str(1 << hour)))) for hour in range(24))
)


def _values_of(name: str) -> Select[Any]:
    day = rollup_days.c
    counts = (func.sum(day.count), _ANY_OF_HOURS)
    chosen = select(day.partner, day.day, literal(name).label("property"), day[name], *counts)
    return chosen.where(day.day == _START).group_by(day.partner, day.day, day[name])


_FORGET_VALUES = delete(rollup_values).where(rollup_values.c.day == _START)
_ADD_UP_VALUES = insert(rollup_values).from_select(
    ["partner", "day", "property", "value", "count", "hours"],
    union_all(*(_values_of(name) for name in PROPERTIES)),
)


def refresh(connection: Connection, hours: Iterable[datetime]) -> None:
    """Count these hours of routings anew, and the days they are of.

    Args:
        connection: in the transaction that changed the routings.
        hours: of every routing that was given an index, or whose outcome changed: the routing's hour,
            not that of the outcome.
    """
    touched = {hour.astimezone(UTC).replace(minute=0, second=0, microsecond=0) for hour in hours}
    for some in _in_parts(sorted(touched)):
        connection.execute(_FORGET_HOURS, {"hours": some})
        connection.execute(_COUNT_HOURS, {"hours": some})
        connection.execute(_FORGET_TOTALS, {"hours": some})
        connection.execute(_ADD_UP_TOTALS, {"hours": some})
    for day in sorted({hour.replace(hour=0) for hour in touched}):
        connection.execute(_FORGET_DAY, {"start": day})
        connection.execute(_ADD_UP_DAY, {"start": day, "end": day + DAY})
        connection.execute(_FORGET_VALUES, {"start": day})
        connection.execute(_ADD_UP_VALUES, {"start": day})


def check(connection: Connection) -> list[datetime]:
    """Give the hours and days, as their first moments, whose counts are not what the routings say."""
    take_time(connection)
    since = _kept_since(connection)
    counted = _by_key(connection, _BY_HOUR.where(routings.c.hour >= since).group_by(*_COUNTED))
    hour = rollup_hours.c
    held = _by_key(connection, select(*(hour[name] for name in (*_KEYS, "count"))).where(hour.hour >= since))
    wrong = {key[1] for key in counted.keys() | held.keys() if counted.get(key) != held.get(key)}
    return sorted(wrong | _wrong_sums(connection) | _wrong_bits(connection, held))


def kept_hours(connection: Connection) -> list[datetime]:
    """Give every hour that can be counted anew, oldest first: those whose routings are all kept."""
    take_time(connection)
    since = _kept_since(connection)
    held = select(rollup_hours.c.hour).where(rollup_hours.c.hour >= since)
    there = select(routings.c.hour).where(routings.c.hour >= since)
    return sorted(connection.execute(held.union(there)).scalars())


def take_time(connection: Connection) -> None:
    """Let a statement over millions of rows take longer than a turn ever should."""
    if connection.dialect.name == "postgresql":
        for name in ("statement_timeout", "idle_in_transaction_session_timeout"):
            connection.execute(text(f"SET LOCAL {name} = 0"))


def _kept_since(connection: Connection) -> datetime:
    """The first hour whose routings are all kept: a purge may have stopped in the middle of the oldest."""
    oldest: datetime | None = connection.execute(select(func.min(routings.c.hour))).scalar_one()
    if oldest is None:
        return datetime.max.replace(tzinfo=UTC)
    counted = select(literal(1)).where(rollup_hours.c.hour < oldest).limit(1)
    purged = connection.execute(counted).first() is not None
    return oldest + timedelta(hours=1) if purged else oldest


def _by_key(connection: Connection, statement: Select[Any]) -> dict[tuple[Any, ...], int]:
    return {tuple(row[:-1]): row[-1] for row in connection.execute(statement)}


def _wrong_sums(connection: Connection) -> set[datetime]:
    """The hours and days whose sums, by partner, are not those of the hours."""
    hour = rollup_hours.c
    hours = _sums(connection, rollup_hours, hour.hour)
    wrong = _differing(hours, _sums(connection, rollup_totals, rollup_totals.c.hour))
    days: dict[tuple[str, datetime], int] = {}
    for (partner, moment), count in hours.items():
        key = (partner, moment.replace(hour=0))
        days[key] = days.get(key, 0) + count
    wrong |= _differing(days, _sums(connection, rollup_days, rollup_days.c.day))
    for name in PROPERTIES:
        held = _sums(connection, rollup_values, rollup_values.c.day, rollup_values.c.property == name)
        wrong |= _differing(days, held)
    return wrong


def _wrong_bits(connection: Connection, hours: Iterable[tuple[Any, ...]]) -> set[datetime]:
    """The days whose bits leave out one of these hours: rows of rollup_hours, in the order of _KEYS."""
    day, value = rollup_days.c, rollup_values.c
    by_day = _by_key(connection, select(day.partner, day.day, *(day[name] for name in PROPERTIES), day.hours))
    of_values = select(value.partner, value.day, value.property, value.value, value.hours)
    by_value = _by_key(connection, of_values)
    wrong = set()
    for partner, hour, *values in hours:
        start = hour.replace(hour=0)
        bits = by_day.get((partner, start, *values), 0)
        for pair in zip(PROPERTIES, values, strict=True):
            bits &= by_value.get((partner, start, *pair), 0)
        if not bits >> hour.hour & 1:
            wrong.add(start)
    return wrong


def _sums(
    connection: Connection, table: Table, period: ColumnElement[datetime], *where: ColumnElement[bool]
) -> dict[tuple[str, datetime], int]:
    found = select(table.c.partner, period, func.sum(table.c["count"])).where(*where)
    rows = connection.execute(found.group_by(table.c.partner, period))
    return {(partner, moment): int(count) for partner, moment, count in rows}


def _differing(
    expected: dict[tuple[str, datetime], int], held: dict[tuple[str, datetime], int]
) -> set[datetime]:
    return {key[1] for key in expected.keys() | held.keys() if expected.get(key) != held.get(key)}


def _in_parts(hours: list[datetime]) -> Iterator[list[datetime]]:
    rest = iter(hours)
    while some := list(islice(rest, HOURS_AT_ONCE)):
        yield some
