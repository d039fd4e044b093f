"""Made-up records of a year, to try the portal and to measure with. The same seed makes the same records."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import accumulate
from random import Random
from typing import TypeVar
from zoneinfo import ZoneInfo

from bot.core.session import Channel, Outcome, Routing

CODE_VERSION = "demo"  # by which made-up records are told from real ones
HOURS_A_YEAR = 365 * 24
LONDON = ZoneInfo("Europe/London")

# How busy each hour of a London day is, from midnight on; and each day, Monday first.
_HOURS = (5, 3, 2, 1, 1, 1, 2, 4, 8, 12, 14, 14, 13, 13, 14, 15, 17, 19, 20, 20, 18, 15, 12, 8)
_DAYS = (10, 10, 10, 11, 13, 14, 11)
_CHANNELS: dict[Channel, int] = {"sms": 58, "voice": 36, "whatsapp": 5, "rcs": 1}
_CHOSEN_BY = {"sms": {"key": 70, "word": 30}, "voice": {"key": 1}}
# What most people come for; a service that is not named here gets as much as the least of them.
_SERVICES = {
    "police-101": 30,
    "crimestoppers": 26,
    "nrp": 22,
    "emergency": 5,
    "childline": 4,
    "samaritans": 4,
}
_LEAST = 1
_LANGUAGES = {"en": 94}
# What happens on a call after somebody was told the number, by how often.
_CALLS: dict[tuple[Outcome, ...], int] = {
    (): 42,
    ("number_texted",): 16,
    ("transfer_started", "connected"): 29,
    ("transfer_started", "connected", "number_texted"): 1,
    ("transfer_started", "busy"): 4,
    ("transfer_started", "no_answer"): 4,
    ("transfer_started", "no_answer", "transfer_started", "connected"): 1,
    ("transfer_started", "failed"): 1,
    ("transfer_started", "abandoned"): 2,
}

T = TypeVar("T")


@dataclass(frozen=True)
class MadeUp:
    """A routing, the salts of its records, and what happened next."""

    routing: Routing
    salt: str
    went_on: tuple[tuple[Outcome, str], ...] = ()


@dataclass(frozen=True)
class Place:
    """A service that people are sent to, and whether callers may be put through."""

    service: str
    partner: str
    connects: bool


def made_up(
    count: int, seed: int, until: datetime, places: Sequence[Place], languages: Sequence[str]
) -> Iterator[MadeUp]:
    """Make records of the year before `until` (aware, an hour), oldest first, a few at a time.

    `languages` are the line's, the commonest first.
    """
    chance = Random(seed)  # noqa: S311 - nothing depends on nobody guessing these  # nosec B311
    hours = [until - timedelta(hours=HOURS_A_YEAR - at) for at in range(HOURS_A_YEAR)]
    weights = list(accumulate(_busyness(hour) for hour in hours))
    made = 0
    for hour, reached in zip(hours, weights, strict=True):
        due = round(count * reached / weights[-1])
        yield from _hour(chance, hour, due - made, places, languages)
        made = due


def _busyness(hour: datetime) -> int:
    local = hour.astimezone(LONDON)
    return _HOURS[local.hour] * _DAYS[local.weekday()]


def _hour(
    chance: Random, hour: datetime, count: int, places: Sequence[Place], languages: Sequence[str]
) -> Iterator[MadeUp]:
    some = _some(chance, places, [_SERVICES.get(place.service, _LEAST) for place in places], count)
    channels = _some(chance, tuple(_CHANNELS), tuple(_CHANNELS.values()), count)
    spoken = _some(chance, languages, [_LANGUAGES.get(one, _LEAST) for one in languages], count)
    for place, channel, language in zip(some, channels, spoken, strict=True):
        how = _CHOSEN_BY.get(channel, _CHOSEN_BY["sms"])
        [chosen_by] = _some(chance, tuple(how), tuple(how.values()), 1)
        went_on = _went_on(chance, place) if channel == "voice" else ()
        routing = Routing(
            id=f"{chance.getrandbits(128):032x}",
            hour=hour,
            channel=channel,
            language=language,
            flow_revision="0123456789ab",
            directory_revision="ba9876543210",
            code_version=CODE_VERSION,
            chosen_by=chosen_by,
            service=place.service,
            outcome=_counts(went_on),
            partner=place.partner,
        )
        yield MadeUp(routing, _salt(chance), tuple((one, _salt(chance)) for one in went_on))


def _went_on(chance: Random, place: Place) -> tuple[Outcome, ...]:
    ways = [way for way in _CALLS if place.connects or "transfer_started" not in way]
    [way] = _some(chance, ways, [_CALLS[way] for way in ways], 1)
    return way


def _counts(went_on: Sequence[Outcome]) -> Outcome:
    """What counts in the end; none of the ways above has a text that failed."""
    if "connected" in went_on:
        return "connected"
    return went_on[-1] if went_on else "offered"


def _some(chance: Random, of: Sequence[T], weights: Sequence[int], count: int) -> list[T]:
    return chance.choices(of, weights, k=count)


def _salt(chance: Random) -> str:
    return f"{chance.getrandbits(256):064x}"
