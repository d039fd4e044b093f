"""Keys and words: which option, command or service a short answer names.

Nothing here guesses. A message is taken only when all of it is a key, a known word, or a known
word wrapped in politeness; anything longer is left to the understanding of free text.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from bot.core.flow import COMMANDS, Command, Flow, Node, Wording

LONGEST_ANSWER_CHARS = 80  # "option 1 the police please" and the like; longer is a sentence
FUZZY_FROM_CHARS = 6  # shorter words sit too near to each other: "back" and "bank"
# Letters that Unicode does not take apart into a plain one and an accent (the last: dotless i).
NOT_DECOMPOSED = str.maketrans({"ł": "l", "đ": "d", "ø": "o", "\u0131": "i"})
APOSTROPHES = "'\u2019`"
IGNORED = re.compile(r"[^\w*#]+|_")


@dataclass(frozen=True)
class Match:
    """What a short answer names: `target` is a node id, or a command's name."""

    kind: Literal["node", "command"]
    target: str
    how: Literal["key", "word"]


@lru_cache(maxsize=4096)
def fold(text: str) -> str:
    """Reduce text to lower-case words without accents, punctuation or emoji dressing.

    People write "Pomocy" for "pomocy", "zolty" for "żółty" and send the keycap "1️⃣"
    (a digit, U+FE0F, U+20E3); all of these compare equal after folding.
    """
    decomposed = unicodedata.normalize("NFKD", text).casefold()
    kept = "".join(ch for ch in decomposed if not unicodedata.combining(ch) and ch not in APOSTROPHES)
    digits = "".join(str(unicodedata.decimal(ch)) if unicodedata.category(ch) == "Nd" else ch for ch in kept)
    return " ".join(IGNORED.sub(" ", digits.translate(NOT_DECOMPOSED)).split())


def key_in(text: str, wording: Wording) -> str | None:
    """Return the key that all of `text` names ("1", "one", "option 1", "no. 1", "1️⃣"), or None."""
    words = fold(text).split()
    if words in (["i"], ["l"]):  # how a hurried thumb writes 1
        return "1"
    words = [word for word in words if word not in wording.fillers]
    while len(words) > 1 and words[0] in wording.key_words:
        words = words[1:]
    if len(set(words)) != 1:  # "1 1 1", sent again and again, is still one key
        return None
    word = _as_digit(words[0].lstrip("#") or words[0], wording)
    return word if len(word) == 1 and word in "0123456789*#" else None


def match_key(key: str, flow: Flow, menu: Node | None) -> Match | None:
    """Match a key pressed or sent: the menu's own first, then the keys that work everywhere."""
    option = menu.option(key) if menu else None
    if option:
        return Match("node", option.goto, "key")
    command = flow.command_keys.get(key)
    return Match("command", command, "key") if command else None


def match_words(text: str, flow: Flow, menu: Node | None, wording: Wording) -> Match | None:
    """Match a short written or spoken answer, or return None.

    The present menu's keys and words come first, then the commands, then the words that lead to
    a node from anywhere. A near miss (one letter wrong, in a long enough word) counts last.
    """
    if len(text) > LONGEST_ANSWER_CHARS:
        return None
    key = key_in(text, wording)
    if key and (by_key := match_key(key, flow, menu)):
        return by_key
    phrase = fold(text)
    if not phrase:
        return Match("command", "help", "word") if set(text.strip()) == {"?"} else None
    phrase = _joined(phrase, wording)
    bare = _without_fillers(phrase, wording)
    known = _known(flow, menu, wording)
    exact = next((m for said_now in (phrase, bare) for m, said in known if said == said_now), None)
    return exact or _key_and_label(phrase, flow, menu, known, wording) or _near(bare, known)


def is_command(text: str, command: Command, wording: Wording) -> bool:
    """Say whether all of `text` is one of the command's words."""
    return fold(text) in {fold(word) for word in wording.commands.get(command, ())}


def is_own_word(text: str, flow: Flow) -> bool:
    """Say whether all of `text` is a word that the script itself gives, in any of its languages."""
    return len(text) <= LONGEST_ANSWER_CHARS and fold(text) in _own_words(flow)


@lru_cache(maxsize=16)
def _own_words(flow: Flow) -> frozenset[str]:
    menus = [None, *(node for node in flow.nodes.values() if node.options)]
    wordings = flow.wordings.values()
    return frozenset(said for menu in menus for one in wordings for _, said in _known(flow, menu, one))


def one_edit_apart(left: str, right: str) -> bool:
    """Say whether one letter added, lost, changed or swapped with its neighbour makes them equal."""
    if abs(len(left) - len(right)) > 1:
        return False
    start = 0
    while start < min(len(left), len(right)) and left[start] == right[start]:
        start += 1
    a, b = left[start:], right[start:]
    if a[1:] == b[1:] or a[1:] == b or a == b[1:]:
        return True
    return len(a) > 1 and len(b) > 1 and a[0] == b[1] and a[1] == b[0] and a[2:] == b[2:]


@lru_cache(maxsize=256)
def _known(flow: Flow, menu: Node | None, wording: Wording) -> tuple[tuple[Match, str], ...]:
    """Every folded word that counts here, and what it names; the first that fits wins."""
    known: list[tuple[Match, str]] = []
    for option in menu.options if menu else ():
        words = wording.option_words.get((menu.id if menu else "", option.key), ())
        known += [(Match("node", option.goto, "word"), fold(word)) for word in words]
    for command in COMMANDS:
        known += [
            (Match("command", command, "word"), fold(word)) for word in wording.commands.get(command, ())
        ]
    for node in flow.nodes:
        known += [(Match("node", node, "word"), fold(word)) for word in wording.words.get(node, ())]
    return tuple(known)


def _key_and_label(
    phrase: str, flow: Flow, menu: Node | None, known: Sequence[tuple[Match, str]], wording: Wording
) -> Match | None:
    """Match a key with its own words: "1 police", or a line copied whole from the menu."""
    key, _, rest = phrase.partition(" ")
    option = menu.option(key) if menu else None
    if menu is None or option is None:
        return None
    named = any(said == rest and match.target == option.goto for match, said in known)
    label = wording.labels.get((menu.id, key) if menu.id in flow.nodes else flow.label_of(option.goto))
    if named or (label and rest == fold(label.text)):
        return Match("node", option.goto, "key")
    return None


def _joined(phrase: str, wording: Wording) -> str:
    """Put digits together that were written apart: "9 9 9", "nine nine nine" and "9.9.9" are 999."""
    digits = [_as_digit(word, wording) for word in phrase.split()]
    return "".join(digits) if all(len(d) == 1 and d.isdigit() for d in digits) else phrase


def _as_digit(word: str, wording: Wording) -> str:
    spoken = [fold(digit) for digit in wording.digits]
    return str(spoken.index(word)) if word in spoken else word


def _near(bare: str, known: Sequence[tuple[Match, str]]) -> Match | None:
    """Match a word for a node with one letter wrong: "polcie", "crimestopers"."""
    if len(bare) < FUZZY_FROM_CHARS or any(ch.isdigit() for ch in bare):
        return None  # "under 28" is not a misspelt "under 18", nor 0800 555 112 Crimestoppers
    for match, said in known:
        if match.kind == "node" and len(said) >= FUZZY_FROM_CHARS and one_edit_apart(bare, said):
            return match
    return None


def _without_fillers(phrase: str, wording: Wording) -> str:
    return " ".join(word for word in phrase.split() if word not in wording.fillers)
