"""Waits for SQLite's write-ahead log to be on disk after whoever writes next has been let in.

A commit with synchronous=FULL keeps every other process out of the database while it waits for the disk. A
batch of turns is committed with NORMAL, which does not wait, and then waited for here; what others have
written meanwhile is on disk with it. Until then nobody is told of its turns. All else is written with FULL,
and so is on disk only with everything that it may have read.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from bot.store.disk import sync_data

if TYPE_CHECKING:
    from collections.abc import Iterator


class LogConnection(sqlite3.Connection):
    """A connection of the driver's that can wait for the write-ahead log by itself."""

    _log = -1

    @contextmanager
    def synced_afterwards(self) -> Iterator[None]:
        """Commit within this without waiting for the disk; it is waited for at the end.

        After a fault the connection can only be closed. After one that leaves the log unsynced, what was
        committed is there for all and may be lost: see `move_log`.

        Raises:
            OSError: the log is not on disk.
        """
        self.execute("PRAGMA synchronous=NORMAL")
        yield
        self.execute("PRAGMA synchronous=FULL")
        self.sync()

    def sync(self) -> None:
        """Wait until all that this connection has read or written is on disk.

        Raises:
            OSError: it is not.
        """
        if self._log < 0:
            self._log = self._open_log()
        sync_data(self._log)

    def move_log(self) -> bool:
        """Bring everything in the log to the database's own file, and say whether it is on disk there.

        The system tells only once that it could not write a file, and takes the next sync for good.
        """
        busy, *_ = self.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        return not busy

    def close(self) -> None:
        """Close it, and the log."""
        super().close()
        log, self._log = self._log, -1
        if log >= 0:
            os.close(log)

    def _open_log(self) -> int:
        """Open the log, which stays where it is while this connection is open.

        SQLite has its folder synced with the first sync of its own, which may be minutes away.
        """
        _, _, database = self.execute("PRAGMA database_list").fetchone()
        log = os.open(f"{database}-wal", os.O_RDONLY | os.O_CLOEXEC)
        try:
            folder = os.open(Path(database).parent, os.O_RDONLY | os.O_DIRECTORY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
        except BaseException:
            os.close(log)
            raise
        return log
