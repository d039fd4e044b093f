"""Every number that is said stands in the directory, and the emergency number is said first."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.check.finding import Finding
from bot.check.scope import MEDIA, SERVICES_FILE, Scope
from bot.core.directory import Directory

# Groups of digits with a space or hyphen between them: "0800 555 111", "0300-7900-227", "+44 1603…".
RUN = re.compile(r"\+?\d+(?:[ \u00a0\u2009-]\d+)*")
LONG_GROUP_DIGITS = 3
LONG_RUN_DIGITS = 5  # "01 60 35": short groups that are a number all the same; "16-18" is an age


def runs(text: str) -> list[str]:
    """Find what looks like a telephone number: "18 or over" and "55" do not, "101" does."""
    found = []
    for run in RUN.findall(text):
        groups = re.findall(r"\d+", run)
        if max(map(len, groups)) >= LONG_GROUP_DIGITS or sum(map(len, groups)) >= LONG_RUN_DIGITS:
            found.append(run)
    return found


def of_directory(scope: Scope) -> Iterator[Finding]:
    """Prove that every number in words of this language is shown as the directory shows it."""
    shown = set(scope.directory.displays())
    found: dict[tuple[str, str, str], None] = {}
    for piece in scope.words():
        for run in runs(piece.words):
            if run not in shown:
                found[piece.file, piece.item, run] = None
    for file, item, run in found:
        yield Finding(
            "fault",
            file,
            item,
            f"the number {run}",
            "every number that is said is the display of a phone in the directory, written the same way",
            _cure(run, scope.directory),
        )


def of_emergency(scope: Scope) -> Iterator[Finding]:
    """Prove that the emergency number comes first in the first menu, and stands in every answer."""
    urgent = scope.directory.emergency.phone.display
    for medium in MEDIA:
        said = runs(scope.speaker(medium).menu(scope.flow.nodes[scope.flow.start]))
        if said[:1] != [urgent]:
            yield Finding(
                "fault",
                scope.file,
                f"nodes.{scope.flow.start}.{medium}",
                f"its first number is {said[0]}" if said else "no number",
                f"the first menu names {urgent} before any other number",
                f"begin with what to do in danger: call {urgent}",
            )
    for node, service in scope.told():
        if urgent not in runs(scope.speaker("text").service(service, node.id)):
            phrase = "emergency" if service.emergency else "service"
            yield Finding(
                "fault",
                scope.file,
                f"phrases.{phrase}.text",
                f"the answer for services.{service.id} does not name {urgent}",
                f"every answer by text carries {urgent}",
                f"add what to do in danger: call {urgent}",
            )
    numbers = scope.flow.nodes[scope.flow.numbers].numbers
    if numbers[:1] != (scope.directory.emergency.id,):
        yield Finding(
            "fault",
            scope.source_file,
            f"nodes.{scope.flow.numbers}.numbers",
            f"it begins with {numbers[0]!r}",
            f"the list of every number begins with {scope.directory.emergency.id!r}",
            "put it first",
        )


def _cure(run: str, directory: Directory) -> str:
    digits = re.sub(r"\D", "", run)
    for display in directory.displays():
        if display.replace(" ", "") == digits:
            return f"write {display}, as the directory does"
    return f"correct it, or enter a phone that shows it in {SERVICES_FILE}; put a word between two numbers"
