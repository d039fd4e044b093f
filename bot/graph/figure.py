"""What is drawn of a script, before anything has a place: boxes with their words, and the ways between."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace
from typing import Literal

from bot.core.directory import Directory
from bot.core.flow import ACTIONS, Flow, Node, Wording

SHOWN_WORDS = 2

Kind = Literal["menu", "service", "emergency", "numbers", "end"]


@dataclass(frozen=True)
class Way:
    """An option of a menu: its key, its label, where it leads, and whether that lies further on."""

    source: str
    key: str
    label: str
    target: str
    forward: bool


@dataclass(frozen=True)
class Box:
    """One node: its title, one line below it, and what can be chosen there.

    `level` counts the options that lead here from the start, by the shortest way; None when no
    option does. `chips` are the actions on a call of a service that offers a transfer, or the keys and
    words that reach a node set apart.
    """

    node: str
    kind: Kind
    title: str
    line: str
    level: int | None
    ways: tuple[Way, ...] = ()
    chips: tuple[str, ...] = ()


def boxes(flow: Flow, directory: Directory, wording: Wording) -> tuple[Box, ...]:
    """Say what is drawn of each node, in the order of the script."""
    levels = _levels(flow)
    drawn = (_box(flow, directory, wording, node, levels) for node in flow.nodes.values())
    return tuple(box if box.level is not None else _set_apart(box, flow, wording) for box in drawn)


def _box(flow: Flow, directory: Directory, wording: Wording, node: Node, levels: dict[str, int]) -> Box:
    level = levels.get(node.id)
    if node.options:
        prompt = wording.prompts.get(node.id)
        ways = tuple(_ways(node, wording, levels))
        return Box(node.id, "menu", node.id, _one_line(prompt.text if prompt else ""), level, ways)
    if node.service:
        service = directory.services[node.service]
        chips = (
            tuple(f"{flow.action_keys[one]} {one}" for one in ACTIONS if one in flow.action_keys)
            if service.transfer_number
            else ()
        )
        kind: Kind = "emergency" if service.emergency else "service"
        title = wording.services[service.id].name
        return Box(node.id, kind, title, service.phone.display, level, chips=chips)
    if node.numbers:
        listed = [directory.services[one].phone.display for one in node.numbers]
        return Box(node.id, "numbers", node.id, " · ".join(listed), level)
    phrase = wording.phrases.get(node.id) or wording.prompts.get(node.id)
    return Box(node.id, "end", node.id, _one_line(phrase.text if phrase else ""), level)


def _set_apart(box: Box, flow: Flow, wording: Wording) -> Box:
    """Show how a node is reached that no option leads to: the keys and the first words."""
    keys = [
        key for key, command in flow.command_keys.items() if command == "numbers" and box.kind == "numbers"
    ]
    words = wording.words.get(box.node) or (wording.commands["numbers"] if box.kind == "numbers" else ())
    return replace(box, chips=box.chips or (*keys, *words[:SHOWN_WORDS]))


def _ways(node: Node, wording: Wording, levels: dict[str, int]) -> list[Way]:
    here = levels.get(node.id)
    found = []
    for option in node.options:
        label = wording.labels[node.id, option.key].text
        there = levels.get(option.goto)
        forward = here is not None and there == here + 1
        found.append(Way(node.id, option.key, _one_line(label), option.goto, forward))
    return found


def _levels(flow: Flow) -> dict[str, int]:
    """Count the options on the shortest way from the start to each node that options lead to."""
    levels = {flow.start: 0}
    waiting = deque([flow.start])
    while waiting:
        here = waiting.popleft()
        for option in flow.nodes[here].options:
            if option.goto in flow.nodes and option.goto not in levels:
                levels[option.goto] = levels[here] + 1
                waiting.append(option.goto)
    return levels


def _one_line(words: str) -> str:
    return " ".join(words.split())
