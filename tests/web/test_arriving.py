"""The line's worker reads requests as they arrive and answers each, in order, on its own connection."""

from __future__ import annotations

import socket
import struct
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, suppress
from http.client import HTTPResponse
from itertools import count
from pathlib import Path
from threading import Thread
from urllib.parse import urlencode

import pytest

from bot.channels.signature import sign
from bot.store import upgrade
from bot.web.arriving import ARRIVAL_SECONDS
from tests.faults.running import RunningLine, running
from tests.line import ASSURED_TEXTS, ORIGIN, TOKEN

_sids = count()
HEALTH = b"GET /healthz HTTP/1.1\r\nHost: line.example\r\n\r\n"
FORM = "Content-Type: application/x-www-form-urlencoded\r\n"


@pytest.fixture(scope="module")
def line(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningLine]:
    """The line as in production, with one worker."""
    folder = tmp_path_factory.mktemp("line")
    url = f"sqlite:///{folder}/signpost.db"
    upgrade(url)
    with running(folder, url) as started:
        yield started


def a_text(body: str, *fields: str, version: str = "1.1", chunked: bool = False) -> bytes:
    """A signed text as it goes over the wire."""
    number = next(_sids)
    form = {
        "MessageSid": f"SM{number:032x}",
        "From": f"+4479{number:08d}",
        "To": ASSURED_TEXTS,
        "Body": body,
        "FromCountry": "GB",
    }
    written = urlencode(form).encode()
    heads = [f"X-Twilio-Signature: {sign(TOKEN, f'{ORIGIN}/twilio/sms', list(form.items()))}", *fields]
    if chunked:
        heads.append("Transfer-Encoding: chunked")
        written = b"%x\r\n%s\r\n0\r\n\r\n" % (len(written), written)
    else:
        heads.append(f"Content-Length: {len(written)}")
    head = f"POST /twilio/sms HTTP/{version}\r\nHost: {ORIGIN.partition('://')[2]}\r\n{FORM}"
    return (head + "\r\n".join(heads) + "\r\n\r\n").encode() + written


def connect(line: RunningLine) -> socket.socket:
    """A connection that waits for ten seconds at most."""
    return socket.create_connection(("127.0.0.1", line.port), timeout=10)


def answers(connection: socket.socket, many: int) -> list[tuple[int, str]]:
    """The next answers on a connection: status and body of each."""
    found = []
    for _ in range(many):
        answer = HTTPResponse(_Shared(connection))  # type: ignore[arg-type]  # as much of a socket as it wants
        answer.begin()
        found.append((answer.status, answer.read().decode()))
        answer.close()
    return found


class _Shared:
    """A socket whose reader takes no more than it is asked for, so that the next answer stays there."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection

    def makefile(self, _mode: str) -> object:
        """Read without a buffer."""
        return self._connection.makefile("rb", buffering=0)


def statuses(found: Sequence[tuple[int, str]]) -> list[int]:
    """The statuses alone."""
    return [status for status, _ in found]


def test_requests_that_come_at_once_are_answered_in_their_order(line: RunningLine) -> None:
    with connect(line) as connection:
        connection.sendall(
            a_text("nrp") + HEALTH + a_text("police") + a_text("nrp", chunked=True) + a_text("MENU")
        )
        found = answers(connection, 5)
    assert statuses(found) == [200] * 5
    for (_, body), says in zip(found, ("0300 7900 227", "", "101", "0300 7900 227", "1 Police"), strict=True):
        assert says in body
    assert "<Response>" not in found[1][1]


def test_a_request_may_come_in_pieces_and_the_next_behind_it(line: RunningLine) -> None:
    first, second = a_text("nrp"), a_text("police")
    with connect(line) as connection:
        for piece in (first[:7], first[7:200], first[200:-3], first[-3:] + second[:150], second[150:]):
            connection.sendall(piece)
            time.sleep(0.05)
        found = answers(connection, 2)
    assert statuses(found) == [200, 200]
    assert "0300 7900 227" in found[0][1]
    assert "101" in found[1][1]


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (a_text("1", "Connection: close"), 200),
        (a_text("1", version="1.0"), 200),
        (a_text("1", "Connection: close", chunked=True), 200),
        (a_text("1", "Connection: close").replace(b"Body=1", b"Body=2"), 403),
        (a_text("1", "Connection: close").replace(b"/twilio/sms", b"/twilio/sm"), 404),
        (a_text("1", "Connection: close").replace(b"POST", b"PUT", 1), 405),
        (b"POST /twilio/sms HTTP/1.1\r\nContent-Length: 900000\r\n\r\nBody=1", 413),
        (b"POST /twilio/sms HTTP/1.1\r\nX: " + b"a" * 90_000, 413),
        (b"POST /twilio/sms HTTP/1.1\r\nContent-Length: " + b"9" * 9000 + b"\r\n\r\n", 413),
        (b"\x16\x03\x01\r\n\r\n", 400),
        (b"POST /twilio/sms HTTP/1.1\r\nContent-Length: 0\r\nContent-Length: 1\r\n\r\n", 400),
    ],
)
def test_it_says_what_became_of_a_request_and_closes(line: RunningLine, request_: bytes, status: int) -> None:
    with connect(line) as connection:
        connection.sendall(request_)
        assert statuses(answers(connection, 1)) == [status]
        assert connection.recv(100) == b""


def test_whoever_has_nothing_more_to_say_is_answered(line: RunningLine) -> None:
    with connect(line) as connection:
        connection.sendall(a_text("1"))
        connection.shutdown(socket.SHUT_WR)
        assert statuses(answers(connection, 1)) == [200]
        assert connection.recv(100) == b""


def test_what_does_not_arrive_whole_is_closed(line: RunningLine) -> None:
    with connect(line) as connection:
        connection.sendall(a_text("1")[:-1])
        began = time.monotonic()
        assert connection.recv(100) == b""
    assert ARRIVAL_SECONDS - 1 < time.monotonic() - began < ARRIVAL_SECONDS + 2


def break_off(line: RunningLine, many: int) -> None:
    """Connect, send something or a part of it, and go away, half of the time without a word."""
    for number in range(many):
        with connect(line) as connection:
            request = a_text("1")
            connection.sendall((request, request[:50], request + request[:50], HEALTH)[number % 4])
            if number % 8 < 4:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def test_connections_that_are_broken_off_leave_nothing_behind(line: RunningLine) -> None:
    (worker,) = line.worker_pids()
    files = Path(f"/proc/{worker}/fd")

    def opened() -> int:
        links = [one.readlink() for one in files.iterdir() if one.is_symlink()]
        return sum(link.name.startswith("socket:") for link in links)

    time.sleep(3)  # longer than a connection is kept that says nothing
    before = opened()
    break_off(line, 120)
    limit = time.monotonic() + 15
    while opened() > before:
        assert time.monotonic() < limit, (before, opened())
        time.sleep(0.2)
    with connect(line) as connection:
        connection.sendall(a_text("1"))
        assert statuses(answers(connection, 1)) == [200]


def test_who_reads_no_answers_keeps_nobody_else_waiting(line: RunningLine) -> None:
    greedy = connect(line)
    greedy.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    greedy.settimeout(0.2)

    def ask_for_more() -> None:
        with suppress(OSError):
            while True:
                greedy.sendall(a_text("1") * 20)

    asking = Thread(target=ask_for_more)
    asking.start()
    try:
        for _ in range(20):
            with connect(line) as connection:
                began = time.monotonic()
                connection.sendall(a_text("1"))
                assert statuses(answers(connection, 1)) == [200]
            assert time.monotonic() - began < 3
    finally:
        asking.join(30)
        greedy.close()
    assert not asking.is_alive()


def test_a_worker_that_is_told_to_stop_answers_what_it_has_begun(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/signpost.db"
    upgrade(url)
    with running(tmp_path, url) as started, ExitStack() as stack:
        held = [stack.enter_context(connect(started)) for _ in range(20)]
        for connection in held:
            connection.sendall(a_text("1"))
            assert statuses(answers(connection, 1)) == [200]
        requests = [a_text("my mate sells drugs and i want to tell somebody") for _ in held]
        for connection, request in zip(held, requests, strict=True):
            connection.sendall(request[:-5])
        stopping = Thread(target=started.stop)
        stopping.start()
        time.sleep(0.2)
        for connection, request in zip(held, requests, strict=True):
            connection.sendall(request[-5:])
        found = [statuses(answers(connection, 1)) for connection in held]
        stopping.join(30)
    assert found == [[200]] * 20
