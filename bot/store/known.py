"""Who has opted out and what each line has spent, as a process knows them.

Both are looked at in every turn and change seldom, so each process keeps a copy and makes it anew about once
a minute. What happens in between is in the sender's own session, or costs little.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import delete, func, select

from bot.core.limits import Spent, day_of
from bot.errors import StoreError
from bot.store.limit_tables import opt_outs, spent

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Connection

    from bot.store.store import Store

logger = logging.getLogger(__name__)
SPENT_KEPT_DAYS = 7


class Known:
    """The copy of one process. While the database is down it stays as it was."""

    def __init__(self, store: Store) -> None:
        """Begin with nobody and nothing; `refresh` reads them."""
        self._store = store
        self._opted_out: frozenset[str] = frozenset()
        self._spent: dict[tuple[str, str], Spent] = {}

    def refresh(self, now: datetime) -> None:
        """Read both again; a database that can't be read leaves them as they are."""
        column = spent.c
        sums = [
            func.sum(each)
            for each in (column.texts, column.transfers, column.transfer_seconds, column.abroad)
        ]
        today = (
            select(column.line, column.day, *sums)
            .where(column.day >= day_of(now))
            .group_by(column.line, column.day)
        )
        try:
            with self._store.reading("opt-outs and spending can't be read") as connection:
                self._opted_out = frozenset(connection.execute(select(opt_outs.c.id)).scalars())
                rows = connection.execute(today).all()
        except StoreError:
            logger.warning("known.unreadable")
            return
        self._spent = {(line, day): Spent(*(int(value) for value in values)) for line, day, *values in rows}

    def opted_out(self, person: str) -> bool:
        """Whether a person, named by a keyed hash, has opted out."""
        return person in self._opted_out

    def spent_of(self, line: str, now: datetime) -> Spent:
        """What a line has spent today."""
        return self._spent.get((line, day_of(now)), Spent())

    def spent_today(self, now: datetime) -> dict[str, Spent]:
        """What each line has spent today."""
        return {line: spent for (line, day), spent in self._spent.items() if day == day_of(now)}


def purge(connection: Connection, now: datetime) -> None:
    """Delete what was spent long ago."""
    connection.execute(delete(spent).where(spent.c.day < day_of(now - timedelta(days=SPENT_KEPT_DAYS))))


def has_opted_out(connection: Connection, people: Iterable[str]) -> bool:
    """Say whether any of these has, each named by a keyed hash, as the database has it now."""
    found = select(opt_outs.c.id).where(opt_outs.c.id.in_(list(people))).limit(1)
    return connection.execute(found).first() is not None
