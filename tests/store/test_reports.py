"""A partner's routings: every page exact, fast by an index, and nobody else's."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import insert, text, update

from bot.errors import StoreError
from bot.store import open_store, reports
from bot.store.portal_tables import ANY_HOUR, rollup_values
from bot.store.reports import Place
from bot.store.tables import outcomes, routings
from bot.store.wanted import Wanted, looked_through
from tests.store.ledgered import HOUR, VALUES, keep_rows, made_up, wait_in

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


def only(name: str, value: str) -> Wanted:
    values: dict[str, Any] = {name: value}
    return Wanted(**values)


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


@pytest.mark.parametrize(
    "wanted",
    [
        *(only(name, value) for name, options in VALUES.items() for value in sorted(set(options))),
        Wanted(channel="voice", outcome="busy"),
        Wanted(channel="sms", language="lt", chosen_by="word"),
    ],
    ids=str,
)
@pytest.mark.parametrize("limit", [1, 7, 100])
def test_pages_are_whole_while_the_log_is_behind(store: Store, wanted: Wanted, limit: int) -> None:
    rows = made_up(400)
    behind = [row for number, row in enumerate(rows) if number % 40 > 33]
    keep_rows(store, [row for row in rows if row not in behind])
    wait_in(store, behind)
    changed = rows[::7]
    with store.writing("outcomes that are not counted yet") as connection:
        for row in changed:
            row["outcome"] = "failed" if row["outcome"] == "busy" else "busy"
            mine = routings.c.id == row["id"]
            connection.execute(update(routings).where(mine).values(outcome=row["outcome"]))
            new = {"routing_id": row["id"], "hour": HOUR, "partner": MINE, "outcome": row["outcome"]}
            connection.execute(insert(outcomes), new)
        # As a release from before there were bits leaves a day.
        old = update(rollup_values).where(rollup_values.c.day == DAY - timedelta(days=2))
        connection.execute(old.values(hours=ANY_HOUR))
    found = [row["id"] for row in walked(store, wanted, limit)]
    assert len(found) == len(set(found))
    assert set(found) == {row["id"] for row in rows if passes(row, wanted)}


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


NEWEST = Place(datetime.fromisoformat("2026-11-24T08:00:00+00:00"), 10**6)
COMMON = [
    Wanted(),
    Wanted(since=DAY - timedelta(days=9), until=DAY),
    *(only(name, options[-1]) for name, options in VALUES.items()),
]


@pytest.mark.parametrize("wanted", COMMON, ids=str)
@pytest.mark.parametrize("after", [None, NEWEST])
def test_what_is_common_is_read_in_order_by_an_index(
    store: Store, wanted: Wanted, after: Place | None
) -> None:
    keep_rows(store, made_up(3000))  # a table of one page is read whole, whatever indexes it has
    plan = explained(store, wanted, after)
    assert "routings_partner_hour" in plan
    assert "TEMP B-TREE" not in plan
    assert "Sort" not in plan


@pytest.mark.parametrize("wanted", [only("language", "lt"), Wanted(language="lt", channel="voice")], ids=str)
def test_what_is_rare_is_looked_for_in_its_own_hours(store: Store, wanted: Wanted) -> None:
    rows = made_up(3000)
    rare = rows[::200]
    for row in rows:
        row["language"] = "en"
    for row in rare:
        row |= {"language": "lt", "channel": "voice"}
    keep_rows(store, rows)
    plan = explained(store, wanted, None)
    assert "routings_partner_hour" in plan
    hours = "hour=?" if dialect_of(store) == "sqlite" else "(hour = ANY ("
    assert hours in plan
    assert [row["id"] for row in walked(store, wanted, 4)] == [row["id"] for row in reversed(rare)]
    with store.reading("its hours") as connection:
        condition = looked_through(connection, MINE, wanted, None, 4).compile()
    assert condition.params["hour_1"] == [row["hour"] for row in rare[-4:]]


def test_many_hours_are_asked_for_as_one_range(store: Store) -> None:
    rows = made_up(300)
    keep_rows(store, rows)
    with store.writing("ten hours of each day, for ten years") as connection:
        days = [DAY - timedelta(days=number) for number in range(1, 3650)]
        row = {"partner": MINE, "property": "language", "value": "lt", "count": 1, "hours": (1 << 10) - 1}
        connection.execute(insert(rollup_values), [row | {"day": day - timedelta(days=5)} for day in days])
        wanted = only("language", "lt")
        page = reports.page(connection, MINE, wanted, None, 9000)
        assert "BETWEEN" in str(looked_through(connection, MINE, wanted, None, 9000))
    assert {row["id"] for row in page} == {row["id"] for row in rows if row["language"] == "lt"}


def test_a_fault_while_rows_are_read_is_told_as_any_other(sqlite_url: str) -> None:
    store = open_store(sqlite_url)
    keep_rows(store, made_up(3000))
    instructions = 0

    def give_up_late() -> bool:
        nonlocal instructions
        instructions += 1000
        return instructions > 20_000

    def read() -> None:
        with store.reading("routings") as connection:
            driver: Any = connection.connection.driver_connection
            driver.set_progress_handler(give_up_late, 1000)
            reports.columns(connection, MINE, Wanted(), None, 3000)

    with pytest.raises(StoreError, match=r"routings.*interrupted"):
        read()
    store.close()


def dialect_of(store: Store) -> str:
    with store.reading("its name") as connection:
        return connection.dialect.name


def explained(store: Store, wanted: Wanted, after: Place | None) -> str:
    """How the database means to give a page."""
    with store.reading("a plan") as connection:
        statement = reports._page(connection, MINE, wanted, after, 50)  # noqa: SLF001 - the statement itself
        compiled = str(statement.compile(connection, compile_kwargs={"literal_binds": True}))
        if dialect_of(store) == "sqlite":
            found = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {compiled}")
        else:
            connection.execute(text("SET LOCAL enable_seqscan = off"))
            connection.execute(text("SET LOCAL enable_bitmapscan = off"))
            found = connection.exec_driver_sql(f"EXPLAIN {compiled}".replace("%", "%%"))
        return "\n".join(str(tuple(row)) for row in found)
