"""Nobody waits for the database longer than a turn may, whatever it does."""

from __future__ import annotations

import os
import signal
import socket
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import make_url

from bot.errors import StoreError
from bot.store import open_store, upgrade
from bot.store.patience import STATEMENT_SECONDS, TURN_SECONDS, left, within
from tests.postgres import run_postgres
from tests.store.samples import count_turn, take

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.store import Store

SLACK_SECONDS = 0.7  # a busy machine, and psycopg looks up every 0.1 s


@contextmanager
def given_up_in_time() -> Iterator[None]:
    """Make sure that what is done in here fails, after as long as a turn waits and not much later."""
    began = monotonic()
    with pytest.raises(StoreError):
        yield
    assert TURN_SECONDS * 0.9 < monotonic() - began < TURN_SECONDS + SLACK_SECONDS


def processes_of(server_folder: Path) -> list[int]:
    """Find a PostgreSQL server's processes by the folder that holds its data."""
    leader = int((server_folder / "data" / "postmaster.pid").read_text().split()[0])
    children = Path(f"/proc/{leader}/task/{leader}/children").read_text().split()
    return [leader, *map(int, children)]


def test_time_within_a_shorter_time_is_the_shorter_one() -> None:
    assert left() == STATEMENT_SECONDS
    with within(1):
        assert 0.5 < left() <= 1
        with within(60):
            assert left() <= 1
        with within(0):
            assert left() == 0
    assert left() == STATEMENT_SECONDS


def test_time_is_each_threads_own() -> None:
    with within(0), ThreadPoolExecutor(1) as other:
        assert other.submit(left).result() == STATEMENT_SECONDS


def test_sqlite_that_another_program_holds_is_given_up(sqlite_url: str, tmp_path: Path) -> None:
    store = open_store(sqlite_url)
    take(store, "before", count_turn)
    other = sqlite3.connect(tmp_path / "signpost.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with given_up_in_time():
        take(store, "meanwhile", count_turn)
    other.rollback()
    other.close()
    assert take(store, "after", count_turn).answer == "turn 2"
    store.close()


def test_threads_before_sqlite_wait_together_no_longer_than_one_turn_may(
    sqlite_url: str, tmp_path: Path
) -> None:
    store = open_store(sqlite_url)
    take(store, "before", count_turn)
    other = sqlite3.connect(tmp_path / "signpost.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    def give_up(number: int) -> float:
        began = monotonic()
        with pytest.raises(StoreError):
            take(store, str(number), count_turn)
        return monotonic() - began

    with ThreadPoolExecutor(4) as threads:
        waited = list(threads.map(give_up, range(4)))
    assert max(waited) < TURN_SECONDS + SLACK_SECONDS
    other.rollback()
    other.close()
    store.close()


def test_postgresql_that_stands_still_is_given_up_and_used_again() -> None:
    with run_postgres() as server, server.database("still") as url:
        upgrade(url)
        store = open_store(url)
        take(store, "before", count_turn)
        stopped = processes_of(server.socket_folder)
        for process in stopped:
            os.kill(process, signal.SIGSTOP)
        try:
            with given_up_in_time():  # on the connection that there was
                take(store, "meanwhile", count_turn)
            with given_up_in_time():  # on a new one
                take(store, "meanwhile too", count_turn)
            began = monotonic()
            [fault] = store.ready()
            assert "can't be reached" in fault
            assert monotonic() - began < TURN_SECONDS + SLACK_SECONDS
        finally:
            for process in stopped:
                os.kill(process, signal.SIGCONT)
        assert take(store, "after", count_turn).answer.startswith("turn ")
        store.close()


def test_turn_that_waits_for_another_of_its_session_is_given_up(postgres_database: str) -> None:
    upgrade(postgres_database)
    mine, holder = open_store(postgres_database), open_store(postgres_database)
    take(mine, "before", count_turn)
    with holder.writing("nothing") as connection:
        connection.exec_driver_sql("LOCK TABLE sessions IN ACCESS EXCLUSIVE MODE")
        with given_up_in_time():
            take(mine, "meanwhile", count_turn)
    assert take(mine, "after", count_turn).answer == "turn 2"
    close(mine, holder)


def test_address_that_takes_connections_and_says_nothing_is_given_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        url = make_url(f"postgresql+psycopg://nobody@127.0.0.1:{port}/nothing?sslmode=disable")
        store = open_store(url.render_as_string())
        with given_up_in_time():
            take(store, "never", count_turn)
        store.close()


def close(*stores: Store) -> None:
    """Close them."""
    for store in stores:
        store.close()
