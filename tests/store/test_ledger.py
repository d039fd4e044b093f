"""The audited log in a database: the same on SQLite and PostgreSQL, whoever is killed or writes besides."""

from __future__ import annotations

import subprocess
import sys
import time
from dataclasses import replace
from datetime import timedelta
from multiprocessing import get_context
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from bot.core.kept import KeptTally
from bot.errors import LedgerError, StoreError
from bot.ledger.export import export
from bot.ledger.integrator import Integrator
from bot.ledger.note import read_note
from bot.ledger.proving import disclosure, prove
from bot.ledger.signing import refuse_another_tree
from bot.ledger.source import Folder
from bot.ledger.tiles import Tile, cut_to
from bot.ledger.verifier import Trust, Verified, verify
from bot.store import open_store
from tests.store.ledger_worker import SIGNER, integrator, signing
from tests.store.samples import NOW, ROUTING, count_rows, keep, opened, statements_watched, take

if TYPE_CHECKING:
    from pathlib import Path

    from bot.core.session import Outcome, Routing
    from bot.store import Store

WAIT_SECONDS = 60
MINE = replace(ROUTING, partner="mine")


def grow(store: Store, guard: Path, minutes: float = 0) -> None:
    """Take what waits, and sign."""
    now = NOW + timedelta(minutes=minutes)
    signs = signing(store, guard)
    signs.refuse_another_tree()
    while integrator(store).grow(now) >= integrator(store).batch_leaves:
        pass
    signs.sign(now)


def read_tile(store: Store, tile: Tile) -> bytes:
    """Read a tile as it is served."""
    with store.ledger().reading() as log:
        data = log.tile(Tile(tile.level, tile.number).path)
    assert data is not None
    return cut_to(tile, data)


def exported(store: Store, folder: Path) -> Folder:
    """Export the log as it is signed."""
    with store.ledger().reading() as log:
        newest = log.checkpoint()
    assert newest is not None
    export(lambda tile: read_tile(store, tile), newest.size, newest.served, folder)
    return Folder(folder)


def verified(store: Store, folder: Path, partner: str = "mine") -> Verified:
    """Prove the whole log and a partner's records, from nothing but files."""
    source = exported(store, folder)
    with store.ledger().reading() as log:
        newest = log.checkpoint()
    assert newest is not None
    records = (disclosure(row) for row in store.ledger().records(partner, newest.size))
    return verify(source, Trust([SIGNER.verifier]), records=records)


def test_what_was_routed_is_in_the_log_with_its_outcome(store: Store, tmp_path: Path) -> None:
    take(store, "t1", keep(routing=MINE))
    take(store, "t2", keep(outcome=("r1", "connected")))
    take(store, "t3", keep(routing=replace(ROUTING, id="r2", partner="other")))
    assert store.ledger().waits(NOW)
    grow(store, tmp_path / "guard")
    assert not store.ledger().waits(NOW)
    found = verified(store, tmp_path / "out")
    assert found.kinds == {"heartbeat": 1, "route": 2, "outcome": 1}
    assert found.records == 2
    kinds = [disclosure(row).record["kind"] for row in store.ledger().records("mine", 99)]
    assert kinds == ["route", "outcome"]


def test_records_come_in_pages_with_the_tallies_between_them(store: Store, tmp_path: Path) -> None:
    days = 3
    for day in range(days):
        rows = [
            (replace(MINE, id=f"{day}-{number}", hour=NOW - timedelta(days=days - day)), "ab" * 32, ())
            for number in range(400)
        ]
        store.keep_made_up(rows)
    paced = integrator(store, paced=True)
    while paced.grow(NOW) >= paced.batch_leaves:
        pass
    take(store, "t1", keep(routing=MINE))
    grow(store, tmp_path / "guard")
    found = verified(store, tmp_path / "out")
    assert found.records == days * 400 + 1 + days
    places = [row.leaf_index for row in store.ledger().records("mine", 10_000)]
    assert places == sorted(places, key=lambda place: place or 0)
    half = list(store.ledger().records("mine", 700))
    assert 0 < len(half) < len(places)
    assert all((row.leaf_index or 0) < 700 for row in half)
    assert sum(isinstance(row, KeptTally) for row in store.ledger().records("mine", 10_000)) == days


def test_a_batch_costs_a_few_statements_whatever_its_size(store: Store) -> None:
    counts = []
    for size in (10, 1000):
        rows = [(replace(MINE, id=f"{size}-{number}"), "ab" * 32, ()) for number in range(size)]
        store.keep_made_up(rows)
        with statements_watched() as watched:
            integrator(store).grow(NOW)
        counts.append(len(watched))
    assert counts[1] <= counts[0] + 8  # the tiles at the edge are read one by one
    assert max(counts) < 30


def test_a_step_whose_places_fail_leaves_nothing(store: Store, database_url: str) -> None:
    take(store, "t1", keep(routing=MINE))
    with opened(database_url) as connection:
        connection.execute(text("DROP TABLE rollup_days"))
    for _ in range(2):
        with pytest.raises(StoreError, match="the audited log has not grown"):
            integrator(store).grow(NOW)
    assert store.ledger().waits(NOW)
    with store.ledger().reading() as log:
        assert log.standing().size == 0
        assert log.tile(Tile(0, 0).path) is None


def test_rows_from_before_the_log_enter_it_late(store: Store, database_url: str, tmp_path: Path) -> None:
    take(store, "t1", keep(routing=ROUTING))
    with opened(database_url) as connection:
        connection.execute(text("UPDATE routings SET partner = '', salt = NULL, late = true"))
    grow(store, tmp_path / "guard")
    [row] = store.ledger().records("nrp", 99)
    assert disclosure(row).record["late"] is True
    assert verified(store, tmp_path / "out", "nrp").records == 1


def test_export_writes_only_what_is_new(store: Store, tmp_path: Path) -> None:
    rows = [(replace(MINE, id=f"r{number}"), "ab" * 32, ()) for number in range(300)]
    store.keep_made_up(rows)
    grow(store, tmp_path / "guard")
    exported(store, tmp_path / "out")
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "out").rglob("*") if path.is_file()}
    take(store, "t1", keep(routing=replace(MINE, id="new")))
    grow(store, tmp_path / "guard", 1)
    exported(store, tmp_path / "out")
    after = {path: path.stat().st_mtime_ns for path in (tmp_path / "out").rglob("*") if path.is_file()}
    full = tmp_path / "out" / "tile" / "entries" / "000"
    assert after[full] == before[full]
    partial = [path.name for path in (tmp_path / "out" / "tile" / "entries").rglob("*.p/*")]
    assert partial == ["46"]
    assert verified(store, tmp_path / "out").records == 301


def test_a_routing_is_proved_in_one_file(store: Store, tmp_path: Path) -> None:
    for number in range(5):
        take(store, f"t{number}", keep(routing=replace(MINE, id=f"r{number}")))
    with store.ledger().reading() as log:
        row, newest = log.route("r3"), log.checkpoint()
    assert row is not None
    with pytest.raises(LedgerError, match="has this record not yet"):
        prove(lambda tile: read_tile(store, tile), row, newest)
    grow(store, tmp_path / "guard")
    with store.ledger().reading() as log:
        row, newest = log.route("r3"), log.checkpoint()
    assert row is not None
    proof = prove(lambda tile: read_tile(store, tile), row, newest)
    from bot.ledger.record import committed_entry, read_disclosure  # noqa: PLC0415 - what a partner has

    given = read_disclosure(proof.extra.decode())
    assert given.record["id"] == "r3"
    assert proof.verify(committed_entry(given.salt, given.record), [SIGNER.verifier]).size == 6


def test_purged_records_go_and_the_log_still_verifies(
    store: Store, database_url: str, tmp_path: Path
) -> None:
    old: list[tuple[Routing, str, tuple[tuple[Outcome, str], ...]]] = [
        (replace(MINE, id=f"o{number}", hour=NOW - timedelta(days=400)), "ab" * 32, (("busy", "cd" * 32),))
        for number in range(7)
    ]
    store.keep_made_up(old)
    take(store, "t1", keep(routing=MINE))
    paced = integrator(store, paced=True)
    paced.grow(NOW)
    grow(store, tmp_path / "guard")
    before = NOW - timedelta(days=365)
    few = replace(integrator(store), batch_leaves=5)
    assert [few.purge(NOW, before) for _ in range(4)] == [5, 5, 4, 0]
    grow(store, tmp_path / "guard", 1)
    assert count_rows(database_url, "outcomes") == 0
    assert [routing.id for routing in store.routings()] == ["r1"]
    assert verified(store, tmp_path / "out").kinds["purge"] == 3


def test_a_restored_backup_is_refused(store: Store, database_url: str, tmp_path: Path) -> None:
    grow(store, tmp_path / "guard")
    take(store, "t1", keep(routing=MINE))
    grow(store, tmp_path / "guard", 1)
    with opened(database_url) as connection:  # as it was before the routing
        connection.execute(text("DELETE FROM checkpoints WHERE size = 2"))
        connection.execute(text("UPDATE tree SET size = 1"))
    with pytest.raises(LedgerError, match=r"2 leaves were signed .* and the database has 1"):
        refuse_another_tree(store.ledger(), SIGNER.name, signing(store, tmp_path / "guard").guard)
    assert take(store, "t2", keep(routing=replace(MINE, id="r2"))).answer  # routing goes on


def test_the_alarm_is_kept_and_cleared(store: Store) -> None:
    store.ledger().raise_alarm("something is wrong")
    with store.ledger().reading() as log:
        assert log.standing() == ("something is wrong", 0, None)
    store.ledger().raise_alarm("")
    with store.ledger().reading() as log:
        assert log.standing().alarm == ""


def test_cosignatures_are_served_under_the_checkpoint_they_belong_to(store: Store, tmp_path: Path) -> None:
    grow(store, tmp_path / "guard")
    take(store, "t1", keep(routing=MINE))
    store.ledger().keep_cosignature(1, "seer", "\u2014 seer AAAA")
    grow(store, tmp_path / "guard", 1)
    with store.ledger().reading() as log:
        newest, cosigned = log.checkpoint(), log.checkpoint(1)
        assert log.checkpoint(2) is None
        assert (log.cosigned_by("seer"), log.cosigned_by("nobody")) == (1, 0)
        assert log.cosignatures(1) == {"seer"}
    assert newest is not None
    assert cosigned is not None
    assert (newest.size, newest.cosignatures) == (2, ())
    assert cosigned.served == cosigned.note + "\u2014 seer AAAA\n"


def test_only_one_integrator_holds_the_log_on_postgresql(postgres_database: str) -> None:
    from bot.store import upgrade  # noqa: PLC0415 - for this database alone

    upgrade(postgres_database)
    one, other = open_store(postgres_database), open_store(postgres_database)
    with one.ledger().holding() as first, other.ledger().holding() as second:
        assert (first, second) == (True, False)
    with other.ledger().holding() as later:
        assert later
    one.close()
    other.close()


def run_worker(url: str, guard: Path, rounds: int) -> subprocess.Popen[str]:
    """Start a process that routes, integrates and signs until it is killed or done."""
    command = [sys.executable, "-m", "tests.store.ledger_worker", url, str(guard), str(rounds)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def trees(lines: list[str]) -> dict[int, set[str]]:
    """Give the roots that were signed, by size."""
    found: dict[int, set[str]] = {}
    for line in lines:
        size, root = line.split()
        found.setdefault(int(size), set()).add(root)
    return found


def test_integrators_in_two_processes_never_collide(store: Store, database_url: str, tmp_path: Path) -> None:
    grow(store, tmp_path / "guard 0")
    signing(store, tmp_path / "guard 1").adopt()
    workers = [run_worker(database_url, tmp_path / f"guard {number}", 40) for number in range(2)]
    lines: list[str] = []
    for worker in workers:
        out, _ = worker.communicate(timeout=WAIT_SECONDS)
        assert worker.returncode == 0
        lines += out.splitlines()
    assert all(len(roots) == 1 for roots in trees(lines).values())
    for number in range(2):
        signing(store, tmp_path / f"guard {number}").follow()
    assert (tmp_path / "guard 0").read_text("utf-8") == (tmp_path / "guard 1").read_text("utf-8")
    grow(store, tmp_path / "guard 0", 60)
    found = verified(store, tmp_path / "out")
    assert found.kinds["route"] == len(list(store.routings())) == 80
    assert found.records == 80


def test_killed_at_any_moment_nothing_is_lost_and_one_tree_is_signed(
    store: Store, database_url: str, tmp_path: Path
) -> None:
    guard, lines = tmp_path / "guard", list[str]()
    for number in range(5):
        with run_worker(database_url, guard, 10_000) as worker:
            assert worker.stdout is not None
            try:
                lines.append(worker.stdout.readline())
                time.sleep(0.05 * number)  # somewhere else each time
            finally:
                worker.kill()  # SIGKILL
            lines += [line for line in worker.stdout.read().splitlines(keepends=True) if line.endswith("\n")]
        if guard.exists():
            size, root = read_note(guard.read_text("utf-8")).text.split("\n")[1:3]
            lines.append(f"{size} {root}")
    grow(store, guard, 60)
    assert all(len(roots) == 1 for roots in trees(lines).values())
    found = verified(store, tmp_path / "out")
    assert found.kinds["route"] == len(list(store.routings())) == found.records


def test_a_forked_worker_shares_the_store(store: Store, tmp_path: Path) -> None:
    take(store, "t1", keep(routing=MINE))
    child = get_context("fork").Process(target=grow, args=(store, tmp_path / "guard"))
    child.start()
    child.join(WAIT_SECONDS)
    assert child.exitcode == 0
    assert verified(store, tmp_path / "out").records == 1


def test_a_database_without_tables_is_told(database_url: str) -> None:
    bare = open_store(database_url)
    with pytest.raises(StoreError, match="the audited log can't be read"), bare.ledger().reading() as log:
        log.standing()
    with pytest.raises(StoreError, match="the audited log has not grown"):
        integrator(bare).grow(NOW)
    assert isinstance(integrator(bare), Integrator)
    bare.close()
