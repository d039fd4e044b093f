"""Processes that write to one SQLite file take turns: none waits long while another comes back at once."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
import time
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.store import open_store, upgrade
from bot.store.patience import within
from bot.store.queueing import SUFFIX, Queue

BUSY_SECONDS = 2.0
HELD_SECONDS = 0.004  # what a batch of turns takes
PROCESSES = 3
WRITER = """
import json, sqlite3, sys, time
from bot.store.queueing import Queue

path, held, seconds = sys.argv[1], float(sys.argv[2]), float(sys.argv[3])
connection = sqlite3.connect(path, isolation_level=None)
queue, waits = Queue(path), []
print("ready", flush=True)
sys.stdin.readline()
until = time.monotonic() + seconds
while time.monotonic() < until:
    began = time.perf_counter()
    queue.begin(connection)
    waits.append(time.perf_counter() - began)
    time.sleep(held)
    connection.execute("UPDATE counted SET many = many + 1")
    connection.execute("COMMIT")
print(json.dumps(waits))
"""


@pytest.fixture
def database(tmp_path: Path) -> str:
    """A database that counts how often it was written to."""
    path = str(tmp_path / "database")
    connection = opened(path)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("CREATE TABLE counted (many INTEGER)")
    connection.execute("INSERT INTO counted VALUES (0)")
    connection.close()
    return path


def opened(path: str) -> sqlite3.Connection:
    """A connection that begins when it is told to."""
    return sqlite3.connect(path, isolation_level=None)


def writer(database: str, held_seconds: float, seconds: float) -> subprocess.Popen[str]:
    """A process that is ready to write again and again, for so long."""
    command = [sys.executable, "-c", WRITER, database, str(held_seconds), str(seconds)]
    started = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert started.stdout
    assert started.stdout.readline() == "ready\n"
    return started


def begin(ready: subprocess.Popen[str]) -> None:
    """Let it begin."""
    assert ready.stdin
    ready.stdin.write("\n")
    ready.stdin.flush()


def test_busy_processes_get_their_share_and_none_waits_long(database: str) -> None:
    writers = [writer(database, HELD_SECONDS, BUSY_SECONDS) for _ in range(PROCESSES)]
    for one in writers:
        begin(one)
    told = [one.communicate(timeout=30)[0] for one in writers]
    assert [one.returncode for one in writers] == [0] * PROCESSES
    waits: list[list[float]] = [json.loads(line) for line in told]
    connection = opened(database)
    assert connection.execute("SELECT many FROM counted").fetchone() == (sum(map(len, waits)),)
    connection.close()
    assert min(map(len, waits)) > max(map(len, waits)) / 3
    assert max(max(each) for each in waits) < BUSY_SECONDS / 2


def test_whoever_may_not_wait_longer_is_told_so(database: str) -> None:
    other, mine = opened(database), opened(database)
    other.execute("BEGIN IMMEDIATE")
    began = time.monotonic()
    with within(0.2), pytest.raises(sqlite3.OperationalError, match="locked"):
        Queue(database).begin(mine)
    assert 0.2 <= time.monotonic() - began < 1
    other.execute("ROLLBACK")
    queue = Queue(database)
    queue.begin(mine)
    mine.execute("COMMIT")
    for connection in (other, mine):
        connection.close()


def test_one_that_is_killed_while_it_is_next_leaves_its_place(database: str) -> None:
    other, mine = opened(database), opened(database)
    other.execute("BEGIN IMMEDIATE")
    with writer(database, 0, 60) as killed:
        begin(killed)
        time.sleep(0.5)
        with within(0.1), pytest.raises(sqlite3.OperationalError):
            Queue(database).begin(mine)
        killed.kill()
    other.execute("ROLLBACK")
    with within(1):
        Queue(database).begin(mine)
    for connection in (other, mine):
        connection.close()


def test_without_a_file_of_its_own_it_waits_all_the_same(database: str) -> None:
    Path(database + SUFFIX).mkdir()
    other, mine = opened(database), opened(database)
    queue = Queue(database)
    queue.begin(mine)
    with within(0.05), pytest.raises(sqlite3.OperationalError, match="locked"):
        Queue(database).begin(other)
    mine.execute("COMMIT")
    queue.begin(other)
    for connection in (other, mine):
        connection.close()


def test_a_closed_store_leaves_no_file_open(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/signpost.db"
    upgrade(url)
    store = open_store(url)
    store.purge(datetime.now(UTC))
    queue = tmp_path / f"signpost.db{SUFFIX}"
    assert is_open(queue)
    store.close()
    assert not is_open(queue)


def is_open(path: Path) -> bool:
    """Whether this process has a file open."""
    there = path.stat().st_ino
    for number in list(Path("/dev/fd").iterdir()):
        with suppress(OSError):  # the one that lists them
            if os.fstat(int(number.name)).st_ino == there:
                return True
    return False
