"""Upright columns: one for each day or month, over an axis from 0."""

from __future__ import annotations

from collections.abc import Iterator

from bot.charts import paper
from bot.charts.figure import Figure, scale

HEIGHT = 190.0
TOP, BOTTOM, RIGHT = 12.0, 24.0, 6.0
MOST_LABELS = 8
WIDEST_COLUMN = 48.0


def draw_columns(figure: Figure) -> str:
    """Draw a figure's counts as columns, in its order; labels are thinned so that none overlap."""
    return paper.document(figure.name, figure.title, figure.description, HEIGHT, _parts(figure))


def _parts(figure: Figure) -> Iterator[str]:
    if not figure.most:
        yield paper.nothing(HEIGHT / 2)
        return
    marks = scale(figure.most)
    left = max(paper.breadth(f"{mark:,}") for mark in marks) + 6
    room, base = HEIGHT - TOP - BOTTOM, HEIGHT - BOTTOM
    for mark in marks:
        y = base - room * mark / marks[-1]
        yield paper.rule(left, y, paper.WIDTH - RIGHT, y)
        yield paper.text(left - 4, y + 4, f"{mark:,}", anchor="end")
    step = (paper.WIDTH - RIGHT - left) / len(figure.points)
    width = min(step * 0.8, WIDEST_COLUMN)
    every = -(-len(figure.points) // MOST_LABELS)
    for place, point in enumerate(figure.points):
        middle = left + step * (place + 0.5)
        if point.value:
            height = max(1.0, room * point.value / marks[-1])
            box = (middle - width / 2, base - height, width, height)
            yield paper.block(figure.name, box, hidden=point.hidden)
        if place % every == 0:
            yield paper.text(middle, HEIGHT - 8, point.label, anchor="middle")
