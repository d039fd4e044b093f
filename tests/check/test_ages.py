"""English that is hard to read is a fault, unless a reason is given; a reason no longer needed is named."""

from __future__ import annotations

from tests.check.conftest import Data, found

FLOW = "flows/helpline.toml"
HARD = '"Professional organisations facilitate confidential interventions. Danger now? Call 999."'


def test_hard_words_are_a_fault(data: Data) -> None:
    data.edit(FLOW, "phrases.help", "text", HARD)
    (fault,) = found(data.report(), "fault", "phrases.help.text")
    assert fault.found.startswith("reading age ")
    assert fault.limit == "at most 9"
    assert '"phrases.help.text" = ' in fault.cure


def test_hard_words_with_a_reason_are_let_pass(data: Data) -> None:
    data.edit(FLOW, "phrases.help", "text", HARD)
    data.append(FLOW, '"phrases.help.text" = "The law asks for these words."\n')
    report = data.report()
    assert not found(report, "fault", "phrases.help.text")
    assert not found(report, "warning", "reading_age")


def test_a_reason_that_is_no_longer_needed_is_a_warning(data: Data) -> None:
    data.append(FLOW, '"phrases.help.text" = "The law asks for these words."\n')
    (warning,) = found(data.report(), "warning", "reading_age.exceptions.phrases.help.text")
    assert warning.cure == "remove it"


def test_a_reason_for_nothing_is_a_warning(data: Data) -> None:
    data.append(FLOW, '"phrases.hepl.text" = "The law asks for these words."\n')
    assert "not measured" in found(data.report(), "warning", "reading_age")[0].found


def test_a_menu_is_read_with_its_options(data: Data) -> None:
    for key in "123":
        label = '"Confidential professional intervention opportunities"'
        data.edit(FLOW, f"nodes.young.options.{key}", "text", label)
    assert found(data.report(), "fault", "nodes.young.text")
