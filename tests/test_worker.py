"""The worker goes on whatever happens, and tells what it can't do."""

from __future__ import annotations

import logging
import shutil
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from threading import Event, Thread

import pytest

from bot import custody
from bot.core.partner import Witness, WitnessPolicy
from bot.core.retention import kept_since
from bot.errors import LedgerError, WitnessRefusedError, WitnessUnreachableError
from bot.ledger.guard import Guard
from bot.ledger.merkle import Hash, verify_consistency
from bot.ledger.note import Note, Signature, Signer, read_note
from bot.ledger.signing import Signing
from bot.ledger.witness import Prove
from bot.ledger.witness import Witness as Asked
from bot.settings import Settings
from bot.store import Store, open_store, upgrade
from bot.witnessing import Witnessing
from bot.worker import Worker
from tests.store.ledger_worker import SIGNER, integrator
from tests.store.samples import NOW, ROUTING, keep, take

MINE = replace(ROUTING, partner="mine")
WAIT_SECONDS = 20


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """Give an empty store."""
    upgrade(f"sqlite:///{tmp_path}/line.db")
    store = open_store(f"sqlite:///{tmp_path}/line.db")
    yield store
    store.close()


class Clock:
    """A clock that stands still until it is moved."""

    now = NOW

    def __call__(self) -> object:
        return self.now


@dataclass
class Played:
    """A worker, its clock and its guard."""

    worker: Worker
    clock: Clock
    guard: Path

    def step(self, **later: float) -> bool:
        """Let time pass, and let the worker do what is due."""
        self.clock.now += timedelta(**later)
        return self.worker.step()

    @property
    def size(self) -> int:
        """How many leaves are signed."""
        with self.worker.ledger.reading() as log:
            newest = log.checkpoint()
        return newest.size if newest else 0

    @property
    def alarm(self) -> str:
        """What /readyz would say."""
        with self.worker.ledger.reading() as log:
            return log.standing().alarm


@pytest.fixture
def played(store: Store, tmp_path: Path) -> Played:
    """Give a worker on an empty store."""
    clock, guard = Clock(), tmp_path / "elsewhere" / "guard"
    signing = Signing(store.ledger(), SIGNER.name, [SIGNER], Guard(guard))
    worker = Worker(store, store.ledger(), integrator(store), signing, 13, clock)  # type: ignore[arg-type]  # it gives a moment
    return Played(worker, clock, guard)


def test_a_routing_is_signed_in_the_next_step(played: Played, store: Store) -> None:
    played.step()
    take(store, "t1", keep(routing=MINE))
    played.step(seconds=1)
    assert played.size == 2


def test_an_idle_worker_leaves_the_database_alone_and_beats_after_ten_minutes(played: Played) -> None:
    played.step()
    for _ in range(19):
        played.step(seconds=31)
    assert played.size == 1
    played.step(seconds=31)
    assert played.size == 2


def test_a_full_batch_means_that_there_is_more(played: Played, store: Store) -> None:
    store.keep_made_up([(replace(MINE, id=f"r{at}"), "ab" * 32, ()) for at in range(501)])
    assert played.step()
    assert not played.step()
    assert played.size == 502


def test_old_records_are_purged_once_a_day(played: Played, store: Store) -> None:
    played.step()
    take(store, "t1", keep(routing=replace(MINE, hour=NOW - timedelta(days=500))))
    played.step(seconds=1)
    assert len(list(store.routings())) == 1  # today's purge has been
    played.step(days=1)
    assert list(store.routings()) == []


def test_expired_sessions_go_every_minute(played: Played, store: Store) -> None:
    take(store, "t1", keep())
    played.step()
    played.step(minutes=31)
    assert store.purge(played.clock.now) == 0


def test_a_refused_guard_is_an_alarm_and_routing_goes_on(
    played: Played, store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    played.step()
    played.guard.unlink()
    take(store, "t1", keep(routing=MINE))
    with caplog.at_level(logging.INFO, "signpost"):
        played.step(seconds=1)
        played.step(seconds=1)
        assert [record.message for record in caplog.records] == ["ledger.refused"]  # told once
        played.step(minutes=10)
        assert [record.message for record in caplog.records] == ["ledger.refused"] * 2
    assert all(record.levelno == logging.ERROR for record in caplog.records)
    assert "is missing, though 1 leaves were signed" in played.alarm
    assert played.size == 1
    assert not store.take("t2", "another", NOW, NOW + timedelta(hours=1), keep(None)).replayed


def test_a_guard_that_can_be_written_again_ends_the_alarm(played: Played, store: Store) -> None:
    played.step()
    away = played.guard.with_name("away")
    played.guard.rename(away)
    take(store, "t1", keep(routing=MINE))
    played.step(seconds=1)
    assert played.alarm
    away.rename(played.guard)
    played.step(seconds=1)
    assert played.alarm == ""
    assert played.size == 2


def test_nothing_grows_on_a_tree_that_is_not_the_signed_one(
    played: Played, store: Store, tmp_path: Path
) -> None:
    played.step()
    store.close()
    shutil.copy(tmp_path / "line.db", tmp_path / "backup.db")
    take(store, "t1", keep(routing=MINE))
    played.step(seconds=1)
    store.close()
    shutil.copy(tmp_path / "backup.db", tmp_path / "line.db")
    for name in ("line.db-wal", "line.db-shm"):
        (tmp_path / name).unlink(missing_ok=True)
    take(store, "t2", keep(routing=replace(MINE, id="r2")))
    for _ in range(3):
        played.step(minutes=1)
    assert "2 leaves were signed (the guard's checkpoint), and the database has 1" in played.alarm
    with store.ledger().reading() as log:
        assert log.standing().size == 1


def test_a_database_that_fails_does_not_end_the_worker(
    played: Played, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "line.db").unlink()
    (tmp_path / "line.db").mkdir()
    played.worker.store.close()
    with caplog.at_level(logging.ERROR, "signpost"):
        assert not played.step()
    assert [record.message for record in caplog.records] == ["ledger.failed"]


def test_a_running_worker_signs_within_two_seconds_and_stops_when_told(store: Store, tmp_path: Path) -> None:
    settings = Settings(database_url=f"sqlite:///{tmp_path}/line.db")
    signing = custody.signing(settings, store.ledger())
    from bot.cli.worker import present  # noqa: PLC0415 - a real clock, for once

    worker, stop = Worker(store, store.ledger(), integrator(store), signing, 13, present), Event()
    thread = Thread(target=worker.run, args=(stop,))
    thread.start()
    try:
        time.sleep(0.3)
        take(store, "t1", keep(routing=replace(MINE, hour=present())), now=NOW)
        began = time.monotonic()
        while store.ledger().waits(present()) and time.monotonic() - began < WAIT_SECONDS:
            time.sleep(0.02)
        waited = time.monotonic() - began
    finally:
        stop.set()
        thread.join(WAIT_SECONDS)
    assert not thread.is_alive()
    assert waited < 10  # 1 s on an idle machine; tests share theirs


# -- keys ---------------------------------------------------------------------------------------------


def test_development_makes_a_key_and_keeps_it(store: Store, tmp_path: Path) -> None:
    settings = Settings(database_url=f"sqlite:///{tmp_path}/line.db")
    first = custody.signing(settings, store.ledger())
    assert custody.signing(settings, store.ledger()).signers == first.signers
    assert (tmp_path / "line.db.ledger-key").stat().st_mode & 0o777 == 0o600
    assert first.guard.path == tmp_path / "line.db.guard"


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({}, "LEDGER_KEYS is not set"),
        ({"ledger_keys": (Path("/nowhere/key"),)}, "key /nowhere/key can't be read"),
    ],
)
def test_production_makes_no_key(store: Store, changes: dict[str, object], told: str) -> None:
    settings = Settings(environment="production", ledger_guard_path=Path("/nowhere/guard"), **changes)  # type: ignore[arg-type]  # fields of Settings
    with pytest.raises(LedgerError, match=told):
        custody.signing(settings, store.ledger())


def test_production_needs_a_guard(store: Store, tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_text(Signer("localhost/log", bytes(32)).write())
    settings = Settings(environment="production", ledger_keys=(key,))
    with pytest.raises(LedgerError, match="LEDGER_GUARD_PATH is not set"):
        custody.signing(settings, store.ledger())


def test_a_damaged_key_is_named_and_not_shown(store: Store, tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_text("PRIVATE+KEY+localhost/log+00000000+c2VjcmV0")
    settings = Settings(ledger_keys=(key,), ledger_guard_path=tmp_path / "guard")
    with pytest.raises(LedgerError, match="key: ") as caught:
        custody.signing(settings, store.ledger())
    assert "c2VjcmV0" not in str(caught.value)


# -- witnesses ----------------------------------------------------------------------------------------


@dataclass
class FakeWitness:
    """Cosigns whatever grows, as a witness does, or refuses."""

    signer: Signer = field(default_factory=lambda: Signer("seer.example", bytes(32)))
    fault: Exception | None = None
    seen: list[int] = field(default_factory=list)
    root: bytes = b""

    def __call__(self, _asked: Asked, note: Note, prove: Prove, old: int) -> Sequence[Signature]:
        """Check that the log has only grown."""
        if self.fault:
            raise self.fault
        size = int(note.text.split("\n")[1])
        proof: Sequence[Hash] = prove(old, size) if 0 < old < size else ()
        assert not self.seen or self.seen[-1] == old
        assert old in (0, size) or verify_consistency(old, size, self.root, _root(note), proof)
        self.seen.append(size)
        self.root = _root(note)
        return [Signature(self.signer.name, self.signer.verifier.key_id, bytes(72))]


def _root(note: Note) -> bytes:
    import base64  # noqa: PLC0415 - for this line alone

    return base64.b64decode(note.text.split("\n")[2])


def witnessing(played: Played, fake: FakeWitness) -> Witnessing:
    """Ask one witness."""
    policy = WitnessPolicy((Witness("seer", "https://seer.example", str(fake.signer.verifier)),), 1)
    return Witnessing(played.worker.ledger, policy, played.clock, fake)  # type: ignore[arg-type]  # it gives a moment


def test_each_checkpoint_is_cosigned_once(played: Played, store: Store) -> None:
    fake = FakeWitness()
    asks = witnessing(played, fake)
    assert asks.step() == 0  # nothing is signed yet
    played.step()
    assert [asks.step(), asks.step()] == [1, 1]
    take(store, "t1", keep(routing=MINE))
    played.step(seconds=1)
    assert asks.step() == 1
    assert fake.seen == [1, 2]
    with played.worker.ledger.reading() as log:
        newest = log.checkpoint(1)
    assert newest is not None
    assert [one.name for one in read_note(newest.served).signatures] == [SIGNER.name, "seer.example"]


@pytest.mark.parametrize(
    ("fault", "level"),
    [
        (WitnessRefusedError("another tree"), logging.ERROR),
        (WitnessUnreachableError("away"), logging.WARNING),
    ],
)
def test_a_refusal_is_an_alarm_and_a_witness_that_is_away_is_asked_again(
    played: Played, caplog: pytest.LogCaptureFixture, fault: Exception, level: int
) -> None:
    played.step()
    fake = FakeWitness(fault=fault)
    asks = witnessing(played, fake)
    with caplog.at_level(logging.INFO, "signpost"):
        assert [asks.step(), asks.step()] == [0, 0]
        assert [(record.message, record.levelno) for record in caplog.records] == [("witness.failed", level)]
        fake.fault = None
        assert asks.step() == 1
    assert caplog.records[-1].message == "witness.mended"


# -- retention ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("now", "months", "since"),
    [
        ("2026-11-24T09:41", 13, "2025-10-24"),
        ("2026-01-31T00:00", 11, "2025-02-28"),
        ("2024-03-31T00:00", 1, "2024-02-29"),
        ("2026-11-24T00:00", 12, "2025-11-24"),
        ("2026-12-31T23:59", 120, "2016-12-31"),
    ],
)
def test_records_are_kept_for_calendar_months(now: str, months: int, since: str) -> None:
    moment = NOW.fromisoformat(f"{now}:00+00:00")
    assert kept_since(moment, months).isoformat() == f"{since}T00:00:00+00:00"
