"""How long a record is kept."""

from __future__ import annotations

from calendar import monthrange
from datetime import datetime

MONTHS_A_YEAR = 12


def kept_since(now: datetime, months: int) -> datetime:
    """Give the first moment of the day, so many months ago, from which on records are kept."""
    years, month = divmod(now.year * MONTHS_A_YEAR + now.month - 1 - months, MONTHS_A_YEAR)
    day = min(now.day, monthrange(years, month + 1)[1])
    return now.replace(year=years, month=month + 1, day=day, hour=0, minute=0, second=0, microsecond=0)
