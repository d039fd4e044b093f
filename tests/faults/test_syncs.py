"""What is answered is on disk: the line and PostgreSQL are watched by strace while people are answered."""

from __future__ import annotations

import socket
import time
from dataclasses import dataclass
from pathlib import Path
from threading import Barrier, Thread
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

import pytest

from bot.keyed import keyed
from bot.store import upgrade
from tests.bench.requests import TOGETHER, webhooks
from tests.faults.running import RunningLine
from tests.faults.tracing import READS, SENDS, SYNCS, WRITES, Call, finished, need_strace, read_trace, strace
from tests.postgres import PostgresUnavailableError, run_postgres
from tests.required import lack

if TYPE_CHECKING:
    from collections.abc import Sequence

SECRET = b"k" * 64  # what RunningLine starts the line with
ALONE, AT_ONCE, EACH = 12, 16, 3
ANSWER_SECONDS = 30.0
WAL_WRITE = 1 << 17  # bytes that PostgreSQL writes at once


@dataclass(frozen=True)
class Asked:
    """A turn that was answered: from which port, as which id, and between which seconds."""

    port: int
    turn: str
    asked: float
    answered: float


def ask(port: int, request: bytes) -> Asked:
    """Send a webhook on a connection of its own, and wait for all of its answer."""
    sid = parse_qs(request.partition(b"\r\n\r\n")[2].decode())["MessageSid"][0]
    with socket.create_connection(("127.0.0.1", port), ANSWER_SECONDS) as connection:
        mine = connection.getsockname()[1]
        asked = time.time()
        connection.sendall(request.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n", 1))
        with connection.makefile("rb") as file:
            answer = file.read()
        answered = time.time()
    assert answer.startswith(b"HTTP/1.1 200 "), answer[:200]
    assert b"0800 555 111" in answer or b"MENU" in request, answer
    return Asked(mine, keyed(SECRET, "turn", sid), asked, answered)


def one_by_one(port: int, requests: Sequence[bytes]) -> list[Asked]:
    """Ask each when the one before it has been answered."""
    return [ask(port, request) for request in requests]


def at_once(port: int, requests: Sequence[bytes]) -> list[Asked]:
    """Ask from AT_ONCE telephones that begin together."""
    start, asked = Barrier(AT_ONCE), list[Asked]()

    def several(mine: Sequence[bytes]) -> None:
        start.wait(ANSWER_SECONDS)
        asked.extend(ask(port, request) for request in mine)

    threads = [Thread(target=several, args=(requests[first::AT_ONCE],)) for first in range(AT_ONCE)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(ANSWER_SECONDS * EACH)
    assert len(asked) == len(requests)
    return asked


@dataclass(frozen=True)
class Watched:
    """A line that was used and has ended: who was answered one by one, and who at once."""

    alone: Sequence[Asked]
    together: Sequence[Asked]
    pid: int


def use(line: RunningLine) -> Watched:
    """Have people ask for the menu, and then choose from it: the turns that are looked at route them."""
    line.start()
    assert line.process is not None
    pid = line.process.pid
    try:
        requests = list(webhooks("text", 2 * TOGETHER))
        menus, choices = requests[:TOGETHER], requests[TOGETHER:]
        many = ALONE + AT_ONCE * EACH
        at_once(line.port, menus[: AT_ONCE * EACH])
        one_by_one(line.port, menus[AT_ONCE * EACH : many])
        together = at_once(line.port, choices[: AT_ONCE * EACH])
        alone = one_by_one(line.port, choices[AT_ONCE * EACH : many])
    finally:
        line.stop()
    return Watched(alone, together, pid)


def syncs(calls: Sequence[Call], file: str) -> list[Call]:
    """The times that a file was waited for and was then on disk."""
    return [call for call in calls if call.name in SYNCS and file in call.said and call.result == 0]


def during(found: Sequence[Call], asked: Sequence[Asked]) -> list[Call]:
    """Those between the first request and the last answer."""
    began, ended = min(one.asked for one in asked), max(one.answered for one in asked)
    return [call for call in found if began <= call.began and call.ended <= ended]


def not_on_disk(calls: Sequence[Call], asked: Sequence[Asked]) -> list[str]:
    """Say of which turns the answer may have left before the turn was on disk.

    After its request was read, a turn's id must have been written to the write-ahead log, then a sync of that
    file begun and ended, and only then a first byte of its answer been sent.
    """
    faults, synced = [], syncs(calls, "-wal>")
    logged = [call for call in calls if call.name in WRITES and "-wal>" in call.said]
    for one in asked:
        peer = f"->127.0.0.1:{one.port}]>"
        heard = [call.last for call in calls if call.name in READS and peer in call.said and call.result > 0]
        sent = [call.first for call in calls if call.name in SENDS and peer in call.said]
        written = [call.last for call in logged if one.turn in call.said]
        if not (heard and sent and written):
            faults.append(f"port {one.port}: {len(heard)} reads, {len(written)} writes, {len(sent)} sends")
        elif not any(heard[0] < written[0] < sync.first and sync.last < sent[0] for sync in synced):
            faults.append(f"port {one.port}: answered on line {sent[0]}, written on line {written[0]}")
    return faults


def not_on_postgresql(calls: Sequence[Call], asked: Sequence[Asked]) -> list[str]:
    """The same of PostgreSQL, where the answer is another process's: it was whole before it was read."""
    faults, synced = [], syncs(calls, "/pg_wal/")
    logged = [call for call in calls if call.name in WRITES and "/pg_wal/" in call.said]
    for one in asked:
        written = [call for call in logged if one.turn in call.said and call.began >= one.asked]
        if not written:
            faults.append(f"port {one.port}: not in the write-ahead log")
        elif not any(written[0].last < sync.first and sync.ended <= one.answered for sync in synced):
            faults.append(f"port {one.port}: answered at {one.answered}, written at {written[0].ended}")
    return faults


def test_no_answer_leaves_sqlite_before_its_turn_is_on_disk(tmp_path: Path) -> None:
    need_strace()
    url, output = f"sqlite:///{tmp_path}/signpost.db", tmp_path / "trace"
    upgrade(url)
    watched = use(RunningLine(tmp_path, url, under=strace(output)))
    calls = read_trace(finished(output, watched.pid))
    assert not_on_disk(calls, watched.alone) == []
    assert not_on_disk(calls, watched.together) == []
    share_syncs(syncs(calls, "-wal>"), watched)


def test_no_answer_leaves_before_its_turn_is_on_postgresqls_disk(tmp_path: Path) -> None:
    need_strace()
    outputs: list[Path] = []

    def under(folder: Path) -> list[str]:
        outputs.append(folder / "trace")
        return strace(outputs[-1], (*SYNCS, *WRITES), WAL_WRITE)

    try:
        with (
            run_postgres(under, fsync="on", full_page_writes="on") as server,
            server.database("watched") as url,
        ):
            upgrade(url)
            watched = use(RunningLine(tmp_path, url))
            calls = read_trace(outputs[-1].read_text("utf-8", "replace").splitlines())
    except PostgresUnavailableError as fault:
        lack("postgres", str(fault))
    assert not_on_postgresql(calls, watched.alone) == []
    assert not_on_postgresql(calls, watched.together) == []
    share_syncs(syncs(calls, "/pg_wal/"), watched)


def share_syncs(found: Sequence[Call], watched: Watched) -> None:
    """Fail unless each that came alone had a sync, and those that came together had fewer than they are."""
    assert len(during(found, watched.alone)) >= ALONE
    assert 0 < len(during(found, watched.together)) < AT_ONCE * EACH


GOOD = """\
7 1.0 recvfrom(9<TCP:[127.0.0.1:80->127.0.0.1:5]>, "POST /", 8192, 0, NULL, NULL) = 6 <0.1>
8 1.1 recvfrom(9<TCP:[127.0.0.1:80->127.0.0.1:6]>,  <unfinished ...>
7 1.2 pwrite64(4</a/line.db-wal>, "\\0\\0turn-five", 4096, 32) = 4096 <0.1>
8 1.3 <... recvfrom resumed>"POST /", 8192, 0, NULL, NULL) = 6 <0.2>
7 1.4 pwrite64(4</a/line.db-wal>, "turn-six", 4096, 4128) = 4096 <0.1>
7 1.5 fdatasync(4</a/line.db-wal> <unfinished ...>
8 1.6 write(2</a/log>, "waits", 5) = 5 <0.1>
7 1.7 <... fdatasync resumed>) = 0 <0.2>
7 1.8 sendto(9<TCP:[127.0.0.1:80->127.0.0.1:5]>, "HTTP/1.1 200", 300, 0, NULL, 0) = 300 <0.1>
8 1.9 sendto(9<TCP:[127.0.0.1:80->127.0.0.1:6]>, "HTTP/1.1 200", 300, 0, NULL, 0) = 300 <0.1>
7 2.0 +++ exited with 0 +++
""".splitlines()
BOTH = [Asked(5, "turn-five", 0.9, 2.0), Asked(6, "turn-six", 1.0, 2.1)]


def test_a_trace_is_read_as_it_happened() -> None:
    calls = read_trace(GOOD)
    assert [(call.name, call.first, call.last) for call in calls][1] == ("recvfrom", 1, 3)
    assert [(call.began, call.ended) for call in syncs(calls, "-wal>")] == [(1.5, 1.7)]
    assert not_on_disk(calls, BOTH) == []


@pytest.mark.parametrize(
    ("line", "instead"),
    [
        (7, "7 1.7 <... fdatasync resumed>) = -1 EIO (Input/output error) <0.2>"),
        (4, '7 1.4 pwrite64(4</a/line.db-wal>, "turn-none", 4096, 4128) = 4096 <0.1>'),
        (6, '8 1.6 sendto(9<TCP:[127.0.0.1:80->127.0.0.1:6]>, "HTTP", 300, 0, NULL, 0) = 300 <0.1>'),
    ],
    ids=["the sync failed", "never written", "too early"],
)
def test_an_answer_before_its_sync_is_seen(line: int, instead: str) -> None:
    calls = read_trace([*GOOD[:line], instead, *GOOD[line + 1 :]])
    assert "port 6" in " ".join(not_on_disk(calls, BOTH))
