"""The answer for when nothing else works: every number, rendered once when the app starts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from bot.catalogue import Catalogue
from bot.channels import sms, voice
from bot.core.line import Line
from bot.core.prompts import Speaker
from bot.core.session import End, Medium, Speech, Turn

TIMES: Mapping[Medium, int] = {"text": 1, "voice": 2}


def safe_answers(catalogue: Catalogue, now: datetime) -> Mapping[tuple[str, Medium], str]:
    """TwiML by line and medium, in the line's first language."""
    return {
        (line.id, medium): safe_answer(catalogue, line, line.languages[0], medium, now)
        for line in catalogue.lines.values()
        for medium in TIMES
    }


def safe_answer(catalogue: Catalogue, line: Line, language: str, medium: Medium, now: datetime) -> str:
    """TwiML that says what is wrong and every number, twice on a call. It needs nothing of a session."""
    return _rendered(catalogue, line, language, medium, safe_speeches(catalogue, line, language, medium, now))


def stopped_answers(catalogue: Catalogue, message: str, now: datetime) -> Mapping[tuple[str, Medium], str]:
    """TwiML by line and medium for a planned stop: 999, the operator's message, and every number."""
    return {
        (line.id, medium): _rendered(
            catalogue,
            line,
            line.languages[0],
            medium,
            stopped_speeches(catalogue, line, medium, message, now),
        )
        for line in catalogue.lines.values()
        for medium in TIMES
    }


def stopped_speeches(
    catalogue: Catalogue, line: Line, medium: Medium, message: str, now: datetime
) -> tuple[Speech, ...]:
    """What is said during a planned stop, in the line's first language: 999 before anything else."""
    language = line.languages[0]
    said, *numbers = safe_speeches(catalogue, line, language, medium, now)
    speaker = _speaker(catalogue, line, language, medium, now)
    return (Speech(speaker.phrase("danger")), Speech(message) if message else said, *numbers)


def distress_answer(catalogue: Catalogue, line: Line, language: str, medium: Medium, now: datetime) -> str:
    """TwiML for somebody in distress during a planned stop: that node's own words, and the number of each
    service that it leads to, twice on a call. Nothing is asked, since nobody would answer.
    """
    flow = catalogue.flows[line.flow]
    speaker = _speaker(catalogue, line, language, medium, now)
    node = flow.nodes[flow.meanings.labels["distress"]]
    services = [flow.nodes[option.goto].service for option in node.options]
    numbers = "\n".join(speaker.number(catalogue.directory.services[one]) for one in services if one)
    says = (Speech(speaker.prompt(node.id)), *[Speech(numbers, slow=medium == "voice")] * TIMES[medium])
    return _rendered(catalogue, line, language, medium, says)


def safe_speeches(
    catalogue: Catalogue, line: Line, language: str, medium: Medium, now: datetime
) -> tuple[Speech, ...]:
    """What is said when nothing else can be: that something is wrong, and every number."""
    speaker = _speaker(catalogue, line, language, medium, now)
    numbers = speaker.numbers(speaker.flow.nodes[speaker.flow.numbers], bare=True)
    return (Speech(speaker.phrase("safe")), *[Speech(numbers, slow=medium == "voice")] * TIMES[medium])


def _speaker(catalogue: Catalogue, line: Line, language: str, medium: Medium, now: datetime) -> Speaker:
    flow = catalogue.flows[line.flow]
    return Speaker(flow, catalogue.directory, flow.wording(language), medium, now)


def _rendered(
    catalogue: Catalogue, line: Line, language: str, medium: Medium, says: tuple[Speech, ...]
) -> str:
    if medium == "voice":
        return voice.last_words(says, line, language, catalogue.directory.displays())
    return sms.render(Turn(session=None, steps=(), says=says, then=End()))
