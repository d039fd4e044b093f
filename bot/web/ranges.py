"""Notices texts from many numbers of one range: somebody has us answer numbers that pay them for it.

https://www.twilio.com/docs/glossary/what-is-sms-pumping-fraud
"""

from __future__ import annotations

import logging
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from threading import Lock

from bot import metrics
from bot.log import event

WINDOW = timedelta(hours=1)
RANGE_DIGITS = 4  # numbers that differ in their last four digits alone are of one range
MANY = 40  # a village has fewer texters in an hour
MOST_RANGES = 10_000


class Ranges:
    """Counts the numbers of each range in this process, for an hour; it keeps hashes that end with it."""

    def __init__(self) -> None:
        """Begin with none."""
        self._lock = Lock()
        self._since = datetime.min.replace(tzinfo=UTC)
        self._seen: dict[int, set[int]] = defaultdict(set)

    def note(self, number: str, now: datetime) -> bool:
        """Count a number that texted; say whether its range has just become suspicious, once an hour."""
        with self._lock:
            if abs(now - self._since) > WINDOW or len(self._seen) > MOST_RANGES:
                self._since = now
                self._seen.clear()
            numbers = self._seen[hash(number[:-RANGE_DIGITS])]
            before = len(numbers)
            numbers.add(hash(number))
            suspicious = before == MANY - 1 and len(numbers) == MANY
        if suspicious:
            event("texts.one_range", logging.WARNING, numbers=MANY, cure="see whether Twilio says pumping")
            metrics.count("signpost_range_alarms_total")
        return suspicious
