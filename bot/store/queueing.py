"""Lets the processes that write to one SQLite file in, one after the other, and soon.

SQLite makes whoever finds it locked sleep, and longer each time, while a process that has just written comes
back at once: with two busy processes each got less done than one alone. Here whoever waits is the next, by a
lock on a file beside the database, and asks every third of a millisecond.
"""

from __future__ import annotations

import fcntl
import os
from contextlib import suppress
from time import monotonic, sleep
from typing import TYPE_CHECKING, Any
from weakref import finalize

from bot.store.patience import left

if TYPE_CHECKING:
    from collections.abc import Callable
    from sqlite3 import Connection

ASK_SECONDS = 0.0003
BUSY = 5  # SQLITE_BUSY, https://www.sqlite.org/rescode.html#busy; further bits say how
LOWEST_BITS = 0xFF
SUFFIX = "-queue"
NOT_OPENED = (0, -1)  # by which process, and as what


class Queue:
    """One process's place before a database. Without a file of its own it waits all the same, in no order."""

    def __init__(self, database: str) -> None:
        """Name the database's file; nothing is opened yet."""
        self._path, self._opened = database + SUFFIX, NOT_OPENED
        self._close: Callable[[], object] = bool

    def begin(self, connection: Connection) -> None:
        """Begin a transaction that writes, as soon as it is this process's turn.

        Raises:
            sqlite3.OperationalError: others wrote for as long as this thread may wait.
        """
        until = monotonic() + left()
        connection.execute("PRAGMA busy_timeout=0")
        file = self._file()
        is_next = _is_locked(file)
        while not is_next and monotonic() < until:
            sleep(ASK_SECONDS)
            is_next = _is_locked(file)
        try:
            while not _begun(connection, at_once=monotonic() >= until):
                sleep(ASK_SECONDS)
        finally:
            if is_next and file >= 0:
                with suppress(OSError):  # it was closed meanwhile
                    fcntl.flock(file, fcntl.LOCK_UN)

    def close(self) -> None:
        """Close the file; the next transaction opens it again."""
        self._close()
        self._opened = NOT_OPENED

    def _file(self) -> int:
        """The file's descriptor in this process; a child must not share its parent's lock. -1 for none."""
        process, file = self._opened
        if process != os.getpid():
            file = -1
            with suppress(OSError):
                file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
                self._close = finalize(self, _close, os.getpid(), file)
            self._opened = os.getpid(), file
        return file


def _is_locked(file: int) -> bool:
    if file < 0:
        return True
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as fault:
        return not isinstance(fault, BlockingIOError)  # a file system that knows no such locks
    return True


def _begun(connection: Connection, *, at_once: bool) -> bool:
    """Try to begin; False when somebody else writes, or its fault when it had to be `at_once`."""
    try:
        connection.execute("BEGIN IMMEDIATE")
    except Exception as fault:
        code: Any = getattr(fault, "sqlite_errorcode", None)
        if at_once or code is None or code & LOWEST_BITS != BUSY:
            raise
        return False
    return True


def _close(process: int, file: int) -> None:
    if process == os.getpid():
        os.close(file)
