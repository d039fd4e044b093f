"""Menus keep their shape, every node is reached, and no path is a trap."""

from __future__ import annotations

from tests.check.conftest import Data, found

FLOW = "flows/helpline.toml"


def menu(name: str, *targets: str) -> str:
    """A further menu, as it would be written in the flow."""
    options = "".join(
        f'\n[nodes.{name}.options.{key}]\ngoto = "{target}"\ntext = "Go there"\nvoice = "To go there"\n'
        for key, target in enumerate(targets, start=1)
    )
    return f'\n[nodes.{name}]\ntext = "Choose:"\nvoice = "Choose one."\n{options}\n'


def add(data: Data, words: str) -> Data:
    return data.replace(FLOW, "\n[nodes.young]\n", f"{words}\n[nodes.young]\n")


def test_a_menu_of_five_options_is_a_fault(data: Data) -> None:
    data.replace(FLOW, 'pl = "5"\n', "")
    add(data, menu("wide", "police", "frank", "childline", "samaritans", "main"))
    data.edit(FLOW, "nodes.other.options.4", "goto", '"wide"')
    assert "5 options" in found(data.report(), "fault", "nodes.wide.options")[0].found


def test_keys_that_leave_a_gap_are_a_fault(data: Data) -> None:
    data.replace(FLOW, 'pl = "5"\n', "")
    data.replace(FLOW, "[nodes.other.options.4]", "[nodes.other.options.5]")
    (fault,) = found(data.report(), "fault", "nodes.other.options")
    assert fault.found == "keys 1, 2, 3, 5"
    assert fault.file == FLOW


def test_a_menu_on_the_fourth_level_is_a_fault(data: Data) -> None:
    add(data, menu("deep", "police", "main"))
    data.edit(FLOW, "nodes.young.options.3", "goto", '"deep"')
    assert "level 4" in found(data.report(), "fault", "nodes.deep")[0].found


def test_menus_that_lead_only_to_each_other_are_a_trap(data: Data) -> None:
    add(data, menu("here", "there") + menu("there", "here"))
    data.edit(FLOW, "nodes.young.options.3", "goto", '"here"')
    report = data.report()
    assert {one.item for one in report.faults if "a trap" in one.found} == {"nodes.here", "nodes.there"}


def test_a_menu_that_leads_to_itself_is_a_fault(data: Data) -> None:
    data.edit(FLOW, "nodes.young.options.4", "goto", '"young"')
    assert found(data.report(), "fault", "nodes.young.options.4")


def test_a_node_that_nothing_leads_to_is_a_fault(data: Data) -> None:
    data.edit(FLOW, "nodes.samaritans", "words", "[]")
    assert not found(data.report(), "fault", "nodes.samaritans")
    data.edit(FLOW, "nodes.distress.options.2", "goto", '"frank"')
    (fault,) = found(data.report(), "fault", "nodes.samaritans")
    assert "nobody can reach it" in fault.found


def test_a_node_that_words_alone_reach_is_a_note(data: Data) -> None:
    data.edit(FLOW, "nodes.distress.options.2", "goto", '"frank"')
    assert "by words alone" in found(data.report(), "note", "nodes.samaritans")[0].found


def test_a_path_that_loops_is_no_trap_while_a_service_can_be_reached(data: Data) -> None:
    assert not [one for one in data.report().faults if "a trap" in one.found]
