"""The audited log as it is read: tiles, checkpoints, and a partner's own records."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import bindparam, func, select

from bot.core.kept import KeptCheckpoint, KeptOutcome, KeptRoute, KeptTally
from bot.store import tables

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from sqlalchemy import Connection, Select

    Kept = KeptRoute | KeptOutcome | KeptTally

PAGE_ROWS = 500

_ROUTING, _OUTCOME, _TREE = tables.routings.c, tables.outcomes.c, tables.tree.c
ROUTE_COLUMNS = [_ROUTING[name] for name in KeptRoute._fields]
OUTCOME_COLUMNS = [
    *(_OUTCOME[name] for name in KeptOutcome._fields[:-2]),
    func.coalesce(_ROUTING.service, "").label("service"),
    func.coalesce(_ROUTING.hour, _OUTCOME.hour, type_=tables.UtcDateTime).label("routed"),
]
OUTCOMES_ROUTED = tables.outcomes.outerjoin(tables.routings, _ROUTING.id == _OUTCOME.routing_id)
CHECKPOINT_COLUMNS = [tables.checkpoints.c[name] for name in KeptCheckpoint._fields[:-1]]

_TILE = select(tables.tiles.c.data).where(tables.tiles.c.path == bindparam("tile_path"))
_NEWEST = select(*CHECKPOINT_COLUMNS).order_by(tables.checkpoints.c.size.desc()).limit(1)
_COSIGNED = (
    select(tables.cosignatures.c.size)
    .group_by(tables.cosignatures.c.size)
    .having(func.count() >= bindparam("needed"))
    .order_by(tables.cosignatures.c.size.desc())
    .limit(1)
)


class Standing(NamedTuple):
    """What there is to say of the log: what stops it ("" when nothing does), and its newest checkpoint."""

    alarm: str
    size: int
    checkpoint: KeptCheckpoint | None


class LedgerReader:
    """Reads on one connection, in a transaction that somebody else began."""

    def __init__(self, connection: Connection) -> None:
        """Read on this connection."""
        self._connection = connection

    def tile(self, path: str) -> bytes | None:
        """Give a tile by the path of the full one, as wide as it has grown."""
        data = self._connection.execute(_TILE, {"tile_path": path}).scalar_one_or_none()
        return None if data is None else bytes(data)

    def standing(self) -> Standing:
        """Say how the log stands."""
        row = self._connection.execute(select(_TREE.alarm, _TREE.size)).one_or_none()
        alarm, size = row or ("the table tree has no row; restore the database from a backup", 0)
        return Standing(alarm, size, self.checkpoint())

    def checkpoint(self, cosignatures: int = 0) -> KeptCheckpoint | None:
        """Give the newest checkpoint with at least so many cosignatures; None when there is none."""
        asked = _NEWEST
        if cosignatures:
            size = self._connection.execute(_COSIGNED, {"needed": cosignatures}).scalar_one_or_none()
            asked = select(*CHECKPOINT_COLUMNS).where(tables.checkpoints.c.size == size)
        row = self._connection.execute(asked).one_or_none()
        return None if row is None else KeptCheckpoint(**row._mapping, cosignatures=self._lines(row.size))  # noqa: SLF001 - SQLAlchemy's public name

    def _lines(self, size: int) -> tuple[str, ...]:
        column = tables.cosignatures.c
        lines = select(column.line).where(column.size == size).order_by(column.witness)
        return tuple(self._connection.execute(lines).scalars())

    def cosigned_by(self, witness: str) -> int:
        """Give the size of the largest tree that a witness has cosigned; 0 for none."""
        column = tables.cosignatures.c
        largest = select(func.max(column.size)).where(column.witness == witness)
        return self._connection.execute(largest).scalar() or 0

    def cosignatures(self, size: int) -> set[str]:
        """Name the witnesses that cosigned the tree of this size."""
        column = tables.cosignatures.c
        return set(self._connection.execute(select(column.witness).where(column.size == size)).scalars())

    def route(self, routing_id: str) -> KeptRoute | None:
        """Find a routing."""
        row = self._connection.execute(select(*ROUTE_COLUMNS).where(_ROUTING.id == routing_id)).one_or_none()
        return None if row is None else KeptRoute(*row)

    def partners(self) -> set[str]:
        """Name the partners that the log knows."""
        return set(self._connection.execute(select(tables.sequences.c.partner)).scalars())

    def numbered(self, partner: str, after: int, limit: int) -> list[KeptRoute | KeptOutcome]:
        """Give a page of a partner's records that the log has, by their numbers, from `after` on."""
        asked = {"partner": partner, "after": after, "most": limit}
        rows: list[KeptRoute | KeptOutcome] = [
            *(KeptRoute(*row) for row in self._connection.execute(_ROUTES, asked)),
            *(KeptOutcome(*row) for row in self._connection.execute(_OUTCOMES, asked)),
        ]
        return sorted(rows, key=lambda row: row.partner_seq or 0)[:limit]

    def tallies(self, partner: str, after: int, until: int) -> list[KeptTally]:
        """Give a partner's tallies among the leaves from one index up to another."""
        column = tables.tallies.c
        columns = [column[field.name] for field in fields(KeptTally)]
        own = select(*columns).where(
            column.partner == partner, column.leaf_index >= after, column.leaf_index < until
        )
        return [KeptTally(*row) for row in self._connection.execute(own.order_by(column.leaf_index))]


def _page(statement: Select[Any], column: Any) -> Select[Any]:
    own = (column.partner == bindparam("partner"), column.partner_seq > bindparam("after"))
    return statement.where(*own).order_by(column.partner_seq).limit(bindparam("most"))


_ROUTES = _page(select(*ROUTE_COLUMNS), _ROUTING)
_OUTCOMES = _page(select(*OUTCOME_COLUMNS).select_from(OUTCOMES_ROUTED), _OUTCOME)


def records_of(
    reading: Callable[[], AbstractContextManager[LedgerReader]], partner: str, size: int
) -> Iterator[Kept]:
    """Give a partner's records and tallies among the first `size` leaves, in their order.

    A page at a time, each in a transaction of its own: constant memory, and nobody waits for a slow
    reader. What is purged in between is missing from later pages, as it would be from a later call.
    """
    number, index = 0, 0
    while True:
        with reading() as reader:
            page = [row for row in reader.numbered(partner, number, PAGE_ROWS) if _at(row) < size]
            end = _at(page[-1]) + 1 if len(page) == PAGE_ROWS else size
            rows: list[Kept] = sorted([*page, *reader.tallies(partner, index, end)], key=_at)
        yield from rows
        if len(page) < PAGE_ROWS:
            return
        number, index = page[-1].partner_seq or 0, end


def _at(row: Kept) -> int:
    """Where a row stands; those that are read here have a place."""
    return row.leaf_index or 0
