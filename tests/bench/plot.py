"""Draws ratios to the floor as bars."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

LABEL, WIDTH, ROW = 330, 420, 22


def plot(ratios: Sequence[tuple[str, float]]) -> str:
    """Give an SVG with one bar for each ratio, and a line where the floor is."""
    most = max([1.2, *(ratio for _, ratio in ratios)])
    unit = WIDTH / most
    height = ROW * len(ratios) + 30
    bars = [
        f'<text x="{LABEL - 8}" y="{at * ROW + 15}" text-anchor="end">{escape(name)}</text>'
        f'<rect x="{LABEL}" y="{at * ROW + 3}" width="{ratio * unit:.1f}" height="{ROW - 7}" fill="#1d70b8"/>'
        f'<text x="{LABEL + ratio * unit + 5:.1f}" y="{at * ROW + 15}">{ratio:.2f}</text>'
        for at, (name, ratio) in enumerate(ratios)
    ]
    at_floor = LABEL + unit
    mark = (
        f'<line x1="{at_floor:.1f}" x2="{at_floor:.1f}" y1="0" y2="{height - 22}" stroke="#d4351c"/>'
        f'<text x="{at_floor:.1f}" y="{height - 8}" text-anchor="middle">the floor</text>'
    )
    size = f'viewBox="0 0 {LABEL + WIDTH + 60} {height}"'
    style = 'font-family="sans-serif" font-size="12"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size} {style}>{"".join(bars)}{mark}</svg>\n'
