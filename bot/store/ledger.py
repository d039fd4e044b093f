"""The audited log in the database: what `bot.ledger` asks for, in few and large statements."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import asdict
from datetime import date
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, delete, insert, select, text, update
from sqlalchemy.dialects import postgresql, sqlite

from bot.core.kept import Head, KeptCheckpoint, KeptOutcome, KeptRoute, Numbers
from bot.errors import StoreError
from bot.store import tables
from bot.store.address import faults_told, told
from bot.store.ledger_reader import OUTCOME_COLUMNS, OUTCOMES_ROUTED, ROUTE_COLUMNS, LedgerReader, records_of
from bot.store.patience import within

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from contextlib import AbstractContextManager
    from datetime import datetime

    from sqlalchemy import Connection, Engine, Table

    from bot.core.kept import Growth, Place
    from bot.store.ledger_reader import Kept

    Refresh = Callable[[Connection, set[datetime]], None]

LOST = "the audited log has not grown"
# For all that a step writes together; PostgreSQL limits each statement itself.
PLACES_SECONDS = 20.0
# Any number that is no session's lock will do; this one is "ledger" in ASCII.
INTEGRATOR_LOCK = int.from_bytes(b"ledger", "big")

_TREE = tables.tree.c
_UNTIL = bindparam("until", type_=tables.UtcDateTime)


def _unindexed(table: Table, statement: Any) -> Any:
    # Written as the partial index is, so that both databases use it.
    waiting = (text(f"{table.name}.leaf_index IS NULL"), table.c.hour <= _UNTIL)
    return statement.where(*waiting).order_by(table.c.hour, table.c.seq).limit(bindparam("most"))


_ROUTES = _unindexed(tables.routings, select(*ROUTE_COLUMNS))
_OUTCOMES = _unindexed(tables.outcomes, select(*OUTCOME_COLUMNS).select_from(OUTCOMES_ROUTED))
_HEAD = select(_TREE.size, _TREE.alive_at, _TREE.grown_at, _TREE.tallied).with_for_update()
_SET_HEAD = update(tables.tree)
_PLACE_SQLITE = "UPDATE {0} SET leaf_index = ?, partner_seq = ? WHERE seq = ?"
# The three arrays are given as text: psycopg would look at each number of a list.
_PLACE_POSTGRES = (
    "UPDATE {0} SET leaf_index = given.leaf_index, partner_seq = given.partner_seq "
    "FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[]) AS given (leaf_index, partner_seq, seq) "
    "WHERE {0}.seq = given.seq"
)


def refresh_nothing(_connection: Connection, _hours: set[datetime]) -> None:
    """Count nothing: what is counted by hour is refreshed here, in the transaction that placed the rows."""


class LedgerTables(LedgerReader):
    """One transaction on the log's tables; `bot.ledger.integrator.LedgerTransaction` says what each does."""

    def __init__(self, connection: Connection, refresh: Refresh) -> None:
        """Work on this connection, in the transaction that somebody else began."""
        super().__init__(connection)
        self._refresh = refresh
        self._on_sqlite = connection.dialect.name == "sqlite"

    def head(self) -> Head:
        """Read the one row of the tree, and lock it: on PostgreSQL too nobody else grows it meanwhile."""
        row = self._connection.execute(_HEAD).one_or_none()
        if row is None:
            raise StoreError("the table tree has no row; restore the database from a backup")
        tallied = date.fromisoformat(row.tallied) if row.tallied else None
        return Head(row.size, row.alive_at, row.grown_at, tallied)

    def pending(self, limit: int, until: datetime) -> tuple[list[KeptRoute], list[KeptOutcome]]:
        """Read the rows that have no place yet."""
        asked = {"until": until, "most": limit}
        routes = [KeptRoute._make(row) for row in self._connection.execute(_ROUTES, asked).all()]
        if len(routes) == limit:  # the outcomes of later hours come after all of these
            asked["until"] = routes[-1].hour
        return routes, [KeptOutcome._make(row) for row in self._connection.execute(_OUTCOMES, asked).all()]

    def numbers(self) -> dict[str, Numbers]:
        """Read the last numbers."""
        rows = self._connection.execute(select(tables.sequences))
        return {row.partner: Numbers(row.last, row.tallied) for row in rows}

    @contextmanager
    def writing(self, growth: Growth) -> Iterator[None]:
        """Write everything that a step adds, but its tiles. PostgreSQL goes on with it in the meantime."""
        self._write(growth)
        if self._on_sqlite:
            self._write_places(growth)
            yield
            return
        driver: Any = self._connection.dialect.loaded_dbapi
        pipelined: Any = self._connection.connection.driver_connection
        try:
            with within(PLACES_SECONDS), pipelined.pipeline():
                self._write_places(growth)
                yield
        except driver.Error as fault:
            raise told(fault, self._connection.engine.url, LOST) from fault

    def _write(self, growth: Growth) -> None:
        head = growth.head
        tallied = head.tallied.isoformat() if head.tallied else None
        kept = {"size": head.size, "alive_at": head.alive_at, "grown_at": head.grown_at, "tallied": tallied}
        self._connection.execute(_SET_HEAD, kept)
        self._mend(tables.routings, growth.mended_routes)
        self._mend(tables.outcomes, growth.mended_outcomes)
        if growth.tallies:
            self._connection.execute(insert(tables.tallies), [asdict(one) for one in growth.tallies])
        numbers = [{"partner": partner, **one._asdict()} for partner, one in growth.numbers.items()]
        self.put(tables.sequences, ["partner"], numbers)

    def _write_places(self, growth: Growth) -> None:
        self._place(tables.routings, growth.routes)
        self._place(tables.outcomes, growth.outcomes)
        if growth.hours:
            self._refresh(self._connection, growth.hours)

    def keep_tiles(self, tiles: dict[str, bytes]) -> None:
        """Write tiles."""
        self.put(tables.tiles, ["path"], [{"path": path, "data": data} for path, data in tiles.items()])

    def forget(self, before: datetime, limit: int) -> int:
        """Delete records that are older, and that the log has."""
        count = 0
        for table in (tables.routings, tables.outcomes):
            old = select(table.c.seq).where(table.c.hour < before, table.c.leaf_index.is_not(None))
            found = delete(table).where(table.c.seq.in_(old.order_by(table.c.hour).limit(limit - count)))
            count += self._connection.execute(found).rowcount if count < limit else 0
        return count

    def keep_checkpoint(self, checkpoint: KeptCheckpoint) -> None:
        """Keep a checkpoint, unless it is there."""
        kept = {name: getattr(checkpoint, name) for name in KeptCheckpoint._fields[:-1]}
        self.put(tables.checkpoints, ["size"], [kept])

    def put(self, table: Table, key: list[str], rows: Sequence[dict[str, Any]]) -> None:
        """Write rows, over those with the same key."""
        if rows:
            new = (sqlite if self._on_sqlite else postgresql).insert(table)
            others = {name: new.excluded[name] for name in rows[0] if name not in key}
            self._connection.execute(new.on_conflict_do_update(index_elements=key, set_=others), rows)

    def _mend(self, table: Table, places: list[Place]) -> None:
        """Give rows what a release from before the log did not write; and say which came late."""
        if places:
            mended = update(table).where(table.c.seq == bindparam("row"))
            given = [
                {"row": one.seq, "partner": one.partner, "salt": one.salt, "late": one.late} for one in places
            ]
            self._connection.execute(mended, given)

    def _place(self, table: Table, places: list[Place]) -> None:
        """Write where rows stand, thousands in one statement."""
        given = [(one.leaf_index, one.partner_seq, one.seq) for one in places]
        if given and self._on_sqlite:
            self._connection.exec_driver_sql(_PLACE_SQLITE.format(table.name), given)
        elif given:
            columns = tuple(f"{{{','.join(map(str, column))}}}" for column in zip(*given, strict=True))
            self._connection.exec_driver_sql(_PLACE_POSTGRES.format(table.name), columns)


class DatabaseLedger:
    """The log of one database. `Store.ledger` makes it."""

    def __init__(
        self,
        engine: Engine,
        writing: Callable[[str], AbstractContextManager[Connection]],
        refresh: Refresh = refresh_nothing,
    ) -> None:
        """Write through the store's own transactions; `refresh` counts anew the hours that were touched."""
        self._engine, self._writing, self._refresh = engine, writing, refresh
        self._reader = engine.execution_options(only_reads=True)

    @contextmanager
    def reading(self) -> Iterator[LedgerReader]:
        """Read the log as it is at one moment, while others may write.

        Raises:
            StoreError: the database can't be read.
        """
        with (
            faults_told(self._engine.url, "the audited log can't be read"),
            self._reader.begin() as connection,
        ):
            yield LedgerReader(connection)

    def tile(self, path: str) -> bytes | None:
        """Give one tile, in a transaction of its own: nobody waits for a slow reader.

        Raises:
            StoreError: the database can't be read.
        """
        with self.reading() as reading:
            return reading.tile(path)

    def waits(self, now: datetime) -> bool:
        """Say whether a record waits for its place.

        Raises:
            StoreError: the database can't be read.
        """
        asked = {"until": now, "most": 1}
        with faults_told(self._engine.url, LOST), self._reader.begin() as connection:
            return any(connection.execute(one, asked).first() for one in (_ROUTES, _OUTCOMES))

    @contextmanager
    def holding(self) -> Iterator[bool]:
        """Be the only integrator of all machines, or be told that another one is.

        On PostgreSQL a lock on a connection of its own, which goes when the process does. On SQLite
        each transaction is alone from its beginning. A step is safe without this: it locks the tree.
        """
        if self._engine.dialect.name == "sqlite":
            yield True
            return
        lock, unlock = (
            text(f"SELECT {name}(:key)") for name in ("pg_try_advisory_lock", "pg_advisory_unlock")
        )
        alone = self._engine.execution_options(isolation_level="AUTOCOMMIT")
        with faults_told(self._engine.url, LOST), alone.connect() as connection:
            held = bool(connection.execute(lock, {"key": INTEGRATOR_LOCK}).scalar_one())
            try:
                yield held
            finally:
                if held:
                    connection.execute(unlock, {"key": INTEGRATOR_LOCK})

    @contextmanager
    def transaction(self) -> Iterator[LedgerTables]:
        """Begin a step; commit at its end."""
        with self._writing(LOST) as connection:
            yield LedgerTables(connection, self._refresh)

    def records(self, partner: str, size: int) -> Iterator[Kept]:
        """Give a partner's records and tallies among the first `size` leaves, in constant memory."""
        return records_of(self.reading, partner, size)

    def keep_cosignature(self, size: int, witness: str, line: str) -> None:
        """Keep a witness's line under the checkpoint of this size.

        Raises:
            StoreError: it can't be kept.
        """
        with self._writing("the cosignature is not stored") as connection:
            kept = {"size": size, "witness": witness, "line": line}
            LedgerTables(connection, refresh_nothing).put(tables.cosignatures, ["size", "witness"], [kept])

    def raise_alarm(self, told: str) -> None:
        """Keep what stops the log for /readyz, "" when nothing does.

        Raises:
            StoreError: it can't be kept.
        """
        with self._writing("the alarm is not stored") as connection:
            connection.execute(update(tables.tree).where(_TREE.alarm != told), {"alarm": told})
