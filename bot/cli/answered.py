"""What a first message, or a first sentence on a call, would be answered; nothing is sent or kept."""

from __future__ import annotations

from dataclasses import replace

from bot.catalogue import Catalogue
from bot.core.engine import advance
from bot.core.intent import Intent
from bot.core.session import Said, Session, Spoken


def what_is_answered(catalogue: Catalogue, session: Session, text: str, intent: Intent) -> str:
    """Answer words as the line would.

    Args:
        catalogue: script and directory.
        session: whoever writes, or stands at the first menu of a call; its expiry is the present.
        text: what was written or said; keys and known words come before what is understood.
        intent: what the words were understood to mean.
    """
    line = catalogue.lines[session.line]
    flow = catalogue.flows[line.flow]
    spoken = session.medium == "voice"
    inbound = Spoken(text) if spoken else Said(text)
    begun = replace(session, node=flow.start) if spoken else session
    turn = advance(flow, catalogue.directory, begun, inbound, session.expires_at, line=line, intent=intent)
    return "\n".join(speech.text for speech in turn.says)
