"""Sets a service's hours to each state it can be in, so that its words can be measured in all of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

from bot.core.directory import DAYS, LONDON, Directory, Period, Schedule, Service

# A Monday far from any change of the clocks, so that a local time is what it says.
A_MONDAY = date(2026, 6, 1)
NEVER = Schedule(periods=(Period((), time(9), time(17)),))


def states(directory: Directory, service: Service) -> Iterator[tuple[str, Directory, datetime]]:
    """Give each state in which a service's hours can be told.

    Each is real to the engine: a directory with one opening, and a moment that stands before, in or
    after it. Every weekday is tried, since the name of a day has its own length.

    Returns:
        The state's name, the directory and the moment (aware) in which it holds.
    """
    schedule = service.schedule
    if schedule.always or not schedule.periods:
        yield (
            ("always" if schedule.always else "unknown"),
            directory,
            datetime.combine(A_MONDAY, time(12), UTC),
        )
        return
    for period in {*schedule.periods, *schedule.bank_holidays}:
        for index, day in enumerate(DAYS):
            yield from _around(directory, service, replace(period, byday=(day,)), index)
    some_time = datetime.combine(A_MONDAY, time(12), UTC)
    yield "closed", _with(directory, service, NEVER), some_time
    yield "always", _with(directory, service, Schedule(always=True)), some_time


def everywhere(directory: Directory, schedule: Schedule) -> Directory:
    """Give the directory in which every service with a schedule keeps this one."""
    services = {
        name: replace(one, schedule=schedule) if one.schedule.periods else one
        for name, one in directory.services.items()
    }
    return _directory(directory, services)


def _around(
    directory: Directory, service: Service, period: Period, weekday: int
) -> Iterator[tuple[str, Directory, datetime]]:
    there = _with(directory, service, Schedule(periods=(period,)))
    day = A_MONDAY + timedelta(days=7 + weekday)
    opens = datetime.combine(day, period.opens_at, LONDON)
    for name, moment in (
        (f"open, {DAYS[weekday]}", opens),
        ("opens today", opens - timedelta(minutes=1) if opens.time() > time(0) else opens),
        ("opens tomorrow", datetime.combine(day - timedelta(days=1), time(12), LONDON)),
        (f"opens on {DAYS[weekday]}", datetime.combine(day - timedelta(days=3), time(12), LONDON)),
    ):
        yield name, there, moment.astimezone(UTC)


def _with(directory: Directory, service: Service, schedule: Schedule) -> Directory:
    return _directory(directory, {**directory.services, service.id: replace(service, schedule=schedule)})


def _directory(directory: Directory, services: Mapping[str, Service]) -> Directory:
    # Without bank holidays: a schedule made up here holds on every day.
    return Directory(services, directory.revision, frozenset())
