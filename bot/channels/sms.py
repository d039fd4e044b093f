"""Texts: Twilio's messaging webhook in, messaging TwiML out. SMS, WhatsApp and RCS alike.

Source: https://www.twilio.com/docs/messaging/guides/webhook-request
"""

from __future__ import annotations

from collections.abc import Mapping

from bot.channels import twiml
from bot.channels.addresses import bare_number, person_by_text
from bot.channels.callers import caller_from, channel_of
from bot.core.line import Line
from bot.core.match import fold
from bot.core.session import Arrival, Said, Turn

LONGEST_BODY_CHARS = 1600
# Twilio answers these itself on a long code, and blocks our reply with error 21610.
# https://help.twilio.com/articles/223134027
CARRIER_STOPS = frozenset({"stop", "stopall", "unsubscribe", "cancel", "end", "quit", "revoke", "optout"})


def read(form: Mapping[str, str], line: Line) -> Arrival:
    """Read a messaging webhook.

    Args:
        form: the first value of each field; any may be missing.
        line: the line that was texted.

    Returns:
        What came in. Without a usable address the message is a conversation of its own.
    """
    caller = caller_from(form.get("From"))
    channel = channel_of(form.get("From"))
    body = form.get("Body", "")[:LONGEST_BODY_CHARS]
    sid = form.get("MessageSid") or form.get("SmsMessageSid") or form.get("SmsSid") or ""
    media = form.get("NumMedia", "")
    said = Said(
        text=form.get("ButtonText") or body,
        media=int(media) if media.isascii() and media.isdigit() and len(media) < 4 else 0,  # noqa: PLR2004 - Twilio sends at most two digits
        answered=_answered_by_carrier(form, line, body),
        starts=bool(form.get("OptOutType")) or _by_long_code(form, line),
    )
    return Arrival(
        turn=sid,
        person=person_by_text(line.id, channel, caller.address) if caller.address else sid,
        channel=channel,
        inbound=said,
        can_be_texted=False,  # they are texting already; there is nothing to send on request
        abroad=caller.kind == "foreign",
        sid=sid,
    )


def render(turn: Turn) -> str:
    """One message with everything that was said, or an empty document when nothing is to be sent."""
    words = "\n".join(speech.text for speech in turn.says)
    return twiml.response(twiml.element("Message", twiml.text(words)) if words else "")


def _answered_by_carrier(form: Mapping[str, str], line: Line, body: str) -> bool:
    if form.get("OptOutType"):  # Advanced Opt-Out has replied, whatever the word was
        return True
    return _by_long_code(form, line) and fold(body) in CARRIER_STOPS


def _by_long_code(form: Mapping[str, str], line: Line) -> bool:
    """Say whether this is a text message to the line's long code, where Twilio minds the opt-outs."""
    return channel_of(form.get("From")) == "sms" and bare_number(form.get("To")) == line.text_number != ""
