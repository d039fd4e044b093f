"""A worker of gunicorn's in which one thread reads all requests, and webhooks need no other.

gunicorn's own worker has a thread read each request while it trickles in, and wait while it is answered.
Few threads answer: fifty connections that send a byte a second would take the line from everybody; and
threads that hand each other the interpreter cost more than a turn. Here requests are read as they arrive, and
connections closed that take too long. A webhook is begun by the thread that has read it and ended by the one
that has committed it (`bot.web.turning`); everything else gets a thread of the pool, as with gunicorn's own.
"""

from __future__ import annotations

import logging
import selectors
import socket
import struct
import time
from contextlib import suppress
from email.utils import formatdate
from functools import lru_cache, partial
from threading import get_ident
from typing import TYPE_CHECKING, Any

# The version of gunicorn is pinned: what is overridden here is its inside.
from gunicorn.workers.gthread import STOP_KEEPALIVE_LINGER, TConn, ThreadWorker

from bot.log import event
from bot.web.heads import plain_webhook, whole_length
from bot.web.overdue import SOCKET
from bot.web.turning import LATER, SUBMIT, Later, Ways

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from wsgiref.types import WSGIEnvironment

    from bot.store import Delivery, Done
    from bot.web.handlers import Reply

ARRIVAL_SECONDS = 5.0  # from the first byte to the last; a pause may be as long as gunicorn's `keepalive`
LOOK_SECONDS = 0.5
PIECE_BYTES = 16 * 1024
LARGEST_BYTES = 80 * 1024  # more than the app takes of a body, with its head
TOO_LARGE = b"HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
HEAD = (
    "HTTP/1.1 {}\r\nServer: gunicorn\r\nDate: {}\r\nConnection: {}\r\n"
    "Content-Type: {}\r\nContent-Length: {}\r\n\r\n"
)


class Connection(TConn):  # type: ignore[misc]  # gunicorn has no types
    """A connection, and what has arrived on it.

    `begun` is what has arrived of the next request, and `needs` how long that has to be before it is worth
    while to look again; `busy` while a request is being answered; `gone` when no further one will be.
    """

    def __init__(self, cfg: Any, sock: socket.socket, client: Any, server: Any) -> None:
        """Begin with nothing. Threads wait on the socket; the one that reads says each time that it won't."""
        super().__init__(cfg, sock, client, server)
        self.sock.setblocking(True)
        self.sock.setsockopt(
            socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("ll", int(ARRIVAL_SECONDS), 0)
        )
        self.begun, self.needs = b"", 1
        self.busy = self.gone = self.closed = False
        self.watched = True
        self.closes_at = time.monotonic() + cfg.keepalive


class ArrivedWorker(ThreadWorker):  # type: ignore[misc]  # gunicorn has no types
    """gunicorn's worker with threads, one that reads for all of them, and webhooks that are answered later.

    Whoever answers sets `busy` and then looks at `begun` and `gone`; who reads sets these and then looks at
    `busy`: so one of the two sees what is left to do, and it is done by the one who reads.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Begin without connections."""
        super().__init__(*args, **kwargs)
        self._connections = set[Connection]()
        self._looks_at = 0.0
        self._turns: list[tuple[Delivery, Done]] = []
        self._commit: Callable[[Sequence[tuple[Delivery, Done]]], None] | None = None
        self._reader = 0

    def load_wsgi(self) -> None:
        """Load the application, and see whether it can answer webhooks later."""
        super().load_wsgi()
        self._commit = getattr(self.wsgi, "extensions", {}).get(SUBMIT)
        self._reader = get_ident()

    def accept(self, listener: socket.socket) -> None:
        """Accept a connection, and read what has come with it."""
        try:
            sock, client = listener.accept()
        except (BlockingIOError, ConnectionAbortedError):
            return
        self.nr_conns += 1
        conn = Connection(self.cfg, sock, client, listener.getsockname())
        self._connections.add(conn)
        self.poller.register(sock, selectors.EVENT_READ, partial(self._safely, self._read, conn))
        self._safely(self._read, conn)

    def wait_for_and_dispatch_events(self, timeout: float) -> None:
        """Read what has arrived, and have the turns that came of it committed together."""
        super().wait_for_and_dispatch_events(min(timeout, LOOK_SECONDS))
        if self._turns and self._commit:
            turns, self._turns = self._turns, []
            self._commit(turns)

    def murder_keepalived(self, force: bool = False) -> None:
        """Close what has taken too long, or everything that is not being answered."""
        now = time.monotonic()
        if now < self._looks_at and not force:
            return
        self._looks_at = now + LOOK_SECONDS
        for conn in [one for one in self._connections if not one.busy and (force or one.closes_at <= now)]:
            self._close(conn)

    def finish_request(self, conn: Connection, fs: Any) -> None:
        """Go on with a connection after a thread of the pool has answered on it."""
        if fs.cancelled() or fs.exception() is not None or not fs.result():
            conn.gone = True
        elif left := conn.parser.unreader.buf.getvalue():  # behind a request whose end only its parser saw
            conn.parser.unreader.take_buffered()
            conn.begun = left + conn.begun
        self._ended(conn)

    def _cap_keepalive(self, deadline: float) -> None:
        for conn in self._connections:
            conn.closes_at = min(conn.closes_at, deadline)

    def _safely(self, step: Callable[[Connection], None], conn: Connection, *_: object) -> None:
        """Go on with a connection; whatever is wrong with it ends it alone."""
        try:
            step(conn)
        except Exception as error:  # noqa: BLE001 - others are read by this thread
            event("request.unread", logging.CRITICAL, error=error)
            conn.gone, conn.begun = True, b""
            if not conn.busy and not conn.closed:
                self._close(conn)

    def _read(self, conn: Connection) -> None:
        try:
            piece = conn.sock.recv(PIECE_BYTES, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return
        except OSError:
            piece = b""
        if piece and len(conn.begun) <= LARGEST_BYTES:
            if not conn.begun:
                conn.closes_at, conn.needs = time.monotonic() + ARRIVAL_SECONDS, 1
            conn.begun += piece
        else:
            conn.gone = True
            self._unwatch(conn)
        if not conn.busy:
            self._next(conn)

    def _next(self, conn: Connection) -> None:
        """Answer the next request on a connection if it has arrived; close it when none will."""
        if conn.busy or conn.closed:
            return
        if len(conn.begun) >= conn.needs:
            length = whole_length(conn.begun)
            conn.needs = length or 1
            if max(conn.needs, len(conn.begun)) > LARGEST_BYTES:
                _sent(conn.sock, TOO_LARGE)
                conn.gone, conn.begun = True, b""
            elif length and length <= len(conn.begun):
                request, conn.begun, conn.needs = conn.begun[:length], conn.begun[length:], 1
                conn.busy = True
                self._begin(conn, request)
                return
        if conn.gone:
            self._close(conn)

    def _begin(self, conn: Connection, request: bytes) -> None:
        environ = plain_webhook(request) if self._commit and self.alive else None
        try:
            if environ is None:
                conn.init()
                conn.parser.unreader.unread(request)
                self.enqueue_req(conn)
            else:
                answers = partial(self._answer, conn, environ.get("HTTP_CONNECTION", ""))
                self.wsgi(_completed(environ, conn, Ways(self._submit, self._aside, answers)), _never_starts)
        except Exception as error:  # noqa: BLE001 - others are read by this thread
            event("request.unanswered", logging.CRITICAL, error=error)
            conn.gone = True
            self._ended(conn)

    def _submit(self, delivery: Delivery, done: Done) -> None:
        if get_ident() == self._reader:
            self._turns.append((delivery, done))
        elif self._commit:
            self._commit([(delivery, done)])

    def _aside(self, work: Callable[[], None]) -> None:
        try:
            self.tpool.submit(work)
        except RuntimeError:  # the pool has been shut down, since the worker ends
            work()

    def _answer(self, conn: Connection, wanted: str, reply: Reply) -> None:
        keeps = self.alive and not conn.gone and wanted.lower() in ("", "keep-alive")
        kept, size = "keep-alive" if keeps else "close", len(reply.body)
        head = HEAD.format(reply.status, _date(int(time.time())), kept, reply.kind, size)
        if not _sent(conn.sock, head.encode() + reply.body) or not keeps:
            conn.gone = True
        if reply.after is not None:
            self._aside(reply.close)
        self._ended(conn)

    def _ended(self, conn: Connection) -> None:
        """Let the next request on a connection be answered; what has arrived meanwhile was left for now."""
        conn.closes_at = time.monotonic() + (self.cfg.keepalive if self.alive else STOP_KEEPALIVE_LINGER)
        conn.busy = False
        if conn.begun or conn.gone:
            self.method_queue.defer(self._safely, self._next, conn)

    def _close(self, conn: Connection) -> None:
        """Close a connection at once. An answer is not cut off by what its reader sent and nobody read."""
        conn.closed = True
        self._connections.discard(conn)
        self.nr_conns -= 1
        self._unwatch(conn)
        with suppress(OSError):
            conn.sock.shutdown(socket.SHUT_WR)
            conn.sock.recv(LARGEST_BYTES, socket.MSG_DONTWAIT)
        conn.close()

    def _unwatch(self, conn: Connection) -> None:
        if conn.watched:
            conn.watched = False
            self.poller.unregister(conn.sock)


def _completed(environ: WSGIEnvironment, conn: Connection, ways: Ways) -> WSGIEnvironment:
    """Add what only the connection knows."""
    at_home = isinstance(conn.server, tuple)  # else it is a unix socket
    environ["REMOTE_ADDR"] = conn.client[0] if at_home else ""
    environ["SERVER_NAME"] = conn.server[0] if at_home else str(conn.server)
    environ["SERVER_PORT"] = str(conn.server[1]) if at_home else ""
    environ[SOCKET] = conn.sock
    environ[LATER] = Later(ways)
    return environ


def _sent(sock: socket.socket, answer: bytes) -> bool:
    """Send an answer, if the kernel takes it at once: who has left so many unread waits for none."""
    try:
        return sock.send(answer, socket.MSG_DONTWAIT) == len(answer)
    except OSError:
        return False


@lru_cache(maxsize=2)
def _date(second: int) -> str:
    return formatdate(second, usegmt=True)


def _never_starts(*_: object) -> Any:
    raise RuntimeError("a webhook is answered later, or not by this way")
