"""What the pages say of the log itself: its checkpoints, and how old the last one is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from bot.ledger.record import read_entry
from bot.ledger.tiles import ENTRIES, WIDTH, Tile, split_entries
from bot.store import ledger_reports
from bot.web.portal.names import age_text, moment_text
from bot.web.wiring import wiring

if TYPE_CHECKING:
    from bot.store import Connection, LedgerReader


@dataclass(frozen=True)
class SeenCheckpoint:
    """A signed checkpoint: how many entries it covers, their root, the signed note itself."""

    size: int
    root: str
    note: str
    at: str
    age: str


def last_checkpoint(connection: Connection) -> SeenCheckpoint | None:
    """Give the newest checkpoint, None before the first."""
    return next(iter(checkpoints(connection, limit=1)), None)


def checkpoints(connection: Connection, below: int | None = None, limit: int = 50) -> list[SeenCheckpoint]:
    """Give checkpoints, the largest first; with `below` those of fewer entries."""
    now = wiring().clock()
    return [
        _seen(row.size, row.root, row.note, row.signed_at, now)
        for row in ledger_reports.checkpoints(connection, below, limit)
    ]


def _seen(size: int, root: str, note: str, signed_at: datetime, now: datetime) -> SeenCheckpoint:
    return SeenCheckpoint(
        size, root, note, moment_text(signed_at), age_text((now - signed_at).total_seconds())
    )


@dataclass(frozen=True)
class SeenEntry:
    """An entry of the log as everybody may see it: its kind, and its commitment or what it says openly."""

    index: int
    kind: str
    told: str


def entries(reading: LedgerReader, bundle: int, size: int) -> list[SeenEntry]:
    """Give the entries of one bundle of 256, as far as the tree of `size` leaves goes; newest first."""
    data = reading.tile(Tile(ENTRIES, bundle).path) if bundle * WIDTH < size else None
    found = split_entries(data)[: size - bundle * WIDTH] if data else []
    return [_entry(bundle * WIDTH + place, entry) for place, entry in enumerate(found)][::-1]


def _entry(index: int, entry: bytes) -> SeenEntry:
    leaf = read_entry(entry)
    told = leaf.commitment or ", ".join(
        f"{name} {value}" for name, value in leaf.fields.items() if name not in ("k", "v")
    )
    return SeenEntry(index, leaf.kind, told)
