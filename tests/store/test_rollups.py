"""Counts by hour and day are what the routings say, after whatever happens to them."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import delete, select, update

from bot.store import reports, rollups
from bot.store.portal_tables import ANY_HOUR, rollup_days, rollup_hours, rollup_totals, rollup_values
from bot.store.tables import routings
from tests.store.ledgered import HOUR, keep_rows, made_up

if TYPE_CHECKING:
    from bot.store import Store

DAY = HOUR.replace(hour=0)


def checked(store: Store) -> list[Any]:
    with store.reading("counts") as connection:
        return rollups.check(connection)


def test_hours_and_days_are_counted_by_every_property(store: Store) -> None:
    rows = made_up(200)
    keep_rows(store, rows)
    with store.reading("counts") as connection:
        hours = connection.execute(select(rollup_hours)).mappings().all()
        days = connection.execute(select(rollup_days)).mappings().all()
    keys = ("partner", *rollups.PROPERTIES)
    assert {tuple(row[key] for key in (*keys, "hour")): row["count"] for row in hours} == Counter(
        tuple(row[key] for key in (*keys, "hour")) for row in rows
    )
    assert {tuple(row[key] for key in (*keys, "day")): row["count"] for row in days} == Counter(
        (*(row[key] for key in keys), row["hour"].replace(hour=0)) for row in rows
    )
    assert checked(store) == []


def test_what_is_not_in_the_ledger_yet_is_not_counted(store: Store) -> None:
    rows = made_up(6)
    rows[5] |= {"leaf_index": None, "partner_seq": None}
    keep_rows(store, rows)
    with store.reading("counts") as connection:
        assert reports.counts(connection, DAY, DAY + rollups.DAY).total == 5
        assert reports.completeness(connection, rows[0]["partner"]) == reports.Completeness(5, 1)


def test_an_outcome_that_changes_moves_its_count(store: Store) -> None:
    rows = made_up(3)
    keep_rows(store, [row | {"outcome": "transfer_started"} for row in rows])
    with store.writing("an outcome") as connection:
        connection.execute(update(routings).where(routings.c.id == rows[1]["id"]).values(outcome="connected"))
        rollups.refresh(connection, [rows[1]["hour"]])
        assert reports.counts(connection, DAY, DAY + rollups.DAY).by["outcome"] == {
            "connected": 1,
            "transfer_started": 2,
        }
    assert checked(store) == []


def test_a_day_says_in_which_hours_it_has_any(store: Store) -> None:
    rows = made_up(200)
    keep_rows(store, rows)
    days: dict[tuple[Any, ...], int] = {}
    values: dict[tuple[Any, ...], int] = {}
    for row in rows:
        day, bit = row["hour"].replace(hour=0), 1 << row["hour"].hour
        key = (day, *(row[name] for name in rollups.PROPERTIES))
        days[key] = days.get(key, 0) | bit
        for name in rollups.PROPERTIES:
            values[day, name, row[name]] = values.get((day, name, row[name]), 0) | bit
    by_day, by_value = rollup_days.c, rollup_values.c
    with store.reading("bits") as connection:
        columns = (by_day.day, *(by_day[name] for name in rollups.PROPERTIES), by_day.hours)
        assert {tuple(row[:-1]): row[-1] for row in connection.execute(select(*columns))} == days
        columns = (by_value.day, by_value.property, by_value.value, by_value.hours)
        assert {tuple(row[:-1]): row[-1] for row in connection.execute(select(*columns))} == values


@pytest.mark.parametrize("table", [rollup_days, rollup_values])
def test_a_day_that_leaves_an_hour_out_is_found_and_mended(store: Store, table: Any) -> None:
    keep_rows(store, made_up(60))
    left_out = update(table).where(table.c.day == DAY)
    with store.writing("too many") as connection:
        connection.execute(left_out.values(hours=ANY_HOUR))
    assert checked(store) == []
    with store.writing("too few") as connection:
        connection.execute(left_out.values(hours=ANY_HOUR - (1 << HOUR.hour - 1)))
    assert checked(store) == [DAY]
    with store.writing("mending") as connection:
        rollups.refresh(connection, rollups.kept_hours(connection))
    assert checked(store) == []


@pytest.mark.parametrize("table", [rollup_hours, rollup_days, rollup_values, rollup_totals])
def test_counts_that_drifted_are_found_and_mended(store: Store, table: Any) -> None:
    keep_rows(store, made_up(60))
    with store.writing("drift") as connection:
        connection.execute(update(table).where(table.c.partner != "").values(count=table.c["count"] + 1))
    assert checked(store) != []
    with store.writing("mending") as connection:
        hours = rollups.kept_hours(connection)
        assert hours == sorted({row["hour"] for row in made_up(60)})
        rollups.refresh(connection, hours)
    assert checked(store) == []


def test_counts_of_purged_hours_stay(store: Store) -> None:
    rows = made_up(100)
    keep_rows(store, rows)
    before = rows[50]["hour"]
    with store.writing("a purge") as connection:
        connection.execute(delete(routings).where(routings.c.hour < before))
        connection.execute(delete(routings).where(routings.c.id == rows[51]["id"]))  # stopped in the middle
    assert checked(store) == []
    with store.writing("counts") as connection:
        rollups.refresh(connection, rollups.kept_hours(connection))
        assert reports.counts(connection, HOUR - timedelta(days=30), HOUR + timedelta(days=1)).total == 100


def test_an_empty_database_has_nothing_to_check(store: Store) -> None:
    assert checked(store) == []
    with store.reading("counts") as connection:
        assert rollups.kept_hours(connection) == []
