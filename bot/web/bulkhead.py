"""Keeps threads free for people: so many pages at a time, and no more, whatever their disk does.

Webhooks and pages share the threads of a process. A page that asks a disk which does not answer keeps its
thread until the disk is back, and enough of them would take the line from everybody.
"""

from __future__ import annotations

from threading import Condition
from time import monotonic
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

PAGES = 4
WAIT_SECONDS = 0.5  # somebody who is to be answered in three seconds may stand behind it
# These ask no disk, or ask it on a thread that may be lost, and whoever watches the line has to know.
FREE = ("/healthz", "/readyz", "/metrics")
STATIC = "/static/"
BUSY = b"Too many pages are asked for just now. Try again in a moment.\n"


class Bulkhead:
    """WSGI middleware before the pages: one too many waits while others come and go, and is told to come
    back when none has for a while.
    """

    def __init__(self, pages: WSGIApplication) -> None:
        """Stand before them."""
        self._pages = pages
        self._free = Condition()
        self._inside = 0
        self._moved_at = 0.0  # when one last went in or came out

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request; an answer that is made while it is sent keeps its place until its end."""
        path = environ.get("PATH_INFO", "")
        if path in FREE or STATIC in path:
            return self._pages(environ, start_response)
        if not self._enter():
            head = [
                ("Content-Type", "text/plain; charset=utf-8"),
                ("Content-Length", str(len(BUSY))),
                ("Retry-After", "1"),
            ]
            start_response("503 Service Unavailable", head)
            return [BUSY]
        made_whole = False

        def start(status: str, head: list[tuple[str, str]], *fault: Any) -> Callable[[bytes], object]:
            nonlocal made_whole
            made_whole = any(name.lower() == "content-length" for name, _ in head)
            return start_response(status, head, *fault)

        try:
            answer = self._pages(environ, start)
        except BaseException:
            self._leave()
            raise
        if made_whole:
            self._leave()
            return answer
        return _Leaving(answer, self._leave)

    def _enter(self) -> bool:
        with self._free:
            while self._inside >= PAGES:
                patience = self._moved_at + WAIT_SECONDS - monotonic()
                if patience <= 0:
                    return False
                self._free.wait(patience)
            self._inside += 1
            self._moved_at = monotonic()
            return True

    def _leave(self) -> None:
        with self._free:
            self._inside -= 1
            self._moved_at = monotonic()
            self._free.notify()


class _Leaving:
    """What is sent piece by piece, and does something once at its end, or when the reader is gone."""

    def __init__(self, pieces: Iterable[bytes], leave: Callable[[], None]) -> None:
        self._pieces, self._iterator, self._leave = pieces, iter(pieces), leave
        self._left = False

    def __iter__(self) -> _Leaving:
        return self

    def __next__(self) -> bytes:
        try:
            return next(self._iterator)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        if self._left:
            return
        self._left = True
        try:
            if hasattr(self._pieces, "close"):
                self._pieces.close()
        finally:
            self._leave()
