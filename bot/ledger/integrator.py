"""Gives every record its place in the log: requests never wait for the tree.

One step is one transaction: it reads how large the tree is, takes rows that have no place yet, gives
them places and numbers, and writes leaves, tiles and rows. So a process that is killed anywhere in
between has done nothing or all of it. Places need no hash, so the database may write them while the
leaves are made. Signing is another step (`bot.ledger.signing`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Protocol

from bot.core.kept import (
    Growth,
    Head,
    KeptCheckpoint,
    KeptOutcome,
    KeptRoute,
    KeptTally,
    Numbers,
    Place,
)
from bot.errors import LedgerError
from bot.ledger.entries import placed_entry, tally_record
from bot.ledger.record import committed_entry, heartbeat_entry, purge_entry
from bot.ledger.tiles import Read, Tile, cut_to, edge_tiles, grow

BATCH_LEAVES = 5000
SILENCE = timedelta(minutes=10)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


class TileStore(Protocol):
    """Whatever has the log's tiles."""

    def tile(self, path: str) -> bytes | None:
        """Give a tile by the path of the full one, as wide as it has grown."""


class LedgerTransaction(TileStore, Protocol):
    """Everything that one step reads and writes; others wait until it has ended."""

    def head(self) -> Head:
        """Read how large the tree is, and keep everybody else from growing it until the end."""

    def pending(self, limit: int, until: datetime) -> tuple[list[KeptRoute], list[KeptOutcome]]:
        """Give rows without a place, of hours up to `until`, oldest first, at most `limit` of each.

        Outcomes that are later than `limit` routings may be left out: their turn comes after those.
        """

    def numbers(self) -> dict[str, Numbers]:
        """Give the last number of each partner."""

    def writing(self, growth: Growth) -> AbstractContextManager[None]:
        """Write all of it, until this is closed; meanwhile nothing can be asked."""

    def keep_tiles(self, tiles: dict[str, bytes]) -> None:
        """Write tiles, each by the path of the full one."""

    def forget(self, before: datetime, limit: int) -> int:
        """Delete up to `limit` records of hours before a moment, that the log has; give how many."""

    def checkpoint(self) -> KeptCheckpoint | None:
        """Give the largest checkpoint that was signed."""

    def keep_checkpoint(self, checkpoint: KeptCheckpoint) -> None:
        """Keep a checkpoint; one that is there as it is may be given again."""


class LedgerStore(Protocol):
    """Where the log is kept."""

    def holding(self) -> AbstractContextManager[bool]:
        """Be the only integrator while this is open; False when another one is."""

    def transaction(self) -> AbstractContextManager[LedgerTransaction]:
        """Begin; commit at the end, or undo everything when something is raised."""


@dataclass(frozen=True)
class Integrator:
    """Grows the log. `partners` get a tally each day; `partner_of` names the one of a service.

    `new_salt` gives 32 bytes that nobody can guess. `paced` is for made-up records of the past
    alone: heartbeats then say the hour of the records that they stand before.
    """

    store: LedgerStore
    partners: Sequence[str]
    partner_of: Callable[[str], str]
    new_salt: Callable[[], bytes]
    batch_leaves: int = BATCH_LEAVES
    paced: bool = False

    def grow(self, now: datetime) -> int:
        """Take one batch, tallies and heartbeats that are due; give how many leaves were added.

        A batch is full when this gives `batch_leaves` or more: there may be more to take.

        Raises:
            LedgerError: the tree can't be read as it was written.
            StoreError: the database failed; nothing was added.
        """
        with self.store.transaction() as transaction:
            step = _Step(self, transaction, now)
            step.take()
            return step.finish()

    def purge(self, now: datetime, before: datetime) -> int:
        """Forget one batch of records from before a moment, and say so in the log; give how many.

        Raises:
            LedgerError, StoreError: as `grow`; nothing was forgotten.
        """
        with self.store.transaction() as transaction:
            step = _Step(self, transaction, now)
            count = transaction.forget(before, self.batch_leaves)
            if count:
                step.leaves.append(partial(purge_entry, now, before, count))
                step.finish()
            return count


def reader(store: TileStore) -> Read:
    """Read tiles, each once."""
    seen: dict[tuple[int, int], bytes | None] = {}

    def read(tile: Tile) -> bytes:
        key = (tile.level, tile.number)
        if key not in seen:
            seen[key] = store.tile(Tile(*key).path)
        data = seen[key]
        if data is None:
            raise LedgerError(f"{tile.path} is missing from the database; restore it from a backup")
        return cut_to(tile, data)

    return read


@dataclass
class _Step:
    """One step: what makes the leaves it adds, and everything that goes with them."""

    by: Integrator
    transaction: LedgerTransaction
    now: datetime
    leaves: list[Callable[[], bytes]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.head = self.transaction.head()
        self.alive_at, self.tallied = self.head.alive_at, self.head.tallied
        # A clock that was set back must not make the log go back.
        self.now = max(self.now.astimezone(UTC), self.alive_at or self.now)
        numbers = self.transaction.numbers()
        self.last = {partner: of.last for partner, of in numbers.items()}
        self.last_tallied = {partner: of.tallied for partner, of in numbers.items()}
        self.routes: list[Place] = []
        self.outcomes: list[Place] = []
        self.mended: tuple[list[Place], list[Place]] = ([], [])
        self.tallies: list[KeptTally] = []
        self.hours: set[datetime] = set()

    def take(self) -> None:
        """Take what waits, in the order of the hours, and what is due besides."""
        rows, all_taken = self._rows()
        hour, punctual = None, True
        for row in rows:
            if row.hour != hour:
                hour = row.hour
                self._tally_until(hour.date())
                self._beat_before(hour)
                punctual = hour >= _hour(self.alive_at or self.now) - HOUR
            self._place(row, late=row.late or not punctual)
        if all_taken and not self.by.paced:
            self._tally_until(self.now.date())
            last = max(filter(None, (self.head.grown_at, self.alive_at)), default=None)
            silent = not self.leaves and (last is None or self.now - last >= SILENCE)
            if silent or self.alive_at is None:
                self._beat(self.now)

    def finish(self) -> int:
        """Write everything; give how many leaves there are more."""
        if not self.leaves and self.tallied == self.head.tallied:
            return 0
        size, read = self.head.size, reader(self.transaction)
        for tile in edge_tiles(size):
            read(tile)  # and remember it: nothing can be asked while the places are written
        growth = Growth(
            head=Head(size + len(self.leaves), self.alive_at, self.now, self.tallied),
            routes=self.routes,
            outcomes=self.outcomes,
            mended_routes=self.mended[0],
            mended_outcomes=self.mended[1],
            tallies=self.tallies,
            numbers={name: Numbers(last, self.last_tallied.get(name, 0)) for name, last in self.last.items()},
            hours=self.hours,
        )
        with self.transaction.writing(growth):
            grown = grow(size, read, [entry() for entry in self.leaves])
        tiles = {Tile(tile.level, tile.number).path: data for tile, data in grown.items()}
        self.transaction.keep_tiles(tiles)
        return len(self.leaves)

    def _rows(self) -> tuple[Sequence[KeptRoute | KeptOutcome], bool]:
        """Give one batch by hour, routings first, and whether nothing waits besides.

        The hour of a row may be one that this machine's clock has not reached: it waits for it.
        """
        limit = self.by.batch_leaves
        routes, outcomes = self.transaction.pending(limit, self.now)
        if not outcomes:
            return routes, len(routes) < limit
        rows: list[KeptRoute | KeptOutcome] = [*routes, *outcomes]
        rows.sort(key=lambda row: (row.hour, isinstance(row, KeptOutcome), row.seq))
        return rows[:limit], len(rows) < limit

    def _place(self, row: KeptRoute | KeptOutcome, *, late: bool) -> None:
        partner = row.partner or self.by.partner_of(row.service)
        salt = row.salt or self.by.new_salt().hex()
        number = self.last[partner] = self.last.get(partner, 0) + 1
        place = Place(row.seq, self._index(), number, partner, salt, late)
        if isinstance(row, KeptRoute):
            kind = 0
            self.routes.append(place)
            self.hours.add(row.hour)
        else:
            kind = 1
            self.outcomes.append(place)
            self.hours.add(row.routed)
        if not row.salt or not row.partner or row.late != late:
            self.mended[kind].append(place)
        self.leaves.append(partial(placed_entry, row, place))

    def _beat_before(self, hour: datetime) -> None:
        """Say that the log is alive before the first record of an hour, so that nothing is back-dated."""
        present = hour if self.by.paced else self.now
        if self.alive_at is None or _hour(self.alive_at) < _hour(present):
            self._beat(present)

    def _beat(self, at: datetime) -> None:
        self.leaves.append(partial(heartbeat_entry, at))
        self.alive_at = at.replace(microsecond=0)

    def _tally_until(self, day: date) -> None:
        """Write the tallies of each day before this one that has none yet; zero counts too."""
        if self.tallied is None:
            self.tallied = day - DAY
        while self.tallied < day - DAY:
            self.tallied += DAY
            for partner in sorted({*self.by.partners, *self.last}):
                self._tally(self.tallied.isoformat(), partner)

    def _tally(self, day: str, partner: str) -> None:
        last, tallied = self.last.setdefault(partner, 0), self.last_tallied.get(partner, 0)
        count = last - tallied
        first, end = (tallied + 1, last) if count else (None, None)
        salt = self.by.new_salt()
        tally = KeptTally(day, partner, first, end, count, salt.hex(), self._index())
        self.tallies.append(tally)
        self.last_tallied[partner] = last
        self.leaves.append(partial(committed_entry, salt, tally_record(tally)))

    def _index(self) -> int:
        return self.head.size + len(self.leaves)


def _hour(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0)
