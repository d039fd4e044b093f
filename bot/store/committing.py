"""Commits a batch of turns in one transaction, on a connection of the driver's own."""

from __future__ import annotations

import os
from contextlib import suppress
from threading import Lock
from time import sleep
from typing import TYPE_CHECKING, Any, cast
from weakref import WeakSet

from sqlalchemy.exc import SQLAlchemyError

from bot.errors import StoreError
from bot.store import statements, turns
from bot.store.address import describe, told
from bot.store.desk import Desk
from bot.store.patience import left

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Engine
    from sqlalchemy.pool import PoolProxiedConnection

    from bot.store.batches import Take
    from bot.store.decision import Delivery, Taken
    from bot.store.syncing import LogConnection
    from bot.store.turns import Found, NewSalt, Results

LOST = "the turn is not stored"


class Committer:
    """Keeps connections open from batch to batch; each is one thread's at a time."""

    def __init__(self, engine: Engine, new_salt: NewSalt) -> None:
        """Keep the engine that connections come from."""
        self._engine, self._new_salt = engine, new_salt
        self._mutex = Lock()
        self._free: list[PoolProxiedConnection] = []
        self._is_unsure = False  # whether what is in SQLite's log is on disk
        _committers.add(self)

    def __call__(self, take: Take) -> Results:
        """Commit together what `take` gives; give each its result, or what its `decide` raised.

        Raises:
            StoreError: the database failed, and none of them is acknowledged.
        """
        driver: Any = self._engine.dialect.loaded_dbapi
        try:
            return self._commit(take, driver)
        except (driver.IntegrityError, driver.DataError) as fault:
            deliveries = take()
            if len(deliveries) <= 1:
                raise told(fault, self._engine.url, LOST) from fault
            return [self._alone(one) for one in deliveries]  # what is wrong with one must not cost the others
        except (driver.Error, SQLAlchemyError) as fault:
            raise told(fault, self._engine.url, LOST) from fault

    def _alone(self, delivery: Delivery) -> Taken | Exception:
        try:
            return self(lambda: [delivery])[0]
        except Exception as fault:  # noqa: BLE001 - its own thread raises it
            return fault

    def let_go(self) -> None:
        """Give the connections that nobody uses back to the engine."""
        with self._mutex:
            free, self._free = self._free, []
        for connection in free:
            connection.close()

    def _commit(self, take: Take, driver: Any) -> Results:
        with self._mutex:
            kept = self._free.pop() if self._free else None
        if kept is not None:
            try:
                return self._on(kept, take)
            except (driver.OperationalError, driver.InterfaceError):
                if kept.is_valid or self._engine.dialect.name == "sqlite":
                    raise
                # It died while nobody used it: the server was started anew. Nothing has been committed.
        return self._on(self._engine.raw_connection(), take)

    def _on(self, connection: PoolProxiedConnection, take: Take) -> Results:
        alone: Any = connection.driver_connection
        is_sqlite = self._engine.dialect.name == "sqlite"
        try:
            one = self._sqlite if is_sqlite else self._postgresql
            results = one(alone, take)
        except BaseException:
            with suppress(Exception):  # what went wrong first is what is told
                alone.rollback()
            if getattr(alone, "closed", is_sqlite):
                connection.invalidate()
            else:
                connection.close()
            raise
        with self._mutex:
            self._free.append(connection)
        return results

    def _sqlite(self, connection: LogConnection, take: Take) -> Results:
        """Decide while others may write, and again if they have written what the turns had found."""
        desk = Desk(connection.cursor(), is_sqlite=True)
        connection.execute(f"PRAGMA busy_timeout={left() * 500:.0f}")  # milliseconds: half of what is left
        self._be_sure(connection)
        sleep(0)  # whoever reads what arrives goes first: all that has come shares this commit
        connection.execute("BEGIN")
        deliveries = take()
        found, version = _found(desk, deliveries), _version(connection)
        connection.execute("COMMIT")
        results, writes = turns.decide(desk, deliveries, found, self._new_salt)
        try:
            with connection.synced_afterwards():
                if writes:
                    self._engine.get_execution_options()["queue"].begin(connection)
                    if _version(connection) != version and (now := _found(desk, deliveries)) != found:
                        results, writes = turns.decide(desk, deliveries, now, self._new_salt)
                    desk.run_all(writes)
                    connection.execute("COMMIT")
        except OSError as fault:
            self._is_unsure = True
            raise told(fault, self._engine.url, "the turn may not be stored") from fault
        return results

    def _be_sure(self, connection: LogConnection) -> None:
        """Take no turn that builds on others that may not be on disk."""
        if self._is_unsure and not connection.move_log():
            raise StoreError(f"{describe(self._engine.url)}: {LOST}, since earlier ones may not be on disk")
        self._is_unsure = False

    def _postgresql(self, connection: Any, take: Take) -> Results:
        """Ask for everything in one round trip, decide, and write everything in another."""
        deliveries = take()
        if not deliveries:
            return []
        asks, others = (Desk(connection.cursor(), is_sqlite=False) for _ in range(2))
        with connection.pipeline():
            others.cursor.execute(statements.BY_INDEX, ())
            others.run(*turns.locks(deliveries))
            asks.run(*turns.asks(deliveries))
        found = turns.all_found(deliveries, asks.cursor.fetchall())
        with connection.pipeline():
            results, writes = turns.decide(others, deliveries, found, self._new_salt)
            others.run_all(writes)
            connection.commit()
        return results


def _found(desk: Desk, deliveries: Sequence[Delivery]) -> list[Found]:
    return [turns.finds(desk, one) for one in deliveries]


def _version(connection: LogConnection) -> int:
    """A number that is another one when others have written: https://www.sqlite.org/pragma.html#pragma_data_version"""
    return cast("int", connection.execute("PRAGMA data_version").fetchone()[0])


_committers: WeakSet[Committer] = WeakSet()


def _let_go_of_connections() -> None:
    """Before a fork: see `bot.store.engine`, which then closes what is given back here."""
    for one in list(_committers):
        one.let_go()


os.register_at_fork(before=_let_go_of_connections)
