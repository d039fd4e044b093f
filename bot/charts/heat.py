"""The hours of a week: a square for each, larger where there is more, so that no colour is needed."""

from __future__ import annotations

from collections.abc import Iterator
from math import sqrt

from bot.charts import paper
from bot.charts.figure import Grid

LEFT, TOP = 34.0, 20.0
EVERY_HOURS = 3


def draw_heat(grid: Grid) -> str:
    """Draw a grid as squares whose areas are its counts."""
    height = TOP + _side(grid) * len(grid.rows) + 6
    return paper.document(grid.name, grid.title, grid.description, height, _parts(grid, height))


def _side(grid: Grid) -> float:
    return (paper.WIDTH - LEFT - 4) / len(grid.columns)


def _parts(grid: Grid, height: float) -> Iterator[str]:
    side = _side(grid)
    if not grid.most:
        yield paper.nothing(height / 2)
        return
    for column, label in enumerate(grid.columns):
        if column % EVERY_HOURS == 0:
            yield paper.text(LEFT + side * (column + 0.5), TOP - 7, label, anchor="middle")
    for row, (label, points) in enumerate(zip(grid.rows, grid.points, strict=True)):
        y = TOP + side * row
        yield paper.text(LEFT - 6, y + side / 2 + 4, label[:3], anchor="end")
        for column, point in enumerate(points):
            x = LEFT + side * column
            ground = f'x="{paper.n(x + 0.5)}" y="{paper.n(y + 0.5)}" width="{paper.n(side - 1)}"'
            yield f'<rect {ground} height="{paper.n(side - 1)}" fill="{paper.EMPTY}"/>'
            if point.value:
                size = max(1.5, (side - 1) * sqrt(point.value / grid.most))
                inset = (side - size) / 2
                yield paper.block(grid.name, (x + inset, y + inset, size, size), hidden=point.hidden)
