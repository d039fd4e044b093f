"""Every language can be found, on both channels, and none takes another one's words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from bot.check.finding import Finding
from bot.check.scope import LINES_FILE
from bot.check.sizes import CHARS_A_SECOND
from bot.core.match import fold

if TYPE_CHECKING:
    from bot.catalogue import Catalogue
    from bot.core.flow import Flow, Wording
    from bot.core.line import Line

LONGEST_OFFERS_SECONDS = 8


def of_flow(flow: Flow, catalogue: Catalogue) -> Iterator[Finding]:
    """Prove what holds between the languages of a flow, and of each line that uses it."""
    for line in catalogue.lines.values():
        if line.flow == flow.id:
            yield from _offers(flow, line)
            yield from _recognisers(line)
    yield from _first_sentence(flow, catalogue)
    for wording in flow.wordings.values():
        yield from _called(flow, wording)


def _offers(flow: Flow, line: Line) -> Iterator[Finding]:
    """Say which language can't be reached on a call, and whether the offers of all take too long."""
    keys = {language: key for key, language in flow.language_keys.items()}
    others = line.languages[1:]
    offers = [flow.wording(language).offer.voice.format(key=keys.get(language, "")) for language in others]
    seconds = -(-sum(map(len, offers)) // CHARS_A_SECOND)
    if seconds > LONGEST_OFFERS_SECONDS:
        yield Finding(
            "fault",
            f"flows/{flow.id}.toml",
            "language.voice",
            f"the offers of {len(others)} languages take about {seconds} seconds",
            f"no more than {LONGEST_OFFERS_SECONDS} seconds before the menu: "
            f"{LONGEST_OFFERS_SECONDS * CHARS_A_SECOND} characters in all",
            "shorten [language] voice in their files",
        )
    for language in others:
        if language not in keys:
            yield Finding(
                "fault",
                f"flows/{flow.id}.toml",
                f"languages.{language}",
                "no key",
                f"lines.{line.id} offers every language on a call",
                "give it a key that no menu uses",
            )


def _recognisers(line: Line) -> Iterator[Finding]:
    for language in line.languages:
        if line.voice_number and not line.hears(language):
            yield Finding(
                "note",
                LINES_FILE,
                f"lines.{line.id}.voices.{language}",
                "no recogniser",
                "speech is understood on calls",
                "nothing, where Twilio has none: callers are told to use the keys",
            )


def _first_sentence(flow: Flow, catalogue: Catalogue) -> Iterator[Finding]:
    """The languages are offered after the first line of the first menu, which must say 999."""
    urgent = catalogue.directory.emergency.phone.display
    for wording in flow.wordings.values():
        first = wording.prompts[flow.start].voice.partition("\n")[0]
        if urgent not in first:
            yield Finding(
                "fault",
                f"flows/{flow.id}.toml"
                if wording is flow.source
                else f"flows/{flow.id}.{wording.language}.toml",
                f"nodes.{flow.start}.voice",
                f"its first line does not name {urgent}",
                "on a call the first line is said before anything else",
                f"put what to do in danger, with {urgent}, on a line of its own at the beginning",
            )


def _called(flow: Flow, wording: Wording) -> Iterator[Finding]:
    """No word that asks for a language is a word with a meaning in another language."""
    for other in flow.wordings.values():
        if other is wording:
            continue
        lists = [other.called, *other.commands.values(), *other.words.values(), *other.option_words.values()]
        taken = {fold(word) for words in lists for word in words}
        for word in sorted(set(wording.called) & taken):
            yield Finding(
                "fault",
                f"flows/{flow.id}.{wording.language}.toml",
                "language.words",
                f"{word!r}, which means something in {other.language!r}",
                "a word that asks for a language means nothing else in the others",
                "take it out of one of them",
            )
