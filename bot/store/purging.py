"""Deletes what has expired."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import delete, select

from bot.store import accesses, account_tables, known, tables, texters

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from datetime import datetime

    from sqlalchemy import Connection, Table

    Writing = Callable[[str], AbstractContextManager[Connection]]

EXPIRING = (
    *(tables.sessions, tables.turns, tables.outbox),
    *(account_tables.logins, account_tables.sign_in_attempts),
)


def purge(writing: Writing, now: datetime, limit: int) -> int:
    """Delete what has expired by `now`, at most `limit` rows in each transaction that `writing` begins; give
    how many rows went.
    """
    total = 0
    for table in EXPIRING:
        while deleted := _purge_some(writing, table, now, limit):
            total += deleted
    with writing("old spending can't be deleted") as connection:
        known.purge(connection, now)
        texters.purge(connection, now)
    while deleted := _purge_accesses(writing, now - timedelta(days=accesses.KEPT_DAYS), limit):
        total += deleted
    return total


def _purge_accesses(writing: Writing, before: datetime, limit: int) -> int:
    with writing("old accesses can't be deleted") as connection:
        return accesses.purge(connection, before, limit)


def _purge_some(writing: Writing, table: Table, now: datetime, limit: int) -> int:
    """Delete up to `limit` expired rows of one table; give how many.

    On PostgreSQL the rows are locked first: one that a turn is renewing just now is skipped
    rather than waited for, and deleted only if it is still expired.
    """
    expired = table.c.expires_at <= now
    some = select(table.c.id).where(expired).limit(limit).with_for_update(skip_locked=True)
    with writing("expired rows can't be deleted") as connection:
        ids = connection.execute(some).scalars().all()
        if ids:
            connection.execute(delete(table).where(table.c.id.in_(ids)))
        return len(ids)
