"""Whether a database is migrated, and as durable as each answer promises."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import inspect, text

from bot.store.address import describe
from bot.store.migrate import UPGRADE, head_revision

if TYPE_CHECKING:
    from sqlalchemy import Connection

# https://www.sqlite.org/pragma.html#pragma_synchronous: in WAL mode NORMAL (1) may lose the last commits
# when the power fails; FULL (2) and EXTRA (3) do not.
_SQLITE_SYNCHRONOUS = {0: "OFF", 1: "NORMAL", 2: "FULL", 3: "EXTRA"}
_SQLITE_DURABLE = frozenset({2, 3})
# https://www.postgresql.org/docs/current/runtime-config-wal.html: "off" may lose commits when the server
# fails; "local" and "remote_write" when a synchronous standby takes over that need not have them on disk.
_POSTGRES_DURABLE = frozenset({"on", "remote_apply"})


def migration_faults(connection: Connection) -> list[str]:
    """Compare the database's revision with the newest that this release has. [] when they are the same."""
    name, needed = describe(connection.engine.url), head_revision()
    if not inspect(connection).has_table("alembic_version"):
        return [f"{name} has no tables yet, revision {needed} is needed; {UPGRADE}"]
    rows = connection.execute(text("SELECT version_num FROM alembic_version ORDER BY version_num"))
    found = ", ".join(rows.scalars()) or "none"
    if found == needed:
        return []
    if found > needed and found[0].isdigit():
        return [f"{name} is at revision {found}, newer than this release's {needed}; run the newer release"]
    return [f"{name} is at revision {found}, revision {needed} is needed; {UPGRADE}"]


def durability_faults(connection: Connection) -> list[str]:
    """Read back, on this connection, what a commit waits for. [] when it is enough."""
    name = describe(connection.engine.url)
    if connection.dialect.name == "sqlite":
        return _sqlite_faults(connection, name)
    found = connection.execute(text("SHOW synchronous_commit")).scalar_one()
    if found in _POSTGRES_DURABLE:
        return []
    cure = "remove it from the options in DATABASE_URL and from the role's settings"
    return [f"{name}: synchronous_commit is {found}, but must be on or remote_apply; {cure}"]


def _sqlite_faults(connection: Connection, name: str) -> list[str]:
    """Read back the journal's mode and how a commit is synchronised."""
    faults = []
    mode = connection.exec_driver_sql("PRAGMA journal_mode").scalar_one()
    if mode != "wal":
        cure = "move the file to a local disk, since file systems over a network can't do it"
        faults.append(f"{name}: journal_mode is {mode}, but must be wal; {cure}")
    level = connection.exec_driver_sql("PRAGMA synchronous").scalar_one()
    if level not in _SQLITE_DURABLE:
        found = _SQLITE_SYNCHRONOUS.get(level, level)
        cure = "restart Signpost and let nothing else set it on its connections"
        faults.append(f"{name}: synchronous is {found}, but must be FULL; {cure}")
    return faults
