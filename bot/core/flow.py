"""The script: nodes and the ways between them, and the words for them in each language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from bot.core.intent import Label
from bot.core.session import Medium

Command = Literal["menu", "back", "repeat", "slower", "help", "numbers", "stop"]
Action = Literal["connect", "text", "repeat", "menu"]

COMMANDS: tuple[Command, ...] = ("menu", "back", "repeat", "slower", "help", "numbers", "stop")
ACTIONS: tuple[Action, ...] = ("connect", "text", "repeat", "menu")


@dataclass(frozen=True)
class Prompt:
    """Words for one thing, to be read and to be heard."""

    text: str
    voice: str

    def on(self, medium: Medium) -> str:
        """The words for this medium."""
        return self.voice if medium == "voice" else self.text


@dataclass(frozen=True)
class Option:
    """One way out of a menu: the key that is pressed or sent, and the node it leads to."""

    key: str
    goto: str


@dataclass(frozen=True)
class Node:
    """One state of the script; exactly one of these kinds:

    a menu (`options`), a service (`service`), a list of numbers (`numbers`), or an end.
    """

    id: str
    options: tuple[Option, ...] = ()
    service: str = ""
    numbers: tuple[str, ...] = ()
    end: bool = False

    def option(self, key: str) -> Option | None:
        """The option with this key."""
        return next((option for option in self.options if option.key == key), None)


@dataclass(frozen=True)
class ServiceWords:
    """What is said of a service in one language."""

    name: str
    description: Prompt
    cost: str


@dataclass(frozen=True, eq=False)
class Wording:
    """All words of a flow in one language. Compared by identity, so that what is made of it can be kept.

    `prompts` by node; `labels` and `option_words` by (node, option key); `words` by node are
    those that lead there from anywhere; `phrases` are the sentences that the engine puts together.
    `called` are the words by which the language itself is asked for, `offer` how it is offered to
    people who are in another one. With `plain_text`, texts are sent without accents.
    """

    language: str
    status: Literal["source", "draft", "approved"]
    approved_by: str
    prompts: Mapping[str, Prompt]
    labels: Mapping[tuple[str, str], Prompt]
    option_words: Mapping[tuple[str, str], tuple[str, ...]]
    words: Mapping[str, tuple[str, ...]]
    commands: Mapping[str, tuple[str, ...]]
    actions: Mapping[str, str]
    phrases: Mapping[str, Prompt]
    services: Mapping[str, ServiceWords]
    digits: tuple[str, ...]
    key_words: tuple[str, ...]
    fillers: frozenset[str]
    days: tuple[str, ...]
    clock_hours: Literal[12, 24] = 24
    yes: tuple[str, ...] = ()
    no: tuple[str, ...] = ()
    called: tuple[str, ...] = ()
    offer: Prompt = field(default_factory=lambda: Prompt("", ""))
    plain_text: bool = False


@dataclass(frozen=True)
class Meanings:
    """What follows from free text.

    `sure` is the score from which an answer is given at once, `heard` the recogniser's confidence
    from which it is believed, both from 0 to 1. `labels` says where each meaning leads, `between`
    where two lead that nobody is asked to choose between, `emergencies` which node advises in each
    kind of emergency.
    """

    sure: float
    heard: float
    labels: Mapping[Label, str]
    between: Mapping[frozenset[Label], str]
    emergencies: Mapping[str, str]

    def emergency_node(self, rule: str) -> str:
        """The node for the rule that found an emergency: "en.overdose.named" is of kind "overdose"."""
        kinds = (self.emergencies[part] for part in rule.split(".") if part in self.emergencies)
        return next(kinds, self.labels["emergency"])

    @property
    def targets(self) -> frozenset[str]:
        """Every node that free text may lead to."""
        return frozenset({*self.labels.values(), *self.between.values(), *self.emergencies.values()})


@dataclass(frozen=True)
class Timing:
    """How long a call waits, in seconds, and how often it asks again."""

    answer_seconds: int = 8
    announce_seconds: int = 4
    ring_seconds: int = 40
    misses: int = 3
    rounds: int = 3


@dataclass(frozen=True, eq=False)
class Flow:
    """A script: its graph, the keys that work everywhere, and its words by language.

    The first wording is in the language the flow was written in. `language_keys` are pressed on a
    call to change to a language. Compared by identity, as a wording is.
    """

    id: str
    start: str
    numbers: str
    goodbye: str
    nodes: Mapping[str, Node]
    wordings: Mapping[str, Wording]
    command_keys: Mapping[str, Command]
    action_keys: Mapping[Action, str]
    revision: str
    meanings: Meanings
    language_keys: Mapping[str, str] = field(default_factory=dict)
    timing: Timing = field(default_factory=Timing)

    def wording(self, language: str) -> Wording:
        """The words in this language, or in the language the flow was written in."""
        return self.wordings.get(language) or self.source

    @property
    def source(self) -> Wording:
        """The words in the language the flow was written in."""
        return next(iter(self.wordings.values()))

    def may_offer(self, target: str) -> bool:
        """Whether people may be asked if they meant this node: a menu names it, and it is not the first."""
        named = any(option.goto == target for node in self.nodes.values() for option in node.options)
        return named and target != self.start

    def label_of(self, target: str) -> tuple[str, str]:
        """A menu and key whose label names this node; every node that may be offered has one."""
        return next(
            (node.id, option.key)
            for node in self.nodes.values()
            for option in node.options
            if option.goto == target
        )
