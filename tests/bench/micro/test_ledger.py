"""What a leaf of the audited log costs: in memory, and with everything that the database keeps of it."""

from __future__ import annotations

import secrets
from dataclasses import replace
from datetime import timedelta
from itertools import count
from typing import TYPE_CHECKING

from bot.core.kept import KeptRoute, Place
from bot.ledger.entries import placed_entry, route_record
from bot.ledger.integrator import Integrator
from bot.ledger.record import committed_entry
from bot.ledger.tiles import grow
from bot.store import open_store, upgrade
from tests.ledger.memory import in_memory
from tests.store.samples import NOW, ROUTING

if TYPE_CHECKING:
    from pathlib import Path

    from tests.bench.micro.conftest import Measure

LEAVES = 1000


ROWS = [
    KeptRoute(
        *(number, NOW, "nrp", False, secrets.token_hex(32), None, None, f"{number:032x}"),
        *("sms", "en", "flow", "directory", "code", "key", "nrp"),
    )
    for number in range(LEAVES)
]
PLACES = [Place(row.seq, row.seq, row.seq + 1, "nrp", str(row.salt), late=False) for row in ROWS]


def test_leaf_written(measure: Measure) -> None:
    made = measure(lambda: [*map(placed_entry, ROWS, PLACES)], per=LEAVES)
    assert len(set(made)) == LEAVES


def test_leaf_written_by_json(measure: Measure) -> None:
    def whole(row: KeptRoute, place: Place) -> bytes:
        record = route_record(row, place.partner, place.partner_seq, late=place.late)
        return committed_entry(bytes.fromhex(place.salt), record)

    made = measure(lambda: [*map(whole, ROWS, PLACES)], per=LEAVES)
    assert made == [*map(placed_entry, ROWS, PLACES)]


def test_leaf_in_memory(measure: Measure) -> None:
    entries = [committed_entry(secrets.token_bytes(32), {"kind": "route", "v": 1}) for _ in range(LEAVES)]
    nothing = in_memory({})
    tiles = measure(lambda: grow(0, nothing, entries), per=LEAVES)
    assert sum(tile.level == 0 for tile in tiles) == -(-LEAVES // 256)


def test_leaf_in_sqlite(measure: Measure, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/line.db"
    upgrade(url)
    store, numbers = open_store(url, pool_size=1), count()

    def arrive() -> None:
        """Put routings there that wait for their place."""
        routings = [replace(ROUTING, id=f"{next(numbers):032x}", partner="nrp") for _ in range(LEAVES)]
        store.keep_made_up([(one, secrets.token_hex(32), ()) for one in routings])

    integrator = Integrator(store.ledger(), (), lambda _: "nrp", lambda: secrets.token_bytes(32))
    integrator.grow(NOW - timedelta(minutes=1))  # the first of all is a heartbeat
    assert measure(lambda: integrator.grow(NOW), per=LEAVES, setup=arrive) == LEAVES
    store.close()
