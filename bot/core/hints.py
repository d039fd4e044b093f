"""Words that a caller is likely to say at a point, for the recogniser that hears them.

Source: https://www.twilio.com/docs/voice/twiml/gather#hints (at most 500 characters, commas between).
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from bot.core.flow import COMMANDS, Flow, Node, Wording

MOST_HINTS_CHARS = 500
LONGEST_HINT_CHARS = 60


@lru_cache(maxsize=256)
def likely_words(flow: Flow, menu: Node | None, wording: Wording) -> tuple[str, ...]:
    """List what is likely to be said, likeliest first, as much as fits when joined by commas.

    The menu's own labels and words come first, then a word of each command, then a word for each
    node, then the second words, and so on: every node gets one before any gets two.
    """
    chosen: dict[str, None] = {}
    room = MOST_HINTS_CHARS
    for said in (*_of_menu(flow, menu, wording), *_of_rounds(flow, wording)):
        hint = " ".join(said.replace(",", " ").split())
        if not hint or hint in chosen or len(hint) > LONGEST_HINT_CHARS:
            continue
        if len(hint) + 1 > room:
            break
        chosen[hint] = None
        room -= len(hint) + 1
    return tuple(chosen)


def _of_menu(flow: Flow, menu: Node | None, wording: Wording) -> Iterator[str]:
    for option in menu.options if menu else ():
        label = (menu.id, option.key) if menu and menu.id in flow.nodes else flow.label_of(option.goto)
        yield from wording.option_words.get(label, ())[:1]
        yield from wording.words.get(option.goto, ())[:3]


def _of_rounds(flow: Flow, wording: Wording) -> Iterator[str]:
    lists = [wording.yes[:1], wording.no[:1]]
    lists += [wording.commands.get(command, ()) for command in COMMANDS]
    lists += [wording.words.get(node, ()) for node in flow.nodes]
    for place in range(max(map(len, lists), default=0)):
        for words in lists:
            yield from words[place : place + 1]
