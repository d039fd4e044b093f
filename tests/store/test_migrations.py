"""The tables are what the code says, and hold nothing that says who somebody is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, text

from bot.errors import StoreError
from bot.store import open_store, upgrade
from bot.store.migrate import MIGRATIONS, head_revision
from bot.store.tables import metadata
from tests.store.samples import keep, opened, seen_by, take

if TYPE_CHECKING:
    from bot.store import Store

COLUMNS = {
    "alembic_version": ["version_num"],
    "sessions": ["id", "state", "expires_at"],
    "turns": ["id", "answer", "expires_at"],
    "routings": [
        *("seq", "id", "hour", "channel", "language", "flow_revision", "directory_revision"),
        *("code_version", "chosen_by", "service", "outcome"),
    ],
}


@pytest.mark.usefixtures("store")
def test_tables_have_exactly_these_columns(database_url: str) -> None:
    # Before adding one here: could it, alone or beside another, say who somebody is?
    with opened(database_url) as connection:
        schema = inspect(connection)
        found = {
            table: [column["name"] for column in schema.get_columns(table)]
            for table in schema.get_table_names()
        }
    assert found == COLUMNS


@pytest.mark.usefixtures("store")
def test_migrations_make_the_tables_that_the_code_uses(database_url: str) -> None:
    with opened(database_url) as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_newest_revision_is_the_one_alembic_finds() -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("path_separator", "os")
    assert ScriptDirectory.from_config(config).get_heads() == [head_revision()]


def test_upgrade_keeps_what_is_there(store: Store, database_url: str) -> None:
    take(store, "t1", keep())
    upgrade(database_url)
    assert seen_by(store, "t2") is not None


def test_missing_migrations_are_told(database_url: str) -> None:
    store = open_store(database_url)
    [fault] = store.ready()
    assert "has no tables yet, revision 0001 is needed; run `signpost db upgrade`" in fault
    with pytest.raises(StoreError, match="the turn is not stored"):
        take(store, "t1", keep())
    store.close()


@pytest.mark.parametrize(
    ("found", "told"), [("0000", "run `signpost db upgrade`"), ("9999", "newer release")]
)
def test_other_revisions_are_told(store: Store, database_url: str, found: str, told: str) -> None:
    with opened(database_url) as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = :found"), {"found": found})
    [fault] = store.ready()
    assert f"at revision {found}" in fault
    assert told in fault


def test_upgrade_leaves_a_newer_database_alone(store: Store, database_url: str) -> None:
    with opened(database_url) as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StoreError, match=r"nothing was upgraded .*9999.*; run the newer release"):
        upgrade(database_url)
    assert take(store, "t1", keep()).answer == "<Response/>"
