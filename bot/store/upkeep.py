"""What `signpost doctor` asks a database, inside a transaction that somebody else begins."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sqlalchemy import func, select, text

if TYPE_CHECKING:
    from sqlalchemy import Connection


def clock(connection: Connection) -> datetime | None:
    """Give the database server's clock; None for SQLite, which has none of its own."""
    if connection.dialect.name == "sqlite":
        return None
    # The clock itself: now() is when the transaction began.
    return datetime.fromtimestamp(
        float(connection.execute(select(func.extract("epoch", func.clock_timestamp()))).scalar_one()), UTC
    )


def outbox(connection: Connection) -> int:
    """Count the texts that wait."""
    counted = text("SELECT count(*) FROM outbox WHERE status = 'waiting'")
    return int(connection.execute(counted).scalar_one())
