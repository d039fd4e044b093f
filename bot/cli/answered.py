"""What a first message, or a first sentence on a call, would be answered; nothing is sent or kept."""

from __future__ import annotations

from datetime import datetime

from bot.catalogue import Catalogue
from bot.core.engine import advance
from bot.core.intent import Intent
from bot.core.line import Line
from bot.core.session import Said, Session, Spoken


def what_is_answered(catalogue: Catalogue, line: Line, text: str, intent: Intent, now: datetime) -> str:
    """Answer a text that was understood so, as the line would by text.

    Args:
        catalogue: script and directory.
        line: whose languages are served.
        text: what was written; keys and known words come before what is understood.
        intent: what the words were understood to mean.
        now: aware.
    """
    return _answered(
        catalogue, Session("preview", line.id, "sms", line.languages[0], now), line, text, intent
    )


def what_is_said(catalogue: Catalogue, line: Line, text: str, intent: Intent, now: datetime) -> str:
    """Answer words that were heard at the first menu of a call."""
    flow = catalogue.flows[line.flow]
    session = Session("preview", line.id, "voice", line.languages[0], now, node=flow.start)
    return _answered(catalogue, session, line, text, intent)


def _answered(catalogue: Catalogue, session: Session, line: Line, text: str, intent: Intent) -> str:
    inbound = Spoken(text) if session.medium == "voice" else Said(text)
    flow = catalogue.flows[line.flow]
    turn = advance(flow, catalogue.directory, session, inbound, session.expires_at, line=line, intent=intent)
    return "\n".join(speech.text for speech in turn.says)
