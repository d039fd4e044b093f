"""What is to be deleted at the carrier: written with its turn, leased by one, forgotten when it is done."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from bot.core.redaction import Redaction, redaction_of
from bot.store import Decision, open_store
from bot.store.redactions import LEASE
from tests.store.samples import NOW, ROUTING, SESSION, count_rows, take

if TYPE_CHECKING:
    from bot.store import Decide, Store

DUE = NOW + timedelta(hours=24)
TEXT, CALL = "SM" + "a" * 32, "CA" + "b" * 32
REDACTION = Redaction(TEXT, "message", DUE)
ENTRY = {
    "turn": "t9",
    "answer": "<Response/>",
    "expires_at": DUE.isoformat(),
    "routing": "",
    "outcome_of": "",
    "outcome": "",
    "hour": NOW.isoformat(),
}


def routed(redaction: Redaction = REDACTION) -> Decide:
    return lambda _before: Decision("<Response/>", SESSION, ROUTING, redaction=redaction)


@pytest.mark.parametrize(
    ("sid", "kind"),
    [
        (TEXT, "message"),
        ("MM" + "0" * 32, "message"),
        (CALL, "call"),
        ("", None),
        ("SM" + "a" * 31, None),
        ("SM" + "A" * 32, None),
        ("RE" + "a" * 32, None),
        (f"{TEXT}/x", None),
        (f"{TEXT}\n", None),
    ],
)
def test_only_an_id_of_a_message_or_a_call_is_kept(sid: str, kind: str | None) -> None:
    found = redaction_of(sid, DUE)
    assert (found.kind if found else None) == kind


def test_an_id_is_not_shown() -> None:
    assert TEXT not in repr(REDACTION)


def test_a_turn_that_routes_leaves_what_is_to_be_deleted(store: Store, database_url: str) -> None:
    take(store, "t1", routed())
    assert count_rows(database_url, "redactions") == 1
    redactions = store.redactions()
    assert redactions.claim(DUE - timedelta(seconds=1), "one") is None
    due = redactions.claim(DUE, "one")
    assert due is not None
    assert (due.sid, due.kind, due.tries) == (TEXT, "message", 1)


def test_a_turn_that_fails_leaves_nothing(store: Store, database_url: str) -> None:
    stray = replace(SESSION, id="another")
    with pytest.raises(ValueError, match="session"):
        take(store, "t1", lambda _before: Decision("", stray, ROUTING, redaction=REDACTION))
    assert count_rows(database_url, "redactions") == 0


def test_one_call_that_routes_twice_is_deleted_once(store: Store, database_url: str) -> None:
    call = Redaction(CALL, "call", DUE)
    take(store, "t1", routed(call))
    later = replace(call, due_at=DUE + timedelta(hours=1))
    take(store, "t2", lambda _before: Decision("", SESSION, replace(ROUTING, id="r2"), redaction=later))
    assert count_rows(database_url, "redactions") == 1
    assert store.redactions().claim(DUE, "one") is not None


def test_a_lease_keeps_others_away_until_it_runs_out(store: Store) -> None:
    redactions = store.redactions()
    redactions.keep(REDACTION, NOW)
    assert redactions.claim(DUE, "one") is not None
    assert redactions.claim(DUE + LEASE - timedelta(seconds=1), "two") is None
    second = redactions.claim(DUE + LEASE, "two")
    assert second is not None
    assert second.tries == 2


def test_whoever_lost_the_lease_puts_nothing_off(store: Store) -> None:
    redactions = store.redactions()
    redactions.keep(REDACTION, NOW)
    first = redactions.claim(DUE, "one")
    second = redactions.claim(DUE + LEASE, "two")
    assert first is not None
    assert second is not None
    redactions.later(first, DUE + timedelta(days=9))
    assert redactions.standing().totals == {}
    redactions.later(second, DUE + timedelta(hours=1))
    assert redactions.standing().totals == {"put_off": 1}
    assert redactions.claim(DUE + timedelta(hours=1), "three") is not None


def test_what_is_done_is_forgotten_and_counted_once(store: Store, database_url: str) -> None:
    redactions = store.redactions()
    for number in range(3):
        redactions.keep(Redaction(f"SM{number:032x}", "message", DUE), NOW + timedelta(minutes=number))
    assert redactions.standing() == (3, NOW, {})
    done = redactions.claim(DUE, "one")
    gone = redactions.claim(DUE, "two")
    assert done is not None
    assert gone is not None
    redactions.done(done, "done")
    redactions.done(done, "done")
    redactions.done(gone, "gone")
    standing = redactions.standing()
    assert (standing.waiting, standing.totals) == (1, {"done": 1, "gone": 1})
    assert count_rows(database_url, "redactions") == 1


def test_no_two_get_the_same_row(database_url: str, store: Store) -> None:
    sids = {f"SM{number:032x}" for number in range(40)}
    for sid in sids:
        store.redactions().keep(Redaction(sid, "message", DUE), NOW)

    def claim_all(who: int) -> list[str]:
        other = open_store(database_url)
        found = []
        while (due := other.redactions().claim(DUE, f"{who}")) is not None:
            found.append(due.sid)
        other.close()
        return found

    # A claim may find none while others hold the rows just then; whatever is left is claimed afterwards.
    with ThreadPoolExecutor(4) as pool:
        claimed = [sid for some in pool.map(claim_all, range(4)) for sid in some]
    claimed += claim_all(9)
    assert sorted(claimed) == sorted(sids)


def test_what_waited_in_the_journal_is_deleted_as_well(store: Store, database_url: str) -> None:
    entry = {**ENTRY, "sid": TEXT, "redact_at": DUE.isoformat()}
    store.keep_late([entry, entry])
    assert count_rows(database_url, "redactions") == 1
    assert store.redactions().claim(DUE, "one") is not None


def test_an_entry_of_an_earlier_release_has_nothing_to_delete(store: Store, database_url: str) -> None:
    store.keep_late([ENTRY])
    assert count_rows(database_url, "turns") == 1
    assert count_rows(database_url, "redactions") == 0
