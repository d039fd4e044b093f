"""The machine's clock jumps: people are answered, nothing is lost or doubled, and the log still verifies."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.cli.worker import integrator
from bot.ledger.guard import Guard
from bot.ledger.note import Signer
from bot.ledger.signing import Signing
from bot.worker import Worker
from tests.line import PlayedLine, play

HOUR_MINUTES = 60
JUMPS = (HOUR_MINUTES, -HOUR_MINUTES, -HOUR_MINUTES, HOUR_MINUTES, 24 * HOUR_MINUTES, -24 * HOUR_MINUTES)


@pytest.fixture
def line(tmp_path: Path, database_url: str) -> Iterator[PlayedLine]:
    made = play(database_url, journal_path=tmp_path / "journal")
    yield made
    made.wiring.store.close()


@pytest.fixture
def worker(line: PlayedLine, tmp_path: Path) -> Worker:
    """What writes the log, by the line's clock."""
    store = line.wiring.store
    signer = Signer("line.example/log", secrets.token_bytes(32))
    signing = Signing(store.ledger(), signer.name, [signer], Guard(tmp_path / "guard"))
    return Worker(
        store=store,
        ledger=store.ledger(),
        integrator=integrator(line.wiring.catalogue, store),
        signing=signing,
        retention_months=13,
        clock=lambda: line.now,
    )


def test_clock_jumps_between_turns(line: PlayedLine, worker: Worker) -> None:
    told: Counter[str] = Counter()
    for number, minutes in enumerate(JUMPS):
        call, texting = line.call(), line.texting(f"+44770090010{number}")
        call.start()
        texting.send("hi")
        line.pass_time(minutes)
        call.press("2")
        assert "0300 7900 227" in texting.send("nrp")[0].body
        told.update(["crimestoppers", "nrp"])
        worker.step()
        call.hang_up()
        assert not call.errors
        assert not texting.errors
    for _ in range(5):
        line.pass_time(2)
        worker.step()
    assert Counter(one.service for one in line.routings()) == told
    with line.wiring.store.ledger().reading() as log:
        kept = [log.route(one.id) for one in line.routings()]
        alarm, size, newest = log.standing()
    assert alarm == ""
    places = [one.leaf_index for one in kept if one]
    assert len(set(places)) == told.total()
    assert None not in places
    assert newest is not None
    assert newest.size == size


def test_turn_is_not_given_up_because_the_clock_jumped(line: PlayedLine) -> None:
    for minutes in JUMPS:
        line.pass_time(minutes)
        assert line.texting(f"+4477009001{abs(minutes) % 90 + 10}").send("nrp")
    assert not any(one.late for one in line.routings())
