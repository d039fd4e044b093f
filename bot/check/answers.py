"""Each word that a person may send leads to one place, and it is the place it was written for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bot.channels.sms import CARRIER_STOPS
from bot.check.finding import Finding
from bot.check.scope import LINES_FILE, Scope
from bot.core.flow import COMMANDS, Node
from bot.core.match import LONGEST_ANSWER_CHARS, Match, fold, key_in, match_words


@dataclass(frozen=True)
class Answer:
    """A word, where it stands in the file, where it should lead, and the menu it belongs to, if any."""

    item: str
    word: str
    kind: str
    target: str
    menu: Node | None = None


def answers(scope: Scope) -> Iterator[Answer]:
    """Give every word of a language with its owner."""
    flow, wording = scope.flow, scope.wording
    for (name, key), words in wording.option_words.items():
        menu = flow.nodes[name]
        option = menu.option(key)
        for word in words:
            target = option.goto if option else ""
            yield Answer(f"nodes.{name}.options.{key}.words", word, "node", target, menu)
    for command in COMMANDS:
        for word in wording.commands.get(command, ()):
            yield Answer(f"commands.{command}.words", word, "command", command)
    for name, words in wording.words.items():
        for word in words:
            yield Answer(f"nodes.{name}.words", word, "node", name)


def of_words(scope: Scope) -> Iterator[Finding]:
    """Prove that no word means two things at one point, and that each leads where its owner says.

    Words are compared as the engine compares them, folded: "Ćpun" and "cpun" are one word. That each
    word arrives is proved by asking `match_words` itself, at the start and for a menu's own words there.
    """
    known = list(answers(scope))
    yield from _clashes(scope, known)
    yield from _keys(scope, known)
    yield from _stops(scope, known)
    start = scope.flow.nodes[scope.flow.start]
    for answer in known:
        menu = answer.menu or start
        yield from _arrival(scope, answer, match_words(answer.word, scope.flow, menu, scope.wording))


def of_keywords(scope: Scope) -> Iterator[Finding]:
    """Prove that the words on the posters open the first menu, and are not taken for something else."""
    for line in scope.catalogue.lines.values():
        if line.flow != scope.flow.id:
            continue
        for keyword in line.keywords:
            match = match_words(keyword, scope.flow, None, scope.wording)
            if match and match.target not in (scope.flow.start, "menu"):
                yield Finding(
                    "fault",
                    LINES_FILE,
                    f"lines.{line.id}.keywords",
                    f"{keyword!r} leads to {match.target!r} in {scope.wording.language!r}",
                    "a keyword opens the first menu",
                    f"choose another keyword, or take the word out of {scope.file}",
                )


def _clashes(scope: Scope, known: list[Answer]) -> Iterator[Finding]:
    menus: list[Node | None] = [node for node in scope.flow.nodes.values() if node.options]
    told: set[tuple[str, str, str]] = set()
    for menu in menus:
        first: dict[str, Answer] = {}
        for answer in known:
            if answer.menu not in (None, menu) or not fold(answer.word):
                continue
            other = first.setdefault(fold(answer.word), answer)
            names = (fold(answer.word), other.item, answer.item)
            if (other.kind, other.target) == (answer.kind, answer.target) or names in told:
                continue
            told.add(names)
            yield Finding(
                "fault",
                scope.file,
                answer.item,
                f"{answer.word!r}, which {other.item} has too (as {other.word!r})",
                "from one point a word leads to one place",
                "keep it where most people would mean it",
            )


def _keys(scope: Scope, known: list[Answer]) -> Iterator[Finding]:
    for answer in known:
        key = key_in(answer.word, scope.wording)
        if key is not None:
            found = f"{answer.word!r}, which is how people write the key {key}"
            limit, cure = "a word is not also a key", "remove it"
            yield Finding("fault", scope.file, answer.item, found, limit, cure)


def _stops(scope: Scope, known: list[Answer]) -> Iterator[Finding]:
    stops = CARRIER_STOPS | {fold(word) for word in scope.wording.commands.get("stop", ())}
    for answer in known:
        if fold(answer.word) in stops and (answer.kind, answer.target) != ("command", "stop"):
            found = f"{answer.word!r}, which stops all texts to the person who sends it"
            limit = "words that stop texts lead nowhere else"
            yield Finding("fault", scope.file, answer.item, found, limit, "remove it")


def _arrival(scope: Scope, answer: Answer, match: Match | None) -> Iterator[Finding]:
    if match is None:
        long = len(answer.word) > LONGEST_ANSWER_CHARS
        yield Finding(
            "warning",
            scope.file,
            answer.item,
            f"{answer.word!r} leads nowhere",
            f"no more than {LONGEST_ANSWER_CHARS} characters"
            if long
            else "a word has a letter or a digit, and is known as a whole",
            "remove it: it is never matched",
        )
    elif (match.kind, match.target) != (answer.kind, answer.target):
        yield Finding(
            "fault",
            scope.file,
            answer.item,
            f"{answer.word!r} leads to {match.target!r}",
            f"it leads to {answer.target!r}",
            "remove it from one of the two",
        )
