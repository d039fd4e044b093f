"""Answers a webhook whose own thread does not come back in time: it waits for a disk that does not answer.

A thread that writes to such a disk can't be interrupted, and one thread to write and another to wait would
make every answer slower. So each webhook is answered by its own thread, and only when that is overdue does
another one answer on the same connection, from memory, and close it. gunicorn says which connection that is.
What the first thread answers later goes nowhere; what it stores later is stored under the turn's id, once.
"""

from __future__ import annotations

import logging
import os
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from threading import Event, Lock, Thread
from typing import Any
from weakref import WeakSet

from bot import metrics
from bot.log import event, request_id

OVERDUE_SECONDS = 2.2  # a database that says in time that it has failed is given up after two
LOOK_SECONDS = 0.1
SEND_SECONDS = 1.0
SOCKET = "gunicorn.socket"
HEAD = (
    "HTTP/1.1 200 OK\r\nContent-Type: text/xml; charset=utf-8\r\n"
    "Content-Length: {}\r\nConnection: close\r\n\r\n"
)


@dataclass(eq=False)
class _UnderWay:
    """A webhook that has not been answered yet."""

    connection: socket.socket
    instead: Callable[[], str]
    due_at: float
    request: str
    taken: Event | None = None  # set when somebody else has answered


class Overdue:
    """Watches the webhooks of this process, in a thread that begins with the first one."""

    def __init__(self, seconds: float = OVERDUE_SECONDS) -> None:
        """Answer what is not answered in so many seconds."""
        self._seconds = seconds
        self.reset()
        _watches.add(self)

    def reset(self) -> None:
        """Begin anew, with nothing under way."""
        self._mutex, self._watches = Lock(), False
        self._under_way = set[_UnderWay]()

    @contextmanager
    def watching(self, environ: Mapping[str, Any], instead: Callable[[], str]) -> Iterator[None]:
        """Answer the request with what `instead` gives, should the answer that is made in here be overdue."""
        connection = environ.get(SOCKET)
        if connection is None:  # played in this process: there is nobody whose time runs out
            yield
            return
        one = _UnderWay(connection, instead, time.monotonic() + self._seconds, request_id.get())
        with self._mutex:
            self._under_way.add(one)
            begins, self._watches = not self._watches, True
        if begins:
            Thread(target=self._watch, name="overdue", daemon=True).start()
        try:
            yield
        finally:
            with self._mutex:
                self._under_way.discard(one)
            if one.taken:  # two answers on one connection would be taken for the answer to another request
                one.taken.wait()

    def _watch(self) -> None:
        while True:
            time.sleep(LOOK_SECONDS)
            now = time.monotonic()
            with self._mutex:
                overdue = [one for one in self._under_way if one.due_at <= now]
                self._under_way.difference_update(overdue)
                for one in overdue:
                    one.taken = Event()
            for one in sorted(overdue, key=lambda one: one.due_at):
                self._answer(one)

    def _answer(self, one: _UnderWay) -> None:
        request_id.set(one.request)
        try:
            body = one.instead().encode()
            one.connection.settimeout(SEND_SECONDS)
            one.connection.sendall(HEAD.format(len(body)).encode() + body)
        except Exception as error:  # noqa: BLE001 - the next one waits for this thread
            event("webhook.unanswered", logging.CRITICAL, error=error)
        finally:
            with suppress(OSError):
                one.connection.shutdown(socket.SHUT_RDWR)
            if one.taken:
                one.taken.set()
        event("webhook.overdue", logging.ERROR, cure="see whether a disk does not answer")
        metrics.count("signpost_webhooks_overdue_total")


_watches: WeakSet[Overdue] = WeakSet()


def _reset_all() -> None:
    """Begin each anew in a forked child: its thread does not exist there."""
    for one in list(_watches):
        one.reset()


os.register_at_fork(after_in_child=_reset_all)
