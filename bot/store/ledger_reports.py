"""What the portal shows of the log, inside a transaction that somebody else begins."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from bot.store import tables

if TYPE_CHECKING:
    from sqlalchemy import Connection, Row


def checkpoints(connection: Connection, below: int | None, limit: int) -> list[Row[Any]]:
    """Give signed checkpoints, the largest first; with `below` those of fewer entries."""
    column = tables.checkpoints.c
    found = select(column.size, column.root, column.note, column.signed_at)
    if below is not None:
        found = found.where(column.size < below)
    return list(connection.execute(found.order_by(column.size.desc()).limit(limit)))
