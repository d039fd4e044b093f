"""Where a log is read from: a folder of files, or the web. Nothing that is read is believed."""

from __future__ import annotations

import time
import urllib.error
import urllib.request
from http.client import HTTPException
from pathlib import Path
from typing import Protocol

from bot.errors import LedgerError
from bot.ledger.tiles import WIDTH, Tile, cut_to

TIMEOUT_SECONDS = 20
TRIES = 3
GONE = (404, 410)
LARGEST_FILE_BYTES = 32 * 1024 * 1024  # a bundle of the longest entries has 16 MiB


class Source(Protocol):
    """Something that has a log's files."""

    def file(self, path: str) -> bytes | None:
        """Give a file of the log, None when it is not there."""


class Folder:
    """A log that was downloaded or exported."""

    def __init__(self, folder: Path) -> None:
        """Read from this folder, which has `checkpoint` in it."""
        self._folder = folder

    def file(self, path: str) -> bytes | None:
        """Give a file.

        Raises:
            LedgerError: it is there and can't be read.
        """
        try:
            return (self._folder / path).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as fault:
            raise LedgerError(f"{path} can't be read ({fault.strerror})") from fault


class Web:
    """A log that is served at an address."""

    def __init__(self, address: str) -> None:
        """Read from this address, under which `checkpoint` is."""
        self._address = address.rstrip("/")

    def file(self, path: str) -> bytes | None:
        """Fetch a file, again when the first try fails.

        Raises:
            LedgerError: it can't be fetched.
        """
        for tried in range(1, TRIES + 1):
            try:
                return self._fetch(path)
            except urllib.error.HTTPError as fault:
                if fault.code in GONE:
                    return None
                why = f"HTTP {fault.code}"
            except (urllib.error.URLError, HTTPException, OSError) as fault:
                why = str(getattr(fault, "reason", fault))
            if tried < TRIES:
                time.sleep(tried)
        raise LedgerError(f"{path} can't be fetched ({why})")

    def _fetch(self, path: str) -> bytes:
        # `open_source` lets http and https through alone.
        with urllib.request.urlopen(f"{self._address}/{path}", timeout=TIMEOUT_SECONDS) as answer:  # noqa: S310  # nosec B310
            data: bytes = answer.read(LARGEST_FILE_BYTES + 1)
        if len(data) > LARGEST_FILE_BYTES:
            raise LedgerError(f"{path} is larger than any file of a log")
        return data


def open_source(place: str) -> Source:
    """Read a log from an address or a folder.

    Raises:
        LedgerError: it is neither.
    """
    if place.startswith(("http://", "https://")):
        return Web(place)
    if Path(place).is_dir():
        return Folder(Path(place))
    raise LedgerError(f"{place!r} is no folder, and no address that begins with https://")


def read_tile(source: Source, tile: Tile) -> bytes:
    """Read a tile; one that is not full may have been deleted once a fuller one was there.

    Raises:
        LedgerError: it is not there, or not as wide as it should be.
    """
    data = source.file(tile.path)
    if data is None and tile.width < WIDTH:
        full = Tile(tile.level, tile.number)
        data = source.file(full.path)
        if data is not None:
            return cut_to(tile, data)
    if data is None:
        raise LedgerError(f"{tile.path} is missing")
    return data
