"""A small file for what the database could not take: nothing that was acknowledged is lost.

The file is made at its full size when the line starts, so that it can be written to when the disk is
full, and it never grows. Entries are lines in front of zeros:

    + 3f9a0c51e2b7d684 {"turn": …}
    - …                              a line that the database has taken since

Each carries a checksum of itself and is on disk before `append` returns. Several processes share the
file; a lock on it is held for one write at a time, never while the database is waited for.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from pathlib import Path

from bot.errors import StoreError
from bot.store.disk import sync_data
from bot.store.hand import Hand

SIZE_BYTES = 4 * 1024 * 1024  # some eight thousand routings
BATCH_ENTRIES = 200
PIECE_BYTES = 64 * 1024
_SUM_CHARS = 16
_OPEN, _TAKEN = b"+", b"-"

Entry = Mapping[str, str]
Keep = Callable[[Sequence[Entry]], Sequence[Entry] | None]


@dataclass(frozen=True)
class _Line:
    """Where a line begins in the file, and what it holds; None when it is damaged."""

    offset: int
    open: bool
    entry: Entry | None


class Journal:
    """Entries that wait for the database, in one file of a fixed size."""

    def __init__(self, path: Path, size_bytes: int = SIZE_BYTES) -> None:
        """Use the file at `path`; `prepare` makes it."""
        self.path, self._size = path, size_bytes
        self._hand = Hand(f"the disk of the journal {path}")

    def prepare(self) -> None:
        """Make the file at its full size, for its owner alone, if it is not there.

        Raises:
            StoreError: it can't be made, or the disk has no room for it.
        """
        with self._opened() as file:
            # Written rather than only reserved, which some file systems would take for a promise.
            short = self._size - os.fstat(file).st_size
            if short > 0:
                os.pwrite(file, bytes(short), self._size - short)
                os.fsync(file)

    def append_within(self, seconds: float, entry: Entry) -> None:
        """Put an entry on disk, and wait no longer than this for it.

        While the disk does not answer, entries wait in memory for it, and are lost if the process ends first.

        Raises:
            SlowError: it is not on disk yet; `kept` says whether it waits in memory.
            StoreError: nothing is kept.
        """
        self._hand.do(partial(self.append, entry), seconds, keep=True)

    def waiting_within(self, seconds: float) -> int:
        """Count as `waiting` does, and wait no longer than this for it.

        Raises:
            StoreError: the file can't be read, or not in time.
        """
        return self._hand.do(self.waiting, seconds)

    def append(self, entry: Entry) -> None:
        """Put an entry on disk. When this returns, it survives a crash.

        Raises:
            StoreError: the file is full or can't be written; nothing is kept.
        """
        text = json.dumps(dict(entry), separators=(",", ":")).encode()
        line = b"%s %s %s\n" % (_OPEN, sha256(text).hexdigest()[:_SUM_CHARS].encode(), text)
        with self._opened() as file:
            data = self._written(file)
            if data and not data.endswith(b"\n"):
                line = b"\n" + line  # whoever wrote the last line was cut off; this one stands apart
            if len(data) + len(line) > self._size:
                raise OSError(errno.ENOSPC, "it is full")
            os.pwrite(file, line, len(data))
            sync_data(file)

    def drain(self, keep: Keep) -> tuple[int, int]:
        """Hand what waits to `keep`, some entries at a time and oldest first, and cross it off.

        `keep` may get an entry twice, when the process ends before it is crossed off, so it must
        do nothing the second time. What it raises is passed on, and those entries wait on, as do those
        that it gives back.

        Returns:
            How many entries were kept, and how many lines were damaged and are given up.

        Raises:
            StoreError: the file can't be read or written.
        """
        kept = damaged = 0
        # One at a time drains, since a line's place holds only until the file begins at the front again.
        drains = self._open(self.path.with_name(f"{self.path.name}.lock"))
        try:
            waiting = [line for line in self._lines() if line.open]
            for start in range(0, len(waiting), BATCH_ENTRIES):
                batch = waiting[start : start + BATCH_ENTRIES]
                entries = [line.entry for line in batch if line.entry is not None]
                put_off = {id(one) for one in (entries and keep(entries)) or ()}
                self._cross_off([line for line in batch if id(line.entry) not in put_off])
                kept, damaged = kept + len(entries) - len(put_off), damaged + len(batch) - len(entries)
        finally:
            os.close(drains)
        return kept, damaged

    def waiting(self) -> int:
        """Count the entries that the database has not taken; 0 when there is no file.

        Raises:
            StoreError: the file can't be read.
        """
        return sum(line.open for line in self._lines()) if self.path.exists() else 0

    def _lines(self) -> list[_Line]:
        with self._opened() as file:
            data = self._written(file)
        lines, offset = [], 0
        for raw in data.splitlines(keepends=True):
            if raw != b"\n":
                lines.append(_Line(offset, raw[:1] != _TAKEN, _read(raw)))
            offset += len(raw)
        return lines

    def _cross_off(self, batch: Sequence[_Line]) -> None:
        """Mark lines as taken, one byte each; once every line is, begin again at the front."""
        with self._opened() as file:
            for line in batch:
                os.pwrite(file, _TAKEN, line.offset)
            sync_data(file)
            data = self._written(file)
            if all(raw[:1] == _TAKEN for raw in data.splitlines() if raw):
                os.pwrite(file, bytes(len(data)), 0)
                sync_data(file)

    def _written(self, file: int) -> bytes:
        """Read what stands in front of the zeros.

        A piece at a time: the whole file at once would leave each thread that ever read it with its size.
        """
        pieces: list[bytes] = []
        for start in range(0, self._size, PIECE_BYTES):
            piece = os.pread(file, min(PIECE_BYTES, self._size - start), start)
            end = piece.find(b"\0")
            pieces.append(piece if end < 0 else piece[:end])
            if end >= 0 or not piece:
                break
        return b"".join(pieces)

    @contextmanager
    def _opened(self) -> Iterator[int]:
        file = self._open(self.path)
        try:
            yield file
        except OSError as fault:
            raise self._unusable(fault) from fault
        finally:
            os.close(file)

    def _open(self, path: Path) -> int:
        """Open a file for its owner alone, make it if need be, and wait to be the only one at it."""
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            fcntl.flock(file, fcntl.LOCK_EX)
        except OSError as fault:
            raise self._unusable(fault) from fault
        return file

    def _unusable(self, fault: OSError) -> StoreError:
        why, cure = fault.strerror or type(fault).__name__, "make room there or correct JOURNAL_PATH"
        return StoreError(f"the journal {self.path} can't be used ({why}); {cure}")


def _read(raw: bytes) -> Entry | None:
    """Read a line; None when it is not whole or its checksum is another."""
    try:
        _, sum_, text = raw.rstrip(b"\n").split(b" ", 2)
        if not raw.endswith(b"\n") or sha256(text).hexdigest()[:_SUM_CHARS].encode() != sum_:
            return None
        entry: dict[str, str] = json.loads(text)
    except ValueError:
        return None
    return entry
