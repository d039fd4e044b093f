"""Every record gets one place, in an order that anybody can check, whatever happens in between."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.ledger.tiles import split_entries
from tests.ledger.kept import (
    NOON,
    PARTNERS,
    SIGNER,
    KilledError,
    MemoryLedger,
    integrator,
    later,
    signing,
)


def kinds(ledger: MemoryLedger) -> list[str]:
    """Name the leaves in order."""
    bundles = sorted((path, data) for path, data in ledger.state.tiles.items() if "entries" in path)
    return [json.loads(entry)["k"] for _, data in bundles for entry in split_entries(data)]


def grow(ledger: MemoryLedger, now: datetime, batch_leaves: int = 5000) -> int:
    """Take everything that waits, batch by batch; give how many leaves came."""
    total, added = 0, batch_leaves
    while added >= batch_leaves:
        added = integrator(ledger, batch_leaves).grow(now)
        total += added
    return total


def test_a_new_log_begins_with_a_heartbeat() -> None:
    ledger = MemoryLedger()
    assert grow(ledger, NOON) == 1
    assert kinds(ledger) == ["heartbeat"]


def test_records_stand_by_hour_and_are_numbered_for_each_partner() -> None:
    ledger = MemoryLedger()
    first = ledger.route(service="nrp")
    ledger.route(service="crimestoppers")
    ledger.route(later(hours=-1), service="nrp")
    ledger.outcome(first)
    grow(ledger, later(minutes=5))
    assert kinds(ledger) == ["heartbeat", "route", "route", "route", "outcome"]
    placed = [(one.leaf_index, one.partner, one.partner_seq) for one in ledger.state.routes.values()]
    assert placed == [(2, "nrp", 2), (3, "crimestoppers", 1), (1, "nrp", 1)]
    [outcome] = ledger.state.outcomes.values()
    assert (outcome.leaf_index, outcome.partner_seq) == (4, 3)


def test_a_heartbeat_comes_after_ten_minutes_of_silence_and_not_before() -> None:
    ledger = MemoryLedger()
    grow(ledger, NOON)
    assert grow(ledger, later(minutes=9, seconds=59)) == 0
    assert grow(ledger, later(minutes=10)) == 1
    ledger.route()
    assert grow(ledger, later(minutes=15)) == 1
    assert grow(ledger, later(minutes=24)) == 0
    assert grow(ledger, later(minutes=25)) == 1
    assert kinds(ledger) == ["heartbeat", "heartbeat", "route", "heartbeat"]


def test_a_heartbeat_stands_before_the_first_record_of_each_hour() -> None:
    ledger = MemoryLedger()
    grow(ledger, later(minutes=59))
    ledger.route()
    ledger.route(later(hours=1))
    grow(ledger, later(hours=1, seconds=1))
    assert kinds(ledger) == ["heartbeat", "heartbeat", "route", "route"]
    assert [one.late for one in ledger.state.routes.values()] == [False, False]


def test_what_the_log_takes_more_than_an_hour_later_is_marked_late() -> None:
    ledger = MemoryLedger()
    grow(ledger, NOON)
    for hours in (0, 1, 2):
        ledger.route(later(hours=hours))
    ledger.route(later(hours=2), late=True)  # from the journal
    grow(ledger, later(hours=2, minutes=30))
    assert [one.late for one in ledger.state.routes.values()] == [True, False, False, True]


def test_a_record_of_an_hour_that_has_not_come_waits_for_it() -> None:
    ledger = MemoryLedger()
    ledger.route(later(hours=1))  # written by a machine whose clock is ahead
    assert grow(ledger, later(minutes=59, seconds=59)) == 1
    grow(ledger, later(hours=1))
    assert kinds(ledger) == ["heartbeat", "heartbeat", "route"]


def test_a_clock_that_was_set_back_does_not_set_the_log_back() -> None:
    ledger = MemoryLedger()
    grow(ledger, later(hours=2))
    ledger.route(NOON)
    grow(ledger, NOON)
    assert [one.late for one in ledger.state.routes.values()] == [True]
    assert ledger.state.head.alive_at == later(hours=2)


def test_a_day_ends_with_a_tally_for_each_partner_zero_too(tmp_path: Path) -> None:
    ledger = MemoryLedger()
    for _ in range(3):
        ledger.route(service="nrp")
    grow(ledger, NOON)
    ledger.route(later(hours=12), service="nrp")
    grow(ledger, later(hours=12, seconds=1))
    tallies = [(one.day, one.partner, one.first, one.last, one.count) for one in ledger.state.tallies]
    assert tallies == [
        ("2026-11-24", "crimestoppers", None, None, 0),
        ("2026-11-24", "nrp", 1, 3, 3),
    ]
    assert kinds(ledger)[-4:] == ["tally", "tally", "heartbeat", "route"]
    signing(ledger, tmp_path / "guard").sign(later(hours=12))
    ledger.verified()


def test_missed_days_are_tallied_once_each(tmp_path: Path) -> None:
    ledger = MemoryLedger()
    ledger.route()
    grow(ledger, NOON)
    ledger.route(later(days=1))
    grow(ledger, later(days=3))
    grow(ledger, later(days=3, minutes=1))
    counts = [(one.day[-2:], one.count) for one in ledger.state.tallies if one.partner == "nrp"]
    assert counts == [("24", 1), ("25", 1), ("26", 0)]
    signing(ledger, tmp_path / "guard").sign(later(days=3))
    ledger.verified()


def test_rows_of_a_release_from_before_the_log_get_a_partner_and_a_salt() -> None:
    ledger = MemoryLedger()
    old = ledger.route(later(days=-9), partner="", salt=None, late=True)
    grow(ledger, NOON)
    row = ledger.state.routes[old]
    assert (row.partner, row.late, len(row.salt or "")) == ("nrp", True, 64)
    assert ledger.disclosures("nrp")[-1].record["kind"] in ("route", "tally")


def test_made_up_records_are_taken_as_if_the_worker_had_run_all_along(tmp_path: Path) -> None:
    ledger = MemoryLedger()
    for hours in range(-50, 0):
        ledger.route(later(hours=hours))
    integrator(ledger, paced=True).grow(NOON)
    assert not any(one.late for one in ledger.state.routes.values())
    assert kinds(ledger).count("heartbeat") == 50
    signing(ledger, tmp_path / "guard").sign(NOON)
    ledger.verified()


def test_purging_forgets_old_records_and_says_so_in_the_log(tmp_path: Path) -> None:
    ledger = MemoryLedger()
    for hours in (-3, -2, -1, 0):
        ledger.route(later(hours=hours))
    signs = signing(ledger, tmp_path / "guard")
    integrator(ledger, paced=True).grow(NOON)
    signs.sign(NOON)
    waiting = ledger.route(later(hours=-3))
    assert integrator(ledger, 1).purge(later(minutes=1), later(hours=-1)) == 1
    assert integrator(ledger).purge(later(minutes=2), later(hours=-1)) == 1
    assert integrator(ledger).purge(later(minutes=3), later(hours=-1)) == 0
    assert kinds(ledger)[-2:] == ["purge", "purge"]
    assert waiting in ledger.state.routes  # what the log has not is not forgotten
    grow(ledger, later(minutes=4))
    signs.sign(later(minutes=4))
    assert ledger.verified().kinds["purge"] == 2


ROWS = st.lists(
    st.tuples(st.sampled_from(PARTNERS), st.integers(-30, 2), st.booleans()), min_size=1, max_size=40
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(rows=ROWS, batch=st.integers(1, 9), pauses=st.lists(st.integers(0, 90), max_size=4))
def test_any_rows_in_any_batches_verify(
    tmp_path: Path, rows: list[tuple[str, int, bool]], batch: int, pauses: list[int]
) -> None:
    ledger = MemoryLedger()
    guard = tmp_path / "guard"
    guard.unlink(missing_ok=True)
    signs, now = signing(ledger, guard), NOON
    parts = len(pauses) + 1
    for number in range(parts):
        for service, hours, ends in rows[number::parts]:
            routed = ledger.route(later(hours=hours), service=service)
            if ends:
                ledger.outcome(routed, later(hours=hours))
        grow(ledger, now, batch)
        signs.sign(now)
        now += timedelta(minutes=pauses[number] if number < len(pauses) else 0)
    grow(ledger, now + timedelta(hours=3), batch)
    signs.sign(now)
    assert all(one.leaf_index is not None for one in ledger.state.routes.values())
    found = ledger.verified()
    assert found.kinds["route"] == len(rows)


def strikes(at: int, kinds_of: list[str]) -> tuple[list[str], object]:
    """Make a `strike` that ends the process at its call number `at`."""
    seen: list[str] = []

    def strike(what: str) -> None:
        seen.append(what)
        if len(seen) == at:
            kinds_of.append(what)
            raise KilledError(what)

    return seen, strike


@pytest.mark.parametrize("guard_ends", ["before", "after", "never"])
def test_killed_anywhere_it_loses_nothing_and_never_signs_two_trees_of_one_size(
    tmp_path: Path, guard_ends: str
) -> None:
    from bot.ledger.guard import write_durably  # noqa: PLC0415 - wrapped below

    struck: list[str] = []
    for at in range(1, 200):
        guard, signed = tmp_path / f"guard {at}", dict[int, set[str]]()
        ledger = MemoryLedger()
        seen, strike = strikes(at, struck)

        def write_guard(path: Path, note: str, seen: list[str] = seen, signed=signed, strike=strike) -> None:  # type: ignore[no-untyped-def]  # bound here for this round
            if guard_ends == "before":
                strike("before the guard")
            write_durably(path, note)
            size, root = note.split("\n")[1:3]
            signed.setdefault(int(size), set()).add(root)
            if guard_ends == "after":
                strike("after the guard")

        for number in range(7):
            ledger.outcome(ledger.route(service=PARTNERS[number % 2]))
        ledger.strike = strike  # type: ignore[assignment]  # a function of one argument
        killed = False
        for minute in range(8):
            if minute == 4:
                ledger.route()
            now, signs = later(minutes=minute), signing(ledger, guard, write_guard)
            try:
                signs.refuse_another_tree()
                integrator(ledger, 5).grow(now)
                signs.sign(now)
            except KilledError:
                killed = True
        if not killed:
            break
        assert all(one.leaf_index is not None for one in ledger.state.routes.values()), struck[-1]
        assert all(one.leaf_index is not None for one in ledger.state.outcomes.values()), struck[-1]
        assert all(len(roots) == 1 for roots in signed.values()), struck[-1]
        assert ledger.verified().kinds["route"] == 8
    else:
        pytest.fail("the rounds never ended unharmed")
    assert {"begin", "head", "tile", "write", "written", "commit", "committed", "keep checkpoint"} <= {
        *struck
    }
    assert SIGNER.name in (tmp_path / "guard 1").read_text("utf-8")
