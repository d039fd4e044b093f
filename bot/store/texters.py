"""How many numbers of one range have texted within an hour, whichever process or machine was told.

A process adds up what it sees and writes it here every few seconds, after somebody was answered: no turn
waits for it. A row without a number says that there has been an alarm for its range.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import bindparam, delete, func, select, text

from bot.store.limit_tables import texters
from bot.store.tables import UtcDateTime

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from sqlalchemy import Connection

WINDOW = timedelta(hours=1)

BLOCKS_AT_ONCE = 500
_KEEP = text(
    """INSERT INTO texters (block, number, expires_at) VALUES (:block, :number, :expires_at)
    ON CONFLICT (block, number) DO UPDATE SET expires_at = excluded.expires_at"""
).bindparams(bindparam("expires_at", type_=UtcDateTime))
# Whoever changes a row has noticed it first.
_NOTICE = text(
    """INSERT INTO texters (block, number, expires_at) VALUES (:block, '', :expires_at)
    ON CONFLICT (block, number) DO UPDATE SET expires_at = excluded.expires_at
    WHERE texters.expires_at <= :now"""
).bindparams(bindparam("expires_at", type_=UtcDateTime), bindparam("now", type_=UtcDateTime))


def keep(connection: Connection, seen: Iterable[tuple[str, str]], now: datetime) -> None:
    """Keep for an hour that these numbers texted, each with its range, both as keyed hashes."""
    expires_at = now + WINDOW
    # In one order everywhere, so that nobody waits in a circle.
    rows = [{"block": block, "number": number, "expires_at": expires_at} for block, number in sorted(seen)]
    if rows:
        connection.execute(_KEEP, rows)


def noticed(connection: Connection, blocks: Iterable[str], many: int, now: datetime) -> int:
    """Count those ranges that have `many` numbers and of which nobody has said so for an hour.

    In a transaction of its own after `keep`: of two that keep at the same time, neither sees the other's.
    """
    asked, found = sorted(set(blocks)), 0
    for first in range(0, len(asked), BLOCKS_AT_ONCE):
        crowded = (
            select(texters.c.block)
            .where(texters.c.block.in_(asked[first : first + BLOCKS_AT_ONCE]))
            .where(texters.c.number != "", texters.c.expires_at > now)
            .group_by(texters.c.block)
            .having(func.count() >= many)
        )
        for block in sorted(connection.execute(crowded).scalars()):
            row = {"block": block, "expires_at": now + WINDOW, "now": now}
            found += connection.execute(_NOTICE, row).rowcount
    return found


def purge(connection: Connection, now: datetime) -> None:
    """Delete what is older than an hour."""
    connection.execute(delete(texters).where(texters.c.expires_at <= now))
