"""Whose line it is: the account at the carrier, the line that people reach, and what every call sends."""

from dataclasses import dataclass, field
from datetime import UTC, datetime

from bot.carrier.webhook import Sids

API_VERSION = "2010-04-01"

# Ofcom keeps these numbers for drama: nobody can be rung by accident.
# https://www.ofcom.org.uk/phones-and-broadband/phone-numbers/numbers-for-drama
DRAMA_CALLER = "+447700900123"
DRAMA_LINE = "+441632960999"


@dataclass(frozen=True, slots=True)
class Account:
    """One account at the carrier.

    ``numbers`` are those that a Dial may show as its caller besides the line's own, in E.164.
    ``started_at`` is when the simulated clock begins, aware UTC; it moves on with pauses, speech and silence.
    """

    auth_token: str
    sid: str = "AC" + "0" * 32
    numbers: frozenset[str] = frozenset()
    sids: Sids = field(default_factory=Sids)
    started_at: datetime = datetime(2026, 1, 5, 12, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Line:
    """A number as it is set up at the carrier: where its calls and texts are sent.

    ``status_events`` are those of initiated, ringing, answered and completed that ``voice_status_url`` gets.
    """

    number: str = DRAMA_LINE
    voice_url: str = ""
    voice_fallback_url: str | None = None
    voice_status_url: str | None = None
    status_events: frozenset[str] = frozenset({"completed"})
    text_url: str = ""
    text_fallback_url: str | None = None
    messaging_service_sid: str | None = None


def country(address: str) -> str | None:
    """Give the country that Twilio would name for a number; None where it has none to name."""
    number = address.removeprefix("whatsapp:")
    for prefix, name in (("+44", "GB"), ("+353", "IE"), ("+370", "LT"), ("+48", "PL"), ("+351", "PT")):
        if number.startswith(prefix):
            return name
    return None
