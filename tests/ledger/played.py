"""A log as the app writes one, in a folder: entries, tiles, a signed checkpoint, and a partner's records."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

from bot.ledger import merkle, tiles
from bot.ledger.checkpoint import Checkpoint
from bot.ledger.note import Signer, sign
from bot.ledger.record import Disclosure, Record, committed_entry, heartbeat_entry, moment
from bot.ledger.tiles import Tile
from tests.ledger.memory import in_memory

SIGNER = Signer("line.example/log", bytes(range(32)))
BEGAN = datetime(2026, 11, 24, 0, 0, tzinfo=UTC)
MINE = "crimestoppers"


def salt_of(index: int) -> bytes:
    return sha256(b"salt %d" % index).digest()


@dataclass
class PlayedLog:
    """Leaves and records, made in order; `write` lays them out in a folder and signs."""

    entries: list[bytes] = field(default_factory=list)
    mine: list[Disclosure] = field(default_factory=list)
    numbers: dict[str, int] = field(default_factory=dict)
    tallies: dict[str, int] = field(default_factory=dict)

    def beat(self, at: datetime) -> None:
        self.entries.append(heartbeat_entry(at))

    def record(self, partner: str, hour: datetime, **changes: object) -> None:
        self.numbers[partner] = self.numbers.get(partner, 0) + 1
        record: dict[str, object] = {
            "v": 1,
            "kind": "route",
            "id": f"{len(self.entries):032x}",
            "hour": moment(hour),
            "service": partner,
            "partner": partner,
            "partner_seq": self.numbers[partner],
            "late": False,
        }
        self.add(record | changes)  # type: ignore[arg-type]  # values of a record

    def tally(self, partner: str, first: int | None, last: int | None, count: int) -> None:
        counts: Record = {"first": first, "last": last, "count": count}
        day = BEGAN.date() + timedelta(days=self.tallies.get(partner, 0))
        self.tallies[partner] = self.tallies.get(partner, 0) + 1
        self.add({"v": 1, "kind": "tally", "day": f"{day}", "partner": partner, **counts})

    def add(self, record: Record) -> None:
        salt = salt_of(len(self.entries))
        if record["partner"] == MINE:
            self.mine.append(Disclosure(len(self.entries), salt, record))
        self.entries.append(committed_entry(salt, record))

    def write(self, folder: Path, signers: Sequence[Signer] = (SIGNER,)) -> Path:
        shutil.rmtree(folder, ignore_errors=True)
        blobs = tiles.grow(0, in_memory({}), self.entries)
        for tile, data in blobs.items():
            put(folder, tile, data)
        self.sign(folder, self.root(), signers)
        return folder

    def root(self) -> bytes:
        blobs = tiles.grow(0, in_memory({}), self.entries)
        read = in_memory({(tile.level, tile.number): data for tile, data in blobs.items()})
        return merkle.root(tiles.hashes_in(read, len(self.entries)), len(self.entries))

    def sign(
        self, folder: Path, root: bytes, signers: Sequence[Signer] = (SIGNER,), origin: str = SIGNER.name
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        note = sign(Checkpoint(origin, len(self.entries), root).text, signers)
        (folder / "checkpoint").write_text(str(note), "utf-8")


def put(folder: Path, tile: Tile, data: bytes) -> None:
    path = folder / tile.path
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def played(records: int = 700) -> PlayedLog:
    """Seven hours of two partners, with a tally after four of them and at the end."""
    log = PlayedLog()
    for hour in range(7):
        log.beat(BEGAN + timedelta(hours=hour))
        for at in range(records // 7):
            log.record(MINE if at % 3 else "nrp", BEGAN + timedelta(hours=hour))
        if hour in (3, 6):
            last = log.numbers[MINE]
            first = 1 if hour == 3 else 1 + last * 4 // 7
            log.tally(MINE, first, last, last - first + 1)
    return log


def altered(disclosure: Disclosure, **changes: object) -> Disclosure:
    return replace(disclosure, record={**disclosure.record, **changes})  # type: ignore[dict-item]  # values of a record


def lines(disclosures: Sequence[Disclosure]) -> Iterator[str]:
    return (one.line() for one in disclosures)
