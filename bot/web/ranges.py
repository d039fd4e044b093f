"""Notices texts from many numbers of one range: somebody has us answer numbers that pay them for it.

https://www.twilio.com/docs/glossary/what-is-sms-pumping-fraud
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from threading import Lock

from bot import metrics
from bot.keyed import keyed
from bot.log import event
from bot.store import Store, texters

RANGE_DIGITS = 4  # numbers that differ in their last four digits alone are of one range
MANY = 40  # a village has fewer texters in an hour
MOST_NUMBERS = 50_000
EVERY = timedelta(seconds=10)
MOST_WAITING = 500  # are kept before that
RANGE_CHARS, NUMBER_CHARS = 16, 4  # a number's two bytes tell it from those of its range, and from no other


class Ranges:
    """Adds up which numbers of which range texted, as keyed hashes, until they are kept in the database:
    there those of every process and machine are counted together.
    """

    def __init__(self, store: Store, secret: bytes) -> None:
        """Begin with none."""
        self._store, self._secret, self._lock = store, secret, Lock()
        self._since = self._kept_at = datetime.min.replace(tzinfo=UTC)
        self._seen = set[int]()
        self._waiting = set[tuple[str, str]]()

    def note(self, number: str, now: datetime) -> None:
        """Note that a number texted; nothing is read or written."""
        with self._lock:
            if abs(now - self._since) > texters.WINDOW / 2 or len(self._seen) >= MOST_NUMBERS:
                self._since = now
                self._seen.clear()
            if (name := hash(number)) in self._seen:
                return
            self._seen.add(name)
            if len(self._waiting) < MOST_NUMBERS:  # more than that wait only while there is no database
                block = keyed(self._secret, "range", number[:-RANGE_DIGITS])[:RANGE_CHARS]
                self._waiting.add((block, keyed(self._secret, "texter", number)[:NUMBER_CHARS]))

    def is_due(self, now: datetime) -> bool:
        """Say whether it is time to keep what was noted."""
        waiting = len(self._waiting)
        return waiting >= MOST_WAITING or (waiting > 0 and abs(now - self._kept_at) >= EVERY)

    def keep(self, now: datetime) -> int:
        """Keep what was noted, when it is time; say how many ranges have just become suspicious, each at most
        once an hour.

        Raises:
            StoreError: the database failed; what was noted is kept the next time.
        """
        with self._lock:
            if not self.is_due(now):
                return 0
            before, self._kept_at = self._kept_at, now
            taken, self._waiting = self._waiting, set()
        lost = "the numbers of one range are not counted"
        try:
            with self._store.writing(lost) as connection:
                texters.keep(connection, taken, now)
            with self._store.writing(lost) as connection:
                found = texters.noticed(connection, {block for block, _ in taken}, MANY, now)
        except BaseException:
            with self._lock:
                self._waiting |= taken
                self._kept_at = before
            raise
        for _ in range(found):
            event("texts.one_range", logging.WARNING, numbers=MANY, cure="see whether Twilio says pumping")
            metrics.count("signpost_range_alarms_total")
        return found
