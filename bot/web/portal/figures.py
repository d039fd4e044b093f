"""Counts as figures: drawn, and as the table beside it. A partner's own are exact, all others by the rule."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from markupsafe import Markup

from bot.charts import Figure, Grid, Point, draw_bars, draw_columns, draw_heat
from bot.charts.figure import by_rule, exact
from bot.core.directory import LONDON
from bot.core.disclosure import Shown, ShownTable, next_month, protect, total
from bot.store.reports import Counts
from bot.web.portal.names import TITLES, label
from bot.web.portal.periods import Period

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
HOURS = tuple(f"{hour:02}" for hour in range(24))
WEEK = tuple((day, hour) for day in range(7) for hour in range(24))
COLUMNS = ("table", "value", "routings")
TIME, HOUR_OF_WEEK, HOUR_OF_DAY = "time", "hour_of_week", "hour_of_day"


@dataclass(frozen=True)
class Drawn:
    """A figure beside its drawing. `grid` for the hours of a week, `figure` for all others."""

    svg: Markup
    figure: Figure | None = None
    grid: Grid | None = None


@dataclass(frozen=True)
class Figures:
    """All figures of a period, and the sum in words."""

    total: str
    drawn: tuple[Drawn, ...]
    left_out: tuple[str, ...] = ()


def tables_of(counts: Counts, period: Period) -> dict[str, dict[Any, int]]:
    """Give a partner's counts as tables by name, days or months and hours without routings included."""
    tables: dict[str, dict[Any, int]] = {TIME: _over_time(counts, period)}
    return (
        tables
        | {name: dict(table) for name, table in counts.by.items()}
        | {HOUR_OF_WEEK: _over_the_week(counts)}
    )


def tables_of_others(counts: Counts, period: Period) -> dict[str, dict[Any, int]]:
    """Give the whole line's counts as tables that have nothing in common but their sum.

    So there are no hours of the week beside the days, since those of all Mondays add up to the
    Mondays, and no organisations beside their services: `protect` knows of sums alone.
    """
    tables = tables_of(counts, period)
    day = dict.fromkeys(range(24), 0)
    for (_, hour), count in tables.pop(HOUR_OF_WEEK).items():
        day[hour] += count
    return tables | {HOUR_OF_DAY: day}


def own(counts: Counts, period: Period) -> Figures:
    """Show a partner's own counts, exactly."""
    return Figures(f"{counts.total:,}", _drawn(tables_of(counts, period), period, exact))


def of_others(counts: Counts, period: Period) -> Figures:
    """Show the whole line's counts by the rule."""
    tables = tables_of_others(counts, period)
    shown: dict[str, ShownTable[Any]] = protect(tables)
    left_out = tuple(title_of(name, period) for name in tables if name not in shown)
    return Figures(total(shown).text, _drawn(shown, period, by_rule), left_out)


def title_of(name: str, period: Period) -> str:
    """What a figure is called."""
    if name == TIME:
        return "Routings a month" if period.is_year else "Routings a day"
    hours = {HOUR_OF_WEEK: "Hour of the week", HOUR_OF_DAY: "Hour of the day (Europe/London)"}
    return hours.get(name) or f"By {TITLES[name]}"


def key_text(name: str, key: Any) -> str:
    """A table's key as exports and the API give it."""
    if isinstance(key, datetime):
        return f"{key:%Y-%m-%d}"
    if name == HOUR_OF_WEEK:
        return f"{WEEKDAYS[key[0]][:3]} {HOURS[key[1]]}"
    if name == HOUR_OF_DAY:
        return HOURS[int(key)]
    return str(key)


def _over_time(counts: Counts, period: Period) -> dict[Any, int]:
    if not period.is_year:
        days = (period.until - period.since).days
        return {
            day: counts.days.get(day, 0)
            for day in (period.since + timedelta(days=number) for number in range(days))
        }
    months: dict[datetime, int] = {}
    start = period.since
    while start < period.until:
        months[start] = 0
        start = next_month(start)
    for day, count in counts.days.items():
        months[day.replace(day=1)] += count
    return months


def _over_the_week(counts: Counts) -> dict[Any, int]:
    """Count by weekday and hour of the clock in London, where the people are."""
    week = dict.fromkeys(WEEK, 0)
    for hour, count in counts.hours.items():
        local = hour.astimezone(LONDON)
        week[local.weekday(), local.hour] += count
    return week


def _drawn(
    tables: Mapping[str, Mapping[Any, Any]], period: Period, point: Callable[[str, Any], Point]
) -> tuple[Drawn, ...]:
    found = []
    for name, table in tables.items():
        title = f"{title_of(name, period)}, {period.title}"
        if name == HOUR_OF_WEEK:
            found.append(_week(table, title, point))
        elif name == TIME:
            points = tuple(point(_time_label(key, period), value) for key, value in table.items())
            figure = Figure(name, title, "Month" if period.is_year else "Day", points)
            found.append(Drawn(Markup(draw_columns(figure)), figure))  # noqa: S704 - escaped by the drawing  # nosec B704
        elif name == HOUR_OF_DAY:
            points = tuple(point(HOURS[key], value) for key, value in table.items())
            figure = Figure(name, title, "Hour", points)
            found.append(Drawn(Markup(draw_columns(figure)), figure))  # noqa: S704 - escaped by the drawing  # nosec B704
        else:
            points = tuple(_largest_first(point(label(name, key), value) for key, value in table.items()))
            figure = Figure(name, title, TITLES[name].capitalize(), points)
            found.append(Drawn(Markup(draw_bars(figure)), figure))  # noqa: S704 - escaped by the drawing  # nosec B704
    return tuple(found)


def _week(table: Mapping[Any, Any], title: str, point: Callable[[str, Any], Point]) -> Drawn:
    points = tuple(
        tuple(point(f"{WEEKDAYS[day]} {HOURS[hour]}:00", table[day, hour]) for hour in range(24))
        for day in range(7)
    )
    grid = Grid(HOUR_OF_WEEK, title, "Hour", WEEKDAYS, HOURS, points)
    return Drawn(Markup(draw_heat(grid)), grid=grid)  # noqa: S704 - escaped by the drawing  # nosec B704


def _largest_first(points: Iterable[Point]) -> list[Point]:
    return sorted(points, key=lambda point: (-point.value, point.label))


def _time_label(key: datetime, period: Period) -> str:
    return f"{key:%b}" if period.is_year else f"{key:%-d}"


def rows(counts: Counts, period: Period, *, by_the_rule: bool) -> list[tuple[str, str, str | int]]:
    """Give the figures as rows of a file: table, value, count."""
    shown, _ = _shown(counts, period, by_the_rule=by_the_rule)
    return [
        (name, key_text(name, key), cell.text if by_the_rule else cell.about)
        for name, table in shown.items()
        for key, cell in table.items()
    ]


def as_json(counts: Counts, period: Period, *, by_the_rule: bool) -> dict[str, Any]:
    """Give the figures for a program: of each count its words, and the least and most that it may be."""
    shown, told = _shown(counts, period, by_the_rule=by_the_rule)
    return {
        "total": _count(told),
        "tables": {
            name: [{"value": key_text(name, key), **_count(cell)} for key, cell in table.items()]
            for name, table in shown.items()
        },
    }


def _shown(
    counts: Counts, period: Period, *, by_the_rule: bool
) -> tuple[Mapping[str, Mapping[Any, Shown]], Shown]:
    if by_the_rule:
        protected: dict[str, ShownTable[Any]] = protect(tables_of_others(counts, period))
        return protected, total(protected)
    tables = tables_of(counts, period)
    exactly = {name: {key: _as_it_is(n) for key, n in table.items()} for name, table in tables.items()}
    return exactly, _as_it_is(counts.total)


def _as_it_is(count: int) -> Shown:
    return Shown(str(count), count, count, count)


def _count(shown: Shown) -> dict[str, Any]:
    return {"routings": shown.text, "least": shown.low, "most": shown.high}
