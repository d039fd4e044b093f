"""The periods that figures are for: calendar months and years, in UTC as the records are."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime

from bot.core.disclosure import month_of, next_month

MONTHS_SHOWN = 24


@dataclass(frozen=True)
class Period:
    """A month ("2026-10") or a year ("2026"), what it is called, and its first moment and the next one's."""

    value: str
    title: str
    since: datetime
    until: datetime

    @property
    def is_year(self) -> bool:
        """True for a year."""
        return len(self.value) == len("2026")


def months(first: datetime | None, now: datetime, *, whole: bool) -> list[Period]:
    """Give the months from `first` to now, newest first; only those that are over when `whole`."""
    start = (first or now).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    found = []
    while start <= now:
        if not whole or next_month(start) <= now:
            found.append(_month(start))
        start = next_month(start)
    return found[::-1][:MONTHS_SHOWN]


def years(first: datetime | None, now: datetime) -> list[Period]:
    """Give the years from `first` to now, newest first."""
    return [_year(year) for year in range(now.year, (first or now).year - 1, -1)]


def own(text: str, now: datetime) -> Period | None:
    """Read a month or a year that has begun; "" is the present month. None when it is neither."""
    if not text:
        return _month(now.replace(day=1, hour=0, minute=0, second=0, microsecond=0))
    if len(text) == len("2026") and text.isascii() and text.isdigit():
        year = int(text)
        return _year(year) if 2000 <= year <= now.year else None  # noqa: PLR2004 - no line was older
    try:
        start = datetime.combine(date.fromisoformat(f"{text}-01"), datetime.min.time(), UTC)
    except ValueError:
        return None
    return _month(start) if len(text) == len("2026-10") and start <= now else None


def others(text: str, now: datetime) -> Period | None:
    """Read a month that is over, for numbers about others; "" is the last one. None when it is none."""
    if not text:
        [*_, last] = months(datetime(now.year - 1, 12, 1, tzinfo=UTC), now, whole=True)[:1]
        return last
    held = month_of(text, now)
    return _month(held[0]) if held else None


def _month(start: datetime) -> Period:
    return Period(f"{start:%Y-%m}", f"{start:%B %Y}", start, next_month(start))


def _year(year: int) -> Period:
    start = datetime(year, 1, 1, tzinfo=UTC)
    return Period(str(year), str(year), start, start.replace(year=year + 1))
