"""Read a database's address, and speak of it and of its faults without its password."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError, StatementError

from bot.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator

_FORMS = "sqlite:///var/signpost.db or postgresql://user:password@host/name"
_DRIVERS = {
    "sqlite": "sqlite",
    "sqlite+pysqlite": "sqlite",
    "postgresql": "postgresql+psycopg",
    "postgresql+psycopg": "postgresql+psycopg",
    "postgres": "postgresql+psycopg",  # what several hosting companies write
}


def read_address(database_url: str) -> URL:
    """Read `sqlite:///path` or `postgresql://...`; PostgreSQL is always spoken to through psycopg 3.

    Raises:
        StoreError: it is no address, or of another database, or of one that lives in memory.
    """
    try:
        url = make_url(database_url)
    except (ArgumentError, ValueError):
        # Not quoted, not even as the cause: what can't be parsed may hold the password anywhere.
        raise StoreError(f"the database URL can't be read; write {_FORMS}") from None
    driver = _DRIVERS.get(url.drivername)
    if driver is None:
        raise StoreError(f"the database URL begins with {url.drivername}; write {_FORMS}")
    if driver == "sqlite" and (url.query or url.database in (None, "", ":memory:")):
        raise StoreError(f"the database URL names no plain SQLite file; write {_FORMS}")
    return url.set(drivername=driver)


def sqlite_path(database_url: str) -> Path | None:
    """Give the file of a SQLite database; None for another, or where the address can't be read."""
    try:
        url = read_address(database_url)
    except StoreError:
        return None
    return Path(url.database or "") if url.get_backend_name() == "sqlite" else None


def describe(url: URL) -> str:
    """Name a database for the operator: never with user or password."""
    if url.get_backend_name() == "sqlite":
        return f"SQLite {Path(url.database or '').absolute()}"
    host = url.host or url.query.get("host", "local socket")
    port = f":{url.port}" if url.port else ""
    return f"PostgreSQL {host}{port}/{url.database or ''}"


def reason(fault: Exception, url: URL) -> str:
    """Say in one line what the database, or SQLAlchemy, said.

    The lines after the first are left out: PostgreSQL puts the values of the row there.
    """
    said = str(fault.orig if isinstance(fault, StatementError) else fault).partition("\n")[0]
    said = said.partition(" (Background on this error")[0].strip().rstrip(".:")
    return said.replace(url.password, "***") if url.password else said


@contextmanager
def faults_told(url: URL, lost: str) -> Iterator[None]:
    """Turn what SQLAlchemy raises into a StoreError that says what was `lost` by it."""
    try:
        yield
    except SQLAlchemyError as fault:
        raise told(fault, url, lost) from fault


def told(fault: Exception, url: URL, lost: str) -> StoreError:
    """Make of a fault what the operator is told."""
    cure = "GET /readyz says what is wrong with it"
    return StoreError(f"{describe(url)}: {lost} ({reason(fault, url)}); {cure}")
