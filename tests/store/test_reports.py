"""A partner's routings: every page exact, fast by an index, and nobody else's."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from bot.store import reports
from bot.store.reports import Place, Wanted
from tests.store.ledgered import HOUR, VALUES, keep_rows, made_up

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.store import Store

MINE, OTHERS = "crimestoppers", "norfolk-constabulary"
DAY = HOUR.replace(hour=0)


@pytest.fixture
def rows(store: Store) -> list[dict[str, Any]]:
    """Two partners' routings; those of the first are given."""
    mine = made_up(300)
    keep_rows(store, mine)
    keep_rows(store, made_up(300, partner=OTHERS, service="police-101", seed=2))
    return mine


def walked(store: Store, wanted: Wanted, limit: int = 7, partner: str = MINE) -> list[Any]:
    found: list[Any] = []
    place = None
    while True:
        with store.reading("routings") as connection:
            page = reports.page(connection, partner, wanted, place, limit)
        found += page
        if len(page) < limit:
            return found
        place = Place(page[-1]["hour"], page[-1]["seq"])


def passes(row: dict[str, Any], wanted: Wanted) -> bool:
    return (
        all(row[name] == value for name, value in wanted.equal().items())
        and (wanted.since is None or row["hour"] >= wanted.since)
        and (wanted.until is None or row["hour"] < wanted.until)
    )


filters = st.builds(
    Wanted,
    since=st.sampled_from([None, DAY - timedelta(days=3), DAY - timedelta(days=1)]),
    until=st.sampled_from([None, DAY, DAY - timedelta(days=1)]),
    **{name: st.sampled_from(["", *options]) for name, options in VALUES.items()},
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(wanted=filters, limit=st.integers(1, 60))
def test_pages_give_each_routing_that_passes_once_newest_first(
    store: Store, rows: list[dict[str, Any]], wanted: Wanted, limit: int
) -> None:
    found = walked(store, wanted, limit)
    expected = [row["id"] for row in rows if passes(row, wanted)]
    assert sorted(row["id"] for row in found) == sorted(expected)
    assert [(row["hour"], row["seq"]) for row in found] == sorted(
        ((row["hour"], row["seq"]) for row in found), reverse=True
    )
    with store.reading("a count") as connection:
        assert reports.count(connection, MINE, wanted) == len(expected)


def test_a_routing_that_comes_while_somebody_turns_pages_moves_none(
    store: Store, rows: list[dict[str, Any]]
) -> None:
    with store.reading("routings") as connection:
        first = reports.page(connection, MINE, Wanted(), None, 100)
    late = made_up(40, seed=3)  # of hours in the middle of the list, and newer
    keep_rows(store, late)
    place = Place(first[-1]["hour"], first[-1]["seq"])
    with store.reading("routings") as connection:
        rest = reports.page(connection, MINE, Wanted(), place, 1000)
    seen = [row["id"] for row in (*first, *rest)]
    assert len(seen) == len(set(seen))
    assert {row["id"] for row in rows} <= set(seen)


def test_one_routing_is_found_by_its_own_partner_alone(store: Store, rows: list[dict[str, Any]]) -> None:
    with store.reading("a routing") as connection:
        found = reports.one(connection, MINE, rows[5]["id"])
        assert found is not None
        assert {name: found[name] for name in reports.COLUMNS} == {
            name: rows[5][name] for name in reports.COLUMNS
        }
        assert reports.one(connection, OTHERS, rows[5]["id"]) is None


@pytest.mark.usefixtures("rows")
def test_counts_are_of_one_partner_or_of_all(store: Store) -> None:
    since, until = HOUR - timedelta(days=30), HOUR + timedelta(days=1)
    with store.reading("counts") as connection:
        mine = reports.counts(connection, since, until, MINE)
        everybody = reports.counts(connection, since, until)
        assert reports.counts(connection, since, until, "nobody").total == 0
        assert reports.first_day(connection, "nobody") is None
        assert reports.values(connection, MINE)["service"] == ["crimestoppers"]
    assert mine.total == 300
    assert everybody.by["service"] == {"crimestoppers": 300, "police-101": 300}
    for found in (mine, everybody):
        assert {sum(table.values()) for table in tables_of(found)} == {found.total}


def tables_of(found: reports.Counts) -> list[Mapping[Any, int]]:
    return [found.days, found.hours, *found.by.values()]


def only(name: str, value: str) -> Wanted:
    values: dict[str, Any] = {name: value}
    return Wanted(**values)


PLANS = [
    Wanted(),
    Wanted(since=DAY - timedelta(days=9), until=DAY),
    *(only(name, options[-1]) for name, options in VALUES.items()),
]


@pytest.mark.parametrize("wanted", PLANS, ids=str)
def test_every_filter_has_an_index_that_gives_rows_in_order(store: Store, wanted: Wanted) -> None:
    if dialect_of(store) == "postgresql":
        keep_rows(store, made_up(3000))  # a table of one page is read whole, whatever indexes it has
    place = Place(datetime.fromisoformat("2026-11-24T08:00:00+00:00"), 10**6)
    plan = explained(store, reports._page(MINE, wanted, place, 50))  # noqa: SLF001 - the statement itself
    used = next(iter(wanted.equal()), None)
    assert f"routings_partner_{used or 'hour'}" in plan
    assert "TEMP B-TREE" not in plan
    assert "Sort" not in plan


def dialect_of(store: Store) -> str:
    with store.reading("its name") as connection:
        return connection.dialect.name


def explained(store: Store, statement: Any) -> str:
    """How the database means to do it."""
    with store.reading("a plan") as connection:
        if dialect_of(store) == "postgresql":
            connection.execute(text("SET LOCAL enable_seqscan = off"))
            connection.execute(text("SET LOCAL enable_bitmapscan = off"))
        compiled = statement.compile(connection, compile_kwargs={"literal_binds": True})
        word = "EXPLAIN" if dialect_of(store) == "postgresql" else "EXPLAIN QUERY PLAN"
        return "\n".join(
            str(tuple(row))
            for row in connection.exec_driver_sql(
                f"{word} {compiled}".replace("%", "%%")
                if dialect_of(store) == "postgresql"
                else f"{word} {compiled}"
            )
        )
