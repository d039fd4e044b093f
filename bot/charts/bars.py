"""Horizontal bars: one for each value of a property, with its words at the end."""

from __future__ import annotations

from collections.abc import Iterator

from bot.charts import paper
from bot.charts.figure import Figure

ROW_HEIGHT = 24.0
MARGIN = 6.0
GAP = 6.0
LONGEST_LABEL = 140.0


def draw_bars(figure: Figure) -> str:
    """Draw a figure's counts as bars, in its order."""
    height = 2 * MARGIN + ROW_HEIGHT * max(1, len(figure.points))
    return paper.document(figure.name, figure.title, figure.description, height, _parts(figure, height))


def _parts(figure: Figure, height: float) -> Iterator[str]:
    if not figure.points:
        yield paper.nothing(height / 2 + 4)
        return
    left = min(LONGEST_LABEL, max(paper.breadth(point.label) for point in figure.points)) + GAP
    right = max(paper.breadth(point.text) for point in figure.points) + GAP
    room = paper.WIDTH - left - right - MARGIN
    for row, point in enumerate(figure.points):
        y = MARGIN + row * ROW_HEIGHT
        middle = y + ROW_HEIGHT / 2 + 4
        yield paper.text(left - GAP, middle, paper.cut(point.label, left - GAP), anchor="end")
        # A count that is not 0 is always seen.
        length = max(1.5, room * point.value / figure.most) if point.value else 0.0
        if length:
            yield paper.block(figure.name, (left, y + 4, length, ROW_HEIGHT - 8), hidden=point.hidden)
        yield paper.text(left + length + GAP, middle, point.text, bold=True)
    yield paper.rule(left, MARGIN, left, height - MARGIN)
