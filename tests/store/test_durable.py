"""What is acknowledged is kept; who sent it is not."""

from __future__ import annotations

import hmac
import stat
import subprocess
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import event, make_url
from sqlalchemy.pool import Pool

from bot.errors import StoreError
from bot.store import Decision, open_store, upgrade
from tests.store.samples import LATER, NOW, ROUTING, SESSION, keep, seen_by, take

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from bot.core.session import Session
    from bot.store import Store

CALLER = "+447700900123"  # Ofcom keeps these numbers for drama
ACKNOWLEDGED = 200


@pytest.fixture
def checkout_pragma() -> Iterator[Callable[[str], None]]:
    """Give a way to set something on every connection behind the store's back."""
    listeners: list[Callable[..., None]] = []

    def listen(pragma: str) -> None:
        def meddle(connection: Any, *_rest: object) -> None:
            connection.execute(f"PRAGMA {pragma}")

        listeners.append(meddle)
        event.listen(Pool, "checkout", meddle)

    yield listen
    for meddle in listeners:
        event.remove(Pool, "checkout", meddle)


def test_store_is_durable_and_ready(store: Store) -> None:
    store.assert_durable()
    assert store.ready() == []


@pytest.mark.parametrize(
    ("pragma", "told"),
    [
        ("synchronous=NORMAL", "synchronous is NORMAL, but must be FULL"),
        ("synchronous=OFF", "synchronous is OFF, but must be FULL"),
        ("journal_mode=DELETE", "journal_mode is delete, but must be wal"),
    ],
)
def test_sqlite_that_would_forget_is_refused(
    sqlite_url: str, checkout_pragma: Callable[[str], None], pragma: str, told: str
) -> None:
    checkout_pragma(pragma)
    store = open_store(sqlite_url)
    with pytest.raises(StoreError, match=told):
        store.assert_durable()
    [fault] = store.ready()
    assert told in fault
    store.close()


@pytest.mark.parametrize(
    ("found", "durable"),
    [("on", True), ("remote_apply", True), ("remote_write", False), ("local", False), ("off", False)],
)
def test_postgresql_that_would_forget_is_refused(postgres_database: str, found: str, durable: bool) -> None:
    upgrade(postgres_database)
    asked = make_url(postgres_database).update_query_dict({"options": f"-c synchronous_commit={found}"})
    store = open_store(asked.render_as_string(hide_password=False))
    faults = store.ready()
    assert (faults == []) is durable
    if not durable:
        with pytest.raises(StoreError, match=f"synchronous_commit is {found}, but must be on"):
            store.assert_durable()
    store.close()


def test_sqlite_file_is_its_owners_alone(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "var"
    url = f"sqlite:///{folder}/signpost.db"
    upgrade(url)
    store = open_store(url)
    take(store, "t1", keep())
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}
    names = ("signpost.db", "signpost.db-queue", "signpost.db-shm", "signpost.db-wal")
    assert modes == dict.fromkeys(names, 0o600)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    store.close()


def test_sqlite_file_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "var").write_text("a file where the folder should be")
    store = open_store(f"sqlite:///{tmp_path}/var/signpost.db")
    [fault] = store.ready()
    assert f"SQLite {tmp_path}/var/signpost.db can't be made" in fault
    with pytest.raises(StoreError, match="correct DATABASE_URL"):
        take(store, "t1", keep())


def test_sqlite_files_hold_no_number(sqlite_url: str, tmp_path: Path) -> None:
    store = open_store(sqlite_url)
    session_id, turn_id = (
        hmac.digest(b"key", f"{kind}:{CALLER}".encode(), "sha256").hex() for kind in ("session", "turn")
    )

    def decide(_before: Session | None) -> Decision:
        return Decision("<Response/>", replace(SESSION, id=session_id, can_be_texted=True), ROUTING)

    store.take(turn_id, session_id, NOW, LATER, decide)
    files = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert session_id.encode() in files["signpost.db-wal"]
    for content in files.values():
        for form in (CALLER, CALLER[1:], CALLER[3:], "07700 900123"):
            assert form.encode() not in content
            assert form.encode("utf-16-le") not in content
    store.close()


def test_kill_loses_nothing_that_was_acknowledged(sqlite_url: str) -> None:
    command = [sys.executable, "-m", "tests.store.writer", sqlite_url]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        try:
            acknowledged = [writer.stdout.readline().strip() for _ in range(ACKNOWLEDGED)]
        finally:
            writer.kill()  # SIGKILL
        # What was printed and not yet read; the last line may have been cut short by the kill.
        acknowledged += [
            line.strip() for line in writer.stdout.read().splitlines(keepends=True) if line[-1] == "\n"
        ]
    store = open_store(sqlite_url)

    def never(_before: Session | None) -> Decision:
        raise AssertionError("an acknowledged turn was lost")

    assert len(acknowledged) >= ACKNOWLEDGED
    for name in acknowledged:
        assert store.take(name, name, NOW, LATER, never).answer == name
    stored = [routing.id for routing in store.routings()]
    assert len(stored) == len(set(stored))
    assert set(acknowledged) <= set(stored)
    assert len(stored) - len(acknowledged) <= 4  # taken, but killed before it could be said
    assert seen_by(store, "after") is None
    store.close()
