"""The tables are what the code says, and hold nothing that says who somebody is."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import TYPE_CHECKING

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, text

from bot.errors import StoreError
from bot.store import open_store, upgrade
from bot.store.address import read_address
from bot.store.engine import make_engine
from bot.store.migrate import MIGRATIONS, head_revision
from bot.store.tables import FILTERS, metadata
from tests.store.samples import ROUTING, keep, opened, seen_by, take

if TYPE_CHECKING:
    from bot.store import Store

COLUMNS = {
    "alembic_version": ["version_num"],
    "sessions": ["id", "state", "expires_at"],
    "turns": ["id", "answer", "expires_at"],
    "routings": [
        *("seq", "id", "hour", "channel", "language", "flow_revision", "directory_revision"),
        *("code_version", "chosen_by", "service", "outcome"),
        *("partner", "late", "salt", "leaf_index", "partner_seq"),
    ],
    # The carrier's ids, which say something only to whoever may look into the account; gone when done.
    "redactions": ["sid", "kind", "kept_at", "due_at", "tries", "lease"],
    "redacted": ["result", "count"],
    "rollup_hours": ["partner", "hour", *FILTERS, "count"],
    "rollup_days": ["partner", "day", *FILTERS, "count", "hours"],
    "rollup_values": ["partner", "day", "property", "value", "count", "hours"],
    "rollup_totals": ["partner", "hour", "count"],
    "assurances": [
        *("id", "partner", "service", "verdict", "words", "listing", "said_by", "said_at"),
        *("settled", "settled_by", "settled_at"),
    ],
    "outcomes": [
        *("seq", "routing_id", "hour", "outcome", "partner", "late", "salt", "leaf_index", "partner_seq"),
    ],
    "outbox": [
        *("id", "asked_at", "expires_at", "line", "service", "routing_id", "recipient", "sealed"),
        *("status", "reason", "tries", "due_at", "lease", "attempted_at", "sid"),
    ],
    "tree": ["id", "size", "alive_at", "grown_at", "tallied", "alarm"],
    "tiles": ["path", "data"],
    "sequences": ["partner", "last", "tallied"],
    "tallies": ["day", "partner", "first", "last", "count", "salt", "leaf_index"],
    "checkpoints": ["size", "root", "note", "signed_at"],
    "cosignatures": ["size", "witness", "line"],
    "accounts": [
        *("id", "email", "name", "role", "partner", "enabled", "password", "code_key", "code_step"),
        *("invitation", "invited_until", "created_at"),
    ],
    "recovery_codes": ["id", "account_id", "code", "used"],
    "logins": ["id", "account_id", "stage", "offered_key", "created_at", "expires_at"],
    "sign_in_attempts": ["id", "subject", "at", "expires_at"],
    "api_tokens": ["id", "partner", "name", "token", "hint", "created_on", "last_used_on", "revoked"],
    "accesses": ["id", "at", "account_id", "role", "what", "facts"],
    "opt_outs": ["id", "day"],
    "texters": ["block", "number", "expires_at"],
    "spent": ["line", "day", "part", "texts", "transfers", "transfer_seconds", "abroad"],
    "switches": ["name", "on", "message", "changed_at"],
    "digests": ["partner", "day", "state", "tries", "begun_at", "due_at", "reason"],
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
    assert f"has no tables yet, revision {head_revision()} is needed; run `signpost db upgrade`" in fault
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


def test_routings_from_before_the_ledger_are_kept_and_enter_it_late(database_url: str) -> None:
    migrate(database_url, "0001")
    before = {**asdict(ROUTING), "hour": ROUTING.hour.replace(tzinfo=None)}
    del before["partner"], before["late"]
    names = ", ".join(before)
    with opened(database_url) as connection:
        values = ", ".join(f":{name}" for name in before)
        connection.execute(text(f"INSERT INTO routings ({names}) VALUES ({values})"), before)  # noqa: S608 - names of columns
    upgrade(database_url)
    store = open_store(database_url)
    assert list(store.routings()) == [replace(ROUTING, late=True)]
    take(store, "t1", keep(routing=replace(ROUTING, id="r2")))
    assert not next(store.routings()).late
    store.close()


def migrate(database_url: str, revision: str) -> None:
    """Bring an empty database to an older revision."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    url = read_address(database_url)
    engine = make_engine(url, pool_size=1, pool_timeout_seconds=1)
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
    engine.dispose()
