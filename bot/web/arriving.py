"""A worker of gunicorn's that gives a request a thread only once the whole of it has arrived.

Few threads answer, and gunicorn's own worker has one of them read a request while it trickles in: fifty
connections that send a byte a second would take the line from everybody. Here they wait in the kernel, looked
at but not read, and are closed when they take too long.
"""

from __future__ import annotations

import re
import select
import socket
import time
from contextlib import suppress
from typing import Any

# _DEFER is what its own `handle` gives back for a connection that is to wait. Its version is pinned.
from gunicorn.workers.gthread import _DEFER, ThreadWorker

ARRIVAL_SECONDS = 5.0  # from the first byte to the last; a pause may be as long as gunicorn's `keepalive`
FIRST_BYTE_SECONDS = 0.01  # what a connection that has just been made is waited for in its thread
# More than the app takes of a body, with its head; it fits into the kernel's buffer.
LARGEST_BYTES = 80 * 1024
TOO_LARGE = b"HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
HEAD_END = b"\r\n\r\n"
LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*([0-9]+)[ \t]*\r\n", re.IGNORECASE)
CHUNKED = re.compile(rb"\r\ntransfer-encoding:", re.IGNORECASE)
LAST_CHUNK = b"\r\n0\r\n\r\n"


class ArrivedWorker(ThreadWorker):  # type: ignore[misc]  # gunicorn has no types
    """gunicorn's worker with threads, and patience for slow requests that costs no thread."""

    def handle(self, conn: Any) -> Any:
        """Answer a request that has arrived; put off or close a connection on which none has. In a thread."""
        if self.cfg.is_ssl:
            return super().handle(conn)  # what has arrived says nothing before it is decrypted
        try:
            missing = missing_bytes(conn)
            if missing > LARGEST_BYTES:
                conn.sock.sendall(TOO_LARGE)
                return False
            conn.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, max(1, missing))
        except OSError:
            return False
        if missing == 0:
            conn.data_ready, conn.closes_at = True, None
            return super().handle(conn)
        now = time.monotonic()
        if getattr(conn, "closes_at", None) is None:
            conn.closes_at = now + ARRIVAL_SECONDS
        return False if now >= conn.closes_at else _DEFER

    def finish_request(self, conn: Any, fs: Any) -> None:
        """Close a connection at once when nothing more is to come on it. In the thread that accepts.

        gunicorn's own worker waits here up to two seconds for each that its sender leaves open, and accepts
        nobody meanwhile. Of a request that had arrived nothing is left to read, so the answer is not cut off.
        """
        if fs.cancelled() or fs.exception() is not None or fs.result():
            super().finish_request(conn, fs)
            return
        self.nr_conns -= 1
        with suppress(OSError):
            conn.sock.shutdown(socket.SHUT_WR)
            conn.sock.setblocking(False)
            conn.sock.recv(LARGEST_BYTES)
        conn.close()


def missing_bytes(conn: Any) -> int:
    """Say how many bytes have to lie in the kernel's buffer until it is worth while to look again.

    Linux wakes whoever polls a socket when it holds SO_RCVLOWAT bytes (socket(7)).

    Returns:
        0 when a whole request has arrived, or its sender is gone.

    Raises:
        OSError: the connection is broken.
    """
    read = conn.parser.unreader.buf.getvalue() if conn.parser else b""  # behind the request before
    here = _peeked(conn.sock)
    if here is None:
        return 1
    if not here and not read:
        return 0  # closed: gunicorn's own worker sees to it
    length = whole_length(read + here)
    if length is None:
        return len(here) + 1
    return 0 if length <= len(read) + len(here) else length - len(read)


def whole_length(begun: bytes) -> int | None:
    """Say how long a request is that begins so; None when that can't be said yet."""
    head, end, body = begun.partition(HEAD_END)
    if not end:
        return None
    head += b"\r\n"
    if CHUNKED.search(head):
        return len(begun) if (b"\r\n" + body).endswith(LAST_CHUNK) else None
    stated = LENGTH.search(head)
    return len(head) + 2 + (int(stated[1]) if stated else 0)


def _peeked(connection: socket.socket) -> bytes | None:
    """Look at what has arrived, and leave it there; b"" when its sender has closed, None for nothing yet."""
    flags = socket.MSG_PEEK | socket.MSG_DONTWAIT
    try:
        return connection.recv(LARGEST_BYTES, flags)
    except BlockingIOError:
        waiting = select.poll()
        waiting.register(connection, select.POLLIN)
        if not waiting.poll(FIRST_BYTE_SECONDS * 1000):
            return None
    try:
        return connection.recv(LARGEST_BYTES, flags)
    except BlockingIOError:
        return None
