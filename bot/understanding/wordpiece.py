"""Cuts text into the pieces of words that the sentence vectors know.

The tokenisation of BERT, uncased: https://github.com/google-research/bert#tokenization
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray

UNKNOWN, FIRST, LAST = "[UNK]", "[CLS]", "[SEP]"
CONTINUED = "##"
LONGEST_WORD_CHARS = 64
# Of a long message the beginning and the end count: it costs as much as its number of pieces, squared.
MOST_AT_EACH_END = 32


@dataclass(frozen=True)
class WordPieces:
    """The pieces that are known, each with its number."""

    numbers: Mapping[str, int] = field(repr=False)

    @classmethod
    def listed(cls, part: NDArray[Any]) -> WordPieces:
        """Number the pieces that a file of vectors lists, one a line."""
        listed = bytes(part).decode("utf-8").split("\n")
        return cls({piece: number for number, piece in enumerate(listed)})

    def knows(self, text: str) -> bool:
        """Whether there is any piece in a text that is known."""
        return any(number != self.numbers[UNKNOWN] for number in self.cut(text)[1:-1])

    def cut(self, text: str) -> list[int]:
        """Give the numbers of a text's pieces, between those that mark its beginning and its end."""
        pieces = [number for word in words(text) for number in self._of_word(word)]
        if len(pieces) > 2 * MOST_AT_EACH_END:
            pieces = pieces[:MOST_AT_EACH_END] + pieces[-MOST_AT_EACH_END:]
        return [self.numbers[FIRST], *pieces, self.numbers[LAST]]

    def _of_word(self, word: str) -> list[int]:
        """Take the longest known piece from the left, again and again."""
        found: list[int] = []
        start = 0
        while start < len(word):
            for end in range(min(len(word), start + LONGEST_WORD_CHARS), start, -1):
                piece = (CONTINUED if start else "") + word[start:end]
                if piece in self.numbers:
                    found.append(self.numbers[piece])
                    start = end
                    break
            else:
                return [self.numbers[UNKNOWN]]
        return found


def words(text: str) -> Iterator[str]:
    """Give the words and each punctuation mark of a text, in lower case and without accents."""
    word = ""
    for char in unicodedata.normalize("NFD", text.lower()):
        category = unicodedata.category(char)
        if category == "Mn":
            continue
        if char.isalnum():
            word += char
            continue
        if word:
            yield word[:LONGEST_WORD_CHARS]
            word = ""
        if not char.isspace() and category[0] in "PS":
            yield char
    if word:
        yield word[:LONGEST_WORD_CHARS]
