"""How a drawn script looks: words stand out from their ground by at least 4.5:1 (WCAG 2.2, 1.4.3)."""

from __future__ import annotations

from bot.graph.figure import Kind

# kind -> fill, stroke, words
COLOURS: dict[Kind, tuple[str, str, str]] = {
    "menu": ("#eaf1fb", "#1d4f91", "#0f2747"),
    "service": ("#e7f4ea", "#1c6b37", "#0d3a1c"),
    "emergency": ("#fde7e4", "#b0190f", "#6a0d06"),
    "numbers": ("#fff5d9", "#7a5800", "#4a3500"),
    "end": ("#f1f1f1", "#595959", "#2b2b2b"),
}

KIND_NAMES: dict[Kind, str] = {
    "menu": "menu",
    "service": "service",
    "emergency": "emergency",
    "numbers": "every number",
    "end": "end",
}

FONTS = 'system-ui, -apple-system, "Segoe UI", "Liberation Sans", Arial, sans-serif'


def stylesheet() -> str:
    """Give the drawing's own style; a page may set the variables, or the class `lit` on a node."""
    variables = "".join(
        f"--{kind}-fill:{fill};--{kind}-stroke:{stroke};--{kind}-words:{words};"
        for kind, (fill, stroke, words) in COLOURS.items()
    )
    kinds = "".join(
        f".script .{kind}>.box{{fill:var(--{kind}-fill);stroke:var(--{kind}-stroke)}}"
        f".script .{kind}>text{{fill:var(--{kind}-words)}}"
        for kind in COLOURS
    )
    return (
        f".script{{--paper:#fff;--way:#4a5a70;--words:#26323f;{variables}"
        f"font-family:{FONTS};background:var(--paper)}}"
        ".script text{fill:var(--words);font-size:12px}"
        ".script .paper{fill:var(--paper)}"
        ".script .box{stroke-width:1.5}"
        ".script .title{font-size:14px;font-weight:700}"
        ".script .head{font-size:17px;font-weight:700}"
        ".script .number{font-size:14px;font-variant-numeric:tabular-nums}"
        ".script .small{font-size:11px}.script .tiny{font-size:10px}"
        f"{kinds}"
        ".script .rule{stroke:var(--menu-stroke);stroke-width:1;opacity:.35}"
        ".script .chip text{text-anchor:middle}"
        ".script .chip rect{fill:var(--paper);stroke:var(--way);stroke-width:.8}"
        ".script .back+text{paint-order:stroke;stroke:var(--paper);stroke-width:4;stroke-linejoin:round}"
        ".script .way{fill:none;stroke:var(--way);stroke-width:1.6}"
        ".script .halo{fill:none;stroke:var(--paper);stroke-width:5}"
        ".script .back{stroke-dasharray:4 3;stroke-width:1.2}"
        ".script .tip{fill:var(--way)}"
        ".script .key circle{fill:var(--paper);stroke:var(--way);stroke-width:1.4}"
        ".script .key text{font-weight:700;text-anchor:middle}"
        ".script .here{display:none}"
        ".script .here rect{fill:#10151b}.script .here text{fill:#fff;font-weight:700;text-anchor:middle}"
        ".script .lit>.box{stroke-width:5}"
        ".script .lit>.title{text-decoration:underline}"
        ".script .lit>.here{display:inline}"
        "@media print{.script{print-color-adjust:exact;-webkit-print-color-adjust:exact}}"
    )
