"""The answer for when nothing else works: every number, rendered once when the app starts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from bot.catalogue import Catalogue
from bot.channels import sms, voice
from bot.core.prompts import Speaker
from bot.core.session import End, Medium, Speech, Turn

MEDIA: tuple[Medium, ...] = ("text", "voice")


def safe_answers(catalogue: Catalogue, now: datetime) -> Mapping[tuple[str, Medium], str]:
    """TwiML by line and medium that says what is wrong and every number, twice on a call."""
    answers = {}
    displays = catalogue.directory.displays()
    for line in catalogue.lines.values():
        flow = catalogue.flows[line.flow]
        wording = flow.wording(line.languages[0])
        for medium in MEDIA:
            speaker = Speaker(flow, catalogue.directory, wording, medium, now)
            numbers = speaker.numbers(flow.nodes[flow.numbers], bare=True)
            slow = medium == "voice"
            says = (Speech(speaker.phrase("safe")), *[Speech(numbers, slow=slow)] * (2 if slow else 1))
            turn = Turn(session=None, steps=(), says=says, then=End())
            answers[line.id, medium] = (
                voice.render(turn, line, displays, "") if medium == "voice" else sms.render(turn)
            )
    return answers
