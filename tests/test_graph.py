"""Drawings hold every node and every way, are well-formed, and reach for nothing outside themselves."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.catalogue import Catalogue, load
from bot.core.flow import Flow, Node, Option, Prompt, Wording
from bot.graph import draw_dot, draw_mermaid, draw_svg
from bot.graph.figure import boxes
from bot.graph.layout import ROW_GAP, lay_out
from bot.graph.style import COLOURS

ROOT = Path(__file__).parents[1]
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load(ROOT / "flows", ROOT / "config")


def nodes_of(flow: Flow) -> set[str]:
    return set(flow.nodes)


def edges_of(flow: Flow) -> set[tuple[str, str, str]]:
    return {(node.id, option.key, option.goto) for node in flow.nodes.values() for option in node.options}


def drawn(svg: str) -> tuple[set[str], set[tuple[str, str, str]]]:
    root = ET.fromstring(svg)  # noqa: S314 - our own drawing
    groups = list(root.iter(f"{SVG}g"))
    nodes = {str(one.get("id"))[5:] for one in groups if "node" in str(one.get("class")).split()}
    edges = {
        (str(one.get("data-from")), str(one.get("data-key")), str(one.get("data-to")))
        for one in groups
        if one.get("class") == "edge"
    }
    return nodes, edges


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours (WCAG 2.2, "contrast ratio")."""

    def light(colour: str) -> float:
        digits = colour[1:] if len(colour) == 7 else "".join(digit * 2 for digit in colour[1:])
        parts = [int(digits[index : index + 2], 16) / 255 for index in (0, 2, 4)]
        red, green, blue = (
            part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
        )
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    lighter, darker = sorted((light(one), light(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def flow_of(catalogue: Catalogue, menus: dict[str, list[str]], words: str = "Words") -> tuple[Flow, Wording]:
    """A script of these menus, each leading to the named nodes; whatever is no menu is an end."""
    source = catalogue.flows["helpline"]
    names = dict.fromkeys([*menus, *(target for targets in menus.values() for target in targets)])
    nodes = {
        name: Node(name, tuple(Option(str(key), to) for key, to in enumerate(menus.get(name, []), start=1)))
        for name in names
    }
    nodes = {name: node if node.options else replace(node, end=True) for name, node in nodes.items()}
    wording = replace(
        source.wordings["en"],
        prompts={name: Prompt(words, words) for name in names},
        labels={(node.id, one.key): Prompt(words, words) for node in nodes.values() for one in node.options},
        words={},
    )
    return replace(source, start=next(iter(nodes)), nodes=nodes, wordings={"en": wording}), wording


def test_the_svg_holds_every_node_and_way(catalogue: Catalogue) -> None:
    flow = catalogue.flows["helpline"]
    for wording in flow.wordings.values():
        assert drawn(draw_svg(flow, catalogue.directory, wording)) == (nodes_of(flow), edges_of(flow))


def test_dot_and_mermaid_hold_every_node_and_way(catalogue: Catalogue) -> None:
    flow = catalogue.flows["helpline"]
    dot = draw_dot(flow, catalogue.directory, flow.wordings["en"])
    mermaid = draw_mermaid(flow, catalogue.directory, flow.wordings["en"])
    for name in flow.nodes:
        assert f'  "{name}" [label=' in dot
        assert re.search(rf"^  n_{name}[(\[]", mermaid, re.MULTILINE)
    for source, key, target in edges_of(flow):
        assert f'  "{source}" -> "{target}" [label="{key}"];' in dot
        assert f'  n_{source} -->|"{key}"| n_{target}' in mermaid


names = st.sampled_from(["a", "b", "c", "d", "e", "end", "f-g"])


@given(
    menus=st.dictionaries(names, st.lists(names, min_size=1, max_size=4), min_size=1),
    words=st.text(max_size=60),
)
def test_any_script_with_any_words_is_drawn_whole(menus: dict[str, list[str]], words: str) -> None:
    catalogue = load(ROOT / "flows", ROOT / "config")
    # Control characters can't stand in XML at all; the loader's TOML refuses most of them too.
    words = "".join(character for character in words if character.isprintable())
    flow, wording = flow_of(catalogue, menus, words)
    assert drawn(draw_svg(flow, catalogue.directory, wording)) == (nodes_of(flow), edges_of(flow))
    assert draw_dot(flow, catalogue.directory, wording).count(" -> ") >= len(edges_of(flow))
    assert draw_mermaid(flow, catalogue.directory, wording).count("-->|") == len(edges_of(flow))


@given(menus=st.dictionaries(names, st.lists(names, min_size=1, max_size=4), min_size=1))
def test_boxes_never_overlap(menus: dict[str, list[str]]) -> None:
    catalogue = load(ROOT / "flows", ROOT / "config")
    flow, wording = flow_of(catalogue, menus)
    layout = lay_out(boxes(flow, catalogue.directory, wording))
    for x in {place.x for place in layout.places.values()}:
        column = sorted((one for one in layout.places.values() if one.x == x), key=lambda place: place.y)
        for above, below in pairwise(column):
            assert below.y - (above.y + above.height) >= ROW_GAP - 0.01
    assert all(place.x + place.width <= layout.width for place in layout.places.values())
    assert all(place.y + place.height <= layout.height for place in layout.places.values())


def test_words_are_escaped_everywhere(catalogue: Catalogue) -> None:
    words = "<script>alert(\"1\")</script> & 'x' \\ ] end"
    flow, wording = flow_of(catalogue, {"a": ["b"]}, words)
    svg = draw_svg(flow, catalogue.directory, wording)
    assert "<script" not in svg
    assert words[:8] in "".join(ET.fromstring(svg).itertext())  # noqa: S314 - our own drawing
    assert '\\"1\\"' in draw_dot(flow, catalogue.directory, wording)
    assert "<script" not in draw_mermaid(flow, catalogue.directory, wording)


def test_the_svg_fetches_nothing_and_runs_nothing(catalogue: Catalogue) -> None:
    flow = catalogue.flows["helpline"]
    svg = draw_svg(flow, catalogue.directory, flow.wordings["en"]).replace("http://www.w3.org/2000/svg", "")
    assert not re.search(r"<script|href|url\(|@import|http|\son\w+=", svg)


def test_the_svg_is_told_to_those_who_hear_it(catalogue: Catalogue) -> None:
    flow = catalogue.flows["helpline"]
    root = ET.fromstring(draw_svg(flow, catalogue.directory, flow.wordings["en"], "young"))  # noqa: S314
    assert root.get("role") == "img"
    ids = str(root.get("aria-labelledby")).split()
    told = [next(one.text for one in root.iter() if one.get("id") == name) for name in ids]
    assert "helpline" in str(told[0])
    assert "Here: young" in str(told[1])
    assert "1 Police, not urgent leads to Norfolk Constabulary" in str(told[1])


def test_the_present_node_alone_is_lit(catalogue: Catalogue) -> None:
    flow = catalogue.flows["helpline"]
    arguments = (flow, catalogue.directory, flow.wordings["en"])
    assert re.findall(r'id="([\w-]+)" class="[^"]* lit"', draw_svg(*arguments, "young")) == ["node-young"]
    assert not re.search(r'class="[^"]* lit"', draw_svg(*arguments))
    assert draw_dot(*arguments, "young").count("penwidth=4") == 1
    assert "style n_young stroke-width:4px" in draw_mermaid(*arguments, "young")


def test_actions_are_shown_where_a_transfer_is_offered(catalogue: Catalogue) -> None:
    flow = catalogue.flows["helpline"]
    shown = {box.node: box.chips for box in boxes(flow, catalogue.directory, flow.wordings["en"])}
    assert shown["anonymous"] == ("1 connect", "2 text", "3 repeat", "4 menu")
    assert shown["police"] == ()


def test_ways_back_are_stubs_and_no_line_crosses_the_page(catalogue: Catalogue) -> None:
    flow = catalogue.flows["helpline"]
    back = {"main", "police", "anonymous", "safeguarding"}  # of these a menu further in leads back to some
    for box in boxes(flow, catalogue.directory, flow.wordings["en"]):
        assert not any(way.forward for way in box.ways if way.target == "main")
        assert {way.target for way in box.ways if not way.forward} <= back


@pytest.mark.parametrize("kind", COLOURS)
def test_words_stand_out_from_their_ground(kind: str) -> None:
    fill, stroke, words = next(colours for name, colours in COLOURS.items() if name == kind)
    assert contrast(fill, words) >= 4.5
    assert contrast("#fff", words) >= 4.5
    assert contrast("#fff", stroke) >= 3
