"""Draws a script as SVG: no script of its own, nothing fetched, every word escaped."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from bot.core.directory import Directory
from bot.core.flow import Flow, Wording
from bot.graph.figure import Box, Way, boxes
from bot.graph.layout import (
    COLUMN_GAP,
    MARGIN,
    TITLED_HEIGHT,
    Layout,
    Place,
    lay_out,
    port,
)
from bot.graph.style import KIND_NAMES, stylesheet

PADDING = 12.0
KEY_RADIUS = 9.0
CHIP_SIZE = 10
MOST_SQUEEZED = 1.2
LEGEND_HEIGHT = 30.0
# Widths of system fonts, in parts of the font's size; generous, so that words are cut before they spill.
CHARACTER_WIDTH = 0.54
BOLD_WIDTH = 0.59
CHIP_WIDTH = 0.56


def draw_svg(flow: Flow, directory: Directory, wording: Wording, present: str | None = None) -> str:
    """Draw a script, its start at the left and each further choice a column to the right.

    Every node is a `<g id="node-..." class="node menu|service|...">`; the class `lit` marks one with
    a thicker border, an underlined title and the word "here". Ways back to a menu on the same level or
    an earlier one are short dashed stubs, so that no line crosses the page.

    Args:
        flow: the script.
        directory: the services that it names.
        wording: the language in which labels are drawn.
        present: a node to light, or None.

    Returns:
        A whole SVG document without an XML declaration, fit to stand in a page or in a file.
    """
    drawn = boxes(flow, directory, wording)
    layout = lay_out(drawn)
    width, height = layout.width, layout.height + LEGEND_HEIGHT
    language = escape(wording.language)
    parts = [
        f"<svg {_attributes(wording.language, width, height)}>",
        f'<title id="script-title">The script {escape(flow.id)} ({language})</title>',
        f'<desc id="script-desc">{escape(_described(drawn, present))}</desc>',
        f"<style>{stylesheet()}</style>",
        f'<rect class="paper" width="{_n(width)}" height="{_n(height)}"/>',
        _text(MARGIN, MARGIN + 6, f"{flow.id} ({wording.language})", "head"),
    ]
    if layout.apart_y is not None:
        parts.append(_text(MARGIN, layout.apart_y, "From any point, by a word or a key", "title"))
    parts.extend(_ways(drawn, layout))
    parts.extend(_node(box, layout.places[box.node], lit=box.node == present) for box in drawn)
    parts.extend(_legend(drawn, height - LEGEND_HEIGHT))
    return "\n".join([*parts, "</svg>\n"])


def _attributes(language: str, width: float, height: float) -> str:
    size = f'viewBox="0 0 {_n(width)} {_n(height)}" width="{_n(width)}" height="{_n(height)}"'
    names = 'role="img" aria-labelledby="script-title script-desc"'
    return f'xmlns="http://www.w3.org/2000/svg" class="script" {names} lang="{escape(language)}" {size}'


def _described(drawn: Sequence[Box], present: str | None) -> str:
    """Tell the drawing in words, for those who hear it."""
    titles = {box.node: box.title for box in drawn}
    told = [
        f"{box.title}: "
        + "; ".join(f"{way.key} {way.label} leads to {titles[way.target]}" for way in box.ways)
        for box in drawn
        if box.ways
    ]
    told += [f"{box.title}: {box.line}" for box in drawn if not box.ways]
    if present in titles:
        told.insert(0, f"Here: {titles[present]}")
    return ". ".join(told) + "."


# -- ways ----------------------------------------------------------------------------------------


def _ways(drawn: Sequence[Box], layout: Layout) -> Iterator[str]:
    on_top = []  # words and keys, which no line may strike through
    for box in drawn:
        place = layout.places[box.node]
        for index, way in enumerate(box.ways):
            x, y = place.x + place.width, port(place, index)
            if way.forward:
                yield _forward(way, x, y, layout)
            else:
                on_top.append(_back(way, x, y))
            on_top.append(_key(way.key, x, y))
    yield from on_top


def _forward(way: Way, x: float, y: float, layout: Layout) -> str:
    target = layout.places[way.target]
    end_x, end_y = target.x - 7, target.middle
    bend = COLUMN_GAP * 0.55
    start, middle, end = _point(x + KEY_RADIUS, y), _point(x + bend, y), _point(end_x - bend, end_y)
    path = f"M{_point(x, y)}L{start}C{middle} {end} {_point(end_x, end_y)}"
    tip = f"M{_n(target.x - 1)} {_n(end_y)}l-9 -4.5v9z"
    return (
        f'<g {_names(way)}><path class="halo" d="{path}"/><path class="way" d="{path}"/>'
        f'<path class="tip" d="{tip}"/></g>'
    )


def _back(way: Way, x: float, y: float) -> str:
    start, end = x, x + KEY_RADIUS * 2 + 12
    words = _cut(f"↩ {way.target}", COLUMN_GAP - (end - x) - 6, 11, CHARACTER_WIDTH)
    return (
        f'<g {_names(way)}><path class="way back" d="M{_n(start)} {_n(y)}H{_n(end)}"/>'
        f"{_text(end + 3, y + 4, words, 'small')}</g>"
    )


def _names(way: Way) -> str:
    source, key, target = escape(way.source), escape(way.key), escape(way.target)
    return f'class="edge" data-from="{source}" data-key="{key}" data-to="{target}"'


def _key(key: str, x: float, y: float) -> str:
    middle = x + KEY_RADIUS + 3
    circle = f'<circle cx="{_n(middle)}" cy="{_n(y)}" r="{_n(KEY_RADIUS)}"/>'
    return f'<g class="key">{circle}{_text(middle, y + 4, key, "")}</g>'


# -- nodes ---------------------------------------------------------------------------------------


def _node(box: Box, place: Place, *, lit: bool) -> str:
    name = escape(box.node)
    kinds = "service emergency" if box.kind == "emergency" else box.kind
    room = place.width - 2 * PADDING
    left = place.x + PADDING
    number = box.kind in ("service", "emergency")
    parts = [
        f'<g id="node-{name}" class="node {kinds}{" lit" if lit else ""}">',
        f"<title>{escape(f'{KIND_NAMES[box.kind]}: {box.title}. {box.line}')}</title>",
        _shape(box, place),
        _title(box.title, left, place.y + 22, room),
        _text(
            left,
            place.y + 41,
            _cut(box.line, room, 14 if number else 12, CHARACTER_WIDTH),
            "number" if number else "",
        ),
    ]
    if box.ways:
        y = _n(place.y + TITLED_HEIGHT - 3)
        parts.append(f'<path class="rule" d="M{_n(left)} {y}h{_n(room)}"/>')
    for index, way in enumerate(box.ways):
        label = _cut(way.label, room, 12, CHARACTER_WIDTH)
        parts.append(_text(left, port(place, index) + 4, label, ""))
    parts.append(_chips(box.chips, left, place.y + TITLED_HEIGHT - 2))
    parts.append(_here(place))
    return "".join([*parts, "</g>"])


def _title(words: str, x: float, y: float, room: float) -> str:
    """A title; one a little too long for its room is squeezed into it, a longer one is cut."""
    if room < len(words) * 14 * BOLD_WIDTH <= room * MOST_SQUEEZED:
        squeezed = f'textLength="{_n(room)}" lengthAdjust="spacingAndGlyphs"'
        return f'<text x="{_n(x)}" y="{_n(y)}" class="title" {squeezed}>{escape(words)}</text>'
    return _text(x, y, _cut(words, room, 14, BOLD_WIDTH), "title")


def _shape(box: Box, place: Place) -> str:
    """Draw an end as a pill and a list of numbers with dashes: kinds differ by more than colour."""
    corner = min(place.height / 2, 24.0) if box.kind == "end" else 8.0
    dashes = ' stroke-dasharray="6 3"' if box.kind == "numbers" else ""
    size = f'width="{_n(place.width)}" height="{_n(place.height)}" rx="{_n(corner)}"'
    return f'<rect class="box" x="{_n(place.x)}" y="{_n(place.y)}" {size}{dashes}/>'


def _chips(chips: Sequence[str], x: float, y: float) -> str:
    parts = []
    for chip in chips:
        width = len(chip) * CHIP_SIZE * CHIP_WIDTH + 8
        pill = f'<rect x="{_n(x)}" y="{_n(y)}" width="{_n(width)}" height="18" rx="9"/>'
        parts.append(f'<g class="chip">{pill}{_text(x + width / 2, y + 13, chip, "tiny")}</g>')
        x += width + 3
    return "".join(parts)


def _here(place: Place) -> str:
    x, y = place.x + place.width - 52, place.y - 10
    tab = f'<rect x="{_n(x)}" y="{_n(y)}" width="44" height="18" rx="4"/>'
    return f'<g class="here">{tab}{_text(x + 22, y + 13, "here", "small")}</g>'


def _legend(drawn: Sequence[Box], top: float) -> Iterator[str]:
    x = MARGIN
    for kind in dict.fromkeys(box.kind for box in drawn):
        sample = Box("", kind, "", "", None)
        kinds = "service emergency" if kind == "emergency" else kind
        words = _text(x + 32, top + 13, KIND_NAMES[kind], "")
        yield f'<g class="{kinds}">{_shape(sample, Place(x, top + 1, 16, 24))}{words}</g>'
        x += 32 + len(KIND_NAMES[kind]) * 12 * CHARACTER_WIDTH + 26
    yield _text(x, top + 13, "↩ back to an earlier menu", "")


# -- words ---------------------------------------------------------------------------------------


def _text(x: float, y: float, words: str, name: str) -> str:
    named = f' class="{name}"' if name else ""
    return f'<text x="{_n(x)}" y="{_n(y)}"{named}>{escape(words)}</text>'


def _cut(words: str, room: float, size: float, width: float) -> str:
    """Cut words to a room, in user units, at a font size."""
    most = int(room / (size * width))
    return words if len(words) <= most else f"{words[: most - 1].rstrip()}…"


def _point(x: float, y: float) -> str:
    return f"{_n(x)} {_n(y)}"


def _n(value: float) -> str:
    return f"{value:.1f}".rstrip("0").rstrip(".")
