"""What is asked for in an address: filters, a place in the list; and back into an address."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from bot.store.reports import Place
from bot.store.rollups import PROPERTIES
from bot.store.wanted import Wanted

LONGEST_VALUE_CHARS = 80
_PLACE = re.compile(r"(\d{4})(\d\d)(\d\d)T(\d\d)-(\d{1,18})", re.ASCII)
_VALUE = re.compile(rf"[!-~]{{0,{LONGEST_VALUE_CHARS}}}")
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
NAMES = ("from", "to", *PROPERTIES)


class QueryError(ValueError):
    """An address asks for something that can't be; the text says what, for whoever typed it."""


@dataclass(frozen=True)
class Query:
    """Filters as they were asked for, `given`, and as the store understands them."""

    given: Mapping[str, str]
    wanted: Wanted


def read_query(arguments: Mapping[str, str]) -> Query:
    """Read filters: `from` and `to` are days, both included; the others are values.

    Raises:
        QueryError: a day is none, or a value is one that no record can have.
    """
    given = {name: arguments[name] for name in NAMES if arguments.get(name)}
    for name in PROPERTIES:
        if not _VALUE.fullmatch(given.get(name, "")):
            raise QueryError(f"{name}: no value of ours; leave it out or choose one")
    since, last = _day("from", given), _day("to", given)
    if since and last and last < since:
        raise QueryError(f"to: {last:%Y-%m-%d} is before {since:%Y-%m-%d}; swap the two days")
    until = last + timedelta(days=1) if last else None
    return Query(given, Wanted(since, until, **{name: given.get(name, "") for name in PROPERTIES}))


def _day(name: str, given: Mapping[str, str]) -> datetime | None:
    text = given.get(name, "")
    if not text:
        return None
    try:
        day = date.fromisoformat(text if _DAY.fullmatch(text) else "")
    except ValueError:
        raise QueryError(f"{name}: {text[:20]!r} is not a day; write it as 2026-11-24") from None
    if not 2000 <= day.year <= 2999:  # noqa: PLR2004 - what every database can add a day to
        raise QueryError(f"{name}: the year {day.year} is not one of the line's; write it as 2026-11-24")
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def read_place(text: str) -> Place | None:
    """Read where a page ends, as `write_place` wrote it; None for "".

    Raises:
        QueryError: it is no place of ours.
    """
    if not text:
        return None
    parts = _PLACE.fullmatch(text)
    try:
        year, month, day, hour, seq = (int(part) for part in (parts.groups() if parts else ()))
        return Place(datetime(year, month, day, hour, tzinfo=UTC), seq)
    except ValueError:
        raise QueryError("after: not a place in the list; begin again without it") from None


def write_place(hour: datetime, seq: int) -> str:
    """Write where a page ends."""
    return f"{hour.astimezone(UTC):%Y%m%dT%H}-{seq}"


def refuse_others(arguments: Mapping[str, str], *known: str) -> None:
    """Refuse a name that nobody knows: a filter that is misspelt must not give everything.

    Raises:
        QueryError: there is one.
    """
    others = sorted(set(arguments) - set(known))
    if others:
        raise QueryError(
            f"{others[0][:40]!r}: no parameter of this address; it takes {', '.join(known) or 'none'}"
        )
