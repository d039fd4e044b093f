"""The last signed checkpoint, kept in a second place: a restored backup must stop the log, not fork it."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bot.errors import LedgerError

_MODE = 0o600


def write_durably(path: Path, text: str) -> None:
    """Put a file in another's place, whole or not at all, and wait until it is on disk.

    Raises:
        OSError: it can't be; the file is as it was.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    new = path.with_name(f".{path.name}.new")
    file = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, _MODE)
    try:
        data = text.encode()
        while data:
            data = data[os.write(file, data) :]
        os.fsync(file)
    finally:
        os.close(file)
    new.replace(path)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


@dataclass(frozen=True)
class Guard:
    """The file at `path`. It holds a checkpoint as it was signed, and nothing else."""

    path: Path
    write_file: Callable[[Path, str], None] = write_durably

    def read(self) -> str | None:
        """Give the checkpoint; None when there is no file.

        Raises:
            LedgerError: it is there and can't be read.
        """
        try:
            return self.path.read_text("utf-8")
        except FileNotFoundError:
            return None
        except (OSError, UnicodeDecodeError) as fault:
            raise LedgerError(f"the guard {self.path} can't be read ({fault}); nothing is signed") from fault

    def write(self, note: str) -> None:
        """Keep a checkpoint. When this returns it is on disk.

        Raises:
            LedgerError: it can't be kept, so it must not be shown to anybody.
        """
        try:
            self.write_file(self.path, note)
        except OSError as fault:
            cure = "make room there, or correct LEDGER_GUARD_PATH"
            why = fault.strerror or type(fault).__name__
            raise LedgerError(
                f"the guard {self.path} can't be written ({why}), so nothing is signed; {cure}"
            ) from fault
