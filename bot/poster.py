"""A poster to print: the word to text, the number to ring, and a code that a phone's camera reads.

The code opens a text that is ready to be sent; nothing is sent before the person does so.
"""

from __future__ import annotations

from collections.abc import Iterator
from textwrap import wrap
from xml.sax.saxutils import escape  # escapes; parses nothing  # nosec B406

import segno

from bot.core.flow import Wording
from bot.core.line import Line

WIDTH, HEIGHT = 2100, 2970  # A4 in tenths of a millimetre
MARGIN = 150
QR_SIZE = 1000
TITLE_CHARS, NOTE_CHARS = 15, 52
GREEN, INK, PAPER = "#0a5c4a", "#14201c", "#ffffff"
FONT = "'DejaVu Sans', Verdana, Arial, sans-serif"


def draw_poster(line: Line, wording: Wording, number: str) -> str:
    """Draw an A4 poster as SVG.

    Args:
        line: whose keyword and short code (or number for texts) are shown.
        wording: the words, in one language.
        number: the number to ring as people read it, "" when the line takes no calls.
    """
    where = line.short_code or spaced(line.text_number)
    keyword = line.keywords[0] if line.keywords else ""
    phrases = {name: wording.phrases[name].text for name in wording.phrases if name.startswith("poster_")}
    shapes = [
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="{PAPER}"/>',
        f'<rect width="{WIDTH}" height="70" fill="{GREEN}"/>',
        *_words(phrases["poster_title"], 330, 190, TITLE_CHARS, weight="bold", fill=GREEN),
        *_words(phrases["poster_text"].format(keyword=keyword, code=where), 860, 120, 30, weight="bold"),
        _code(line, keyword),
    ]
    if number:
        shapes += _words(phrases["poster_call"].format(number=number), 2200, 120, 30, weight="bold")
    shapes += _words(phrases["poster_note"], 2430, 62, NOTE_CHARS)
    size = f'viewBox="0 0 {WIDTH} {HEIGHT}" width="210mm" height="297mm"'
    style = f'font-family="{FONT}" text-anchor="middle"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" lang="{wording.language}" {style}>'
    return "\n".join([head, f"<title>{escape(phrases['poster_title'])}</title>", *shapes, "</svg>\n"])


def _words(  # noqa: PLR0913 - where and how words stand
    words: str, top: int, size: int, chars: int, *, weight: str = "normal", fill: str = INK
) -> Iterator[str]:
    """Write words in the middle, a line at a time, from `top` downwards; sizes in the drawing's units."""
    for index, line in enumerate(wrap(words, chars)):
        where = f'x="{WIDTH // 2}" y="{top + index * round(size * 1.25)}"'
        yield f'<text {where} font-size="{size}" font-weight="{weight}" fill="{fill}">{escape(line)}</text>'


def _code(line: Line, keyword: str) -> str:
    """Draw the QR code; SMSTO is what the cameras of both kinds of phone open as a text."""
    code = segno.make(f"SMSTO:{line.short_code or line.text_number}:{keyword}", error="q", micro=False)
    modules = code.symbol_size(border=0)[0]
    scale = QR_SIZE / modules
    dark = "".join(
        f"M{x} {y}h1v1h-1z" for y, row in enumerate(code.matrix) for x, module in enumerate(row) if module
    )
    place = f"translate({(WIDTH - QR_SIZE) // 2} 1040) scale({scale:.4f})"
    return f'<path transform="{place}" fill="{INK}" d="{dark}" shape-rendering="crispEdges"/>'


def spaced(number: str) -> str:
    """Write +447700900000 as people in the country do, 07700 900000; "" stays as it is."""
    if not number:
        return ""
    home = f"0{number.removeprefix('+44')}" if number.startswith("+44") else number
    return f"{home[:5]} {home[5:]}"
