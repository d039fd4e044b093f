"""What partners say of their listings, inside a transaction that somebody else begins."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

from sqlalchemy import insert, select, update

from bot.store.portal_tables import assurances

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Connection

Verdict = Literal["right", "changed"]
Settled = Literal["", "confirmed", "declined"]


@dataclass(frozen=True)
class Assurance:
    """A partner's word on one listing. `listing` is the directory's revision that they saw.

    `settled` is "" until the operator has confirmed it or declined it.
    """

    id: int
    partner: str
    service: str
    verdict: Verdict
    words: str
    listing: str
    said_by: str
    said_at: datetime
    settled: Settled = ""
    settled_by: str = ""
    settled_at: datetime | None = None


def add(connection: Connection, said: Assurance) -> None:
    """Keep what a partner says, whatever the id; it stands until the operator has settled it."""
    names = [column.name for column in assurances.c if column.name != "id"]
    connection.execute(insert(assurances).inline().values({name: getattr(said, name) for name in names}))


def of_partner(connection: Connection, partner: str) -> dict[str, Assurance]:
    """Give the newest that a partner said of each service."""
    return {one.service: one for one in _found(connection, assurances.c.partner == partner)}


def newest(connection: Connection, limit: int) -> list[Assurance]:
    """Give what is not settled, oldest first, then what is, newest first."""
    settled = assurances.c.settled
    waiting = _found(connection, settled == "")
    chosen = select(assurances).where(settled != "").order_by(assurances.c.id.desc()).limit(limit)
    return [*waiting, *(Assurance(**row) for row in connection.execute(chosen).mappings())]


def settle(connection: Connection, number: int, settled: Settled, by: str, at: datetime) -> Assurance | None:
    """Settle one that waits; None when there is none, or it was settled before."""
    column = assurances.c
    waits = (column.id == number) & (column.settled == "")
    values: dict[str, Any] = {"settled": settled, "settled_by": by, "settled_at": at}
    if connection.execute(update(assurances).where(waits).values(values)).rowcount != 1:
        return None
    return next(iter(_found(connection, column.id == number)), None)


def _found(connection: Connection, which: ColumnElement[bool]) -> list[Assurance]:
    rows = connection.execute(select(assurances).where(which).order_by(assurances.c.id)).mappings()
    return [Assurance(**row) for row in rows]
