"""Opening hours: at the second, over midnight, over a clock change, on bank holidays."""

from __future__ import annotations

import dataclasses
from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.core.directory import (
    DAYS,
    END_OF_DAY,
    LONDON,
    Directory,
    Hours,
    Period,
    Phone,
    Schedule,
    Service,
)

WEEKDAYS = DAYS[:5]
CHRISTMAS = date(2026, 12, 25)  # a Friday
BOXING_DAY_MOVED = date(2026, 12, 28)  # a Monday: the 26th is a Saturday
HOLIDAYS = frozenset({CHRISTMAS, BOXING_DAY_MOVED})


def service(schedule: Schedule) -> Service:
    """Make a service with these hours."""
    phone = Phone("0300 123 4567", "+443001234567", "voice", ("en",), "It is free.")
    return Service("clinic", "trust", "Clinic", "active", {"text": "", "voice": ""}, (phone,), schedule)


def hours(schedule: Schedule, now: datetime, holidays: frozenset[date] = HOLIDAYS) -> Hours:
    """Ask a directory of one service for its hours."""
    clinic = service(schedule)
    return Directory({"clinic": clinic}, "1", holidays).hours(clinic, now)


def at(day: int, clock: str, month: int = 11) -> datetime:
    """Give a moment of 2026 by London's clock, in UTC as the engine has it; 23 November is a Monday."""
    return datetime.combine(date(2026, month, day), time.fromisoformat(clock), LONDON).astimezone(UTC)


def london(day: int, clock: str, month: int = 11) -> datetime:
    """Give a moment of 2026 in London time, as hours are told."""
    return datetime.combine(date(2026, month, day), time.fromisoformat(clock), LONDON)


def period(days: tuple[str, ...], opens: str, closes: str) -> Period:
    """Make a period; "24:00" is the end of the day."""
    end = END_OF_DAY if closes == "24:00" else time.fromisoformat(closes)
    return Period(days, time.fromisoformat(opens), end)


OFFICE = Schedule(periods=(period(WEEKDAYS, "09:00", "17:00"),))
LUNCH = Schedule(periods=(period(WEEKDAYS, "09:00", "12:00"), period(WEEKDAYS, "13:00", "17:00")))
NIGHTS = Schedule(periods=(period(("FR", "SA"), "20:00", "02:00"),))


def test_a_service_that_never_closes_is_always_open() -> None:
    assert hours(Schedule(always=True), at(25, "03:00", 12)) == Hours("always")


def test_a_service_without_a_schedule_has_unknown_hours_and_is_not_called_closed() -> None:
    found = hours(Schedule(), at(25, "03:00"))
    assert found == Hours("unknown")
    assert not found.closed


def test_open_hours_say_until_when() -> None:
    assert hours(OFFICE, at(23, "10:30")) == Hours("open", until=london(23, "17:00"))


def test_before_opening_it_opens_today() -> None:
    found = hours(OFFICE, at(23, "08:00"))
    assert found == Hours("closed", opens=london(23, "09:00"))
    assert found.closed


def test_after_closing_it_opens_tomorrow() -> None:
    assert hours(OFFICE, at(23, "18:00")) == Hours("closed", opens=london(24, "09:00"))


def test_after_closing_on_friday_it_opens_on_monday() -> None:
    assert hours(OFFICE, at(27, "17:30")) == Hours("closed", opens=london(30, "09:00"))


@pytest.mark.parametrize(
    ("clock", "state"),
    [
        ("08:59:59.999999", "closed"),
        ("09:00:00", "open"),
        ("16:59:59.999999", "open"),
        ("17:00:00", "closed"),
    ],
)
def test_the_opening_second_counts_and_the_closing_second_does_not(clock: str, state: str) -> None:
    assert hours(OFFICE, at(23, clock)).state == state


def test_between_two_periods_of_a_day_it_is_closed_until_the_second() -> None:
    assert hours(LUNCH, at(23, "11:59")) == Hours("open", until=london(23, "12:00"))
    assert hours(LUNCH, at(23, "12:30")) == Hours("closed", opens=london(23, "13:00"))
    assert hours(LUNCH, at(23, "13:00")) == Hours("open", until=london(23, "17:00"))


def test_periods_that_touch_read_as_one() -> None:
    schedule = Schedule(periods=(period(("MO",), "13:00", "17:00"), period(("MO",), "09:00", "13:00")))
    assert hours(schedule, at(23, "10:00")) == Hours("open", until=london(23, "17:00"))
    assert hours(schedule, at(23, "13:00")) == Hours("open", until=london(23, "17:00"))


def test_periods_that_overlap_read_as_one() -> None:
    schedule = Schedule(periods=(period(("MO",), "09:00", "15:00"), period(("MO",), "12:00", "18:00")))
    assert hours(schedule, at(23, "10:00")) == Hours("open", until=london(23, "18:00"))


def test_a_period_inside_another_does_not_close_early() -> None:
    schedule = Schedule(periods=(period(("MO",), "09:00", "18:00"), period(("MO",), "10:00", "12:00")))
    assert hours(schedule, at(23, "11:00")) == Hours("open", until=london(23, "18:00"))
    assert hours(schedule, at(23, "13:00")) == Hours("open", until=london(23, "18:00"))


def test_24_00_is_the_next_midnight() -> None:
    schedule = Schedule(periods=(period(("MO",), "18:00", "24:00"),))
    assert hours(schedule, at(23, "23:59:59.999999")) == Hours("open", until=london(24, "00:00"))
    assert hours(schedule, at(24, "00:00")) == Hours("closed", opens=london(30, "18:00"))


def test_to_24_00_and_on_from_00_00_never_closes_at_midnight() -> None:
    schedule = Schedule(periods=(period(("MO",), "18:00", "24:00"), period(("TU",), "00:00", "06:00")))
    assert hours(schedule, at(23, "23:00")) == Hours("open", until=london(24, "06:00"))


def test_every_day_from_00_00_to_24_00_is_always() -> None:
    schedule = Schedule(
        periods=(period(DAYS, "00:00", "24:00"),), bank_holidays=(period(DAYS, "00:00", "24:00"),)
    )
    assert hours(schedule, at(23, "12:00")) == Hours("always")


def test_over_midnight_it_is_open_on_both_sides() -> None:
    assert hours(NIGHTS, at(27, "19:59")) == Hours("closed", opens=london(27, "20:00"))
    assert hours(NIGHTS, at(27, "23:00")) == Hours("open", until=london(28, "02:00"))
    assert hours(NIGHTS, at(28, "01:59")) == Hours("open", until=london(28, "02:00"))
    assert hours(NIGHTS, at(28, "02:00")) == Hours("closed", opens=london(28, "20:00"))
    assert hours(NIGHTS, at(29, "01:00")) == Hours("open", until=london(29, "02:00"))
    assert hours(NIGHTS, at(29, "03:00", 11)) == Hours("closed", opens=london(4, "20:00", 12))


def test_over_midnight_on_sunday_it_is_still_open_on_monday_morning() -> None:
    schedule = Schedule(periods=(period(("SU",), "22:00", "04:00"),))
    assert hours(schedule, at(23, "03:00")) == Hours("open", until=london(23, "04:00"))
    assert hours(schedule, at(23, "04:00")) == Hours("closed", opens=london(29, "22:00"))


def test_a_period_that_ends_when_it_begins_lasts_a_day() -> None:
    schedule = Schedule(periods=(period(("MO",), "09:00", "09:00"),))
    assert hours(schedule, at(24, "08:59")) == Hours("open", until=london(24, "09:00"))


# -- bank holidays ---------------------------------------------------------------------------------


def test_a_bank_holiday_is_closed_unless_its_own_hours_are_given() -> None:
    assert hours(OFFICE, at(25, "10:00", 12)) == Hours("closed", opens=london(29, "09:00", 12))
    assert hours(OFFICE, at(24, "18:00", 12)) == Hours("closed", opens=london(29, "09:00", 12))


def test_a_bank_holiday_as_usual_is_like_any_day() -> None:
    schedule = dataclasses.replace(OFFICE, bank_holidays=OFFICE.periods)
    assert hours(schedule, at(25, "10:00", 12)) == Hours("open", until=london(25, "17:00", 12))


def test_a_bank_holiday_may_have_its_own_hours() -> None:
    schedule = dataclasses.replace(OFFICE, bank_holidays=(period(DAYS, "10:00", "12:00"),))
    assert hours(schedule, at(25, "09:30", 12)) == Hours("closed", opens=london(25, "10:00", 12))
    assert hours(schedule, at(25, "11:00", 12)) == Hours("open", until=london(25, "12:00", 12))
    assert hours(schedule, at(25, "13:00", 12)) == Hours("closed", opens=london(28, "10:00", 12))


def test_a_night_that_began_before_a_bank_holiday_is_still_served() -> None:
    schedule = Schedule(periods=(period(DAYS, "20:00", "02:00"),))
    assert hours(schedule, at(25, "01:00", 12)) == Hours("open", until=london(25, "02:00", 12))
    assert hours(schedule, at(26, "01:00", 12)) == Hours("closed", opens=london(26, "20:00", 12))


def test_a_service_with_no_day_in_the_weeks_to_come_says_only_that_it_is_closed() -> None:
    holidays = frozenset(date(2026, 11, 1) + timedelta(days=offset) for offset in range(60))
    assert hours(OFFICE, at(23, "10:00"), holidays) == Hours("closed")


# -- the clock changes: 29 March (01:00 becomes 02:00) and 25 October 2026 (02:00 becomes 01:00) ---


def test_in_summer_hours_are_london_hours_and_not_utc() -> None:
    assert hours(OFFICE, datetime(2026, 7, 6, 8, 0, tzinfo=UTC)).state == "open"
    assert hours(OFFICE, datetime(2026, 7, 6, 7, 59, 59, tzinfo=UTC)).state == "closed"
    assert hours(OFFICE, datetime(2026, 7, 6, 16, 0, tzinfo=UTC)).state == "closed"


def test_the_office_opens_at_nine_on_both_sides_of_a_clock_change() -> None:
    assert hours(OFFICE, datetime(2026, 3, 27, 9, 0, tzinfo=UTC)).state == "open"
    assert hours(OFFICE, datetime(2026, 3, 30, 8, 0, tzinfo=UTC)).state == "open"
    assert hours(OFFICE, datetime(2026, 10, 23, 8, 0, tzinfo=UTC)).state == "open"
    assert hours(OFFICE, datetime(2026, 10, 26, 8, 59, 59, tzinfo=UTC)).state == "closed"
    assert hours(OFFICE, datetime(2026, 10, 26, 9, 0, tzinfo=UTC)).state == "open"


def test_the_night_of_march_is_an_hour_shorter() -> None:
    nights = Schedule(periods=(period(("SA",), "22:00", "04:00"),))
    assert hours(nights, datetime(2026, 3, 29, 2, 59, 59, tzinfo=UTC)).state == "open"
    assert hours(nights, datetime(2026, 3, 29, 3, 0, tzinfo=UTC)).state == "closed"


def test_the_night_of_october_is_an_hour_longer() -> None:
    nights = Schedule(periods=(period(("SA",), "22:00", "04:00"),))
    assert hours(nights, datetime(2026, 10, 25, 3, 59, 59, tzinfo=UTC)).state == "open"
    assert hours(nights, datetime(2026, 10, 25, 4, 0, tzinfo=UTC)).state == "closed"


def test_a_time_that_comes_twice_closes_the_first_time() -> None:
    # 01:30 comes at 00:30 UTC and again at 01:30 UTC; a closing time is the first of them, for good.
    nights = Schedule(periods=(period(("SA",), "22:00", "01:30"),))
    assert hours(nights, datetime(2026, 10, 25, 0, 29, 59, tzinfo=UTC)).state == "open"
    assert hours(nights, datetime(2026, 10, 25, 0, 30, tzinfo=UTC)).state == "closed"
    assert hours(nights, datetime(2026, 10, 25, 1, 0, tzinfo=UTC)).state == "closed"
    assert hours(nights, datetime(2026, 10, 25, 1, 29, 59, tzinfo=UTC)).state == "closed"


def test_the_hour_that_comes_twice_is_open_both_times() -> None:
    schedule = Schedule(periods=(period(("SU",), "01:00", "02:00"),))
    for minute in (0, 30, 59):
        assert hours(schedule, datetime(2026, 10, 25, 0, minute, tzinfo=UTC)).state == "open"
        assert hours(schedule, datetime(2026, 10, 25, 1, minute, tzinfo=UTC)).state == "open"
    assert hours(schedule, datetime(2026, 10, 25, 2, 0, tzinfo=UTC)).state == "closed"


# -- the directory ---------------------------------------------------------------------------------


def test_only_offered_numbers_in_international_form_can_be_dialled() -> None:
    plain = service(Schedule(always=True))
    local = Phone("101", "101", "voice", ("en",), "It is free.")
    services = {
        "never": plain,
        "offer": dataclasses.replace(plain, transfer="offer", transfer_to="+441603514096"),
        "own": dataclasses.replace(plain, transfer="offer"),
        "local": dataclasses.replace(plain, transfer="offer", phones=(local,)),
        "emergency": dataclasses.replace(plain, transfer="offer", emergency=True),
    }
    directory = Directory(services, "1")
    assert directory.dialable() == {"+441603514096", "+443001234567"}
    assert directory.emergency is services["emergency"]
    assert directory.displays() == ("0300 123 4567", "101")


def test_the_number_told_is_the_first_for_voice() -> None:
    textphone = Phone("18001 101", "18001101", "textphone", ("en",), "It is free.")
    voice = Phone("101", "101", "voice", ("en",), "It is free.")
    told = dataclasses.replace(service(Schedule(always=True)), phones=(textphone, voice))
    assert told.phone is voice


# -- against a slow oracle -------------------------------------------------------------------------

WEEK_MINUTES = 7 * 24 * 60
CLOCKS = st.sampled_from(["00:00", "00:30", "06:00", "09:00", "12:00", "12:01", "17:00", "22:00", "23:59"])
PERIODS = st.lists(
    st.builds(
        period,
        st.lists(st.sampled_from(DAYS), min_size=1, max_size=7, unique=True).map(tuple),
        CLOCKS,
        CLOCKS | st.just("24:00"),
    ),
    min_size=1,
    max_size=4,
)
# A Monday without a clock change or a bank holiday within three weeks of it.
FIRST_MINUTE = datetime(2026, 11, 9, tzinfo=UTC)


def open_minutes(periods: list[Period]) -> list[bool]:
    """Colour in each minute of a week, Monday first, that any period covers."""
    week = [False] * WEEK_MINUTES
    for one in periods:
        for day in one.byday:
            start = one.opens_at.hour * 60 + one.opens_at.minute
            end = 24 * 60 if one.closes_at == END_OF_DAY else one.closes_at.hour * 60 + one.closes_at.minute
            length = end - start if end > start else end - start + 24 * 60
            for minute in range(length):
                week[(DAYS.index(day) * 24 * 60 + start + minute) % WEEK_MINUTES] = True
    return week


def expected(week: list[bool], minute: int) -> Hours:
    """Walk minute by minute until the colour changes."""
    changes = (
        ahead for ahead in range(1, WEEK_MINUTES) if week[(minute + ahead) % WEEK_MINUTES] != week[minute]
    )
    ahead = next(changes, None)
    if ahead is None:
        return Hours("always")
    change = (FIRST_MINUTE + timedelta(minutes=minute + ahead)).astimezone(LONDON)
    return Hours("open", until=change) if week[minute] else Hours("closed", opens=change)


@settings(max_examples=300)
@given(PERIODS, st.integers(0, WEEK_MINUTES - 1), st.integers(0, 59))
@example([period(("MO",), "00:00", "24:00"), period(("TU",), "00:00", "00:30")], 0, 0)
@example([period(DAYS, "09:00", "09:00")], 540, 0)
def test_hours_agree_with_colouring_in_every_minute_of_a_week(
    periods: list[Period], minute: int, second: int
) -> None:
    schedule = Schedule(periods=tuple(periods), bank_holidays=tuple(periods))
    now = FIRST_MINUTE + timedelta(minutes=minute, seconds=second)
    assert hours(schedule, now) == expected(open_minutes(periods), minute)
