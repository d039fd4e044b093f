"""Draws a script for other tools: DOT for Graphviz, Mermaid for pages of documentation."""

from __future__ import annotations

from bot.core.directory import Directory
from bot.core.flow import Flow, Wording
from bot.graph.figure import Box, boxes
from bot.graph.style import COLOURS

LONGEST_LINE_CHARS = 40
MERMAID_SHAPES = {"end": ("([", "])"), "numbers": ("[[", "]]")}


def draw_dot(flow: Flow, directory: Directory, wording: Wording, present: str | None = None) -> str:
    """Draw a script in the DOT language (graphviz.org/doc/info/lang.html), left to right."""
    lines = [f"digraph {_quoted(flow.id)} {{", "  rankdir=LR;", '  node [shape=box, style="rounded,filled"];']
    for box in boxes(flow, directory, wording):
        fill, stroke, words = COLOURS[box.kind]
        label = _quoted(f"{box.title}\n{_short(box)}")
        width = 4 if box.node == present else 1
        style = f'fillcolor="{fill}", color="{stroke}", fontcolor="{words}", penwidth={width}'
        lines.append(f"  {_quoted(box.node)} [label={label}, {style}];")
        lines.extend(
            f"  {_quoted(way.source)} -> {_quoted(way.target)} [label={_quoted(way.key)}];"
            for way in box.ways
        )
    return "\n".join([*lines, "}\n"])


def draw_mermaid(flow: Flow, directory: Directory, wording: Wording, present: str | None = None) -> str:
    """Draw a script as a Mermaid flowchart (mermaid.js.org/syntax/flowchart.html), left to right."""
    lines = ["flowchart LR"]
    for box in boxes(flow, directory, wording):
        opening, closing = MERMAID_SHAPES.get(box.kind, ("(", ")"))
        label = f"{_entities(box.title)}<br/>{_entities(_short(box))}"
        lines.append(f'  {_name(box.node)}{opening}"{label}"{closing}')
        lines.append(f"  class {_name(box.node)} {_name(box.kind)}")
        lines.extend(
            f'  {_name(way.source)} -->|"{_entities(way.key)}"| {_name(way.target)}' for way in box.ways
        )
    for kind, (fill, stroke, words) in COLOURS.items():
        lines.append(f"  classDef {_name(kind)} fill:{fill},stroke:{stroke},color:{words}")
    if present in flow.nodes:
        lines.append(f"  style {_name(str(present))} stroke-width:4px")
    return "\n".join([*lines, ""])


def _short(box: Box) -> str:
    line = box.line
    return line if len(line) <= LONGEST_LINE_CHARS else f"{line[: LONGEST_LINE_CHARS - 1].rstrip()}…"


def _quoted(words: str) -> str:
    escaped = words.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def _name(node: str) -> str:
    """A name that Mermaid takes for no word of its own: `end` would close a block."""
    return f"n_{node}"


def _entities(words: str) -> str:
    """Words in Mermaid's own entity codes, which begin with # and not with &."""
    for character in '#"<>&`|[](){}':
        words = words.replace(character, f"\0{ord(character)};")
    return words.replace("\0", "#")
