"""The poster says where to text and ring, in each language, and its code opens the right text."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from bot.catalogue import load
from bot.cli import signpost
from bot.core.line import Line
from bot.poster import HEIGHT, WIDTH, draw_poster
from bot.settings import ROOT

CATALOGUE = load(ROOT / "flows", ROOT / "config")
LINE = CATALOGUE.first_line
WORDINGS = CATALOGUE.flows[LINE.flow].wordings
SVG = "{http://www.w3.org/2000/svg}"


def shapes(drawn: str, name: str) -> list[ET.Element]:
    return list(ET.fromstring(drawn).iter(f"{SVG}{name}"))  # noqa: S314 - our own drawing


def words(drawn: str) -> str:
    return " ".join(text.text or "" for text in shapes(drawn, "text"))


@pytest.mark.parametrize("language", WORDINGS)
def test_poster_says_where_to_text_and_ring_and_names_999(language: str) -> None:
    drawn = draw_poster(LINE, WORDINGS[language], "01632 960000")
    for needed in ("GRAVITY", "60163", "01632 960000", "999"):
        assert needed in words(drawn)


@pytest.mark.parametrize("language", WORDINGS)
def test_everything_stands_on_the_sheet(language: str) -> None:
    for text in shapes(draw_poster(LINE, WORDINGS[language], "01632 960000"), "text"):
        size, chars = int(text.attrib["font-size"]), len(text.text or "")
        assert int(text.attrib["y"]) < HEIGHT - 100
        assert chars * size * 0.62 < WIDTH - 100  # about the width of a letter


def test_line_without_a_short_code_shows_its_number_and_without_calls_no_number_to_ring() -> None:
    drawn = draw_poster(replace(LINE, short_code=""), WORDINGS["en"], "")
    assert "07700 900000" in words(drawn)
    assert "ring" not in words(drawn)


def test_code_changes_with_what_it_opens() -> None:
    def code(line: Line) -> str:
        drawn = draw_poster(line, WORDINGS["en"], "")
        return shapes(drawn, "path")[0].attrib["d"]

    assert code(LINE) == code(replace(LINE, name="Another"))
    assert code(LINE) != code(replace(LINE, short_code="60164"))
    assert code(LINE) != code(replace(LINE, keywords=("OTHER",)))


def test_command_draws_and_warns_of_example_numbers(tmp_path: Path) -> None:
    result = CliRunner().invoke(signpost, ["poster", "--output", str(tmp_path / "poster.svg")])
    assert result.exit_code == 0, result.output
    assert "do not put this poster up" in result.output
    assert "60163" in words((tmp_path / "poster.svg").read_text("utf-8"))
