"""The tables. A column is added here and by a migration, and a test compares the two.

No column may say who somebody is: ids of turns and sessions arrive as keyed hashes, the words of a
message never arrive, and a routing has no session. A test holds the schema to
exactly these columns.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sqlalchemy import BigInteger, Column, DateTime, Identity, Index, Integer, MetaData, Table, Text
from sqlalchemy.types import TypeDecorator

if TYPE_CHECKING:
    from sqlalchemy import Dialect


class UtcDateTime(TypeDecorator[datetime]):
    """An aware moment, the same from both databases.

    PostgreSQL keeps the moment and gives it in the connection's zone. SQLite keeps text without a
    zone ("2026-11-24 09:00:00.000000"), so UTC goes in and is put back on what comes out; text of
    one zone and one width also sorts as the moments do, which the comparisons of expiry need.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Bring a moment to UTC. Raises ValueError for a naive one, whose moment nobody knows."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment to be stored has no time zone; pass aware UTC")
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give an aware moment in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if dialect.name == "sqlite" else value.astimezone(UTC)


metadata = MetaData()

sessions = Table(
    "sessions",
    metadata,
    Column("id", Text, primary_key=True),
    Column("state", Text, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    Index("sessions_expires_at", "expires_at"),
)

turns = Table(
    "turns",
    metadata,
    Column("id", Text, primary_key=True),
    Column("answer", Text, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    Index("turns_expires_at", "expires_at"),
)

routings = Table(
    "routings",
    metadata,
    # SQLite numbers rows by itself only in a column whose type is exactly INTEGER. AUTOINCREMENT: a number
    # is never given twice, even when the newest row has been deleted.
    Column("seq", BigInteger().with_variant(Integer, "sqlite"), Identity(), primary_key=True),
    Column("id", Text, nullable=False),
    Column("hour", UtcDateTime, nullable=False),
    Column("channel", Text, nullable=False),
    Column("language", Text, nullable=False),
    Column("flow_revision", Text, nullable=False),
    Column("directory_revision", Text, nullable=False),
    Column("code_version", Text, nullable=False),
    Column("chosen_by", Text, nullable=False),
    Column("service", Text, nullable=False),
    Column("outcome", Text, nullable=False),
    Index("routings_id", "id", unique=True),
    # Each ends in seq, so that a filter gives its rows newest first without sorting them.
    Index("routings_service", "service", "seq"),
    Index("routings_channel", "channel", "seq"),
    Index("routings_outcome", "outcome", "seq"),
    Index("routings_hour", "hour", "seq"),
    sqlite_autoincrement=True,
)
