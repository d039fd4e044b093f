"""Others write while a turn waits for the disk, and nobody hears of it before it is there."""

from __future__ import annotations

import errno
import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from bot.errors import StoreError
from bot.store import Decision, open_store, syncing
from tests.store.samples import LATER, NOW, SESSION, count_turn, keep, take

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bot.core.session import Session
    from bot.store import Store


@pytest.fixture
def path(sqlite_url: str) -> Path:
    """Where the database is."""
    return Path(sqlite_url.removeprefix("sqlite:///"))


@pytest.fixture
def sqlite_store(sqlite_url: str) -> Iterator[Store]:
    """A store on SQLite."""
    with closing(open_store(sqlite_url)) as store:
        yield store


@pytest.fixture
def at_sync(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[int], None]], None]:
    """Give a way to do something in place of waiting for the log."""

    def instead(do: Callable[[int], None]) -> None:
        monkeypatch.setattr(syncing, "sync_data", do)

    return instead


def fail(_file: int) -> None:
    """Fail as a disk does."""
    raise OSError(errno.EIO, "Input/output error")


def turns_in(path: Path, *, more: str = "") -> list[str]:
    """The turns that anybody sees, in a database by its file; `more` is done first."""
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        if more:
            other.execute(more)
        return [name for (name,) in other.execute("SELECT id FROM turns ORDER BY id")]


def test_others_write_while_a_turn_waits_for_the_disk(
    sqlite_store: Store, path: Path, at_sync: Callable[[Any], None]
) -> None:
    seen: list[list[str]] = []

    def look(file: int) -> None:
        assert Path(f"/proc/self/fd/{file}").readlink() == Path(f"{path}-wal")
        seen.append(turns_in(path, more="UPDATE turns SET answer = answer"))
        os.fdatasync(file)

    at_sync(look)
    take(sqlite_store, "t1", keep())
    assert seen == [["t1"]]


def test_a_turn_whose_log_is_not_on_disk_is_not_acknowledged(
    sqlite_store: Store, at_sync: Callable[[Any], None]
) -> None:
    at_sync(fail)
    with pytest.raises(StoreError, match=r"the turn may not be stored \(.*Input/output error\)"):
        take(sqlite_store, "t1", keep())


def test_a_turn_that_was_answered_before_waits_for_the_disk_too(
    sqlite_store: Store, at_sync: Callable[[Any], None]
) -> None:
    take(sqlite_store, "t1", keep())
    synced: list[int] = []
    at_sync(synced.append)
    assert take(sqlite_store, "t1", keep()).replayed
    assert len(synced) == 1


def test_no_turn_builds_on_one_that_may_be_lost(
    sqlite_store: Store, path: Path, at_sync: Callable[[Any], None]
) -> None:
    take(sqlite_store, "t0", keep())
    at_sync(fail)
    with pytest.raises(StoreError):
        take(sqlite_store, "t1", count_turn)
    at_sync(os.fdatasync)
    reader = sqlite3.connect(path, isolation_level=None)
    reader.execute("BEGIN")
    assert reader.execute("SELECT count(*) FROM turns").fetchone() == (2,)
    # Whoever reads the log keeps it where it is.
    with pytest.raises(StoreError, match="earlier ones may not be on disk"):
        take(sqlite_store, "t2", count_turn)
    reader.close()
    take(sqlite_store, "t2", count_turn)
    # What was in doubt is in the database's own file.
    assert turns_in(Path(shutil.copy(path, path.with_name("copy.db")))) == ["t0", "t1"]


def test_what_others_wrote_meanwhile_is_seen(sqlite_store: Store, path: Path) -> None:
    other = open_store(f"sqlite:///{path}")
    decided: list[Session | None] = []

    def decide(before: Session | None) -> Decision:
        decided.append(before)
        if len(decided) == 1:
            take(other, "theirs", keep())
        return count_turn(before)

    assert sqlite_store.take("mine", SESSION.id, NOW, LATER, decide).answer == f"turn {SESSION.turns + 1}"
    assert decided == [None, SESSION]
    other.close()


def test_a_turn_that_others_took_meanwhile_is_answered_as_they_did(sqlite_store: Store, path: Path) -> None:
    other = open_store(f"sqlite:///{path}")

    def decide(before: Session | None) -> Decision:
        take(other, "t1", lambda _: Decision("theirs", SESSION))
        return count_turn(before)

    taken = sqlite_store.take("t1", SESSION.id, NOW, LATER, decide)
    assert (taken.answer, taken.replayed) == ("theirs", True)
    other.close()


def test_what_the_journal_brings_again_is_waited_for(
    sqlite_store: Store, at_sync: Callable[[Any], None]
) -> None:
    take(sqlite_store, "t1", keep())
    entry = {
        "turn": "t1",
        "answer": "",
        "expires_at": LATER.isoformat(),
        "routing": "",
        "hour": NOW.isoformat(),
    }
    at_sync(fail)
    with pytest.raises(StoreError, match="what waited in the journal is not stored"):
        sqlite_store.keep_late([entry])
    at_sync(os.fdatasync)
    assert sqlite_store.keep_late([entry]) == []
