"""`signpost rollups`: drift is found, named, and mended."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner
from sqlalchemy import update

from bot.cli import signpost
from bot.cli.rollups import rollups_group
from bot.errors import StoreError
from bot.store import open_store, patience, upgrade
from bot.store.portal_tables import rollup_values
from tests.store.ledgered import keep_rows, made_up

if TYPE_CHECKING:
    from pathlib import Path


def test_drift_is_named_and_mended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    url = f"sqlite:///{tmp_path}/line.db"
    monkeypatch.setenv("DATABASE_URL", url)
    upgrade(url)
    store = open_store(url)
    keep_rows(store, made_up(200))
    run = CliRunner().invoke
    assert "Every count is what the routings say." in run(rollups_group, ["check"]).output
    with store.writing("drift") as connection:
        drifted = update(rollup_values).where(rollup_values.c.value == "pl").values(count=0)
        connection.execute(drifted)
    found = run(rollups_group, ["check"])
    assert isinstance(found.exception, StoreError)
    assert "the counts of 2026-11-21 00:00" in str(found.exception)
    assert "run `signpost rollups rebuild`" in str(found.exception)
    assert run(rollups_group, ["rebuild"]).output == "67 hours counted.\n"
    assert run(rollups_group, ["check"]).exit_code == 0
    store.close()


def test_commands_on_the_whole_record_are_not_cut_short(
    postgres_database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    upgrade(postgres_database)
    for name, value in {
        "DATABASE_URL": postgres_database,
        "LEDGER_KEYS": str(tmp_path / "key"),
        "LEDGER_GUARD_PATH": str(tmp_path / "guard"),
    }.items():
        monkeypatch.setenv(name, value)
    run = CliRunner().invoke
    assert run(signpost, ["log", "keygen", "localhost/log", str(tmp_path / "key")]).exit_code == 0
    # A statement over millions of rows takes longer than anything that a turn may wait for.
    monkeypatch.setattr(patience, "STATEMENT_SECONDS", 0.0)
    for arguments in (
        ["demo", "seed", "--routings", "300"],
        ["rollups", "check"],
        ["rollups", "rebuild"],
    ):
        done = run(signpost, arguments)
        assert done.exit_code == 0, f"{done.output}{done.exception!r}"
