"""Holds thousands of words in little memory; a string and a place in a table for each take megabytes."""

from __future__ import annotations

import zlib
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

START_CHARS = 3


@dataclass(frozen=True)
class Lexicon:
    """Words that are only asked for: those that begin alike are one text, with spaces around each."""

    by_start: Mapping[str, str] = field(repr=False, default_factory=dict)

    @classmethod
    def of(cls, words: Iterable[str]) -> Lexicon:
        """Keep words; none has a space in it."""
        alike: dict[str, list[str]] = {}
        for word in words:
            alike.setdefault(word[:START_CHARS], []).append(word)
        return cls({start: f" {' '.join(some)} " for start, some in alike.items()})

    def __bool__(self) -> bool:
        """Whether there is any word."""
        return bool(self.by_start)

    def __contains__(self, word: str) -> bool:
        """Whether a word is one of these."""
        return f" {word} " in self.by_start.get(word[:START_CHARS], "")


@dataclass(frozen=True)
class Near:
    """Leads from a word with a slip to the one that was meant.

    Two words are near when both can be made the same by taking at most one letter out of each. `sums` are the
    checksums of what each word becomes so, in order, and `places` says of each which of the `words` that was.
    """

    words: Sequence[str] = field(repr=False, default=())
    sums: Sequence[int] = field(repr=False, default=())
    places: Sequence[int] = field(repr=False, default=())

    @classmethod
    def of(cls, words: Iterable[str]) -> Near:
        """Keep words; where several are near, the first in the alphabet wins."""
        ordered = sorted(words)
        first: dict[str, int] = {}
        for place, word in reversed([*enumerate(ordered)]):
            first.update(dict.fromkeys(one_out(word), place))
        # As one number each they are sorted in half the time.
        found = sorted([_sum(form) << 16 | place for form, place in first.items()])
        return cls(
            tuple(ordered),
            array("I", [one >> 16 for one in found]),
            array("H", [one & 0xFFFF for one in found]),
        )

    def meant(self, word: str) -> str | None:
        """The word that is near, if there is one."""
        return next((found for form in one_out(word) for found in self._with(form)), None)

    def _with(self, form: str) -> Iterator[str]:
        """The words that become a form; others may have its checksum."""
        wanted = _sum(form)
        at = bisect_left(self.sums, wanted)
        while at < len(self.sums) and self.sums[at] == wanted:
            word = self.words[self.places[at]]
            if form in one_out(word):
                yield word
            at += 1


def one_out(word: str) -> Iterator[str]:
    """The word itself, and it with each letter taken out."""
    yield word
    for at in range(len(word)):
        yield word[:at] + word[at + 1 :]


def _sum(form: str) -> int:
    return zlib.crc32(form.encode())
