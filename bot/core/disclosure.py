"""The one rule for numbers about others: what a page, a file or the API may say of a count.

0 is 0, 1 to 7 is "fewer than 8", anything else is the nearest 5, and only whole calendar months that are
over have numbers at all, so that no two periods differ by a day. A partner's own numbers are exact and
never pass through here.

Tables of one month count the same routings by different properties, and so have one sum: with English
"100" and Polish "fewer than 8" beside calls "100" and nothing else, the sum is 98 to 102 in one table and
99 to 109 in the other, and Polish can't be more than 4. So `protect` takes all tables of a month
together. Totals come from shown cells alone, and where a hidden cell could be narrowed, the largest cell
of its table is rounded more coarsely, or, if that does not do, the table is left out.

What this can't hide: the log itself shows how many entries it has (not whose), as it must. And it knows
of sums alone: that only a call can be connected, say, is knowledge from elsewhere, which may narrow a
hidden outcome when hardly anybody called.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TypeVar

HIDDEN_BELOW = 8
STEP = 5
COARSER_STEPS = (10, 20, 50, 100, 200, 500, 1000)
HIDDEN_TEXT = f"fewer than {HIDDEN_BELOW}"
_HIDDEN_WIDTH = HIDDEN_BELOW - 2  # 1 to 7: how far a hidden number may lie from where another would put it

K = TypeVar("K")


@dataclass(frozen=True)
class Shown:
    """A number as others may see it: its words, and the least and the most that it may stand for.

    `about` is the number to draw or to sort by; for a hidden one the middle of what it may be.
    """

    text: str
    about: int
    low: int
    high: int

    @property
    def hidden(self) -> bool:
        """True for a count that is not 0 and too small to be told."""
        return self.text == HIDDEN_TEXT


@dataclass(frozen=True)
class ShownTable(Mapping[K, Shown]):
    """One table of counts as others may see it, and the sum that its cells allow.

    `step` is how its largest cell is rounded: 5, or more where a hidden cell needs it.
    """

    cells: Mapping[K, Shown]
    step: int = STEP

    def __getitem__(self, key: K) -> Shown:
        return self.cells[key]

    def __iter__(self) -> Iterator[K]:
        return iter(self.cells)

    def __len__(self) -> int:
        return len(self.cells)

    @property
    def low(self) -> int:
        """The least that the cells can add up to."""
        return sum(cell.low for cell in self.cells.values())

    @property
    def high(self) -> int:
        """The most that the cells can add up to."""
        return sum(cell.high for cell in self.cells.values())

    @property
    def hides(self) -> bool:
        """True when a cell is hidden."""
        return any(cell.hidden for cell in self.cells.values())


def show(count: int, step: int = STEP) -> Shown:
    """Apply the rule to one count that stands beside no other of the same routings."""
    if count < 0:
        raise ValueError(f"a count can't be {count}")
    if count == 0:
        return Shown("0", 0, 0, 0)
    if count < HIDDEN_BELOW:
        return Shown(HIDDEN_TEXT, HIDDEN_BELOW // 2, 1, HIDDEN_BELOW - 1)
    rounded = (count + step // 2) // step * step
    low, high = max(HIDDEN_BELOW, rounded - step // 2), rounded + (step - 1) // 2
    about = rounded or low
    return Shown(f"{about:,}" if step == STEP else f"about {about:,}", about, low, high)


def protect(tables: Mapping[str, Mapping[K, int]]) -> dict[str, ShownTable[K]]:
    """Show several tables that count the same routings, each by one property.

    Args:
        tables: by name, counts by value. All have the same sum.

    Returns:
        Those that can be shown. Whatever is done with all their cells, each hidden one may still be
        anything from 1 to 7.

    Raises:
        ValueError: the tables count different routings.
    """
    if len({sum(table.values()) for table in tables.values()}) > 1:
        raise ValueError("tables that are shown together must count the same routings")
    shown = {name: _shown(table, STEP) for name, table in tables.items()}
    while (name := _narrowed(shown)) is not None:
        coarser = next((step for step in COARSER_STEPS if step > shown[name].step), None)
        if coarser is None or max(tables[name].values()) < HIDDEN_BELOW:
            del shown[name]
        else:
            shown[name] = _shown(tables[name], coarser)
    return shown


def total(tables: Mapping[str, ShownTable[K]]) -> Shown:
    """Give the sum that all shown tables agree on: from what is shown, so it tells nothing more."""
    if not tables:
        return Shown("not shown", 0, 0, 0)
    low = max(table.low for table in tables.values())
    high = min(table.high for table in tables.values())
    if high < HIDDEN_BELOW:
        return Shown("0", 0, 0, 0) if high == 0 else Shown(HIDDEN_TEXT, HIDDEN_BELOW // 2, low, high)
    about = ((low + high) // 2 + STEP // 2) // STEP * STEP
    return Shown(f"about {about:,}", about, low, high)


def month_of(text: str, now: datetime) -> tuple[datetime, datetime] | None:
    """Read "2026-10" as a month in UTC that is over by `now`: its first moment and the next month's."""
    try:
        first = date.fromisoformat(f"{text}-01")
    except ValueError:
        return None
    start = datetime(first.year, first.month, 1, tzinfo=UTC)
    end = next_month(start)
    return (start, end) if len(text) == len("2026-10") and end <= now else None


def next_month(start: datetime) -> datetime:
    """The first moment of the month after the one that begins at `start`."""
    year, month = (start.year + 1, 1) if start.month == 12 else (start.year, start.month + 1)  # noqa: PLR2004 - December
    return start.replace(year=year, month=month)


def _shown(table: Mapping[K, int], step: int) -> ShownTable[K]:
    largest = max(table, key=lambda key: table[key], default=None)
    return ShownTable(
        {key: show(count, step if key == largest else STEP) for key, count in table.items()}, step
    )


def _narrowed(shown: Mapping[str, ShownTable[K]]) -> str | None:
    """Find a table with a hidden cell that the others' sums would narrow.

    A hidden cell may be 1 only if the sum can be as low as some table asks for, with all its other
    cells at their highest; it may be 7 only if no table keeps the sum below that.
    """
    least = max((table.low for table in shown.values()), default=0)
    most = min((table.high for table in shown.values()), default=0)
    for name, table in shown.items():
        if table.hides and (least > table.high - _HIDDEN_WIDTH or most < table.low + _HIDDEN_WIDTH):
            return name
    return None
