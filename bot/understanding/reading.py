"""Reads flows/emergency.<language>.toml and flows/understanding.<language>.toml."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bot.errors import SignpostError
from bot.understanding.pattern import Pattern, PatternError, parse
from bot.understanding.rules import Guard, Language, Rule
from bot.understanding.vocabulary import Vocabulary, flat
from bot.understanding.words import fold

REACHES = ("clause", "message")
RULE_KEYS = {"id", "means", "match", "unless", "guards", "negatable", "sign", "beside", "examples", "never"}
GUARD_KEYS = {"means", "match", "unless", "reach", "shared", "examples"}
FILE_KEYS = {"status", "approved_by", "spelling", "emoji", "sets", "guards", "rules", "usual"}


class UnderstandingError(SignpostError):
    """A file of rules or phrases that cannot be used."""


@dataclass(frozen=True)
class RuleFault:
    """One thing wrong in a file of rules: the same five facts as every fault of a data file."""

    file: str
    item: str
    found: str
    limit: str
    cure: str


@dataclass
class RuleFile:
    """One file as it was read: the language, its spelling table, and what was wrong."""

    code: str
    language: Language
    sets: Mapping[str, tuple[str, ...]]
    spelling: Mapping[str, str]
    emoji: Mapping[str, str]
    words: frozenset[str] = frozenset()
    usual: tuple[str, ...] = ()
    starts: frozenset[str] = frozenset()
    faults: list[RuleFault] = field(default_factory=list)


def read_rules(path: Path) -> RuleFile:
    """Read one language's emergency rules; what cannot be used is left out and told in `faults`.

    Raises:
        UnderstandingError: the file is missing or not TOML.
    """
    file = f"{path.parent.name}/{path.name}"
    try:
        data = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UnderstandingError(f"{file}: the file\n    found: {error}\n    cure:  restore it") from error
    return _Reader(file, path.name.split(".")[1], data).read()


class _Reader:
    """Collects faults while it reads one file."""

    def __init__(self, file: str, code: str, data: Mapping[str, Any]) -> None:
        self.file, self.code, self.data = file, code, data
        self.faults: list[RuleFault] = []
        self.words: set[str] = set()
        self.starts: set[str] = set()
        self.sets: dict[str, tuple[str, ...]] = {}

    def read(self) -> RuleFile:
        self._unknown_keys("the file", self.data, FILE_KEYS)
        self._read_sets()
        guards = {name: self._guard(name, table) for name, table in self.data.get("guards", {}).items()}
        rules = tuple(self._rules(guards))
        language = Language(
            self.code,
            str(self.data.get("status", "draft")),
            str(self.data.get("approved_by", "")),
            Vocabulary.of(self.sets),
            guards,
            rules,
        )
        for phrases in self.sets.values():
            words = [word for phrase in phrases for word in phrase.split()]
            self.words.update(word for word in words if word.isalpha())
            self.starts.update(word[:-1] for word in words if word.endswith("*"))
        spelling = {fold(word): fold(words) for word, words in self.data.get("spelling", {}).items()}
        emoji = {str(sign): str(words) for sign, words in self.data.get("emoji", {}).items()}
        return RuleFile(
            self.code,
            language,
            self.sets,
            spelling,
            emoji,
            frozenset(self.words),
            tuple(fold(word) for word in self.data.get("usual", ())),
            frozenset(self.starts),
            self.faults,
        )

    def _fault(self, item: str, found: str, limit: str, cure: str) -> None:
        self.faults.append(RuleFault(self.file, item, found, limit, cure))

    def _unknown_keys(self, item: str, table: Mapping[str, Any], known: set[str]) -> None:
        for key in sorted(set(table) - known):
            self._fault(item, f"unknown key {key!r}", f"known here: {', '.join(sorted(known))}", "remove it")

    def _read_sets(self) -> None:
        raw = {name: tuple(fold(phrase) for phrase in phrases) for name, phrases in self.data["sets"].items()}
        for name, phrases in raw.items():
            try:
                self.sets[name] = tuple(flat(raw, name))
            except KeyError as error:
                limit = "a set may name others that are in the file, and not itself"
                self._fault(f"sets.{name}", f"{{{error.args[0]}}}", limit, "correct the name")
                self.sets[name] = tuple(phrase for phrase in phrases if not phrase.startswith("{"))

    def _patterns(self, item: str, sources: Sequence[str], *, plain: bool = False) -> tuple[Pattern, ...]:
        patterns = []
        for source in sources:
            try:
                pattern = parse(fold(source), plain=plain)
            except PatternError as error:
                self._fault(item, str(error), "the notation that emergency.en.toml explains", "correct it")
                continue
            for name in sorted(set(pattern.names()) - set(self.sets)):
                self._fault(item, f"{{{name}}}", "a set of this file", "add the set or correct the name")
            self.words.update(pattern.words())
            self.starts.update(pattern.starts())
            patterns.append(pattern)
        return tuple(patterns)

    def _guard(self, name: str, table: Mapping[str, Any]) -> Guard:
        item = f"guards.{name}"
        self._unknown_keys(item, table, GUARD_KEYS)
        reach = table.get("reach", "clause")
        if reach not in REACHES:
            self._fault(f"{item}.reach", repr(reach), " or ".join(REACHES), "choose one of the two")
        return Guard(
            name,
            table.get("means", ""),
            self._patterns(f"{item}.match", table.get("match", ())),
            self._patterns(f"{item}.unless", table.get("unless", ())),
            reach == "message",
        )

    def _switch(self, item: str, table: Mapping[str, Any], key: str, *, usual: bool = False) -> bool:
        """Read what is either true or false."""
        value = table.get(key, usual)
        if not isinstance(value, bool):
            self._fault(f"{item}.{key}", repr(value), "true or false", "choose one, without quotes")
            return usual
        return value

    def _rules(self, guards: Mapping[str, Guard]) -> Iterator[Rule]:
        shared = {name for name, table in self.data.get("guards", {}).items() if table.get("shared", True)}
        seen: set[str] = set()
        for number, table in enumerate(self.data.get("rules", ()), 1):
            name = str(table.get("id", f"rule {number}"))
            item = f"rules.{name}"
            self._unknown_keys(item, table, RULE_KEYS)
            for key in ("id", "means", "match", "examples", "never"):
                if not table.get(key):
                    self._fault(f"{item}.{key}", "nothing", "this key is needed", f"add {key} = …")
            if name in seen:
                self._fault(item, "the same id twice", "each rule has its own", "rename one")
            seen.add(name)
            named = set(table.get("guards", shared))
            for guard in sorted(named - set(guards)):
                self._fault(f"{item}.guards", repr(guard), "a guard of this file", "correct the name")
            negatable = self._switch(item, table, "negatable", usual=True)
            sign = self._switch(item, table, "sign")
            beside = self._switch(item, table, "beside")
            if sign and beside:
                limit = "a rule is danger itself, or a sign of it, or beside others"
                self._fault(f"{item}.sign", "sign and beside", limit, "remove one of the two")
            yield Rule(
                f"{self.code}.{name}",
                str(table.get("means", "")),
                self._patterns(f"{item}.match", table.get("match", ()), plain=negatable),
                self._patterns(f"{item}.unless", table.get("unless", ())),
                frozenset(named & set(guards)),
                negatable,
                sign,
                beside,
                tuple(table.get("examples", ())),
                tuple(table.get("never", ())),
            )
