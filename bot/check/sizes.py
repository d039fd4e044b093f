"""Every text fits two parts, and every Speech of a call is short enough to be spoken and heard."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import replace

from bot.check import hours
from bot.check.finding import Finding, SpeechSize, TextSize
from bot.check.scope import Scope
from bot.core.directory import Service
from bot.core.flow import Node
from bot.core.prompts import Speaker
from bot.core.segments import MOST_PARTS, not_gsm, segments
from bot.core.session import Medium, Session, Turn

MOST_PARTS_MAIN = 1
MOST_LETTERS_NAMED = 6
MOST_SPEECH_CHARS = 3000  # Amazon Polly's limit for one <Say>
CHARS_A_SECOND = 15  # about 170 English words a minute, pauses at line ends not counted
LONGEST_MENU_SECONDS = 40


def texts(scope: Scope, turns: Iterable[Turn]) -> Iterator[TextSize]:
    """Measure every text message that the line may send in this language.

    Services are composed in every state of their hours; the rest (menus, the words after something
    that was not understood, the list of numbers, help, goodbyes) is what the engine said on its walk.

    Args:
        scope: the flow and its words.
        turns: the turns of the walk by text.
    """
    seen: set[str] = set()
    speaker = scope.speaker("text")
    for node in scope.flow.nodes.values():
        if node.options:
            seen.add(speaker.menu(node))
            yield text_size(scope, f"nodes.{node.id}", "", speaker.menu(node))
    for node, service in scope.told():
        for state, directory, now in hours.states(scope.directory, service):
            then = replace(speaker, directory=directory, now=now)
            text = _longest_answer(scope, then, node, directory.services[service.id])
            item = f"nodes.{node.id}" if speaker.prompt(node.id) else f"services.{service.id}"
            seen.add(text)
            yield text_size(scope, item, state, text)
        asked = speaker.phrase("texted", number=service.phone.display)
        yield text_size(scope, "phrases.texted", "", asked)
    for turn in turns:
        text = "\n".join(speech.text for speech in turn.says)
        if text and text not in seen:
            seen.add(text)
            yield text_size(scope, told(turn), "", text)
    yield text_size(scope, "phrases.safe", "", _safe(scope, "text"))


def _longest_answer(scope: Scope, speaker: Speaker, node: Node, service: Service) -> str:
    """A service as it is answered to free text: with all that may be added."""
    more = "more" if service.emergency else "not_meant"
    told = [speaker.service(service, node.id, more)]
    if service.emergency and scope.wording.status == "draft":
        source = replace(speaker, wording=scope.flow.source)
        told.append(source.phrase("urgent", number=service.phone.display))
    return "\n".join(told)


def text_size(scope: Scope, item: str, state: str, text: str) -> TextSize:
    """Measure one text message."""
    air = segments(text)
    language = scope.wording.language
    return TextSize(language, item, state, len(text), air.parts, air.encoding, not_gsm(text))


def speeches(scope: Scope, turns: Iterable[Turn]) -> Iterator[SpeechSize]:
    """Measure every Speech of a call: those of the walk, and services in every state of their hours."""
    for turn in turns:
        for speech in turn.says:
            yield _speech_size(scope, told(turn), speech.text)
    session = Session("check", "check", "voice", scope.wording.language, scope.noon, can_be_texted=True)
    for node, service in scope.told():
        for _, directory, now in hours.states(scope.directory, service):
            speaker = replace(scope.speaker("voice"), directory=directory, now=now)
            there = directory.services[service.id]
            yield _speech_size(scope, f"services.{service.id}", speaker.service(there, node.id))
            yield _speech_size(scope, "actions", speaker.action_menu(there, session))
    yield _speech_size(scope, "phrases.safe", _safe(scope, "voice"))


def menus(scope: Scope) -> Iterator[SpeechSize]:
    """Measure every menu of a call, each as one Speech."""
    speaker = scope.speaker("voice")
    for node in scope.flow.nodes.values():
        if node.options:
            yield _speech_size(scope, f"nodes.{node.id}", speaker.menu(node))


def of_texts(scope: Scope, sizes: Iterable[TextSize]) -> Iterator[Finding]:
    """Name texts of too many parts, and letters that more than halve the room of a text."""
    forced: dict[str, list[str]] = {}
    for size in worst(sizes):
        state = f" ({size.state})" if size.state else ""
        found = (
            f"{size.chars} characters in {size.parts} parts, {size.encoding}{state}{_because(size.forced_by)}"
        )
        source = scope.wording.status == "source"
        most = MOST_PARTS["GSM-7" if source else size.encoding]
        if size.parts > most:
            limit = f"no more than {most} parts: {'201' if size.forced_by else '306'} characters"
            cure = "shorten it; each part is paid for, and the second may arrive late"
            yield Finding("fault", scope.file, size.item, found, limit, cure)
        elif size.item == f"nodes.{scope.flow.start}" and source and size.parts > MOST_PARTS_MAIN:
            limit = "the first menu fits one part: 160 characters, or 70 with letters outside GSM-7"
            yield Finding("warning", scope.file, size.item, found, limit, "shorten it")
        if size.forced_by:
            # In a language that can't be written without such letters, one note is enough.
            forced.setdefault(size.forced_by if source else "", []).append(size.item)
    for letters, items in forced.items():
        yield Finding(
            # Polish can't be written without ł: there it is the price of the language, not a slip.
            "warning" if scope.wording.status == "source" else "note",
            scope.file,
            items[0] if len(items) == 1 else f"{items[0]} and {len(items) - 1} more",
            named(letters) if letters else "letters that are not in GSM-7",
            "letters of GSM-7, so that a part holds 160 characters and not 70",
            "write a plain letter where the language allows it (a straight quote, a hyphen)",
        )


def of_speeches(scope: Scope, sizes: Iterable[SpeechSize]) -> Iterator[Finding]:
    """Name Speeches that the voice would refuse, and menus that are too long to be kept in mind."""
    for size in sizes:
        if size.chars > MOST_SPEECH_CHARS:
            found, limit = f"{size.chars} characters", f"a voice takes {MOST_SPEECH_CHARS} at a time"
            yield Finding("fault", scope.file, size.item, found, limit, "shorten it")
    for size in menus(scope):
        if size.seconds > LONGEST_MENU_SECONDS:
            yield Finding(
                "warning",
                scope.file,
                f"{size.item}.voice",
                f"about {size.seconds} seconds ({size.chars} characters, {CHARS_A_SECOND} a second)",
                f"a menu takes no more than {LONGEST_MENU_SECONDS} seconds",
                "say less before the first key",
            )


def worst(sizes: Iterable[TextSize]) -> list[TextSize]:
    """Keep the largest of each item, in the order in which items are met."""
    largest: dict[str, TextSize] = {}
    for size in sizes:
        known = largest.get(size.item)
        if known is None or (size.parts, size.chars) > (known.parts, known.chars):
            largest[size.item] = size
    return list(largest.values())


def longest(sizes: Iterable[SpeechSize]) -> list[SpeechSize]:
    """Keep the longest of each item, in the order in which items are met."""
    largest: dict[str, SpeechSize] = {}
    for size in sizes:
        if size.item not in largest or size.chars > largest[size.item].chars:
            largest[size.item] = size
    return list(largest.values())


def told(turn: Turn) -> str:
    """Name a turn by the nodes it told and how it came to them: "main (again)"."""
    return ", ".join(f"{step.node} ({step.how})" for step in turn.steps) or "after a transfer or a text"


def named(letters: str) -> str:
    """Name letters for a person who may not see the difference: U+2019 RIGHT SINGLE QUOTATION MARK."""
    return ", ".join(f"{one} (U+{ord(one):04X} {unicodedata.name(one, 'unnamed')})" for one in letters)


def _speech_size(scope: Scope, item: str, text: str) -> SpeechSize:
    return SpeechSize(scope.wording.language, item, len(text), -(-len(text) // CHARS_A_SECOND))


def _safe(scope: Scope, medium: Medium) -> str:
    """What is read or heard when the line itself has failed."""
    speaker = scope.speaker(medium)
    listed = speaker.numbers(scope.flow.nodes[scope.flow.numbers], bare=True)
    return f"{speaker.phrase('safe')}\n{listed}"


def _because(letters: str) -> str:
    if len(letters) > MOST_LETTERS_NAMED:
        return " because of the letters of the language"
    return f" because of {named(letters)}" if letters else ""
