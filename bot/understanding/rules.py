"""Rules and guards: what counts as an emergency, and what only sounds like one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from bot.understanding.pattern import Clause, Pattern
from bot.understanding.vocabulary import Vocabulary
from bot.understanding.words import Message

NEGATED_WITHIN = 3  # "nobody has been stabbed": the no stands at most this many words before


@dataclass(frozen=True)
class Guard:
    """What makes words of danger harmless: the past, an idiom, news. `reach` says how far it speaks.

    A guard that reaches over the "clause" silences rules in the clause where it is found; one that
    reaches over the "message" silences them everywhere.
    """

    id: str
    means: str
    match: tuple[Pattern, ...]
    unless: tuple[Pattern, ...]
    whole_message: bool


@dataclass(frozen=True)
class Rule:
    """One kind of emergency. `guards` are the ids of those that may silence it.

    A rule that is a `sign` finds words that people also use for what is past, for worry and for idiom: what
    it finds is danger where the model sees a little of it too. A rule that is `beside` speaks only where
    another does: to be deaf is no emergency, but it changes what helps in one.
    """

    id: str
    means: str
    match: tuple[Pattern, ...]
    unless: tuple[Pattern, ...]
    guards: frozenset[str]
    negatable: bool
    sign: bool
    beside: bool
    examples: tuple[str, ...]
    never: tuple[str, ...]


@dataclass(frozen=True)
class Language:
    """The rules of one language, with its vocabulary."""

    code: str
    status: str
    approved_by: str
    vocabulary: Vocabulary = field(repr=False)
    guards: Mapping[str, Guard] = field(repr=False)
    rules: tuple[Rule, ...] = field(repr=False)

    def decide(self, message: Message) -> Heard:
        """Find which rules speak, which guards do, and which rules the guards silence."""
        clauses = self.vocabulary.clauses(message)
        guards = {guard.id: frozenset(_where(guard, clauses)) for guard in self.guards.values()}
        speaking: list[str] = []
        signs: list[str] = []
        silenced: list[str] = []
        beside: list[str] = []
        for rule in self.rules:
            loud, silent = self._hear(rule, clauses, guards)
            if loud:
                (beside if rule.beside else speaking).append(rule.id)
                if rule.sign:
                    signs.append(rule.id)
            elif silent and not rule.beside:
                silenced.append(rule.id)
        names = frozenset(name for clause in clauses for name in clause.spans)
        heard = frozenset(guard for guard, where in guards.items() if where)
        spoken = (*speaking, *beside) if speaking else ()
        return Heard(clauses, spoken, tuple(signs), tuple(silenced), heard, names, tuple(beside))

    @staticmethod
    def _hear(
        rule: Rule, clauses: Sequence[Clause], guards: Mapping[str, frozenset[int]]
    ) -> tuple[bool, bool]:
        """Whether a rule is found and speaks, and whether it is found somewhere and silenced there."""
        silent = False
        for number, start in _matches(rule.match, clauses):
            quiet = rule.negatable and _negated(clauses[number], start)
            quiet = quiet or any(number in guards[guard] for guard in rule.guards)
            quiet = quiet or any(True for _ in _matches(rule.unless, clauses))
            if not quiet:
                return True, silent
            silent = True
        return False, silent


@dataclass(frozen=True)
class Heard:
    """What the rules of one language make of a message.

    `speaking` are all rules that speak, `signs` those of them that are no danger by themselves; `beside` are
    those that speak as soon as anything else finds an emergency.
    """

    clauses: tuple[Clause, ...]
    speaking: tuple[str, ...]
    signs: tuple[str, ...]
    silenced: tuple[str, ...]
    guards: frozenset[str]
    sets: frozenset[str]
    beside: tuple[str, ...]

    def finding(self, *, signs: bool) -> tuple[str, ...]:
        """The rules that find an emergency, in their order, where signs count for danger or do not."""
        if signs or not self.signs:
            return self.speaking
        danger = tuple(rule for rule in self.speaking if rule not in self.signs)
        return danger if set(danger) - set(self.beside) else ()


def _where(guard: Guard, clauses: Sequence[Clause]) -> Iterator[int]:
    found = {number for number, _ in _matches(guard.match, clauses)}
    if not found:
        return
    if guard.whole_message:
        if not any(True for _ in _matches(guard.unless, clauses)):
            yield from range(len(clauses))
        return
    for number in found:
        if not any(True for _ in _matches(guard.unless, clauses[number : number + 1])):
            yield number


def _matches(patterns: Sequence[Pattern], clauses: Sequence[Clause]) -> Iterator[tuple[int, int]]:
    for pattern in patterns:
        if pattern.is_possible(clauses):
            yield from pattern.find(clauses)


def _negated(clause: Clause, start: int) -> bool:
    return any(start - NEGATED_WITHIN <= at < start for at in clause.negators())
