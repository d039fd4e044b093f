"""Draws a script: as SVG for a page or for paper, and as DOT and Mermaid for other tools."""

from bot.graph.plain import draw_dot, draw_mermaid
from bot.graph.svg import draw_svg

__all__ = ["draw_dot", "draw_mermaid", "draw_svg"]
