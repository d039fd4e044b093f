"""Signs of age: whether a message speaks of somebody under 18, and whether of a grown person."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bot.understanding.vocabulary import Vocabulary
from bot.understanding.words import Message, fold

YOUNGEST, OF_AGE, OLDEST = 5, 18, 99
FIRST_IN_WORDS = 10
ONES = {"one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9}
TENS = {"twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80}
GLUED = re.compile(r"(\d\d?)(?:yo|yrs?|y|m|f|ish|yrold|yearold)")
DIGITS = re.compile(r"\d\d?")


@dataclass(frozen=True)
class Told:
    """An age that is told; `past` where it is one that was ("since I was 15")."""

    years: int
    past: bool


@dataclass(frozen=True)
class Ages:
    """The words by which one language tells ages."""

    words: Mapping[str, frozenset[str]] = field(repr=False)
    numbers: Mapping[str, int] = field(repr=False)
    youth: Vocabulary = field(repr=False)

    def told(self, message: Message) -> list[Told]:
        """Every age in a message."""
        return [age for clause in message.clauses for age in self._in_clause(clause)]

    def under_age(self, message: Message) -> bool:
        """Whether anything says that somebody under 18 is spoken of."""
        told = self.told(message)
        grown = any(age.years >= OF_AGE and not age.past for age in told)
        if any(age.years < OF_AGE and not (age.past and grown) for age in told):
            return True
        return any(self.youth.spans(clause) for clause in message.clauses)

    def _in_clause(self, clause: Sequence[str]) -> Iterator[Told]:
        at = 0
        while at < len(clause):
            years, length, sure = self._number(clause, at)
            if years is not None and YOUNGEST <= years <= OLDEST:
                before = self._before(clause, at)
                after = clause[at + length : at + length + 2]
                if sure or self._is_age(before, after):
                    yield Told(years, before in self.words["past"])
            at += length

    def _before(self, clause: Sequence[str], at: int) -> str:
        """The word that introduces a number: "boy" in "a boy of fifteen"."""
        before = clause[at - 1] if at else ""
        joined = before in self.words["joining"] and at > 1 and clause[at - 2] in self.words["before"]
        return clause[at - 2] if joined else before

    def _is_age(self, before: str, after: Sequence[str]) -> bool:
        following = after[0] if after else ""
        introduced = before in self.words["before"] or before in self.words["past"]
        if following in self.words["years"]:
            return introduced or (len(after) > 1 and after[1] in self.words["old"])
        if following in self.words["old"]:
            return True
        if following in self.words["not-ages"] or before in self.words["not-after"]:
            return False
        return introduced or not following or (not before and following in self.words["opening"])

    def _number(self, clause: Sequence[str], at: int) -> tuple[int | None, int, bool]:
        """The number that begins at a token, how many tokens it takes, and whether it must be an age."""
        token = clause[at]
        if DIGITS.fullmatch(token) and token.isascii():
            return int(token), 1, False
        if glued := GLUED.fullmatch(token):
            return int(glued[1]), 1, True
        if token in TENS:
            ones = ONES.get(clause[at + 1] if at + 1 < len(clause) else "", 0)
            return TENS[token] + ones, 2 if ones else 1, False
        return self.numbers.get(token), 1, False


def read_ages(path: Path) -> dict[str, Ages]:
    """Read the words of every language."""
    return {code: _ages(table) for code, table in tomllib.loads(path.read_text("utf-8")).items()}


def _ages(table: Mapping[str, Sequence[str]]) -> Ages:
    table = {"opening": (), "joining": (), **table}
    even = {key: tuple(fold(word).replace("'", "") for word in words) for key, words in table.items()}
    numbers = {word: FIRST_IN_WORDS + at for at, word in enumerate(even["numbers"])}
    listed = ("before", "past", "years", "old", "not-ages", "not-after", "opening", "joining")
    return Ages(
        {key: frozenset(even[key]) for key in listed}, numbers, Vocabulary.of({"youth": even["youth"]})
    )
