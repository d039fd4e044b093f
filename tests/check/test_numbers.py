"""Numbers that are said stand in the directory, and the emergency number comes first."""

from __future__ import annotations

import pytest

from bot.check.numbers import runs
from tests.check.conftest import Data, found

FLOW, SERVICES = "flows/helpline.toml", "config/services.toml"


@pytest.mark.parametrize(
    ("words", "numbers"),
    [
        ("Call 0800 555 111 (free) or 101.", ["0800 555 111", "101"]),
        ("if you are 18 or over, press 55", []),
        ("aged 16-18, at 09:00 or 5.30pm", []),
        ("0800-555-111", ["0800-555-111"]),
        ("+44 1603 514096", ["+44 1603 514096"]),
        ("01 60 35", ["01 60 35"]),
        ("1 2 3", []),
    ],
)
def test_digits_that_look_like_a_number_are_found(words: str, numbers: list[str]) -> None:
    assert runs(words) == numbers


@pytest.mark.parametrize(
    ("table", "item"),
    [
        ("nodes.distress", "nodes.distress.text"),
        ("nodes.distress.options.2", "nodes.distress.options.2.text"),
        ("phrases.help", "phrases.help.text"),
    ],
)
def test_a_number_that_the_directory_does_not_have_is_a_fault(data: Data, table: str, item: str) -> None:
    data.edit(FLOW, table, "text", '"Danger now? Call 999. Or ring 01603 123456."')
    (fault,) = found(data.report(), "fault", item)
    assert fault.found == "the number 01603 123456"


def test_a_number_in_a_description_is_looked_at_in_its_own_file(data: Data) -> None:
    data.edit(SERVICES, "services.frank.description", "text", '"Facts. Or ring 01603 123456."')
    (fault,) = found(data.report(), "fault", "services.frank.description.text")
    assert fault.file == SERVICES


def test_a_number_written_another_way_is_told_how_to_be_written(data: Data) -> None:
    data.edit(FLOW, "phrases.help", "voice", '"Crimestoppers are on 0800 555111."')
    (fault,) = found(data.report(), "fault", "phrases.help.voice")
    assert "0800 555 111" in fault.cure


@pytest.mark.parametrize("medium", ["text", "voice"])
def test_a_first_menu_that_names_another_number_first_is_a_fault(data: Data, medium: str) -> None:
    data.edit(FLOW, "nodes.main", medium, '"Call 101. In danger, call 999."')
    (fault,) = found(data.report(), "fault", f"nodes.main.{medium}")
    assert fault.found == "its first number is 101"


def test_a_first_menu_without_the_emergency_number_is_a_fault(data: Data) -> None:
    data.edit(FLOW, "nodes.main", "text", '"Choose one of these:"')
    assert found(data.report(), "fault", "nodes.main.text")[0].found == "no number"


def test_an_answer_by_text_without_the_emergency_number_is_a_fault(data: Data) -> None:
    data.edit(FLOW, "phrases.service", "text", '"Call {number} ({name}). {cost} {description} {hours}"')
    faults = found(data.report(), "fault", "phrases.service.text")
    assert len(faults) == 10
    assert all("999" in fault.limit for fault in faults)


def test_a_list_of_numbers_that_begins_elsewhere_is_a_fault(data: Data) -> None:
    data.edit(FLOW, "nodes.numbers", "numbers", '["police-101", "emergency"]')
    assert found(data.report(), "fault", "nodes.numbers.numbers")
