"""A word leads to one place, and to the one it was written for."""

from __future__ import annotations

from tests.check.conftest import Data, found

FLOW, LINES = "flows/helpline.toml", "config/lines.toml"


def test_a_word_that_two_nodes_claim_is_a_fault(data: Data) -> None:
    data.edit(FLOW, "nodes.frank", "words", '["frank", "Re-hab", "talk to frank"]')
    data.edit(FLOW, "nodes.recovery", "words", '["nrp", "re hab"]')
    faults = found(data.report(), "fault", "nodes.frank.words")
    assert [fault.found for fault in faults] == [
        "'Re-hab', which nodes.recovery.words has too (as 're hab')",
        "'Re-hab' leads to 'recovery'",
    ]


def test_a_word_of_an_option_that_a_command_has_is_a_fault_told_once(data: Data) -> None:
    data.edit(FLOW, "nodes.young.options.3", "words", '["Help!"]')
    (fault,) = found(data.report(), "fault", "commands.help.words")
    assert "nodes.young.options.3.words" in fault.found


def test_the_same_word_in_two_menus_is_no_clash(data: Data) -> None:
    data.edit(FLOW, "nodes.young.options.3", "words", '["third"]')
    data.edit(FLOW, "nodes.distress.options.3", "words", '["third"]')
    assert not [one for one in data.report().faults if "'third'" in one.found]


def test_a_word_that_is_a_key_is_a_fault(data: Data) -> None:
    data.edit(FLOW, "nodes.frank", "words", '["option two"]')
    assert "the key 2" in found(data.report(), "fault", "nodes.frank.words")[0].found


def test_a_word_that_stops_texts_leads_nowhere_else(data: Data) -> None:
    data.edit(FLOW, "nodes.frank", "words", '["frank", "quit"]')
    data.edit(FLOW, "commands.stop", "words", '["stop"]')
    assert "stops all texts" in found(data.report(), "fault", "nodes.frank.words")[0].found


def test_a_word_without_letters_is_never_matched(data: Data) -> None:
    data.edit(FLOW, "nodes.frank", "words", '["frank", "!!"]')
    report = data.report()
    assert found(report, "warning", "nodes.frank.words")[0].found == "'!!' leads nowhere"
    assert not found(report, "fault", "nodes.frank")


def test_a_keyword_that_leads_to_a_service_is_a_fault(data: Data) -> None:
    data.replace(LINES, 'keywords = ["GRAVITY"]', 'keywords = ["GRAVITY", "FRANK", "HELLO"]')
    (fault,) = found(data.report(), "fault", "lines.norfolk.keywords")
    assert "'FRANK'" in fault.found
