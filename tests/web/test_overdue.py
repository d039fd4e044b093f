"""A webhook whose own thread does not come back is answered by another, on the same connection, once."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from threading import Event
from time import monotonic, sleep

import pytest

from bot.channels.signature import sign
from bot.store.batches import Take
from bot.web.overdue import SOCKET, Overdue
from bot.web.wiring import LONGEST_SWEEP_SECONDS
from tests.line import MOBILE, ORIGIN, TEXTS, TOKEN, play, sqlite_url

WAIT_SECONDS = 20


@pytest.fixture
def connection() -> Iterator[tuple[socket.socket, socket.socket]]:
    """The line's end of a connection, and the carrier's."""
    ours, theirs = socket.socketpair()
    theirs.settimeout(WAIT_SECONDS)
    yield ours, theirs
    ours.close()
    theirs.close()


def received(theirs: socket.socket) -> str:
    """Everything until the other end closes."""
    pieces = []
    while piece := theirs.recv(65536):
        pieces.append(piece)
    return b"".join(pieces).decode()


def test_what_is_overdue_is_answered_and_the_connection_closed(
    connection: tuple[socket.socket, socket.socket],
) -> None:
    ours, theirs = connection
    with Overdue(0.05).watching({SOCKET: ours}, lambda: "<Response>ł</Response>"):
        head, _, body = received(theirs).partition("\r\n\r\n")
    assert head.startswith("HTTP/1.1 200 OK\r\n")
    assert "Content-Length: 23" in head
    assert "Connection: close" in head
    assert body == "<Response>ł</Response>"
    with pytest.raises(OSError, match=r"pipe|closed"):
        ours.sendall(b"what its own thread says later")


def test_what_is_answered_in_time_is_left_alone(connection: tuple[socket.socket, socket.socket]) -> None:
    ours, theirs = connection
    overdue = Overdue(0.3)
    with overdue.watching({SOCKET: ours}, lambda: "from memory"):
        pass
    with overdue.watching({SOCKET: ours}, lambda: "from memory"):
        pass
    sleep(0.6)
    ours.sendall(b"its own")
    assert theirs.recv(100) == b"its own"


def test_nobody_answers_twice(connection: tuple[socket.socket, socket.socket]) -> None:
    """Whoever comes back while another answers waits until that one has."""
    ours, theirs = connection
    begun, go_on = Event(), Event()

    def instead() -> str:
        begun.set()
        assert go_on.wait(WAIT_SECONDS)
        return "from memory"

    def own() -> str:
        with Overdue(0.05).watching({SOCKET: ours}, instead):
            assert begun.wait(WAIT_SECONDS)
        return "its own"

    with ThreadPoolExecutor(1) as threads:
        late = threads.submit(own)
        assert begun.wait(WAIT_SECONDS)
        sleep(0.1)
        assert not late.done()
        go_on.set()
        assert late.result(WAIT_SECONDS) == "its own"
    assert received(theirs).endswith("from memory")


def test_one_that_can_not_be_answered_costs_no_other(connection: tuple[socket.socket, socket.socket]) -> None:
    ours, theirs = connection
    overdue = Overdue(0.05)
    gone, end = socket.socketpair()
    end.close()
    gone.close()

    def broken() -> str:
        raise RuntimeError("not even that")

    with overdue.watching({SOCKET: gone}, broken), overdue.watching({SOCKET: ours}, lambda: "from memory"):
        assert received(theirs).endswith("from memory")


def test_webhook_is_answered_from_memory_while_its_database_does_not_come_back(
    tmp_path: Path, connection: tuple[socket.socket, socket.socket], monkeypatch: pytest.MonkeyPatch
) -> None:
    ours, theirs = connection
    line = play(sqlite_url(tmp_path), journal_path=tmp_path / "journal")
    store, let = line.wiring.store, Event()
    committer = store._committer  # noqa: SLF001 - where the disk would be waited for

    def hang(take: Take) -> object:
        deliveries = take()
        assert let.wait(WAIT_SECONDS)
        return committer(lambda: deliveries)

    monkeypatch.setattr(store, "_committer", hang)
    fields = [("MessageSid", "SM" + "1" * 32), ("From", MOBILE), ("To", TEXTS), ("Body", "nrp")]
    signed = {"X-Twilio-Signature": sign(TOKEN, f"{ORIGIN}/twilio/sms", fields)}

    def post() -> int:
        client = line.app.test_client()
        answer = client.post("/twilio/sms", data=dict(fields), headers=signed, environ_base={SOCKET: ours})
        return answer.status_code

    began = monotonic()
    with ThreadPoolExecutor(1) as threads:
        late = threads.submit(post)
        told = received(theirs)
        took = monotonic() - began
        let.set()
        assert late.result(WAIT_SECONDS) == 200
    assert took < 3
    assert "0300 7900 227" in told
    assert "999" in told
    line.pass_time(2)
    line.texting("+447700900555").send("MENU")
    assert line.wiring.standby.journal is not None
    assert line.wiring.standby.journal.waiting() == 0
    assert [one.service for one in line.routings()] == ["nrp"]
    monkeypatch.undo()
    store.close()


def test_putting_in_order_holds_nobody_up_for_long_and_is_begun_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = play(sqlite_url(tmp_path))
    let, begun = Event(), list[object]()

    def hang(now: object) -> int:
        begun.append(now)
        assert let.wait(WAIT_SECONDS)
        return 0

    monkeypatch.setattr(line.wiring.store, "purge", hang)
    began = monotonic()
    for minutes in range(1, 4):
        line.wiring.sweeper.sweep(line.now + timedelta(minutes=2 * minutes))
    assert monotonic() - began < LONGEST_SWEEP_SECONDS + 1
    assert len(begun) == 1
    let.set()
    line.wiring.store.close()
