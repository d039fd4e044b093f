"""The small language in which rules are written, and how a clause is matched against it.

    {set}        a word or phrase of that vocabulary set
    word         that word; `word*` any word that begins so; `a|b` either; `x?` may be missing
    [a b|c]      either of these phrases
    ..           up to three words between; `...` up to eight
    ^  $         the beginning and the end of a clause
    A & B        both in one clause, in any order
    A && B       both in one message

Words are written plainly: lower case, "is not" for "isn't".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property

PIECE = re.compile(r"\[[^\]]*\]\??|\S+")
GAPS = {"..": 3, "...": 8}
NEGATION, AFFIRMED = "negation", "affirmed"
NOTHING: frozenset[str] = frozenset()  # each `frozenset()` would be another, of 216 bytes
Spans = Mapping[str, Mapping[int, tuple[int, ...]]]


class PatternError(ValueError):
    """A pattern that cannot be read; says what is wrong with it."""


@dataclass(frozen=True)
class Clause:
    """A clause, and where in it each vocabulary set was met: set -> start -> ends."""

    tokens: tuple[str, ...]
    spans: Spans

    @cached_property
    def there(self) -> frozenset[str]:
        """Its words, and the sets that were met in it, as {set}."""
        return frozenset([*self.tokens, *(f"{{{name}}}" for name in self.spans)])

    def negators(self) -> frozenset[int]:
        """Where a "not" or "nobody" stands; "not joking" says that it is so, and is none."""
        found = self.spans.get(NEGATION)
        return frozenset(found).difference(self.spans.get(AFFIRMED, ())) if found else frozenset()


@dataclass(frozen=True, slots=True)
class Part:
    """One place of a pattern: any of `sets`, `words` or `starts`; or a gap of up to `gap` words.

    A gap that is `plain` leaves no room for a "not": "he has not got a knife" is no "he has .. knife".
    `needs` are words and sets one of which a clause must have; none where that can't be said so simply.
    """

    sets: tuple[str, ...] = ()
    words: frozenset[str] = NOTHING
    starts: tuple[str, ...] = ()
    optional: bool = False
    gap: int = 0
    plain: bool = False
    edge: str = ""
    phrases: tuple[Row, ...] = ()
    needs: frozenset[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Work out what is needed, once for all patterns that have this part."""
        object.__setattr__(self, "needs", self._needs())

    def _needs(self) -> frozenset[str]:
        if self.optional or self.starts:
            return NOTHING
        if not self.phrases:
            return self.words.union(f"{{{name}}}" for name in self.sets) if self.sets else self.words
        each = [next(phrase.needs(), NOTHING) for phrase in self.phrases]
        return NOTHING.union(*each) if all(each) else NOTHING

    def ends(self, clause: Clause, at: int) -> Iterator[int]:
        """Where this place may end when it begins at a token."""
        if self.edge:
            if at == (0 if self.edge == "^" else len(clause.tokens)):
                yield at
            return
        if self.gap:
            yield from self._gap_ends(clause, at)
            return
        if at < len(clause.tokens):
            token = clause.tokens[at]
            if token in self.words or (self.starts and token.startswith(self.starts)):
                yield at + 1
            for name in self.sets:
                yield from clause.spans.get(name, {}).get(at, ())
        for phrase in self.phrases:
            yield from phrase.ends(clause, at, 0)
        if self.optional:
            yield at

    def starts_in(self, clause: Clause) -> Sequence[int]:
        """Where a place of words and sets alone stands in a clause, in order."""
        at = {at for name in self.sets for at in clause.spans.get(name, {})}
        if self.words or self.starts:
            words, starts = self.words, self.starts
            at.update(
                number
                for number, token in enumerate(clause.tokens)
                if token in words or (starts and token.startswith(starts))
            )
        return sorted(at)

    def _gap_ends(self, clause: Clause, at: int) -> Iterator[int]:
        negators = clause.negators() if self.plain else frozenset()
        for end in range(at, min(at + self.gap, len(clause.tokens)) + 1):
            yield end
            if end in negators:
                return


@dataclass(frozen=True, slots=True)
class Row:
    """Places that follow each other in one clause."""

    parts: tuple[Part, ...]

    def needs(self) -> Iterator[frozenset[str]]:
        """Of each of these a clause must have one, or the row does not stand in it."""
        return (part.needs for part in self.parts if part.needs)

    def find(self, clause: Clause) -> Iterator[tuple[int, int]]:
        """Every start and end at which the row stands in a clause."""
        first = self.parts[0]
        starts: Sequence[int]
        if first.phrases or first.optional or first.gap or first.edge:
            starts = range(len(clause.tokens) + (first.edge == "$"))
        else:
            starts = first.starts_in(clause)
        for start in starts:
            end = next(self.ends(clause, start, 0), None)
            if end is not None:
                yield start, end

    def ends(self, clause: Clause, at: int, place: int) -> Iterator[int]:
        """Where the row may end, from one of its places on, when that begins at a token."""
        if place == len(self.parts):
            yield at
            return
        for end in self.parts[place].ends(clause, at):
            yield from self.ends(clause, end, place + 1)


@dataclass(frozen=True, slots=True)
class Pattern:
    """What a rule looks for: every row of every clause group, somewhere in the message.

    `groups` are joined by &&, the rows in a group by &. Of each of `needs` a clause must have one, or the
    first group does not stand in it.
    """

    source: str
    groups: tuple[tuple[Row, ...], ...]
    needs: tuple[frozenset[str], ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Work out what is needed, once."""
        object.__setattr__(self, "needs", tuple(needs for row in self.groups[0] for needs in row.needs()))

    def is_possible(self, clauses: Sequence[Clause]) -> bool:
        """Say whether it is worth while to look: most patterns are about something else."""
        for clause in clauses:
            there = clause.there
            for needs in self.needs:
                if needs.isdisjoint(there):
                    break
            else:
                return True
        return False

    def find(self, clauses: Sequence[Clause]) -> Iterator[tuple[int, int]]:
        """Each clause that the first group stands in, and the token at which it begins there."""
        for others in self.groups[1:]:
            if not any(_in_clause(others, clause) is not None for clause in clauses):
                return
        for number, clause in enumerate(clauses):
            for start in _starts(self.groups[0], clause):
                yield number, start

    def names(self) -> Iterator[str]:
        """The sets that the pattern names."""
        for part in self._parts():
            yield from part.sets

    def words(self) -> Iterator[str]:
        """The words that the pattern names."""
        for part in self._parts():
            yield from part.words

    def starts(self) -> Iterator[str]:
        """The beginnings of words that the pattern names."""
        for part in self._parts():
            yield from part.starts

    def _parts(self) -> Iterator[Part]:
        for group in self.groups:
            for row in group:
                for part in row.parts:
                    yield part
                    for phrase in part.phrases:
                        yield from phrase.parts


def _starts(group: Sequence[Row], clause: Clause) -> Iterator[int]:
    if all(any(True for _ in row.find(clause)) for row in group[1:]):
        for start, _ in group[0].find(clause):
            yield start


def _in_clause(group: Sequence[Row], clause: Clause) -> int | None:
    return next(_starts(group, clause), None)


def parse(source: str, *, plain: bool = False) -> Pattern:
    """Read a pattern; where it is `plain`, no "not" may stand in its gaps.

    Raises:
        PatternError: says what cannot be read.
    """
    groups = tuple(
        tuple(_row(row, source, plain=plain) for row in _split(group, "&")) for group in _split(source, "&&")
    )
    return Pattern(source, groups)


def _split(source: str, sign: str) -> list[str]:
    return [piece.strip() for piece in source.split(sign)]


def _row(source: str, whole: str, *, plain: bool = False) -> Row:
    try:
        parts = tuple(_part(piece, plain=plain) for piece in PIECE.findall(source))
    except PatternError as fault:
        raise PatternError(f"{fault} in {whole!r}") from fault
    if not any(part.words or part.sets or part.starts or part.phrases for part in parts if not part.optional):
        raise PatternError(f"nothing that must be there between the signs of {whole!r}")
    return Row(parts)


@cache
def _part(piece: str, *, plain: bool) -> Part:
    if piece in GAPS:
        return Part(gap=GAPS[piece], plain=plain)
    if piece in ("^", "$"):
        return Part(edge=piece)
    optional = piece.endswith("?")
    if piece.startswith("["):
        phrases = piece.removesuffix("?").strip("[]").split("|")
        return Part(phrases=tuple(_row(phrase, piece, plain=plain) for phrase in phrases), optional=optional)
    sets, words, starts = [], set(), []
    for choice in piece.removesuffix("?").split("|"):
        if choice.startswith("{") and choice.endswith("}") and len(choice) > 2:  # noqa: PLR2004 - the two braces
            sets.append(choice[1:-1])
        elif choice.endswith("*") and choice[:-1].isalnum():
            starts.append(choice[:-1])
        elif choice.isalnum():
            words.add(choice)
        else:
            raise PatternError(f"{piece!r} is neither a word, a {{set}}, .., ..., ^ nor $")
    return Part(tuple(sets), frozenset(words) if words else NOTHING, tuple(starts), optional)


def forget_parts() -> None:
    """Keep the parts that were read for no later pattern: those of other files are others."""
    _part.cache_clear()
