"""Charts hold each count once, to scale, well-formed, and reach for nothing outside themselves."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.charts import Figure, Grid, Point, draw_bars, draw_columns, draw_heat
from bot.charts.figure import by_rule, exact, scale
from bot.core.disclosure import show

SVG = "{http://www.w3.org/2000/svg}"
INK = "#0b5d4b"
LABELS = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), min_size=1, max_size=40)


def figure(*points: Point) -> Figure:
    return Figure("channel", "By channel", "Channel", points)


def grid(counts: list[list[int]]) -> Grid:
    points = tuple(
        tuple(exact(f"{row} {column}", count) for column, count in enumerate(line))
        for row, line in enumerate(counts)
    )
    return Grid("week", "Hours", "Hour", tuple("MTWTFSS"), tuple(str(hour) for hour in range(24)), points)


def read(svg: str) -> ET.Element:
    return ET.fromstring(svg)  # noqa: S314 - our own drawing


def blocks(svg: str) -> list[ET.Element]:
    """The shapes that stand for counts."""
    ours = read(svg).findall(f"{SVG}rect")
    return [rect for rect in ours if rect.get("fill") == INK or rect.get("fill", "").startswith("url(#")]


def words(svg: str) -> list[str]:
    return [text.text or "" for text in read(svg).findall(f"{SVG}text")]


counted = st.lists(st.tuples(LABELS, st.integers(0, 10**7)), max_size=40).map(
    lambda rows: figure(*(exact(label, count) for label, count in rows))
)


@given(counted)
@pytest.mark.parametrize(("draw", "measure"), [(draw_bars, "width"), (draw_columns, "height")])
def test_every_count_is_drawn_to_scale(draw: object, measure: str, drawn: Figure) -> None:
    svg = draw(drawn)  # type: ignore[operator]  # a parametrised function
    shapes = blocks(svg)
    values = [point.value for point in drawn.points if point.value]
    assert len(shapes) == len(values)
    for shape, value in zip(shapes, values, strict=True):
        length = float(shape.get(measure, "0"))
        longest = max(float(one.get(measure, "0")) for one in shapes)
        assert length == pytest.approx(longest * value / drawn.most, abs=1.6)


@given(counted)
@pytest.mark.parametrize("draw", [draw_bars, draw_columns])
def test_nothing_lies_outside_the_paper(draw: object, drawn: Figure) -> None:
    svg = draw(drawn)  # type: ignore[operator]  # a parametrised function
    _, _, width, height = (float(one) for one in read(svg).get("viewBox", "").split())
    for shape in blocks(svg):
        x, y, w, h = (float(shape.get(name, "0")) for name in ("x", "y", "width", "height"))
        assert 0 <= x <= x + w <= width
        assert 0 <= y <= y + h <= height


@given(st.lists(st.lists(st.integers(0, 500), min_size=24, max_size=24), min_size=7, max_size=7))
def test_the_hours_of_a_week_are_squares_by_area(counts: list[list[int]]) -> None:
    drawn = grid(counts)
    shapes = blocks(draw_heat(drawn))
    values = [point.value for row in drawn.points for point in row if point.value]
    assert len(shapes) == len(values)
    areas = [float(shape.get("width", "0")) * float(shape.get("height", "0")) for shape in shapes]
    for area, value in zip(areas, values, strict=True):
        assert area == pytest.approx(max(areas) * value / drawn.most, abs=4)


@pytest.mark.parametrize("draw", [draw_bars, draw_columns])
def test_no_data_says_so(draw: object) -> None:
    svg = draw(figure())  # type: ignore[operator]  # a parametrised function
    assert words(svg) == ["No routings in this period"]
    assert blocks(svg) == []


def test_an_empty_week_says_so() -> None:
    assert words(draw_heat(grid([[0] * 24] * 7))) == ["No routings in this period"]


def test_a_single_value_is_a_bar_with_its_number() -> None:
    svg = draw_bars(figure(exact("Phone call", 1)))
    assert len(blocks(svg)) == 1
    assert words(svg) == ["Phone call", "1"]


def test_a_hidden_count_is_hatched_and_says_what_it_is() -> None:
    svg = draw_bars(figure(by_rule("Polish", show(3)), by_rule("English", show(1233))))
    hidden, plain = blocks(svg)
    assert hidden.get("fill") == "url(#channel-hatch)"
    assert plain.get("fill") == INK
    assert words(svg) == ["Polish", "fewer than 8", "English", "1,235"]


def test_whoever_hears_it_gets_title_and_description() -> None:
    root = read(draw_bars(figure(exact("Text", 3), exact("Call", 9))))
    assert root.get("role") == "img"
    title, described = (root.get("aria-labelledby") or "").split()
    assert [one.text for one in root if one.get("id") == title] == ["By channel"]
    assert [one.text for one in root if one.get("id") == described] == [
        "2 of 2 with routings; most: Call, 9."
    ]


@given(LABELS)
def test_words_are_escaped_and_nothing_is_fetched_or_styled(label: str) -> None:
    svg = draw_bars(figure(exact(label, 5)))
    read(svg)
    assert not re.search(
        r"(?i)href|<style|style=|<script",
        re.sub(r"<text[^>]*>.*?</text>|<desc.*?</desc>", "", svg, flags=re.DOTALL),
    )


@given(st.integers(0, 10**9))
def test_an_axis_ends_at_or_just_above_the_largest_count(most: int) -> None:
    marks = list(scale(most))
    assert marks[0] == 0
    assert marks[-1] >= most
    assert 2 <= len(marks) <= 6
    assert {high - low for low, high in pairwise(marks)} == {marks[1]}
