"""Runs every proof over a catalogue and gathers what they find."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

from bot.check import ages, answers, languages, listings, numbers, sizes, walk, ways
from bot.check.finding import LEVELS, Age, Explored, Finding, Report, SpeechSize, TextSize
from bot.check.scope import MEDIA, Scope

if TYPE_CHECKING:
    from bot.catalogue import Catalogue
    from bot.core.flow import Flow
    from bot.core.session import Medium, Turn


def check(
    catalogue: Catalogue,
    today: date,
    production: bool = False,
    *,
    walked: bool = True,
    more: Iterable[Finding] = (),
) -> Report:
    """Prove what must hold of a catalogue before people are served with it.

    Every flow is proved in every language and on every medium; nothing is read or sent. What it
    proves is told in the modules of this package, one proof a module.

    Args:
        catalogue: what `bot.catalogue.load` gave.
        today: the day of the check, for listings that grow old.
        production: whether people are to be served: stale listings and example numbers are then
            faults. Wording without an approval stays a warning (see `listings.of_approval`).
        walked: whether the engine is walked too, which takes about a second for each language. Without
            it, a start or an editor has the rest of the proofs in a few hundredths of one.
        more: what was found elsewhere, to be told in the same report (`emergencies.of_understanding`).

    Returns:
        A Report, its findings worst first. Never raises for what a data file says.
    """
    gathered = _Gathered()
    gathered.findings.extend(more)
    gathered.findings.extend(listings.of_directory(catalogue, today, production=production))
    gathered.findings.extend(listings.of_lines(catalogue, production=production))
    gathered.findings.extend(listings.of_transfers(catalogue))
    for flow in catalogue.flows.values():
        gathered.findings.extend(ways.of_graph(flow, f"flows/{flow.id}.toml"))
        gathered.findings.extend(languages.of_flow(flow, catalogue))
        gathered.findings.extend(listings.of_approval(flow, catalogue))
        for scope in _scopes(catalogue, flow, today):
            gathered.language(scope, walked=walked)
    return gathered.report()


@dataclass
class _Gathered:
    """What has been found so far."""

    findings: list[Finding] = field(default_factory=list)
    texts: list[TextSize] = field(default_factory=list)
    speeches: list[SpeechSize] = field(default_factory=list)
    ages: list[Age] = field(default_factory=list)
    explored: list[Explored] = field(default_factory=list)

    def language(self, scope: Scope, *, walked: bool) -> None:
        """Prove everything of a flow in one language."""
        self.findings.extend(ways.of_language(scope))
        self.findings.extend(numbers.of_directory(scope))
        self.findings.extend(numbers.of_emergency(scope))
        self.findings.extend(answers.of_words(scope))
        self.findings.extend(answers.of_keywords(scope))
        measured, found = ages.of_scope(scope)
        self.ages.extend(measured)
        self.findings.extend(found)
        read, heard = (self._walk(scope, medium) if walked else [] for medium in MEDIA)
        texts = sizes.worst(sizes.texts(scope, read))
        speeches = sizes.longest(sizes.speeches(scope, heard))
        self.findings.extend(sizes.of_texts(scope, texts))
        self.findings.extend(sizes.of_speeches(scope, speeches))
        self.texts.extend(texts)
        self.speeches.extend(sizes.menus(scope))
        self.speeches.extend(speeches)

    def _walk(self, scope: Scope, medium: Medium) -> list[Turn]:
        turns, findings, explored = walk.explore(scope, medium)
        self.findings.extend(findings)
        self.explored.append(explored)
        return turns

    def report(self) -> Report:
        """Put the worst first; one finding of a kind is enough where languages share a file."""
        findings = dict.fromkeys(self.findings)
        order = {level: rank for rank, level in enumerate(LEVELS)}
        worst_first = sorted(findings, key=lambda finding: (order[finding.level], finding.file))
        return Report(
            tuple(worst_first),
            tuple(self.texts),
            tuple(self.speeches),
            tuple(self.ages),
            tuple(self.explored),
        )


def _scopes(catalogue: Catalogue, flow: Flow, today: date) -> Iterator[Scope]:
    for wording in flow.wordings.values():
        yield Scope(catalogue, flow, wording, today)
