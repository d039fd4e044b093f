"""The database stands still, is stopped, is locked or is full: people are answered and nothing is lost."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from resource import RLIM_INFINITY, RLIMIT_FSIZE, prlimit

import pytest

from bot.carrier import Account, Call, Line, Outcome
from bot.store import Journal, open_store, upgrade
from tests import postgres
from tests.faults.crowd import Crowd, crowd
from tests.faults.record import in_the_log
from tests.faults.running import RunningLine, Way, children, running
from tests.line import ASSURED_CALLS, ORIGIN, TOKEN
from tests.required import lack
from tests.test_metrics import value

BEFORE_SECONDS, AFTER_SECONDS = 1.0, 7.0  # the circuit closes within five seconds
DISK_BYTES = 12 * 1024 * 1024
ROOM_BYTES = 4 * 1024  # less than any turn writes: one that fitted in would close the circuit for a moment

Stop = Callable[[], None]


class OwnServer:
    """A PostgreSQL that the test may halt, go on with, end and start again."""

    def __init__(self, programs: Path, folder: Path) -> None:
        """Start it."""
        self._programs, self._folder = programs, folder
        self.server, self.process = postgres.start_server(programs, folder)
        with self.server.connect() as connection:
            connection.execute("CREATE DATABASE line TEMPLATE template0")
        self.url = self.server.url("line")

    def halt(self) -> None:
        """Stop every process of it where it stands."""
        for pid in [*children(self.process.pid), self.process.pid]:
            os.kill(pid, signal.SIGSTOP)

    def go_on(self) -> None:
        """Let them go on."""
        for pid in [self.process.pid, *children(self.process.pid)]:
            os.kill(pid, signal.SIGCONT)

    def end(self) -> None:
        """Shut it down. SIGTERM waits for whoever is connected, and SIGINT does not."""
        self.process.send_signal(signal.SIGTERM)
        time.sleep(0.3)
        self.process.send_signal(signal.SIGINT)
        self.process.wait(30)

    def start_again(self) -> None:
        """Start it on the data that it had."""
        self.server, self.process = postgres.start_server(self._programs, self._folder)


@pytest.fixture
def own_server() -> Iterator[OwnServer]:
    """A PostgreSQL of this test's own, migrated."""
    programs = postgres.program_folders()
    if not programs:
        lack("postgres", "no initdb and postgres found")
    with tempfile.TemporaryDirectory(prefix="signpost-pg-", dir="/tmp") as folder:
        server = OwnServer(programs[0], Path(folder))
        try:
            upgrade(server.url)
            yield server
        finally:
            if server.process.poll() is None:
                server.go_on()
                postgres.stop_server(server.process)


@contextmanager
def used_meanwhile(line: RunningLine, stop: Stop, go_on: Stop, seconds: float) -> Iterator[Crowd]:
    """Have people on the line before, while and after the database is away; give them, once it is away."""
    with crowd(line.port) as people:
        time.sleep(BEFORE_SECONDS)
        stop()
        try:
            time.sleep(seconds)
            yield people
        finally:
            go_on()
        time.sleep(AFTER_SECONDS)


def was_shown(line: RunningLine) -> None:
    """Make sure that the operator is told."""
    status, ready = line.get("/readyz")
    assert status == 503
    assert "the next turn tries it" in ready
    counts = line.get("/metrics")[1]
    assert value(counts, "signpost_store_circuit") == 1
    assert value(counts, "signpost_up") == 0


def came_back(line: RunningLine, people: Crowd) -> None:
    """Make sure that nobody met silence, that the way back was found, and that all is on record once."""
    status, ready = line.get("/readyz")
    assert status == 200, ready
    counts = line.get("/metrics")[1]
    assert value(counts, "signpost_store_circuit") == 0
    assert value(counts, "signpost_routings_journalled_total") > 0
    assert value(counts, "signpost_routings_lost_total") == 0
    assert value(counts, "signpost_webhooks_failed_total") == 0
    line.stop()
    people.were_all_answered()
    assert in_the_log(line) == people.told


@pytest.mark.parametrize("how", ["standing still", "shut down"])
def test_postgresql_is_away(tmp_path: Path, own_server: OwnServer, how: str, fault_seconds: float) -> None:
    stop, go_on = {
        "standing still": (own_server.halt, own_server.go_on),
        "shut down": (own_server.end, own_server.start_again),
    }[how]
    with running(tmp_path, own_server.url) as line:
        with used_meanwhile(line, stop, go_on, fault_seconds) as people:
            was_shown(line)
        came_back(line, people)


def test_sqlite_is_locked_by_another_program(tmp_path: Path, fault_seconds: float) -> None:
    url = f"sqlite:///{tmp_path}/signpost.db"
    upgrade(url)
    other = sqlite3.connect(tmp_path / "signpost.db", isolation_level=None)
    with running(tmp_path, url) as line:
        with used_meanwhile(
            line, lambda: other.execute("BEGIN IMMEDIATE").close(), other.rollback, fault_seconds
        ) as people:
            assert value(line.get("/metrics")[1], "signpost_store_circuit") == 1
        came_back(line, people)
    other.close()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of a few megabytes."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount, unmount = shutil.which("mount"), shutil.which("umount")
    command = [str(mount), "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "tmpfs", str(folder)]
    if not mount or subprocess.run(command, check=False, capture_output=True).returncode:
        lack("mount", "a small file system can be made by root alone")
    yield folder
    subprocess.run([str(unmount), str(folder)], check=True)


class Reader:
    """Reads what is in SQLite's log at a moment, so that it can only grow while this goes on.

    Otherwise it begins anew at its front every thousand pages, and wants no more room than it has.
    """

    def __init__(self, database: Path) -> None:
        self.connection = sqlite3.connect(database, isolation_level=None)

    def begin(self) -> None:
        """Read."""
        self.connection.execute("BEGIN")
        self.connection.execute("SELECT count(*) FROM turns").fetchone()

    def end(self) -> None:
        """Let it begin anew."""
        self.connection.execute("ROLLBACK")

    def close(self) -> None:
        """Close the connection."""
        self.connection.close()


def test_disk_is_full(tmp_path: Path, small_disk: Path, fault_seconds: float) -> None:
    url = f"sqlite:///{small_disk}/signpost.db"
    upgrade(url)
    filler = small_disk / "filler"

    def fill() -> None:
        reader.begin()
        free = shutil.disk_usage(small_disk).free
        with filler.open("wb", buffering=0) as file:
            file.write(bytes(max(0, free - ROOM_BYTES)))

    def empty() -> None:
        filler.unlink()
        reader.end()

    with running(tmp_path, url) as line, closing(Reader(small_disk / "signpost.db")) as reader:
        with used_meanwhile(line, fill, empty, fault_seconds) as people:
            assert value(line.get("/metrics")[1], "signpost_store_circuit") == 1
        came_back(line, people)


def test_file_may_not_grow(tmp_path: Path, fault_seconds: float) -> None:
    url = f"sqlite:///{tmp_path}/signpost.db"
    upgrade(url)
    with running(tmp_path, url) as line, closing(Reader(tmp_path / "signpost.db")) as reader:

        def limit(size: int) -> None:
            for pid in line.worker_pids():
                prlimit(pid, RLIMIT_FSIZE, (size, RLIM_INFINITY))

        def fill() -> None:
            reader.begin()
            limit((tmp_path / "signpost.db-wal").stat().st_size + ROOM_BYTES)

        def free() -> None:
            limit(RLIM_INFINITY)
            reader.end()

        with used_meanwhile(line, fill, free, fault_seconds) as people:
            assert value(line.get("/metrics")[1], "signpost_store_circuit") == 1
        came_back(line, people)


def test_line_is_killed_and_started_again_while_the_database_is_away(
    tmp_path: Path, own_server: OwnServer
) -> None:
    with running(tmp_path, own_server.url) as line:
        with crowd(line.port) as before:
            time.sleep(BEFORE_SECONDS)
            own_server.end()
            time.sleep(2)
        line.stop(signal.SIGKILL)
        line.start()
        with crowd(line.port, people=3, name="after") as after:
            time.sleep(2)
            own_server.start_again()
            time.sleep(AFTER_SECONDS)
        line.stop()
        for people in (before, after):
            people.were_all_answered()
        assert in_the_log(line) == before.told + after.told


def called(line: RunningLine) -> Call:
    """Somebody is put through, and the other end's telephone rings until it is told."""
    account = Account(TOKEN, numbers=frozenset({ASSURED_CALLS}))
    calls = Line(
        number=ASSURED_CALLS,
        voice_url=f"{ORIGIN}/twilio/voice",
        voice_status_url=f"{ORIGIN}/twilio/status/call",
    )
    call = Call(Way(line.port), account, calls, "+447700900777", lambda _: None)
    call.start()
    for key in ("2", "1"):
        call.press(key)
    call.wait()
    assert call.ringing
    return call


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Another program writes to SQLite, and does not stop."""
    with closing(sqlite3.connect(folder / "signpost.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE").close()
        yield


@contextmanager
def halted(server: OwnServer) -> Iterator[None]:
    """PostgreSQL stands still."""
    server.halt()
    try:
        yield
    finally:
        server.go_on()


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_transfer_from_before_ends_while_the_database_is_away(
    tmp_path: Path, kind: str, request: pytest.FixtureRequest
) -> None:
    if kind == "sqlite":
        url, away = f"sqlite:///{tmp_path}/signpost.db", partial(locked, tmp_path)
        upgrade(url)
    else:
        server: OwnServer = request.getfixturevalue("own_server")
        url, away = server.url, partial(halted, server)
    with running(tmp_path, url) as line:
        call = called(line)
        with away():
            call.finish_dial(Outcome("completed"))
        call.hang_up()
        assert not call.errors
        line.stop()
        journal = Journal(line.journal)
        store = open_store(url)
        waited = journal.waiting()
        journal.drain(store.keep_late)
        [routing] = store.routings()
        store.close()
    assert waited == 1
    assert (routing.service, routing.outcome, routing.late) == ("crimestoppers", "connected", False)
