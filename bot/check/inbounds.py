"""What may come in at a point of the walk: every key, words, silence, the end of a transfer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import get_args

from bot.check.scope import Scope
from bot.core.intent import LABELS, Intent
from bot.core.session import (
    DialEnded,
    DialStatus,
    HungUp,
    Inbound,
    Medium,
    Pressed,
    Rang,
    Said,
    Session,
    Silence,
    Spoken,
    TextFailed,
)

NONSENSE = "qqq zzz qqq"
DOUBTED = 0.0  # a recogniser's confidence at which every script asks
UNSURE = 0.0  # a score at which every script asks


def first(scope: Scope, medium: Medium) -> Iterator[Inbound]:
    """Give what can begin a walk: a call, or any text."""
    if medium == "voice":
        yield Rang()
        return
    yield from (Said(key) for key in _keys(scope))
    yield from (Said(NONSENSE), Said("", media=1))
    yield from (says(medium, word) for word in (*_commands(scope), *_words(scope)))


def following(scope: Scope, session: Session) -> Iterator[Inbound]:
    """Give everything that can come in at this point.

    Every key that means something anywhere is tried everywhere, with one that means nothing; so is
    the first word of each command. Words that lead to a node from anywhere are tried where nothing has
    gone wrong and no menu lies behind: from there they reach every node, and tried again further on
    they would only multiply the ways back, eight menus deep.
    """
    if session.stage == "dialling":
        for status in get_args(DialStatus):
            yield DialEnded(status)
            yield DialEnded(status, caller_left=True)
        yield HungUp()
        return
    if session.medium == "voice":
        yield from (Pressed(key) for key in _keys(scope))
        yield from (Silence(), HungUp(), TextFailed(), Spoken(NONSENSE), DialEnded("failed"))
    else:
        yield from (Said(key) for key in _keys(scope))
        yield from (Said(NONSENSE), Said("", media=1), Said("", answered=True))
    yield from (says(session.medium, word) for word in _commands(scope))
    if session.misses == session.rounds == 0 and not session.trail and not session.offers:
        yield from (says(session.medium, word) for word in _words(scope))


def meant(scope: Scope, session: Session) -> Iterator[tuple[Inbound, Intent]]:
    """Give everything that free text may be understood as: each label sure, and unsure beside each other
    one, each kind of emergency, and on a call each label badly heard.

    As with words, this is tried where nothing has gone wrong and no menu lies behind; what is unsure,
    which leads to a question about it, at the start alone.
    """
    words, language = says(session.medium, NONSENSE), session.language
    if session.stage == "dialling":
        return
    yield words, Intent("emergency", "any", 1.0, language)
    if session.misses or session.rounds or session.trail or session.offers:
        return
    for kind in scope.flow.meanings.emergencies:
        yield words, Intent("emergency", f"{language}.{kind}.any", 1.0, language)
    for label in LABELS:
        yield words, Intent(label, "sure", 1.0, language)
    if session.node not in ("", scope.flow.start):
        return
    for label in LABELS:
        for second in LABELS:
            if second != label:
                yield words, Intent(label, "unsure", UNSURE, language, second)
        if session.medium == "voice":
            yield Spoken(NONSENSE, DOUBTED), Intent(label, "sure", 1.0, language)


def unattended(session: Session) -> tuple[Inbound, ...]:
    """Give what comes in on a call when nobody does anything."""
    if session.stage != "dialling":
        return (Silence(),)
    return tuple(DialEnded(status) for status in get_args(DialStatus))


def command(scope: Scope, medium: Medium, name: str) -> Inbound | None:
    """Give the key (on a call) or a word for a command, or None where the script has neither."""
    if medium == "voice":
        for key, its in scope.flow.command_keys.items():
            if its == name:
                return Pressed(key)
    words = scope.wording.commands.get(name, ())
    return says(medium, words[0]) if words else None


def says(medium: Medium, word: str) -> Inbound:
    """A word, spoken on a call or written."""
    return Spoken(word) if medium == "voice" else Said(word)


def named(inbound: Inbound) -> str:
    """Name what came in, for a person: "the key 3", "silence"."""
    match inbound:
        case Pressed(digits):
            return f"the key {digits}"
        case Said(text, media, answered):
            return (
                "a stop answered by the carrier" if answered else f"{text!r}" if text else f"{media} picture"
            )
        case Spoken(text):
            return f"{text!r}"
        case DialEnded(status, left):
            return f"a transfer that ended {status}{', the caller gone' if left else ''}"
    return {Rang: "a call", Silence: "silence", TextFailed: "a text that failed"}.get(
        type(inbound), "hanging up"
    )


def _keys(scope: Scope) -> list[str]:
    flow = scope.flow
    meant = {option.key for node in flow.nodes.values() for option in node.options}
    meant |= {*flow.action_keys.values(), *flow.command_keys}
    return sorted(meant) + [key for key in "987654321" if key not in meant][:1]


def _commands(scope: Scope) -> Iterator[str]:
    for words in scope.wording.commands.values():
        yield from words[:1]


def _words(scope: Scope) -> Iterator[str]:
    for words in scope.wording.words.values():
        yield from words[:1]
