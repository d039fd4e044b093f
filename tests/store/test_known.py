"""Opt-outs and spending, on both databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from bot.core.limits import Spent
from bot.store import Decision, Known
from bot.store.statements import PARTS
from tests.store.samples import NOW, SESSION, count_rows, take

if TYPE_CHECKING:
    from bot.core.session import Session
    from bot.store import Store
    from bot.store.decision import Decide

DAY = NOW.date().isoformat()


def decided(**wanted: object) -> Decide:
    """Keep the session, and whatever is wanted besides."""

    def decide(_before: Session | None) -> Decision:
        return replace(Decision("<Response/>", SESSION), **wanted)  # type: ignore[arg-type]  # fields of Decision

    return decide


def test_an_opt_out_is_kept_once_and_taken_back(store: Store, database_url: str) -> None:
    known = Known(store)
    for number in range(2):
        take(store, f"t{number}", decided(opt_out=("somebody", True)))
    assert not known.opted_out("somebody")
    known.refresh(NOW)
    assert known.opted_out("somebody")
    assert not known.opted_out("else")
    assert count_rows(database_url, "opt_outs") == 1
    take(store, "t3", decided(opt_out=("somebody", False)))
    known.refresh(NOW)
    assert not known.opted_out("somebody")


def test_what_a_line_spends_adds_up_over_its_parts_and_is_forgotten(store: Store, database_url: str) -> None:
    for number in range(50):
        take(store, f"t{number}", decided(spends=("norfolk", DAY, Spent(1, 0, 7, 0))))
    take(store, "elsewhere", decided(spends=("other", DAY, Spent(5, 1, 0, 2))))
    known = Known(store)
    known.refresh(NOW)
    assert known.spent_of("norfolk", NOW) == Spent(50, 0, 350, 0)
    assert known.spent_of("other", NOW) == Spent(5, 1, 0, 2)
    assert known.spent_of("norfolk", NOW + timedelta(days=1)) == Spent()
    assert 1 < count_rows(database_url, "spent") <= PARTS + 1
    store.purge(NOW + timedelta(days=9))
    assert count_rows(database_url, "spent") == 0


def test_a_database_that_cannot_be_read_leaves_what_was_known(store: Store) -> None:
    known = Known(store)
    take(store, "t1", decided(opt_out=("somebody", True)))
    known.refresh(NOW)
    with store.writing("a test") as connection:
        connection.exec_driver_sql("DROP TABLE spent")
    known.refresh(NOW)
    assert known.opted_out("somebody")
