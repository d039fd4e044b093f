"""How routings are read back: filters, order, pages."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, replace
from datetime import UTC, timedelta, timezone
from time import sleep
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import insert, make_url, text

from bot.errors import StoreError
from bot.store import open_store, tables, upgrade
from bot.store.patience import COMMAND_SECONDS, within
from tests.store.samples import NOW, ROUTING, keep, opened, statements_watched, take

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bot.core.session import Routing
    from bot.store import Store

HOUR = timedelta(hours=1)
STORED = [
    ROUTING,
    replace(ROUTING, id="r2", hour=ROUTING.hour + HOUR, service="crimestoppers", outcome="connected"),
    replace(ROUTING, id="r3", hour=ROUTING.hour + 2 * HOUR, channel="voice", outcome="connected"),
    # Taken to the journal in an earlier hour, and stored late.
    replace(ROUTING, id="r4", hour=ROUTING.hour - HOUR, channel="voice", service="police-101"),
]


def fill(url: str, routings: Iterable[Routing]) -> None:
    """Store routings without turns."""
    with opened(url) as connection:
        connection.execute(insert(tables.routings), [asdict(routing) for routing in routings])


def ids(routings: Iterable[Routing]) -> str:
    """Write the ids in a row."""
    return " ".join(routing.id for routing in routings)


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({}, "r4 r3 r2 r1"),
        ({"service": "nrp"}, "r3 r1"),
        ({"channel": "voice"}, "r4 r3"),
        ({"outcome": "connected"}, "r3 r2"),
        ({"outcome": "connected", "channel": "sms"}, "r2"),
        ({"since": ROUTING.hour}, "r3 r2 r1"),
        ({"until": ROUTING.hour}, "r4"),
        ({"since": ROUTING.hour, "until": ROUTING.hour + 2 * HOUR}, "r2 r1"),
        ({"since": (ROUTING.hour + HOUR).astimezone(timezone(HOUR))}, "r3 r2"),
        ({"limit": 0}, ""),
        ({"limit": 3}, "r4 r3 r2"),
        ({"limit": 9}, "r4 r3 r2 r1"),
        ({"service": "nrp", "limit": 1}, "r3"),
        ({"service": "999"}, ""),
    ],
)
def test_routings_pass_every_filter_newest_first(
    store: Store, database_url: str, wanted: dict[str, Any], found: str
) -> None:
    fill(database_url, STORED)
    assert ids(store.routings(**wanted)) == found


def test_routings_are_read_a_page_at_a_time(store: Store, database_url: str) -> None:
    fill(database_url, (replace(ROUTING, id=f"r{number}") for number in range(1200)))
    with statements_watched() as watched:
        reading = store.routings()
        assert [next(reading).id for _ in range(500)] == [f"r{number}" for number in range(1199, 699, -1)]
        assert [word for word, _ in watched if word == "SELECT"] == ["SELECT"]
        take(store, "t1", keep(routing=replace(ROUTING, id="new")))  # nobody waits for a slow reader
        assert [routing.id for routing in reading] == [f"r{number}" for number in range(699, -1, -1)]


def test_full_last_page_ends(store: Store, database_url: str) -> None:
    fill(database_url, (replace(ROUTING, id=f"r{number}") for number in range(500)))
    assert sum(1 for _ in store.routings()) == 500


def test_routing_is_found_by_its_id(store: Store, database_url: str) -> None:
    fill(database_url, STORED)
    assert store.routing("r2") == STORED[1]
    assert store.routing("r9") is None


def test_hour_is_aware_utc_and_has_no_minutes(store: Store) -> None:
    half_past = timezone(timedelta(hours=5, minutes=30))  # where an hour does not begin with UTC's
    take(store, "t1", keep(routing=replace(ROUTING, hour=NOW.astimezone(half_past))))
    found = store.routing(ROUTING.id)
    assert found == ROUTING
    assert found.hour.tzinfo is UTC


def test_a_list_may_take_longer_than_a_turn_when_an_operator_asks_for_it(postgres_database: str) -> None:
    upgrade(postgres_database)
    impatient = make_url(postgres_database).update_query_dict({"options": "-c statement_timeout=50ms"})
    store = open_store(impatient.render_as_string(hide_password=False))
    take(store, "t1", keep(routing=ROUTING))
    with opened(postgres_database) as connection, ThreadPoolExecutor(1) as threads:
        connection.execute(text("LOCK TABLE routings"))
        with pytest.raises(StoreError, match="statement timeout"):
            ids(store.routings())

        def ask() -> str:
            with within(COMMAND_SECONDS):
                return ids(store.routings())

        asked = threads.submit(ask)
        sleep(0.2)
        assert not asked.done()
        connection.commit()
        assert asked.result() == "r1"
    store.close()
