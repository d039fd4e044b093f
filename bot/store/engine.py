"""Open a database so that it keeps what it acknowledges and nobody waits for long.

Twilio gives up on a webhook after 15 seconds, and a person must be answered before that (design
decision 1): so each wait here ends, and what it waited for fails, after a few seconds. `patience` says
after how many.
"""

from __future__ import annotations

import os
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast
from weakref import WeakSet

from sqlalchemy import create_engine, event
from sqlalchemy.exc import OperationalError

from bot.errors import StoreError
from bot.store.desk import moment_for_sqlite
from bot.store.patience import left
from bot.store.queueing import Queue

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine
    from sqlalchemy.engine import URL
    from sqlalchemy.engine.interfaces import DBAPIConnection, Dialect
    from sqlalchemy.pool import ConnectionPoolEntry

CONNECT_TIMEOUT_SECONDS = 3  # a turn gives up earlier
STATEMENT_TIMEOUT_SECONDS = 4  # PostgreSQL; waiting for a session's lock counts as well
IDLE_TIMEOUT_SECONDS = 10  # PostgreSQL: a transaction that does nothing, and may hold a session's lock
BUSY_TIMEOUT_SECONDS = 5  # SQLite: waiting for the one writer; a turn gives up earlier
# Beyond the pool's size, for a report or the worker beside threads that are all busy.
SPARE_CONNECTIONS = 2

_POSTGRES_OPTIONS = " ".join(
    f"-c {name}={value}"
    for name, value in {
        "synchronous_commit": "on",
        "timezone": "UTC",
        "statement_timeout": f"{STATEMENT_TIMEOUT_SECONDS}s",
        "idle_in_transaction_session_timeout": f"{IDLE_TIMEOUT_SECONDS}s",
    }.items()
)
_POSTGRES_ARGUMENTS: dict[str, Any] = {
    "application_name": "signpost",
    "connect_timeout": CONNECT_TIMEOUT_SECONDS,
    # A server whose machine has vanished says nothing, ever; without these a thread waits for a quarter of
    # an hour. https://www.postgresql.org/docs/current/libpq-connect.html
    "tcp_user_timeout": STATEMENT_TIMEOUT_SECONDS * 1000,
    "keepalives_idle": STATEMENT_TIMEOUT_SECONDS,
    "keepalives_interval": 1,
    "keepalives_count": 3,
}

_open_engines: WeakSet[Engine] = WeakSet()


def make_engine(url: URL, *, pool_size: int, pool_timeout_seconds: float) -> Engine:
    """Make the engine for an address that `read_address` gave. Nothing is opened yet.

    `pool_size` is the number of threads that take turns: each holds one connection while it does,
    so with fewer they wait for each other, `pool_timeout_seconds` at most.
    """
    is_sqlite = url.get_backend_name() == "sqlite"
    engine = create_engine(
        url,
        connect_args=_sqlite_arguments() if is_sqlite else _postgres_arguments(url),
        pool_size=pool_size,
        max_overflow=SPARE_CONNECTIONS,
        pool_timeout=pool_timeout_seconds,
        pool_pre_ping=not is_sqlite,  # a connection may have died while it lay unused; a file does not
        hide_parameters=True,  # faults are logged, and what is in the rows must not be
    )
    if is_sqlite:
        queue = Queue(url.database or "")
        engine.update_execution_options(queue=queue)
        event.listen(engine, "engine_disposed", lambda _engine: queue.close())
        event.listen(engine, "do_connect", _make_file)
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        driver: Any = engine.dialect.loaded_dbapi
        driver.register_adapter(datetime, moment_for_sqlite)
    else:
        event.listen(engine, "do_connect", _connect_in_time)
    _open_engines.add(engine)
    return engine


def _sqlite_arguments() -> dict[str, Any]:
    from bot.store.syncing import LogConnection  # noqa: PLC0415 - PostgreSQL can do without sqlite3

    return {"timeout": BUSY_TIMEOUT_SECONDS, "factory": LogConnection}


def _postgres_arguments(url: URL) -> dict[str, Any]:
    """Give what libpq is told. What the operator's URL says wins, and is judged by `durability_faults`."""
    ours = {name: value for name, value in _POSTGRES_ARGUMENTS.items() if name not in url.query}
    theirs = url.query.get("options", "")
    theirs = theirs if isinstance(theirs, str) else " ".join(theirs)
    return {**ours, "options": f"{_POSTGRES_OPTIONS} {theirs}".rstrip()}


def _connect_in_time(
    _dialect: Dialect, _entry: ConnectionPoolEntry, arguments: tuple[str], options: dict[str, Any]
) -> DBAPIConnection:
    """Connect to PostgreSQL by a connection that is waited for no longer than the thread may."""
    from bot.store.timed import TimedConnection  # noqa: PLC0415 - SQLite can do without psycopg

    connection: Any = TimedConnection.connect(*arguments, **options)
    return cast("DBAPIConnection", connection)


def _make_file(
    _dialect: Dialect, _entry: ConnectionPoolEntry, arguments: tuple[str], _options: dict[str, Any]
) -> None:
    """Make SQLite's file, if it is missing, for its owner alone; -wal and -shm take their mode from it."""
    path = Path(arguments[0])
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # O_EXCL: a file that is there must not be opened here. Closing it again would drop every lock that
        # this process holds on it (https://www.sqlite.org/howtocorrupt.html, 2.2).
        with suppress(FileExistsError):
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except OSError as fault:
        cure = "make its folder writable for this account or correct DATABASE_URL"
        raise StoreError(f"SQLite {path} can't be made ({fault.strerror}); {cure}") from fault


def _prepare_sqlite(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    """Set up one connection; `durability_faults` reads back what came of it.

    isolation_level None leaves BEGIN to `_begin_sqlite`, as SQLAlchemy advises before Python 3.12:
    https://docs.sqlalchemy.org/en/21/dialects/sqlite.html#sqlite-enabling-transactions
    """
    connection.isolation_level = None
    cursor = connection.cursor()
    try:
        # Asked first, because setting it takes a lock that others may hold. A file system without shared
        # memory answers with another mode and raises nothing.
        if cursor.execute("PRAGMA journal_mode").fetchone() != ("wal",):
            cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA synchronous=FULL")
        cursor.execute("PRAGMA foreign_keys=ON")
    finally:
        cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    """Begin as a writer, unless the connection was marked as only reading.

    A transaction that reads first and then wants to write fails at once if another has written in
    between, whatever the busy timeout; BEGIN IMMEDIATE waits its turn before it reads.
    """
    raw: Any = connection.connection.dbapi_connection
    options = connection.get_execution_options()
    if options.get("only_reads"):
        raw.execute(f"PRAGMA busy_timeout={left() * 1000:.0f}").close()
        connection.exec_driver_sql("BEGIN DEFERRED")
    else:
        try:
            options["queue"].begin(raw)
        except raw.OperationalError as fault:
            raise OperationalError("BEGIN IMMEDIATE", None, fault) from fault


def _let_go_of_connections() -> None:
    """Close the unused connections of each engine, just before the process forks.

    A child that used, or even closed, a connection of its parent would corrupt what both say to
    PostgreSQL, and lose the parent's locks on SQLite. A server that checks the database in its
    master and then forks workers would do just that; now each worker opens its own when it first
    needs one, and so does the master.
    """
    for engine in list(_open_engines):
        engine.dispose()


os.register_at_fork(before=_let_go_of_connections)
