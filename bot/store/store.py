"""What is remembered between turns, and every routing, in one database."""

from __future__ import annotations

import secrets
from contextlib import contextmanager, nullcontext
from itertools import islice
from typing import TYPE_CHECKING, Any

from sqlalchemy import Row, select
from sqlalchemy.exc import SQLAlchemyError

from bot.errors import StoreError
from bot.store import purging, rollups, seeding, tables, turns
from bot.store.address import describe, faults_told, read_address, reason, told
from bot.store.batches import Batches
from bot.store.checks import durability_faults, migration_faults
from bot.store.committing import Committer
from bot.store.decision import Decide, Delivery, Done, Taken
from bot.store.desk import desk_on
from bot.store.engine import BUSY_TIMEOUT_SECONDS, make_engine
from bot.store.ledger import DatabaseLedger
from bot.store.outbox import Outbox
from bot.store.patience import STATEMENT_SECONDS, TURN_SECONDS, left, within
from bot.store.redactions import Redactions
from bot.store.rows import read_routing
from bot.store.turnstile import Turnstile

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from datetime import datetime

    from sqlalchemy import ColumnElement, Connection, Engine

    from bot.core.session import Channel, Outcome, Routing
    from bot.store.batches import Take
    from bot.store.journal import Entry

PAGE_ROWS = 500
# So that one slow turn does not keep all others waiting; on SQLite one at a time writes anyway.
POSTGRESQL_LEADERS = 2
SALT_BYTES = 32
MADE_UP = "demo"  # the code version of made-up records, see bot.demo


def _random_salt() -> bytes:
    return secrets.token_bytes(SALT_BYTES)


class Store:
    """Sessions, turns and routings. Threads share it; so may a process and those it forks."""

    def __init__(self, engine: Engine, new_salt: Callable[[], bytes] = _random_salt) -> None:
        """Keep what `make_engine` made; `open_store` does both."""
        self._new_salt = new_salt
        self._engine = engine
        self._reader = engine.execution_options(only_reads=True)
        self._url = engine.url
        is_sqlite = engine.dialect.name == "sqlite"
        self._turnstile = Turnstile(describe(engine.url), BUSY_TIMEOUT_SECONDS) if is_sqlite else None
        self._committer = Committer(engine, new_salt)
        self._batches = Batches(self._commit, 1 if is_sqlite else POSTGRESQL_LEADERS, TURN_SECONDS)

    def take(
        self, turn_id: str, session_id: str, now: datetime, expires_at: datetime, decide: Decide
    ) -> Taken:
        """Take one turn in one transaction; when this returns, it is on disk.

        Two deliveries of one turn, at the same time or one after the other, in any thread or
        process, give the same answer and one routing. Two turns of one session wait for each
        other. `Delivery` says what the arguments are and what `decide` may do; what it raises is
        passed on, and leaves nothing behind.

        Raises:
            StoreError: nothing is acknowledged. When the connection broke during the commit the
                turn may be stored all the same; delivering it again then finds its answer.
        """
        return self.deliver(Delivery(turn_id, session_id, now, expires_at, decide))

    def deliver(self, delivery: Delivery) -> Taken:
        """Take one turn as `take` does."""
        return self._batches.take(delivery)

    def submit(self, turns: Iterable[tuple[Delivery, Done]]) -> None:
        """Take turns as `take` does, wait for none, and give each result to what stands beside it: `Taken`,
        or what `take` would have raised. It is given after the commit, in the thread that committed, which
        others wait for.
        """
        self._batches.submit(turns)

    @property
    def stuck(self) -> bool:
        """Whether a commit has been under way for longer than a turn waits: then its disk does not answer."""
        return self._batches.stuck

    def _commit(self, take: Take) -> Sequence[Taken | Exception]:
        with self._turnstile.passing() if self._turnstile else nullcontext():
            return self._committer(take)

    @contextmanager
    def writing(self, lost: str) -> Iterator[Connection]:
        """Begin a transaction that writes, when it is this thread's turn; commit it at the end.

        The functions of `accounts`, `logins`, `tokens` and `accesses` work within one.

        Raises:
            StoreError: the database failed; it says what was `lost` by that.
        """
        alone = self._turnstile.passing() if self._turnstile else nullcontext()
        with alone, faults_told(self._url, lost), self._engine.begin() as connection:
            yield connection

    def ledger(self) -> DatabaseLedger:
        """Give the audited log, to grow it."""
        return DatabaseLedger(self._engine, self.writing, rollups.refresh)

    def outbox(self) -> Outbox:
        """Give the texts that people asked for, to send them."""

        def end(connection: Connection, routing_id: str, outcome: Outcome, hour: datetime) -> None:
            desk = desk_on(connection)
            for sql, row in turns.ends(routing_id, outcome, hour, self._new_salt):
                desk.run(sql, row)

        return Outbox(self.writing, self.reading, end)

    def redactions(self) -> Redactions:
        """Give what is to be deleted at the carrier."""
        return Redactions(self.writing, self.reading)

    def keep_late(self, entries: Sequence[Entry], now: datetime | None = None) -> list[Entry]:
        """Keep what waited in the journal; what is there already stays as it is.

        Returns:
            What waits on in the journal: `turns.keep_late` says why. Nothing without `now`.

        Raises:
            StoreError: none of it is stored.
        """
        lost = "what waited in the journal is not stored"
        with self.writing(lost) as connection:
            desk = desk_on(connection)
            alone: Any = connection.connection.driver_connection
            try:
                put_off = [one for one in entries if not turns.keep_late(desk, one, self._new_salt, now)]
                if self._turnstile:
                    alone.sync()  # the disk may still be waited for with a turn that was there
            except (self._engine.dialect.loaded_dbapi.Error, OSError) as fault:
                raise told(fault, self._url, lost) from fault
        return put_off

    @contextmanager
    def reading(self, lost: str) -> Iterator[Connection]:
        """Begin a transaction that only reads, and so waits for no writer.

        Raises:
            StoreError: the database can't be read; it says what was `lost` by that.
        """
        with faults_told(self._url, lost), self._reader.begin() as connection:
            yield connection

    def keep_made_up(self, rows: Iterable[tuple[Routing, str, Iterable[tuple[Outcome, str]]]]) -> None:
        """Keep made-up routings, each with its salt and what happened next, in one transaction.

        Raises:
            StoreError: none of them is stored.
        """
        with self.writing("the made-up records are not stored") as connection:
            seeding.keep_rows(connection, rows)

    def has_real_routings(self) -> bool:
        """Say whether there are routings that were not made up.

        Raises:
            StoreError: the database can't be read.
        """
        with faults_told(self._url, "routings can't be read"), self._reader.begin() as connection:
            return seeding.has_others(connection, MADE_UP)

    def routings(  # noqa: PLR0913 - each filter may be left out, and is named
        self,
        *,
        service: str | None = None,
        channel: Channel | None = None,
        outcome: Outcome | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        limit: int | None = None,
    ) -> Iterator[Routing]:
        """Give the routings that pass every filter, newest first, in constant memory.

        `since` is in, `until` is out; both aware, compared with the routing's hour. Rows come a
        page at a time and no connection is held in between, so a slow or forgotten reader keeps
        nobody waiting; a routing that ends in the meantime may be given with its old outcome or
        its new one, and none is given twice.

        Raises:
            StoreError: the database can't be read.
        """
        column = tables.routings.c
        equal = {column.service: service, column.channel: channel, column.outcome: outcome}
        wanted: list[ColumnElement[bool]] = [name == value for name, value in equal.items() if value]
        if since is not None:
            wanted.append(column.hour >= since)
        if until is not None:
            wanted.append(column.hour < until)
        return islice(self._newest_first(wanted), limit)

    def _newest_first(self, wanted: list[ColumnElement[bool]]) -> Iterator[Routing]:
        """Read page after page, each from below the last row of the one before."""
        column = tables.routings.c
        newest = select(tables.routings).where(*wanted).order_by(column.seq.desc()).limit(PAGE_ROWS)
        page = self._rows(newest)
        while page:
            yield from (read_routing(row._mapping) for row in page)  # noqa: SLF001 - SQLAlchemy's public name
            page = self._rows(newest.where(column.seq < page[-1].seq)) if len(page) == PAGE_ROWS else []

    def _rows(self, statement: Any) -> list[Row[Any]]:
        with self.reading("routings can't be read") as connection:
            if left() > STATEMENT_SECONDS:
                rollups.take_time(connection)
            return list(connection.execute(statement))

    def routing(self, routing_id: str) -> Routing | None:
        """Find one routing by its id.

        Raises:
            StoreError: the database can't be read.
        """
        rows = self._rows(select(tables.routings).where(tables.routings.c.id == routing_id))
        return read_routing(rows[0]._mapping) if rows else None  # noqa: SLF001 - SQLAlchemy's public name

    def purge(self, now: datetime, limit: int = PAGE_ROWS) -> int:
        """Delete what has expired by `now`: sessions, turns, sign-ins, old accesses; give how many.

        At most `limit` rows go in one transaction, so that turns get in between.

        Raises:
            StoreError: the database failed; what earlier transactions deleted stays deleted.
        """
        return purging.purge(self.writing, now, limit)

    def ready(self) -> list[str]:
        """Say what keeps this database from being used: a sentence a fault, with its cure; else []."""
        try:
            with within(TURN_SECONDS), self._reader.begin() as connection:
                return migration_faults(connection) + durability_faults(connection)
        except StoreError as fault:
            return [str(fault)]
        except SQLAlchemyError as fault:
            cure = "start it or correct DATABASE_URL"
            return [f"{describe(self._url)} can't be reached ({reason(fault, self._url)}); {cure}"]

    def assert_durable(self) -> None:
        """Make sure that a commit waits for the disk, as set on a connection like any other.

        Raises:
            StoreError: it does not, or the database can't be reached.
        """
        with faults_told(self._url, "durability can't be checked"), self._reader.begin() as connection:
            faults = durability_faults(connection)
        if faults:
            raise StoreError("; ".join(faults))

    def close(self) -> None:
        """Close the connections that nobody uses. The next call opens new ones."""
        self._committer.let_go()
        self._engine.dispose()


def open_store(
    database_url: str,
    *,
    pool_size: int = 8,
    pool_timeout_seconds: float = 1.0,
    new_salt: Callable[[], bytes] = _random_salt,
) -> Store:
    """Open the store at `sqlite:///path` or `postgresql://...`, lazily: nothing is reached yet.

    `pool_size` is the number of threads that take turns in this process; they wait at most
    `pool_timeout_seconds` for a connection. `new_salt` gives 32 bytes that nobody can guess, for
    each record's place in the audited log.

    Raises:
        StoreError: the address can't be used.
    """
    url = read_address(database_url)
    return Store(make_engine(url, pool_size=pool_size, pool_timeout_seconds=pool_timeout_seconds), new_salt)
