"""Draws counts as SVG: no script, nothing fetched, no style of its own, every word escaped.

Each drawing has a title and a description, and stands beside a table of the same numbers. Shapes differ
by length, size and hatching before they differ by colour, so that they survive a black and white printer.
"""

from __future__ import annotations

from bot.charts.bars import draw_bars
from bot.charts.columns import draw_columns
from bot.charts.figure import Figure, Grid, Point
from bot.charts.heat import draw_heat

__all__ = ["Figure", "Grid", "Point", "draw_bars", "draw_columns", "draw_heat"]
