"""What is drawn: counts with the words that stand for them, the same that the table beside shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.core.disclosure import Shown


@dataclass(frozen=True)
class Point:
    """One count: what it counts, its words ("1,234", "fewer than 8"), and its size on paper.

    `hidden` when the size is not the truth but only a place holder; it is hatched.
    """

    label: str
    text: str
    value: int
    hidden: bool = False


@dataclass(frozen=True)
class Figure:
    """Counts in order. `name` is an id within the page; `counted` heads the column of labels."""

    name: str
    title: str
    counted: str
    points: tuple[Point, ...]

    @property
    def most(self) -> int:
        """The largest count, 0 when there is none."""
        return max((point.value for point in self.points), default=0)

    @property
    def description(self) -> str:
        """The figure in a sentence, for those who hear it."""
        counted = [point for point in self.points if point.value]
        if not counted:
            return "No routings."
        largest = max(counted, key=lambda point: point.value)
        return f"{len(counted)} of {len(self.points)} with routings; most: {largest.label}, {largest.text}."


@dataclass(frozen=True)
class Grid:
    """Counts by row and column: the hours of a week."""

    name: str
    title: str
    counted: str
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    points: tuple[tuple[Point, ...], ...]

    @property
    def most(self) -> int:
        """The largest count, 0 when there is none."""
        return max((point.value for row in self.points for point in row), default=0)

    @property
    def description(self) -> str:
        """The grid in a sentence, for those who hear it."""
        if not self.most:
            return "No routings."
        largest = max((point for row in self.points for point in row), key=lambda point: point.value)
        return f"Most: {largest.label}, {largest.text}."


def exact(label: str, count: int) -> Point:
    """A number that may be seen as it is."""
    return Point(label, f"{count:,}", count)


def by_rule(label: str, shown: Shown) -> Point:
    """A number about others, as the rule shows it."""
    return Point(label, shown.text, shown.about, shown.hidden)


def scale(most: int) -> Sequence[int]:
    """Choose the marks of an axis from 0: two to five steps of 1, 2 or 5 times a power of ten."""
    if most <= 0:
        return (0, 1)
    step = 1
    while most > step * 5:
        step = next(bigger for bigger in _steps(step) if bigger > step)
    return range(0, step * (-(-most // step)) + 1, step)


def _steps(step: int) -> Sequence[int]:
    power = 10 ** (len(str(step)) - 1)
    return (power, 2 * power, 5 * power, 10 * power)
