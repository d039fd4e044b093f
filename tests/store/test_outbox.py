"""What the outbox promises, on both databases alike."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import permutations
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from bot.store import Claim, Decision, OutgoingText, Standing
from bot.store.outbox import KEPT, LEASE
from tests.store.samples import NOW, ROUTING, SESSION, count_rows, keep, opened, take

if TYPE_CHECKING:
    from bot.store import Outbox, Store

MINUTE = timedelta(minutes=1)
SEALED = "U2VhbGVk"


def ask(store: Store, turn: str = "t1", recipient: str = "anna", *, now: datetime = NOW) -> None:
    """Route once, and promise a text in a turn of its own."""
    routing = replace(ROUTING, id=f"r-{turn}")
    take(store, f"routed-{turn}", keep(routing=routing), now=now)
    promised = OutgoingText(SEALED, recipient, "norfolk", "nrp", routing.id)
    decision = Decision("", SESSION, outcome=(routing.id, "number_texted"), text=promised)
    take(store, turn, lambda _: decision, now=now)


def claimed(outbox: Outbox, now: datetime = NOW, lease: str = "mine") -> Claim:
    """Claim the next text, which must be there."""
    claim = outbox.claim(now, lease)
    assert claim is not None
    return claim


def row(database_url: str, turn: str = "t1") -> dict[str, object]:
    """What the database has of a text."""
    with opened(database_url) as connection:
        found = connection.execute(text("SELECT * FROM outbox WHERE id = :id"), {"id": turn})
        return dict(found.mappings().one())


def outcome(store: Store, turn: str = "t1") -> str:
    """What counts of the routing that a text belongs to."""
    routing = store.routing(f"r-{turn}")
    assert routing is not None
    return routing.outcome


def happened(database_url: str) -> list[str]:
    """All that the audited log gets to know of the routings, in order."""
    with opened(database_url) as connection:
        return list(connection.execute(text("SELECT outcome FROM outcomes ORDER BY seq")).scalars())


def test_a_text_is_kept_with_its_turn_or_not_at_all(store: Store, database_url: str) -> None:
    promised = OutgoingText(SEALED, "anna", "norfolk", "nrp", "")
    with pytest.raises(ValueError, match="not the one that the turn belongs to"):
        take(store, "t1", lambda _: Decision("", replace(SESSION, id="another"), text=promised))
    assert count_rows(database_url, "outbox") == 0
    take(store, "t1", lambda _: Decision("", SESSION, text=promised))
    take(store, "t1", lambda _: Decision("", SESSION, text=promised))
    assert count_rows(database_url, "outbox") == 1


def test_a_leased_text_is_nobody_elses_until_the_lease_runs_out(store: Store) -> None:
    ask(store)
    outbox = store.outbox()
    first = claimed(outbox)
    assert (first.sealed, first.tries, first.attempted_at) == (SEALED, 1, None)
    assert outbox.claim(NOW + LEASE - MINUTE, "other") is None
    second = claimed(outbox, NOW + LEASE, "other")
    assert (second.id, second.tries, second.attempted_at) == (first.id, 2, NOW)
    outbox.later(first, NOW, "too late for the one who had it", unknown=False)
    assert not outbox.end(first, "refused", "as above", NOW)
    assert outbox.claim(NOW + LEASE, "third") is None


def test_a_text_that_is_handed_over_is_forgotten_at_once(store: Store, database_url: str) -> None:
    ask(store)
    outbox = store.outbox()
    outbox.handed(claimed(outbox), "sid")
    kept = row(database_url)
    assert (kept["sealed"], kept["status"], kept["sid"]) == ("", "queued", "sid")
    assert outbox.claim(NOW + KEPT, "other") is None
    assert outcome(store) == "number_texted"


@pytest.mark.parametrize("unknown", [False, True])
def test_a_text_waits_until_it_is_due_and_remembers_a_request_that_may_have_left(
    store: Store, *, unknown: bool
) -> None:
    ask(store)
    outbox = store.outbox()
    outbox.later(claimed(outbox), NOW + MINUTE, "HTTP 500", unknown=unknown)
    assert outbox.claim(NOW + MINUTE - timedelta(seconds=1), "other") is None
    assert outbox.standing() == Standing({("waiting", "HTTP 500"): 1}, NOW)
    again = claimed(outbox, NOW + MINUTE)
    assert again.attempted_at == (NOW if unknown else None)
    outbox.later(again, NOW + 2 * MINUTE, "not reached", unknown=False)
    assert claimed(outbox, NOW + 2 * MINUTE).attempted_at == (NOW if unknown else None)


def test_the_texts_of_one_number_go_one_after_the_other(store: Store) -> None:
    for number, recipient in enumerate(["anna", "anna", "bob"]):
        ask(store, f"t{number}", recipient, now=NOW + timedelta(seconds=number))
    outbox, now = store.outbox(), NOW + MINUTE
    first = claimed(outbox, now)
    assert [first.id, claimed(outbox, now).id, outbox.claim(now, "mine")] == ["t0", "t2", None]
    outbox.later(first, now + MINUTE, "HTTP 429", unknown=False)
    assert outbox.claim(now, "mine") is None
    outbox.handed(claimed(outbox, now + MINUTE), "sid")
    assert claimed(outbox, now + MINUTE).id == "t1"


def test_many_senders_at_once_never_share_a_text(store: Store) -> None:
    for number in range(24):
        ask(store, f"t{number}", f"person {number // 2}")
    outbox = store.outbox()

    def send_all(sender: int) -> list[str]:
        sent = []
        for _ in range(100):
            claim = outbox.claim(NOW, f"sender {sender}")
            if claim is not None:
                sent.append(claim.id)
                outbox.handed(claim, f"sid {claim.id}")
        return sent

    with ThreadPoolExecutor(4) as pool:
        sent = [one for each in pool.map(send_all, range(4)) for one in each]
    assert sorted(sent) == sorted(f"t{number}" for number in range(24))


@pytest.mark.parametrize("status", ["refused", "failed", "unknown"])
def test_a_text_that_ends_takes_its_outcome_back(store: Store, database_url: str, status: str) -> None:
    ask(store)
    outbox = store.outbox()
    assert outbox.end(claimed(outbox), status, "21610", NOW + MINUTE)
    kept = row(database_url)
    assert (kept["sealed"], kept["status"], kept["reason"]) == ("", status, "21610")
    assert outcome(store) == "offered"
    assert happened(database_url) == ["number_texted", "offered"]
    assert outbox.standing().not_arrived == 1


def test_an_outcome_stays_while_another_text_of_its_routing_may_arrive(store: Store) -> None:
    ask(store)
    second = OutgoingText(SEALED, "anna", "norfolk", "nrp", "r-t1")
    take(store, "t2", lambda _: Decision("", SESSION, text=second), now=NOW + MINUTE)
    outbox = store.outbox()
    outbox.end(claimed(outbox, NOW + MINUTE), "refused", "21610", NOW + MINUTE)
    assert outcome(store) == "number_texted"
    outbox.end(claimed(outbox, NOW + MINUTE), "refused", "21610", NOW + MINUTE)
    assert outcome(store) == "offered"


@pytest.mark.parametrize("order", list(permutations(["queued", "sent", "delivered"])))
def test_reports_in_any_order_end_the_same(store: Store, database_url: str, order: tuple[str, ...]) -> None:
    ask(store)
    outbox = store.outbox()
    outbox.handed(claimed(outbox), "sid")
    for status in order:
        outbox.report("t1", "sid", status, "", NOW)
    assert row(database_url)["status"] == "delivered"
    assert outcome(store) == "number_texted"


@pytest.mark.parametrize("told", ["undelivered", "failed", "canceled"])
def test_the_carriers_last_word_stays_and_is_on_record(store: Store, database_url: str, told: str) -> None:
    ask(store)
    outbox = store.outbox()
    outbox.handed(claimed(outbox), "sid")
    assert outbox.report("", "sid", told, "30006", NOW)
    for status in ("sent", "delivered", told):
        assert not outbox.report("t1", "sid", status, "", NOW)
    assert row(database_url)["reason"] == "30006"
    assert outcome(store) == "offered"
    assert happened(database_url) == ["number_texted", "offered"]


def test_a_report_before_the_request_returns_ends_the_wait(store: Store, database_url: str) -> None:
    ask(store)
    outbox = store.outbox()
    claim = claimed(outbox)
    assert outbox.report("t1", "sid", "sent", "", NOW) == "sent"
    assert row(database_url)["sealed"] == ""
    outbox.handed(claim, "sid")
    outbox.later(claim, NOW, "no answer in time", unknown=True)
    assert not outbox.end(claim, "failed", "tried too often", NOW)
    assert (row(database_url)["status"], row(database_url)["sid"]) == ("sent", "sid")


def test_a_text_given_up_that_had_gone_after_all_counts_again(store: Store, database_url: str) -> None:
    ask(store)
    outbox = store.outbox()
    outbox.end(claimed(outbox), "unknown", "no answer in time", NOW)
    assert outbox.report("t1", "sid", "sent", "", NOW) == "sent"
    assert outbox.report("t1", "sid", "delivered", "", NOW) == "delivered"
    assert outcome(store) == "number_texted"
    assert happened(database_url) == ["number_texted", "offered", "number_texted"]


@pytest.mark.parametrize(
    ("token", "sid", "status"),
    [
        ("t9", "other", "sent"),
        ("", "", "sent"),
        ("t1", "", "sent"),
        ("t1", "sid", "received"),
        ("t1", "other", "sent"),
    ],
)
def test_a_report_of_something_else_changes_nothing(
    store: Store, database_url: str, token: str, sid: str, status: str
) -> None:
    ask(store)
    outbox = store.outbox()
    outbox.handed(claimed(outbox), "sid")
    before = row(database_url)
    assert outbox.report(token, sid, status, "", NOW) == ""
    assert row(database_url) == before


def test_texts_to_a_number_are_counted_for_a_day_and_refused_ones_are_not(store: Store) -> None:
    for number in range(4):
        ask(store, f"t{number}", now=NOW + number * MINUTE)
    ask(store, "other", "bob")
    outbox = store.outbox()
    outbox.refuse("t0", "three a day")
    assert outbox.was_refused("t0")
    assert not outbox.was_refused("t1")
    assert outbox.asked_before("anna", "t3", NOW + 3 * MINUTE) == 2
    assert outbox.asked_before("anna", "t2", NOW + 2 * MINUTE) == 1
    assert outbox.asked_before("anna", "t9", NOW + MINUTE + KEPT) == 2  # t1 is a day old


def test_a_text_is_known_by_its_message_and_gone_after_a_day(store: Store, database_url: str) -> None:
    ask(store)
    outbox = store.outbox()
    outbox.handed(claimed(outbox), "sid")
    assert outbox.known(["sid", "other"]) == {"sid"}
    store.purge(NOW + KEPT - MINUTE)
    assert count_rows(database_url, "outbox") == 1
    store.purge(NOW + KEPT)
    assert count_rows(database_url, "outbox") == 0
