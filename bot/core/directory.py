"""Where people are sent: services, their telephones and when they are open (after HSDS 3).

Field names follow Open Referral's Human Services Data Specification 3 where it has them
(docs.openreferral.org); `transfer`, `transfer_to` and `emergency` are ours.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

LONDON = ZoneInfo("Europe/London")
DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
END_OF_DAY = time.max
SEARCH_DAYS = 14

Status = Literal["active", "inactive", "defunct", "temporarily closed"]
Transfer = Literal["offer", "never"]
PhoneType = Literal["voice", "textphone", "text"]


@dataclass(frozen=True)
class Phone:
    """A number: as people read it (`display`), as a machine dials it (`number`), what it costs."""

    display: str
    number: str
    type: PhoneType
    languages: tuple[str, ...]
    cost: str


@dataclass(frozen=True)
class Period:
    """Opening on these days from `opens_at` to `closes_at`, London time; 24:00 is END_OF_DAY."""

    byday: tuple[str, ...]
    opens_at: time
    closes_at: time


@dataclass(frozen=True)
class Schedule:
    """When a service answers. With no periods and not `always`, its hours are not known to us.

    On a bank holiday the periods do not count; `bank_holidays` are the periods that do.
    """

    always: bool = False
    periods: tuple[Period, ...] = ()
    bank_holidays: tuple[Period, ...] = ()


@dataclass(frozen=True)
class Hours:
    """How a schedule stands at one moment. `until` and `opens` are London times."""

    state: Literal["always", "open", "closed", "unknown"]
    until: datetime | None = None
    opens: datetime | None = None

    @property
    def closed(self) -> bool:
        """True only when we know that nobody answers now."""
        return self.state == "closed"


@dataclass(frozen=True)
class Service:
    """A place that people are sent to."""

    id: str
    organization: str
    name: str
    status: Status
    description: Mapping[str, str]
    phones: tuple[Phone, ...]
    schedule: Schedule
    transfer: Transfer = "never"
    transfer_to: str = ""
    emergency: bool = False
    minimum_age: int | None = None
    maximum_age: int | None = None
    interpreters: bool | None = None
    assured_on: date | None = None
    assured_by: str = ""
    source: str = ""
    successor: str = ""
    notes: str = ""

    @property
    def phone(self) -> Phone:
        """The number that people are told: the first one for voice."""
        return next(phone for phone in self.phones if phone.type == "voice")

    @property
    def transfer_number(self) -> str:
        """The number to dial for a person who asks to be connected, or "" where we must not."""
        if self.transfer == "never" or self.emergency:
            return ""
        number = self.transfer_to or self.phone.number
        return number if number.startswith("+") else ""


@dataclass(frozen=True)
class Directory:
    """Every service by id, the bank holidays, a fingerprint of the file, and organizations' names by id."""

    services: Mapping[str, Service]
    revision: str
    bank_holidays: frozenset[date] = field(default_factory=frozenset)
    organizations: Mapping[str, str] = field(default_factory=dict)

    @property
    def emergency(self) -> Service:
        """The service that comes before all others (999)."""
        return next(service for service in self.services.values() if service.emergency)

    def displays(self) -> tuple[str, ...]:
        """Every number as it is shown, longest first, so that one inside another is found whole."""
        shown = {phone.display for service in self.services.values() for phone in service.phones}
        return tuple(sorted(shown, key=lambda display: (-len(display), display)))

    def dialable(self) -> frozenset[str]:
        """The only numbers that a transfer may ring."""
        return frozenset(s.transfer_number for s in self.services.values() if s.transfer_number)

    def hours(self, service: Service, now: datetime) -> Hours:
        """Say whether a service is open at `now` (aware), until when, or when it opens next."""
        schedule = service.schedule
        if schedule.always:
            return Hours("always")
        if not schedule.periods:
            return Hours("unknown")
        until: datetime | None = None
        for opens, closes in sorted(self._spans(schedule, now.astimezone(LONDON).date())):
            if opens <= (until or now) and closes > (until or now):
                until = closes  # spans that touch or overlap read as one
            elif until is None and opens > now:
                return Hours("closed", opens=opens.astimezone(LONDON))
        if until is None:
            return Hours("closed")
        if until - now > timedelta(days=SEARCH_DAYS // 2):
            return Hours("always")
        return Hours("open", until=until.astimezone(LONDON))

    def _spans(self, schedule: Schedule, today: date) -> Iterator[tuple[datetime, datetime]]:
        """Each opening around `today`, in UTC: two London times that share a zone compare as they
        are written, which is wrong in the hour that comes twice in October.
        """
        for offset in range(-1, SEARCH_DAYS + 1):
            day = today + timedelta(days=offset)
            periods = schedule.bank_holidays if day in self.bank_holidays else schedule.periods
            for period in periods:
                if DAYS[day.weekday()] not in period.byday:
                    continue
                opens = datetime.combine(day, period.opens_at, LONDON)
                if period.closes_at == END_OF_DAY:
                    closes = datetime.combine(day + timedelta(days=1), time(0), LONDON)
                elif period.closes_at <= period.opens_at:  # 20:00 to 02:00 ends tomorrow
                    closes = datetime.combine(day + timedelta(days=1), period.closes_at, LONDON)
                else:
                    closes = datetime.combine(day, period.closes_at, LONDON)
                yield opens.astimezone(UTC), closes.astimezone(UTC)
