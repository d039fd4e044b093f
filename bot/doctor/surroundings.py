"""The settings, the account that this runs as, the disks and the clock."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from bot.doctor.examination import Examined
from bot.errors import StoreError
from bot.settings import Settings
from bot.store import Store, sqlite_path, upkeep

MEGABYTE = 1024 * 1024
LITTLE_BYTES, TOO_LITTLE_BYTES = 1024 * MEGABYTE, 100 * MEGABYTE
MOST_DRIFT = timedelta(seconds=30)


class Room(NamedTuple):
    """How large a disk is, and how much of it is free, in bytes."""

    total: int
    free: int


def room(path: Path) -> Room:
    """Ask the system. Raises OSError."""
    usage = shutil.disk_usage(path)
    return Room(usage.total, usage.free)


def of_settings(chosen: Settings) -> Iterator[Examined]:
    """What the settings leave open that a line in service should not."""
    yield Examined("ok", "settings", chosen.environment)
    if chosen.public_url.startswith("https://"):
        yield Examined("ok", "PUBLIC_URL", "https")
    else:
        found = "http" if chosen.public_url else "nothing"
        cure = "write the https address that Twilio calls"
        yield Examined("warning", "PUBLIC_URL", found, "https, once people are served", cure)
    if chosen.production and not chosen.fallback_url:
        cure = "signpost fallback export, put the files on another server, enter its address"
        yield Examined("warning", "FALLBACK_URL", "nothing", "an answer for when this program is gone", cure)
    if chosen.production and not chosen.metrics_token:
        cure = "enter a token, and give it to Prometheus"
        yield Examined("warning", "METRICS_TOKEN", "nothing", "somebody is told when the line fails", cure)


def of_account(chosen: Settings) -> Iterator[Examined]:
    """Whether this runs as whoever owns the files: what another account makes, the line can't write."""
    path = sqlite_path(chosen.database_url) or chosen.journal_path
    if path is None or not path.exists():
        return
    owner, me = path.stat().st_uid, os.geteuid()
    if owner != me:
        limit = f"the account that owns {path} (number {owner})"
        cure = "run this as the line's own account, with sudo -u"
        yield Examined("warning", "account", f"account number {me}", limit, cure)


def of_disks(chosen: Settings, measure: Callable[[Path], Room] = room) -> Iterator[Examined]:
    """How much room there is at each place that is written to."""
    places = {
        "DATABASE_URL": sqlite_path(chosen.database_url),
        "JOURNAL_PATH": chosen.journal_path,
        "LEDGER_GUARD_PATH": chosen.ledger_guard_path,
    }
    for name, path in places.items():
        if path is not None:
            yield _disk(f"disk of {name}", path, measure)


def _disk(item: str, path: Path, measure: Callable[[Path], Room]) -> Examined:
    folder = _existing(path)
    try:
        found = measure(folder)
    except OSError as fault:
        why = fault.strerror or type(fault).__name__
        return Examined("fault", item, f"{folder} can't be looked at ({why})", "", "correct the path")
    told = f"{found.free // MEGABYTE:,} MB free of {found.total // MEGABYTE:,} MB ({folder})"
    limit = f"at least {LITTLE_BYTES // MEGABYTE:,} MB, never less than {TOO_LITTLE_BYTES // MEGABYTE} MB"
    if found.free >= LITTLE_BYTES:
        return Examined("ok", item, told)
    level = "fault" if found.free < TOO_LITTLE_BYTES else "warning"
    return Examined(level, item, told, limit, "make room there, or move it to a larger disk")  # type: ignore[arg-type]  # one of two literals


def of_clock(store: Store, now: Callable[[], datetime]) -> Iterator[Examined]:
    """This machine's clock against another's: the database server's, or else that of its own files."""
    try:
        with store.reading("the clock can't be compared") as connection:
            other, whose = upkeep.clock(connection), "the database server"
    except StoreError:
        other, whose = None, ""
    if other is None:
        other, whose = _clock_of_files(), "the file system"
    seconds = abs((other - now()).total_seconds())
    limit = f"at most {MOST_DRIFT.seconds} seconds"
    told = f"{seconds:.0f} seconds off {whose}"
    if seconds <= MOST_DRIFT.total_seconds():
        yield Examined("ok", "clock", told)
    else:
        yield Examined("fault", "clock", told, limit, "turn time synchronisation on, on both machines")


def _clock_of_files() -> datetime:
    with tempfile.TemporaryFile() as file:
        file.write(b"now")
        file.flush()
        return datetime.fromtimestamp(os.fstat(file.fileno()).st_mtime, UTC)


def _existing(path: Path) -> Path:
    """Give the path, or the first of its folders that is there."""
    return next((one for one in (path, *path.absolute().parents) if one.exists()), Path("/"))
