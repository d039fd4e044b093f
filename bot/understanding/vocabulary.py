"""Vocabulary sets: the words and phrases that rules speak of by one name, in every language at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from bot.understanding.pattern import Clause
from bot.understanding.words import Message

SHORTEST_START_CHARS = 2
Entry = tuple[str, tuple[str, ...]]


@dataclass(frozen=True)
class Vocabulary:
    """Finds the sets' phrases in clauses; a phrase's word may end in `*`.

    Each phrase is found by its first word: an entry has the name of its set, and the words that follow.
    """

    by_word: Mapping[str, tuple[Entry, ...]] = field(repr=False)
    by_start: Mapping[str, tuple[Entry, ...]] = field(repr=False)

    @classmethod
    def of(cls, sets: Mapping[str, Iterable[str]]) -> Vocabulary:
        """Index the sets; an entry "{other}" takes in all of another set."""
        by_word: dict[str, list[Entry]] = {}
        by_start: dict[str, list[Entry]] = {}
        for name in sets:
            alone: Entry = (name, ())  # most phrases are one word, and share this
            for phrase in flat(sets, name):
                first, *others = phrase.split()
                index = by_start if first.endswith("*") else by_word
                index.setdefault(first.rstrip("*"), []).append((name, tuple(others)) if others else alone)
        return cls(
            {word: tuple(entries) for word, entries in by_word.items()},
            {start: tuple(entries) for start, entries in by_start.items()},
        )

    def clauses(self, message: Message) -> tuple[Clause, ...]:
        """Mark where each set is met in each clause."""
        return tuple(Clause(tokens, self.spans(tokens)) for tokens in message.clauses)

    def spans(self, tokens: Sequence[str]) -> dict[str, dict[int, tuple[int, ...]]]:
        """Where each set is met: set -> start -> ends."""
        found: dict[str, dict[int, tuple[int, ...]]] = {}
        for at, token in enumerate(tokens):
            for name, others in self._entries(token):
                end = at + 1 + len(others)
                if end <= len(tokens) and all(map(_fits, tokens[at + 1 : end], others)):
                    here = found.setdefault(name, {})
                    here[at] = tuple(sorted({*here.get(at, ()), end}, reverse=True))
        return found

    def _entries(self, token: str) -> Iterable[Entry]:
        yield from self.by_word.get(token, ())
        for length in range(SHORTEST_START_CHARS, len(token) + 1):
            yield from self.by_start.get(token[:length], ())


def _fits(token: str, word: str) -> bool:
    return token.startswith(word[:-1]) if word.endswith("*") else token == word


def flat(sets: Mapping[str, Iterable[str]], name: str, seen: frozenset[str] = frozenset()) -> list[str]:
    """All phrases of a set, those of the sets that it names included.

    Raises:
        KeyError: a set names one that is not there, or itself.
    """
    if name in seen:
        raise KeyError(name)
    phrases: list[str] = []
    for phrase in sets[name]:
        if phrase.startswith("{"):
            phrases += flat(sets, phrase.strip("{}"), seen | {name})
        else:
            phrases.append(phrase)
    return list(dict.fromkeys(phrases))
