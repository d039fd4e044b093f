"""A log that is kept in memory, and faults that strike at any of its reads and writes."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

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
from bot.ledger.guard import Guard, write_durably
from bot.ledger.integrator import Integrator
from bot.ledger.note import Signer
from bot.ledger.proving import disclosure
from bot.ledger.record import Disclosure
from bot.ledger.signing import Signing
from bot.ledger.tiles import Tile, cut_to, read_path
from bot.ledger.verifier import Trust, Verified, verify

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
SIGNER = Signer("line.example/log", bytes(range(32)))
PARTNERS = ("crimestoppers", "nrp")


class KilledError(BaseException):
    """The process ends here: nothing catches this."""


@dataclass
class State:
    """Everything that would be on disk."""

    head: Head = field(default_factory=Head)
    routes: dict[int, KeptRoute] = field(default_factory=dict)
    outcomes: dict[int, KeptOutcome] = field(default_factory=dict)
    tallies: list[KeptTally] = field(default_factory=list)
    numbers: dict[str, Numbers] = field(default_factory=dict)
    tiles: dict[str, bytes] = field(default_factory=dict)
    checkpoints: dict[int, KeptCheckpoint] = field(default_factory=dict)


@dataclass
class MemoryLedger:
    """`LedgerStore` in memory. `strike` is called before each thing is read, written or committed."""

    state: State = field(default_factory=State)
    strike: Callable[[str], None] = lambda _what: None
    seqs: Iterator[int] = field(default_factory=lambda: count(1))

    @contextmanager
    def holding(self) -> Iterator[bool]:
        yield True

    @contextmanager
    def transaction(self) -> Iterator[MemoryTransaction]:
        self.strike("begin")
        changed = copy.deepcopy(self.state)
        yield MemoryTransaction(changed, self.strike)
        self.strike("commit")
        self.state = changed
        self.strike("committed")

    def route(
        self,
        hour: datetime = NOON,
        *,
        service: str = "nrp",
        partner: str | None = None,
        late: bool = False,
        salt: str | None = "ab" * 32,
    ) -> int:
        """Keep a routing, as a request does; give its number."""
        seq = next(self.seqs)
        given = service if partner is None else partner
        self.state.routes[seq] = KeptRoute(
            seq, hour, given, late, salt, None, None, f"r{seq}", "sms", "en", "f", "d", "c", "key", service
        )
        return seq

    def outcome(self, routing: int, hour: datetime = NOON, outcome: str = "connected") -> None:
        """Keep how a routing went on."""
        seq, routed = next(self.seqs), self.state.routes[routing]
        self.state.outcomes[seq] = KeptOutcome(
            seq,
            hour,
            routed.partner,
            False,
            "cd" * 32,
            None,
            None,
            routed.id,
            outcome,
            routed.service,
            routed.hour,
        )

    def disclosures(self, partner: str, size: int | None = None) -> list[Disclosure]:
        """Give a partner's own records."""
        state = self.state
        rows: list[KeptRoute | KeptOutcome | KeptTally] = [
            *state.routes.values(),
            *state.outcomes.values(),
            *state.tallies,
        ]
        own = [row for row in rows if row.partner == partner and row.leaf_index is not None]
        given = sorted((disclosure(row) for row in own), key=lambda one: one.leaf_index)
        return [one for one in given if size is None or one.leaf_index < size]

    def file(self, path: str) -> bytes | None:
        """Give a file as it would be served."""
        if path == "checkpoint":
            newest = max(self.state.checkpoints.values(), default=None)
            return newest and newest.note.encode()
        tile = read_path(path)
        assert tile is not None
        data = self.state.tiles.get(Tile(tile.level, tile.number).path)
        return None if data is None else cut_to(tile, data)

    def verified(self) -> Verified:
        """Prove the whole log, with each partner's records."""
        partners = {row.partner for row in self.state.routes.values() if row.leaf_index is not None}
        newest = max(self.state.checkpoints)
        for partner in sorted(partners | set(PARTNERS)):
            found = verify(self, Trust([SIGNER.verifier]), records=self.disclosures(partner, newest))
        return found


@dataclass
class MemoryTransaction:
    """`LedgerTransaction` on a copy of the state."""

    state: State
    strike: Callable[[str], None]

    def head(self) -> Head:
        self.strike("head")
        return self.state.head

    def pending(self, limit: int, until: datetime) -> tuple[list[KeptRoute], list[KeptOutcome]]:
        routes = [one for one in self.state.routes.values() if one.leaf_index is None and one.hour <= until]
        outcomes = [
            one for one in self.state.outcomes.values() if one.leaf_index is None and one.hour <= until
        ]
        routes.sort(key=lambda one: (one.hour, one.seq))
        outcomes.sort(key=lambda one: (one.hour, one.seq))
        return routes[:limit], outcomes[:limit]

    def numbers(self) -> dict[str, Numbers]:
        return dict(self.state.numbers)

    def tile(self, path: str) -> bytes | None:
        self.strike("tile")
        return self.state.tiles.get(path)

    @contextmanager
    def writing(self, growth: Growth) -> Iterator[None]:
        self.strike("write")
        self.state.head = growth.head
        for place in growth.routes:
            self.state.routes[place.seq] = self.state.routes[place.seq]._replace(**_columns(place))
        for place in growth.outcomes:
            self.state.outcomes[place.seq] = self.state.outcomes[place.seq]._replace(**_columns(place))
        self.state.tallies += growth.tallies
        self.state.numbers |= growth.numbers
        self.strike("written")
        yield
        self.strike("leaves made")

    def keep_tiles(self, tiles: dict[str, bytes]) -> None:
        self.state.tiles |= tiles
        self.strike("written tiles")

    def forget(self, before: datetime, limit: int) -> int:
        taken = [
            (rows, row.seq)
            for rows in (self.state.routes, self.state.outcomes)
            for row in rows.values()
            if row.hour < before and row.leaf_index is not None
        ][:limit]
        for rows, seq in taken:
            del rows[seq]
        return len(taken)

    def checkpoint(self) -> KeptCheckpoint | None:
        self.strike("checkpoint")
        return max(self.state.checkpoints.values(), default=None)

    def keep_checkpoint(self, checkpoint: KeptCheckpoint) -> None:
        self.strike("keep checkpoint")
        self.state.checkpoints[checkpoint.size] = checkpoint


def _columns(place: Place) -> dict[str, Any]:
    return {name: value for name, value in place._asdict().items() if name != "seq"}


def partner_of(service: str) -> str:
    """Each service is its own partner here."""
    return service


def integrator(store: MemoryLedger, batch_leaves: int = 5000, *, paced: bool = False) -> Integrator:
    """Make one whose salts are known."""
    salts = count(1)
    return Integrator(
        store,
        PARTNERS,
        partner_of,
        lambda: next(salts).to_bytes(32, "big"),
        batch_leaves=batch_leaves,
        paced=paced,
    )


def signing(
    store: MemoryLedger, path: Path, write_file: Callable[[Path, str], None] = write_durably
) -> Signing:
    """Make one with the tests' key and a guard at `path`."""
    return Signing(store, SIGNER.name, [SIGNER], Guard(path, write_file))


def later(**units: float) -> datetime:
    """A moment after noon."""
    return NOON + timedelta(**units)
