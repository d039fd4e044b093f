"""Many numbers of one range, whichever process was told of them."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from bot.errors import StoreError
from bot.store import Store, open_store, upgrade
from bot.web.ranges import EVERY, MANY, Ranges
from tests.line import play, sqlite_url
from tests.store.samples import opened
from tests.test_metrics import value

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
SECRET = b"k" * 64
BLOCK = "+44770090"


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a migrated database, once of each kind."""
    url = sqlite_url(tmp_path) if request.param == "sqlite" else request.getfixturevalue("postgres_database")
    upgrade(str(url))
    return str(url)


@pytest.fixture
def stores(database_url: str) -> Iterator[list[Store]]:
    """What four processes have open."""
    opened = [open_store(database_url) for _ in range(4)]
    yield opened
    for store in opened:
        store.close()


def numbers(block: str, count: int) -> list[str]:
    """Some numbers of a range."""
    return [f"{block}{number:04d}" for number in range(count)]


def noted(ranges: Ranges, texted: list[str], now: datetime = NOW) -> int:
    """Note them and have them kept; give the alarms."""
    for number in texted:
        ranges.note(number, now)
    return ranges.keep(now)


def test_many_numbers_of_one_range_are_noticed_though_each_process_saw_few(stores: list[Store]) -> None:
    texted = numbers(BLOCK, MANY)
    alarms = [noted(Ranges(store, SECRET), texted[at::4]) for at, store in enumerate(stores)]
    assert alarms == [0, 0, 0, 1]


def test_processes_that_keep_at_the_same_time_miss_nothing_and_raise_one_alarm(stores: list[Store]) -> None:
    texted = numbers(BLOCK, MANY)
    parts = [(Ranges(store, SECRET), texted[at::4]) for at, store in enumerate(stores)]
    with ThreadPoolExecutor(4) as threads:
        assert sum(threads.map(lambda part: noted(*part), parts)) == 1


def test_there_is_one_alarm_an_hour(stores: list[Store]) -> None:
    ranges = Ranges(stores[0], SECRET)
    assert noted(ranges, numbers(BLOCK, MANY + 20)) == 1
    for minutes, alarms in ((20, 0), (59, 0), (91, 1)):
        assert noted(ranges, numbers(BLOCK, MANY), NOW + timedelta(minutes=minutes)) == alarms


def test_one_less_is_no_alarm_and_an_hour_later_the_count_begins_anew(stores: list[Store]) -> None:
    ranges = Ranges(stores[0], SECRET)
    assert noted(ranges, numbers(BLOCK, MANY - 1)) == 0
    assert noted(ranges, ["+447700909999"], NOW + timedelta(hours=1, seconds=1)) == 0


def test_one_number_that_texts_often_is_not_a_range(stores: list[Store]) -> None:
    for at in range(MANY * 2):
        assert noted(Ranges(stores[0], SECRET), ["+447700900123"], NOW + timedelta(seconds=20 * at)) == 0


def test_numbers_of_many_ranges_are_people(stores: list[Store]) -> None:
    assert noted(Ranges(stores[0], SECRET), [f"+447{block:05d}1234" for block in range(MANY * 2)]) == 0


def test_what_is_noted_is_kept_every_few_seconds_and_then_no_more(
    stores: list[Store], database_url: str
) -> None:
    ranges = Ranges(stores[0], SECRET)
    for seconds, kept in ((0, 1), (1, 1), (EVERY.seconds - 1, 1), (EVERY.seconds, 4)):
        noted(ranges, [f"{BLOCK}{seconds:04d}"], NOW + timedelta(seconds=seconds))
        with opened(database_url) as connection:
            assert connection.execute(text("SELECT count(*) FROM texters")).scalar() == kept
    stores[0].purge(NOW + timedelta(hours=1, seconds=EVERY.seconds))
    with opened(database_url) as connection:
        assert connection.execute(text("SELECT count(*) FROM texters")).scalar() == 0


def test_no_number_and_no_hash_of_one_without_the_key_is_kept(stores: list[Store], database_url: str) -> None:
    found = []
    for secret in (SECRET, b"another"):
        noted(Ranges(stores[0], secret), [f"{BLOCK}0123"])
        with opened(database_url) as connection:
            found.append(
                {tuple(row) for row in connection.execute(text("SELECT block, number FROM texters"))}
            )
    [(block, number)] = found[0]
    assert len(found[1]) == 2
    assert (len(block), len(number)) == (16, 4)
    assert BLOCK[1:] not in block


def test_what_the_database_does_not_take_is_counted_later(tmp_path: Path) -> None:
    line = play(sqlite_url(tmp_path))
    ranges = line.wiring.ranges
    line.lose_database()
    for number in numbers(BLOCK, MANY):
        ranges.note(number, NOW)
    with pytest.raises(StoreError):
        ranges.keep(NOW)
    line.find_database()
    assert ranges.keep(NOW) == 1
    line.wiring.store.close()


def test_alarm_is_a_metric_and_does_not_wait_for_another_text(tmp_path: Path) -> None:
    line = play(sqlite_url(tmp_path))
    client = line.app.test_client()
    before = value(client.get("/metrics").text, "signpost_range_alarms_total")
    for number in numbers(BLOCK, MANY):
        line.texting(number).send("MENU")
    line.pass_time(0.2)
    client.get("/metrics")
    assert value(client.get("/metrics").text, "signpost_range_alarms_total") == before + 1
    line.wiring.store.close()
