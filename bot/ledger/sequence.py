"""Whether leaves and a partner's records stand where they should: by time, and numbered without a gap."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from bot.errors import LedgerError
from bot.ledger.record import Disclosure, Leaf, Value, commitment, read_entry, read_moment

# What nearly every leaf looks like; everything else is read with care.
_COMMITTED = re.compile(rb'\{"c":"([0-9a-f]{64})","k":"(route|outcome|tally)","v":1\}')
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@dataclass
class Sequenced:
    """Walks along a log's leaves and a partner's records at once.

    A record's hour must be the one that the last heartbeat before it names, or the one before that, unless
    the record itself says that it came late: so nobody can slip a record into the past unseen. A partner's
    records are numbered from one to the next. Each tally says which numbers were given since the tally before
    it, wherever the records' hours lie; every day has one, and they stand in the order of the days.
    """

    disclosures: Iterator[Disclosure]
    kinds: Counter[str] = field(default_factory=Counter)
    records: int = 0
    numbers: tuple[int, int] | None = None
    tallied_to: date | None = None
    _next: Disclosure | None = None
    _partner: Value = None
    _last: int | None = None
    _tallied: int | None = None
    _pulse: datetime | None = None

    def __post_init__(self) -> None:
        self._next = next(self.disclosures, None)

    def take(self, index: int, entry: bytes) -> None:
        """Look at the leaf at `index`, and at the record that belongs to it if there is one.

        Raises:
            LedgerError: one of them is not what it should be.
        """
        leaf = self._leaf(index, entry)
        self.kinds[leaf.kind] += 1
        if leaf.kind == "heartbeat":
            self._beat(index, leaf)
        if self._next is None or self._next.leaf_index > index:
            return
        if self._next.leaf_index < index:
            raise LedgerError(f"the record of leaf {self._next.leaf_index} is given twice or out of order")
        self._open(self._next, leaf)
        self._next = next(self.disclosures, None)

    def end(self) -> None:
        """Look whether a record is left over.

        Raises:
            LedgerError: one is.
        """
        if self._next is not None:
            raise LedgerError(
                f"the record of leaf {self._next.leaf_index} is not in the log, which ends before it"
            )

    def _leaf(self, index: int, entry: bytes) -> Leaf:
        common = _COMMITTED.fullmatch(entry)
        if common:
            return Leaf(common[2].decode(), common[1].decode(), {})
        try:
            return read_entry(entry)
        except LedgerError as fault:
            raise LedgerError(f"entry {index} {fault}") from None

    def _beat(self, index: int, leaf: Leaf) -> None:
        at = read_moment(leaf.fields.get("at"))
        if self._pulse and at < self._pulse:
            raise LedgerError(
                f"entry {index} is a heartbeat from before the one that it follows: it is back-dated"
            )
        self._pulse = at

    def _open(self, given: Disclosure, leaf: Leaf) -> None:
        where, record = f"the record of leaf {given.leaf_index}", given.record
        if commitment(given.salt, record) != leaf.commitment:
            raise LedgerError(f"{where} is not what the log is committed to: it was altered, or its salt was")
        if record.get("kind") != leaf.kind:
            raise LedgerError(
                f"{where} is of the kind {record.get('kind')}, and the leaf is of the kind {leaf.kind}"
            )
        if self._partner not in (None, record.get("partner")):
            raise LedgerError(f"{where} belongs to {record.get('partner')}, not to {self._partner}")
        self._partner = record.get("partner")
        self.records += 1
        if leaf.kind == "tally":
            self._day(where, record.get("day"))
            self._tally(where, record.get("first"), record.get("last"), record.get("count"))
        else:
            self._number(where, record.get("partner_seq"))
            self._hour(where, read_moment(record.get("hour")), late=record.get("late") is True)

    def _number(self, where: str, number: Value) -> None:
        if not isinstance(number, int) or (self._last is not None and number != self._last + 1):
            follows = f"after {self._last} comes {number}"
            raise LedgerError(
                f"{where} is not numbered as it should be: {follows}, so a record is missing or moved"
            )
        if self._last is None and number == 1:
            self._tallied = 0
        self._last = number
        self.numbers = (self.numbers[0] if self.numbers else number, number)

    def _day(self, where: str, written: Value) -> None:
        try:
            day = date.fromisoformat(str(written))
        except ValueError:
            raise LedgerError(f"{where} is a tally of no day") from None
        if self.tallied_to and day != self.tallied_to + DAY:
            raise LedgerError(
                f"{where} is the tally of {day}, and the one before it of {self.tallied_to}: "
                "a day is missing, or given twice"
            )
        self.tallied_to = day

    def _hour(self, where: str, hour: datetime, *, late: bool) -> None:
        if self._pulse is None:
            raise LedgerError(f"{where} stands before the first heartbeat")
        present = self._pulse.replace(minute=0, second=0)
        if hour > present:
            raise LedgerError(f"{where} names an hour that had not come: {hour:%Y-%m-%d %H}h UTC")
        if hour < present - HOUR and not late:
            raise LedgerError(f"{where} is back-dated: it names {hour:%Y-%m-%d %H}h UTC and was added later")

    def _tally(self, where: str, first: Value, last: Value, count: Value) -> None:
        begin = self._tallied
        if begin is not None:
            given = (self._last or 0) - begin
            expected = (begin + 1, self._last, given) if given else (None, None, 0)
            if (first, last, count) != expected:
                raise LedgerError(
                    f"{where} says that the numbers {first} to {last} were given, {count} in all, "
                    f"and the records say {expected[0]} to {expected[1]}, {expected[2]} in all"
                )
        elif isinstance(last, int) and self._last is not None and last != self._last:
            raise LedgerError(f"{where} ends with {last}, and the records before it with {self._last}")
        if isinstance(last, int):
            self._last = last if self._last is None else self._last
        self._tallied = self._last
