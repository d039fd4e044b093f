"""Gives every box a place: columns by level from left to right, few crossings, no overlaps.

The method is the layered one of K. Sugiyama, S. Tagawa and M. Toda, "Methods for visual
understanding of hierarchical system structures", IEEE Transactions on Systems, Man, and
Cybernetics 11 (1981): boxes of a column are ordered by the mean place of their neighbours, to and
fro, and then moved as near to those neighbours as the boxes above and below allow. All measures
are SVG user units, one to a CSS pixel.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from bot.graph.figure import Box, Way

BOX_WIDTH = 232.0
COLUMN_GAP = 96.0
ROW_GAP = 22.0
MARGIN = 24.0
HEAD_HEIGHT = 46.0
TITLED_HEIGHT = 54.0
OPTION_HEIGHT = 21.0
CHIPS_HEIGHT = 24.0
LEAST_COLUMNS = 3
SWEEPS = 8

Ports = Mapping[tuple[str, str], int]


@dataclass(frozen=True)
class Place:
    """Where a box stands: its upper left corner and its size."""

    x: float
    y: float
    height: float
    width: float = BOX_WIDTH

    @property
    def middle(self) -> float:
        """The height at which ways arrive."""
        return self.y + self.height / 2


@dataclass(frozen=True)
class Layout:
    """Every box's place, the size of the whole, and the height of the heading above those set apart."""

    places: Mapping[str, Place]
    width: float
    height: float
    apart_y: float | None


def lay_out(boxes: Sequence[Box]) -> Layout:
    """Place all boxes; those that no option leads to stand in rows below the others."""
    deepest = max(box.level for box in boxes if box.level is not None)
    columns = [[box for box in boxes if box.level == level] for level in range(deepest + 1)]
    ways = [way for box in boxes for way in box.ways if way.forward]
    ports = {(way.source, way.key): index for box in boxes for index, way in enumerate(box.ways)}
    _order(columns, ways, ports)
    middles = _settle(columns, ways, ports)
    highest = min(middles[box.node] - height(box) / 2 for column in columns for box in column)
    places = {
        box.node: Place(
            _column_x(level), HEAD_HEIGHT + middles[box.node] - height(box) / 2 - highest, height(box)
        )
        for level, column in enumerate(columns)
        for box in column
    }
    apart_y = max(place.y + place.height for place in places.values()) + 2 * ROW_GAP
    apart = [box for box in boxes if box.level is None]
    places |= _rows(apart, max(len(columns), LEAST_COLUMNS), apart_y + ROW_GAP)
    right = max(place.x + place.width for place in places.values())
    bottom = max(place.y + place.height for place in places.values())
    # A menu in the last column needs room for the words of its ways back.
    spare = COLUMN_GAP if any(box.ways for box in columns[-1]) else 0.0
    return Layout(places, right + spare + MARGIN, bottom + MARGIN, apart_y if apart else None)


def height(box: Box) -> float:
    """How high a box is: a title and a line, then its options or its actions."""
    return (
        TITLED_HEIGHT
        + (OPTION_HEIGHT * len(box.ways) + 4.0 if box.ways else 0.0)
        + (CHIPS_HEIGHT if box.chips else 0.0)
    )


def port(place: Place, index: int) -> float:
    """The height at which the way of an option leaves its box: beside the option's label."""
    return place.y + TITLED_HEIGHT + OPTION_HEIGHT * (index + 0.5)


def _column_x(level: int) -> float:
    return MARGIN + level * (BOX_WIDTH + COLUMN_GAP)


def _rows(boxes: Sequence[Box], most: int, top: float) -> dict[str, Place]:
    """Place boxes in rows of at most so many, in the columns of the boxes above."""
    places: dict[str, Place] = {}
    for start in range(0, len(boxes), most):
        row = boxes[start : start + most]
        places |= {box.node: Place(_column_x(index), top, height(box)) for index, box in enumerate(row)}
        top += max(height(box) for box in row) + ROW_GAP
    return places


def _order(columns: list[list[Box]], ways: Sequence[Way], ports: Ports) -> None:
    """Order each column by the mean rank of its neighbours; keep the order with the fewest crossings."""
    best = [list(column) for column in columns]
    for sweep in range(SWEEPS):
        rightward = sweep % 2 == 0
        for level in _levels(len(columns), rightward=rightward):
            wishes = _wishes(columns, level, ways, ports, rightward=rightward)
            columns[level].sort(key=lambda box: wishes[box.node])
            _swap(columns, level, ways, ports)
        if crossings(columns, ways, ports) < crossings(best, ways, ports):
            best = [list(column) for column in columns]
    columns[:] = best


def crossings(columns: Sequence[Sequence[Box]], ways: Sequence[Way], ports: Ports) -> int:
    """Count the pairs of ways that cross between their columns."""
    ranks = {
        box.node: (level, rank) for level, column in enumerate(columns) for rank, box in enumerate(column)
    }
    ends = [(*ranks[way.source], ports[way.source, way.key], ranks[way.target][1]) for way in ways]
    return sum(
        one[0] == other[0] and one[1:3] < other[1:3] and one[3] > other[3] for one in ends for other in ends
    )


def _swap(columns: list[list[Box]], level: int, ways: Sequence[Way], ports: Ports) -> None:
    """Swap neighbours of a column while that takes crossings away."""
    column, better = columns[level], True
    while better:
        better = False
        for index in range(len(column) - 1):
            before = crossings(columns, ways, ports)
            column[index], column[index + 1] = column[index + 1], column[index]
            if crossings(columns, ways, ports) < before:
                better = True
            else:
                column[index], column[index + 1] = column[index + 1], column[index]


def _wishes(
    columns: Sequence[Sequence[Box]], level: int, ways: Sequence[Way], ports: Ports, *, rightward: bool
) -> dict[str, float]:
    """Say which rank each box of a column would have among its neighbours on one side."""
    ranks = {box.node: float(rank) for column in columns for rank, box in enumerate(column)}
    wishes = {}
    for box in columns[level]:
        if rightward:
            # Two ways out of one menu are ranked by their keys: a tenth of a rank apart.
            beside = [
                ranks[way.source] + ports[way.source, way.key] / 10 for way in ways if way.target == box.node
            ]
        else:
            beside = [ranks[way.target] for way in ways if way.source == box.node]
        wishes[box.node] = fmean(beside) if beside else ranks[box.node]
    return wishes


def _settle(columns: list[list[Box]], ways: Sequence[Way], ports: Ports) -> dict[str, float]:
    """Move each box as near to the level of its neighbours as the boxes above and below it allow."""
    middles: dict[str, float] = {}
    for column in columns:
        middles |= _apart(column, [0.0] * len(column))
    for sweep in range(SWEEPS):
        for level in _levels(len(columns), rightward=sweep % 2 == 0):
            wishes = []
            for box in columns[level]:
                if sweep % 2 == 0:
                    beside = [
                        middles[way.source] + ports[way.source, way.key] * OPTION_HEIGHT
                        for way in ways
                        if way.target == box.node
                    ]
                else:
                    beside = [middles[way.target] for way in ways if way.source == box.node]
                wishes.append(fmean(beside) if beside else middles[box.node])
            middles |= _apart(columns[level], wishes)
    return middles


def _levels(count: int, *, rightward: bool) -> range:
    return range(1, count) if rightward else range(count - 2, -1, -1)


def _apart(column: Sequence[Box], wishes: Sequence[float]) -> dict[str, float]:
    """Give each box a middle as near to its wish as possible, in order and ROW_GAP apart.

    Take the room that boxes need away from their wishes: what is left must only not decrease, and
    the nearest such row is found by joining neighbours that are out of order at their mean.
    """
    offsets, offset = [], 0.0
    for index, box in enumerate(column):
        if index:
            offset += (height(column[index - 1]) + height(box)) / 2 + ROW_GAP
        offsets.append(offset)
    groups: list[list[float]] = []
    for wish, offset in zip(wishes, offsets, strict=True):
        groups.append([wish - offset])
        while len(groups) > 1 and fmean(groups[-2]) > fmean(groups[-1]):
            last = groups.pop()
            groups[-1].extend(last)
    levelled = [fmean(group) for group in groups for _ in group]
    return {box.node: at + offset for box, at, offset in zip(column, levelled, offsets, strict=True)}
