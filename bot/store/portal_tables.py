"""The tables that only the portal reads: counts of routings, and what partners say of their listings."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Identity, Index, Integer, Table, Text

from bot.store.tables import FILTERS, UtcDateTime, metadata

ANY_HOUR = (1 << 24) - 1


def _hours() -> Column[int]:
    """A bit for each hour of the day that has any; days from before there were bits have all of them."""
    return Column("hours", Integer, nullable=False, server_default=str(ANY_HOUR))


def _counts(name: str, period: str, *more: Column[int]) -> Table:
    """Count routings by all that they are filtered by, for each hour or day; made anew from `routings`."""
    return Table(
        name,
        metadata,
        Column("partner", Text, primary_key=True),
        Column(period, UtcDateTime, primary_key=True),
        *(Column(column, Text, primary_key=True) for column in FILTERS),
        Column("count", BigInteger, nullable=False),
        *more,
        Index(f"{name}_{period}", period),
        sqlite_with_rowid=False,
    )


rollup_hours = _counts("rollup_hours", "hour")
rollup_days = _counts("rollup_days", "day", _hours())

# The same by one property at a time, and by none: what figures are drawn from.
rollup_values = Table(
    "rollup_values",
    metadata,
    Column("partner", Text, primary_key=True),
    Column("day", UtcDateTime, primary_key=True),
    Column("property", Text, primary_key=True),
    Column("value", Text, primary_key=True),
    Column("count", BigInteger, nullable=False),
    _hours(),
    Index("rollup_values_day", "day"),
    sqlite_with_rowid=False,
)

rollup_totals = Table(
    "rollup_totals",
    metadata,
    Column("partner", Text, primary_key=True),
    Column("hour", UtcDateTime, primary_key=True),
    Column("count", BigInteger, nullable=False),
    Index("rollup_totals_hour", "hour"),
    sqlite_with_rowid=False,
)

assurances = Table(
    "assurances",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), Identity(), primary_key=True),
    Column("partner", Text, nullable=False),
    Column("service", Text, nullable=False),
    Column("verdict", Text, nullable=False),
    Column("words", Text, nullable=False),
    Column("listing", Text, nullable=False),
    Column("said_by", Text, nullable=False),
    Column("said_at", UtcDateTime, nullable=False),
    Column("settled", Text, nullable=False),
    Column("settled_by", Text, nullable=False),
    Column("settled_at", UtcDateTime),
    Index("assurances_partner", "partner", "service", "id"),
    Index("assurances_settled", "settled", "id"),
    sqlite_autoincrement=True,
)
