"""The pieces that every drawing is made of."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

# Dark on white: 7.6:1 for the shapes, 8.9:1 for the words, 3.4:1 for the rules (WCAG 2.2, 1.4.3 and 1.4.11).
INK = "#0b5d4b"
WORDS = "#3b4a43"
RULE = "#8a948e"
EMPTY = "#e4e2da"
FONTS = "system-ui, 'Segoe UI', 'Liberation Sans', Arial, sans-serif"
WIDTH = 340.0
SIZE = 11
CHARACTER_WIDTH = 0.62  # of a system font, in parts of its size; generous


def document(name: str, title: str, description: str, height: float, parts: Iterator[str]) -> str:
    """A whole SVG to stand in a page. `name` makes its ids differ from those of the other drawings."""
    names = f'role="img" aria-labelledby="{name}-title {name}-desc"'
    view = f'viewBox="0 0 {n(WIDTH)} {n(height)}" font-family="{FONTS}" font-size="{SIZE}"'
    hatch = (
        f'<defs><pattern id="{name}-hatch" width="5" height="5" patternUnits="userSpaceOnUse">'
        f'<rect width="5" height="5" fill="#fff"/><path d="M-1 6L6 -1M-1 1L1 -1M4 6L6 4" stroke="{INK}"/>'
        "</pattern></defs>"
    )
    head = (
        f'<title id="{name}-title">{escape(title)}</title><desc id="{name}-desc">{escape(description)}</desc>'
    )
    opening = f'<svg xmlns="http://www.w3.org/2000/svg" class="chart" {names} {view}>'
    return f"{opening}{head}{hatch}{''.join(parts)}</svg>"


def nothing(y: float) -> str:
    """Say that there is nothing to draw."""
    return text(WIDTH / 2, y, "No routings in this period", anchor="middle")


def text(x: float, y: float, words: str, *, anchor: str = "start", bold: bool = False) -> str:
    """Words; hidden from those who hear the page, who get the title, the description and the table."""
    weight = ' font-weight="600"' if bold else ""
    anchored = f' text-anchor="{anchor}"' if anchor != "start" else ""
    return f'<text x="{n(x)}" y="{n(y)}" fill="{WORDS}"{anchored}{weight}>{escape(words)}</text>'


def block(name: str, box: tuple[float, float, float, float], *, hidden: bool = False) -> str:
    """A filled rectangle (x, y, width, height); hatched when its size only holds a place."""
    x, y, width, height = box
    fill = f'fill="url(#{name}-hatch)" stroke="{INK}" stroke-width=".8"' if hidden else f'fill="{INK}"'
    return f'<rect x="{n(x)}" y="{n(y)}" width="{n(width)}" height="{n(height)}" {fill}/>'


def rule(x1: float, y1: float, x2: float, y2: float) -> str:
    """A thin line."""
    return f'<path d="M{n(x1)} {n(y1)}L{n(x2)} {n(y2)}" stroke="{RULE}" stroke-width=".6"/>'


def cut(words: str, room: float) -> str:
    """Cut words to a room in user units."""
    most = max(2, int(room / (SIZE * CHARACTER_WIDTH) + 0.01))
    return words if len(words) <= most else f"{words[: most - 1].rstrip()}…"


def breadth(words: str) -> float:
    """About how wide words are."""
    return len(words) * SIZE * CHARACTER_WIDTH


def n(value: float) -> str:
    """A number as short as it can be."""
    return f"{value:.1f}".rstrip("0").rstrip(".")
