"""Writes a phrase as somebody else might: with slips of the thumb, without its signs, between other words."""

from __future__ import annotations

import string
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from numpy.random import Generator

    from bot.understanding.phrases import Phrase

BARE = 0.35  # how often all punctuation is left out, as by a recogniser and by most thumbs
SLIPPED = 0.3  # how often letters are mistyped
MOST_SLIPS = 2
SHORTEST_SLIPPED_CHARS = 4
BESIDE = 0.12  # how often something else is said in the same breath
SIGNS = str.maketrans({**dict.fromkeys("'\u2019\u2018`", ""), **dict.fromkeys('.,;:!?-\u2026"()', " ")})
SILENT = ("stop", "menu")  # mean something else, or nothing, beside other words


def varied(phrases: Sequence[Phrase], chance: Generator) -> list[str]:
    """Give each phrase's text anew, every time a little different; what each means stays.

    Danger beside anything else is danger; anything else stands beside what means the same.
    """
    by_label: dict[str, list[str]] = {}
    for phrase in phrases:
        if not phrase.lookalike and phrase.label not in SILENT:
            by_label.setdefault(phrase.label, []).append(phrase.text)
    calm = [text for label, texts in by_label.items() if label != "emergency" for text in texts]
    return [_varied(phrase, calm, by_label, chance) for phrase in phrases]


def _varied(phrase: Phrase, calm: Sequence[str], by_label: dict[str, list[str]], chance: Generator) -> str:
    text = phrase.text
    others = calm if phrase.label == "emergency" else by_label.get(phrase.label, ())
    if others and chance.random() < BESIDE:
        other = others[int(chance.integers(len(others)))]
        text = f"{text} {other}" if chance.random() < 0.5 else f"{other} {text}"  # noqa: PLR2004 - even odds
    if chance.random() < BARE:
        text = " ".join(text.translate(SIGNS).split())
    if chance.random() < SLIPPED:
        text = _slipped(text, chance)
    return text


def _slipped(text: str, chance: Generator) -> str:
    """Swap, drop, double or replace a letter in one or two of the longer words."""
    words = text.split(" ")
    long = [at for at, word in enumerate(words) if len(word) >= SHORTEST_SLIPPED_CHARS and word.isalpha()]
    for _ in range(int(chance.integers(1, MOST_SLIPS + 1))):
        if long:
            at = long[int(chance.integers(len(long)))]
            words[at] = _mistyped(words[at], chance)
    return " ".join(words)


def _mistyped(word: str, chance: Generator) -> str:
    at = int(chance.integers(1, len(word)))
    before, letter, after = word[:at], word[at], word[at + 1 :]
    other = string.ascii_lowercase[chance.integers(len(string.ascii_lowercase))]
    kinds = (
        before[:-1] + letter + before[-1] + after,
        before + after,
        before + letter + letter + after,
        before + other + after,
    )
    return kinds[chance.integers(len(kinds))]
