"""Strangers hold connections open and send a byte a second: everybody else is answered in time."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from threading import Event, Thread

import pytest

from bot.store import upgrade
from tests.faults.crowd import crowd
from tests.faults.running import running

CONNECTIONS = 50
SLOW_SECONDS, EVERY_SECONDS = 6.0, 1.0
HEAD = (
    b"POST /twilio/sms HTTP/1.1\r\nHost: line.example\r\nContent-Type: application/x-www-form-urlencoded\r\n"
)
# What is sent at once, and what then comes a byte at a time.
KINDS = {
    "nothing": (b"", b""),
    "head": (b"", HEAD * 4),
    "body": (HEAD + b"Content-Length: 900\r\n\r\n", b"Body=hi" * 100),
    "chunks": (HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\na\r\n" * 100),
    "promised body": (HEAD + b"Content-Length: 900\r\nExpect: 100-continue\r\n\r\n", b"Body=hi" * 100),
    "huge body": (HEAD + b"Content-Length: 16777216\r\n\r\n", b"Body=hi" * 100),
    "second request": (b"GET /healthz HTTP/1.1\r\nHost: line.example\r\n\r\n" + HEAD, HEAD),
}


def trickle(port: int, kind: str, stop: Event) -> None:
    """Send a byte a second on one connection after the other."""
    at_once, slowly = KINDS[kind]
    while not stop.is_set():
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
            connection.sendall(at_once)
            for byte in slowly or bytes(100):
                if stop.wait(EVERY_SECONDS):
                    return
                if slowly:
                    connection.sendall(bytes([byte]))
                connection.setblocking(False)
                with suppress(BlockingIOError):
                    if not connection.recv(65536, socket.MSG_PEEK):
                        break  # it was closed: begin again
                connection.settimeout(5)


def trickling(port: int, kind: str, stop: Event) -> list[Thread]:
    """Have so many strangers do it."""
    task: Callable[..., None] = trickle
    threads = [Thread(target=task, args=(port, kind, stop)) for _ in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    return threads


@pytest.mark.parametrize("kind", KINDS)
def test_slow_requests_keep_nobody_waiting(tmp_path: Path, kind: str) -> None:
    url = f"sqlite:///{tmp_path}/signpost.db"
    upgrade(url)
    with running(tmp_path, url) as line:
        stop = Event()
        threads = trickling(line.port, kind, stop)
        try:
            time.sleep(EVERY_SECONDS)
            with crowd(line.port) as people:
                time.sleep(SLOW_SECONDS)
        finally:
            stop.set()
            for thread in threads:
                thread.join(30)
    people.were_all_answered()
    assert not any(thread.is_alive() for thread in threads)
