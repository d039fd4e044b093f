"""Many numbers of one range."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from bot.web.ranges import MANY, Ranges

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)


def numbers(block: str, count: int) -> list[str]:
    """Some numbers of a range."""
    return [f"{block}{number:04d}" for number in range(count)]


def test_many_numbers_of_one_range_are_noticed_once() -> None:
    ranges = Ranges()
    noticed = [ranges.note(number, NOW) for number in numbers("+44770090", MANY + 20)]
    assert [at for at, one in enumerate(noticed, 1) if one] == [MANY]


def test_one_number_that_texts_often_is_not_a_range() -> None:
    ranges = Ranges()
    assert not any(ranges.note("+447700900123", NOW) for _ in range(MANY * 2))


def test_numbers_of_many_ranges_are_people() -> None:
    ranges = Ranges()
    assert not any(ranges.note(f"+447{block:05d}1234", NOW) for block in range(MANY * 2))


def test_an_hour_later_the_count_begins_anew() -> None:
    ranges = Ranges()
    for number in numbers("+44770090", MANY - 1):
        ranges.note(number, NOW)
    later = NOW + timedelta(hours=1, seconds=1)
    assert not ranges.note("+447700909999", later)
