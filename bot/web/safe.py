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
    flow = catalogue.flows[line.flow]
    speaker = Speaker(flow, catalogue.directory, flow.wording(language), medium, now)
    numbers = speaker.numbers(flow.nodes[flow.numbers], bare=True)
    says = (Speech(speaker.phrase("safe")), *[Speech(numbers, slow=medium == "voice")] * TIMES[medium])
    if medium == "voice":
        return voice.last_words(says, line, language, catalogue.directory.displays())
    return sms.render(Turn(session=None, steps=(), says=says, then=End()))
