"""Writes a log as files, as it is served: any web server can take it over, and `verify` reads a folder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from bot.errors import LedgerError
from bot.ledger.tiles import WIDTH, Read, tiles_of

Progress = Callable[[int], None]


def export(read: Read, size: int, checkpoint: str, folder: Path, progress: Progress = lambda _: None) -> int:
    """Write what is new of a log of `size` leaves into a folder; give how many files that was.

    A full tile never changes, so one that is there is left alone. The checkpoint comes last: whoever
    reads the folder meanwhile finds everything that the one before it promised.

    Raises:
        LedgerError: a tile is missing, or the folder can't be written.
    """
    written = 0
    try:
        for tile in tiles_of(size):
            path = folder / tile.path
            if path.exists():
                continue
            _put(path, read(tile))
            written += 1
            progress(written)
            narrower = path.parent if tile.width < WIDTH else path.with_name(f"{path.name}.p")
            _forget(narrower, path)
        _put(folder / "checkpoint", checkpoint.encode())
    except OSError as fault:
        raise LedgerError(f"{folder} can't be written ({fault.strerror}); make room there") from fault
    return written + 1


def _put(path: Path, data: bytes) -> None:
    """Write a file so that it is never seen half written."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f".{path.name}.new")
    new.write_bytes(data)
    new.replace(path)


def _forget(narrower: Path, but: Path) -> None:
    """Delete the narrower forms of a tile that has grown: the wider one holds them."""
    if narrower.is_dir():
        for path in narrower.iterdir():
            if path != but:
                path.unlink()
        if not any(narrower.iterdir()):
            narrower.rmdir()
