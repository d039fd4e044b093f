"""Bring a database's tables to the newest revision. There is no way back but a backup."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import text

from bot.errors import StoreError
from bot.store.address import describe, faults_told, read_address
from bot.store.engine import make_engine
from bot.store.patience import within

if TYPE_CHECKING:
    from sqlalchemy import Connection

MIGRATIONS = Path(__file__).parent / "migrations"
UPGRADE = "run `signpost db upgrade`"
LOCK_TIMEOUT_SECONDS = 10
UPGRADE_SECONDS = 24 * 60 * 60  # an index on a big table takes as long as it takes
# Any number that is no session's lock will do; this one is "signpost" in ASCII.
_UPGRADE_LOCK = int.from_bytes(b"signpost", "big")


def head_revision() -> str:
    """Name the newest revision: its file's number, as 0001.

    Alembic would say the same, but loading it takes half a second, and a health check asks this.
    """
    return max(path.name[:4] for path in (MIGRATIONS / "versions").glob("[0-9]*.py"))


def upgrade(database_url: str) -> None:
    """Run every migration that the database lacks, in one transaction: all of them or none.

    Several processes may do this at the same time; the later ones wait and find nothing to do.

    Raises:
        StoreError: it can't be reached, or belongs to a newer release.
    """
    # Only this command needs it, and each start of any other would pay for it.
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415
    from alembic.util import CommandError  # noqa: PLC0415

    url = read_address(database_url)
    config = Config()
    # A percent sign begins a placeholder in Alembic's settings.
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    engine = make_engine(url, pool_size=1, pool_timeout_seconds=LOCK_TIMEOUT_SECONDS)
    try:
        with (
            within(UPGRADE_SECONDS),
            faults_told(url, "nothing was upgraded"),
            engine.begin() as connection,
        ):
            _wait_for_other_upgrades(connection)
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    except CommandError as fault:
        cure = "run the newer release that migrated it, or restore a backup"
        raise StoreError(f"{describe(url)}: nothing was upgraded ({fault}); {cure}") from fault
    finally:
        engine.dispose()


def _wait_for_other_upgrades(connection: Connection) -> None:
    """Let one upgrade through at a time; on SQLite the transaction itself has done that."""
    if connection.dialect.name == "postgresql":
        # An index on a big table, or another's upgrade, may take longer than a turn ever should.
        connection.execute(text("SET LOCAL statement_timeout = 0"))
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _UPGRADE_LOCK})
        # A change that waits for a table makes everybody behind it wait too, so it gives up after a while.
        connection.execute(text(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT_SECONDS}s'"))
