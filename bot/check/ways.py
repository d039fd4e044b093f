"""Every way leads somewhere: menus have their shape, nodes can be reached, and no path is a trap."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator

from bot.check.finding import Finding
from bot.check.scope import Scope
from bot.core.flow import Flow, Node

MOST_OPTIONS = 4
MOST_LEVELS = 3


def of_graph(flow: Flow, file: str) -> Iterator[Finding]:
    """Prove what holds in every language: the shape of menus, and that every path ends.

    A service, a list of numbers and an end are where a path ends; everything else is a menu. The
    limits on menus are those of ISO/IEC 13714 and the W3C's advice on voice menus.
    """
    for node in flow.nodes.values():
        yield from _menu(flow, node, file)
    levels = menu_levels(flow)
    for name, level in levels.items():
        if level > MOST_LEVELS:
            yield Finding(
                "fault",
                file,
                f"nodes.{name}",
                f"a menu on level {level}",
                f"no more than {MOST_LEVELS} levels of menus, the first menu being level 1",
                "lead to it from an earlier menu, or leave a menu out",
            )
    ends = _leading_to_an_end(flow)
    for name in flow.nodes:
        if name not in ends:
            yield Finding(
                "fault",
                file,
                f"nodes.{name}",
                "a trap: whatever a person chooses from here, no service and no goodbye is reached",
                "every path ends at a service, a list of numbers or an end",
                "give this menu an option that leads to a service",
            )


def of_language(scope: Scope) -> Iterator[Finding]:
    """Prove that every node can be reached in this language: by options, by a key, or by words.

    Words that lead to a node from anywhere count, and so do the keys and words that read every
    number, and what is understood from free text; a node that is reached by words alone is a note,
    since the menus do not show it.
    """
    flow, wording = scope.flow, scope.wording
    by_option = reached(flow, [flow.start])
    by_command = {flow.numbers} if "numbers" in {*flow.command_keys.values(), *wording.commands} else set()
    # Silence to the end says goodbye without an option that leads there.
    by_command.add(flow.goodbye)
    by_words = reached(flow, [name for name, words in wording.words.items() if words])
    for name, node in flow.nodes.items():
        if name in by_option or name in by_command or name in flow.meanings.targets:
            continue
        if name not in by_words:
            yield Finding(
                "fault",
                scope.source_file,
                f"nodes.{name}",
                f"nobody can reach it in {wording.language!r}",
                "every node is reached by an option, or by words that lead to it from anywhere",
                f"add an option with goto = {name!r}, or words in {scope.file}, or remove the node",
            )
        elif name in wording.words and not (node.end or node.numbers):
            yield Finding(
                "note",
                scope.file,
                f"nodes.{name}",
                f"in {wording.language!r} it is reached by words alone",
                "the menus do not show it",
                "nothing, if that is meant",
            )


def reached(flow: Flow, starts: Iterable[str]) -> set[str]:
    """Name the nodes that options lead to from these, themselves included."""
    seen: set[str] = set()
    waiting = deque(starts)
    while waiting:
        name = waiting.popleft()
        if name in seen or name not in flow.nodes:
            continue
        seen.add(name)
        waiting.extend(option.goto for option in flow.nodes[name].options)
    return seen


def menu_levels(flow: Flow) -> dict[str, int]:
    """Count each menu's level by the shortest way; the start is 1, and so is one that only words reach."""
    levels: dict[str, int] = {}
    rest = [name for name, node in flow.nodes.items() if node.options]
    for root in [flow.start, *rest]:
        if root in levels:
            continue
        waiting = deque([(root, 1)])
        while waiting:
            name, level = waiting.popleft()
            if name in levels or name not in flow.nodes or not flow.nodes[name].options:
                continue
            levels[name] = level
            waiting.extend((option.goto, level + 1) for option in flow.nodes[name].options)
    return levels


def _menu(flow: Flow, node: Node, file: str) -> Iterator[Finding]:
    keys = [option.key for option in node.options]
    item = f"nodes.{node.id}.options"
    if len(keys) > MOST_OPTIONS:
        found, limit = f"{len(keys)} options", f"no more than {MOST_OPTIONS} options in a menu"
        cure = "move the options that are chosen least to a further menu"
        yield Finding("fault", file, item, found, limit, cure)
    wanted = [str(number) for number in range(1, len(keys) + 1)]
    if keys != wanted:
        found, limit = f"keys {', '.join(keys)}", f"keys in order without a gap: {', '.join(wanted)}"
        yield Finding(
            "fault", file, item, found, limit, "number the options from 1 in the order they are said"
        )
    for option in node.options:
        if option.goto not in flow.nodes:
            found, limit = f"goto = {option.goto!r}", "every option leads to a node"
            cure = "name a node that this file has"
            yield Finding("fault", file, f"{item}.{option.key}", found, limit, cure)
        elif option.goto == node.id:
            found, limit = "an option that leads back to its own menu", "every option leads somewhere else"
            cure = "name another node; the word REPEAT and the key * say a menu again"
            yield Finding("fault", file, f"{item}.{option.key}", found, limit, cure)


def _leading_to_an_end(flow: Flow) -> set[str]:
    """Name the nodes that end, and those from which options lead to one that does."""
    ends = {name for name, node in flow.nodes.items() if not node.options}
    grown = True
    while grown:
        found = {
            name
            for name, node in flow.nodes.items()
            if name not in ends and any(option.goto in ends for option in node.options)
        }
        ends |= found
        grown = bool(found)
    return ends
