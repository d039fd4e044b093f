"""What the values of a record are called on a page; exports and the API keep them as they are."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from bot.core.directory import LONDON, Service
from bot.web.wiring import wiring

TITLES = {
    "service": "service",
    "channel": "channel",
    "language": "language",
    "chosen_by": "how it was chosen",
    "outcome": "outcome",
}
LABELS: Mapping[str, Mapping[str, str]] = {
    "channel": {"sms": "Text message", "voice": "Phone call", "whatsapp": "WhatsApp", "rcs": "RCS"},
    "language": {
        "en": "English",
        "lt": "Lithuanian",
        "pl": "Polish",
        "pt": "Portuguese",
        "ro": "Romanian",
        "ru": "Russian",
        "uk": "Ukrainian",
    },
    "chosen_by": {"key": "By key", "word": "By a word"},
    "outcome": {
        "offered": "Told the number",
        "number_texted": "Number texted",
        "transfer_started": "Transfer begun",
        "connected": "Connected",
        "busy": "Busy",
        "no_answer": "No answer",
        "failed": "Failed",
        "abandoned": "Rang off first",
    },
}


def label(name: str, value: str) -> str:
    """What a value of a property is called; one that nobody named is called what it is."""
    if name == "service":
        service = wiring().catalogue.directory.services.get(value)
        return service.name if service else value
    if name == "chosen_by" and value not in LABELS[name]:
        return f"Rule {value}"
    return LABELS.get(name, {}).get(value, value)


def partner_name(partner: str) -> str:
    """What a partner is called."""
    found = wiring().catalogue.partners.get(partner)
    return found.name if found else partner


def hour_text(hour: datetime) -> str:
    """An hour as the record holds it."""
    return f"{hour:%-d %b %Y, %H}:00 UTC"


def moment_text(moment: datetime) -> str:
    """A moment in London time."""
    return f"{moment.astimezone(LONDON):%-d %b %Y, %H:%M}"


def age_text(seconds: float) -> str:
    """How long ago, as people say it."""
    for unit, length in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if seconds >= length:
            number = int(seconds // length)
            return f"{number} {unit}{'s' if number > 1 else ''} ago"
    return f"{max(0, int(seconds))} seconds ago"


def services_of(partner: str) -> dict[str, Service]:
    """The services that are a partner's, by id."""
    catalogue = wiring().catalogue
    return {
        name: one
        for name, one in catalogue.directory.services.items()
        if catalogue.partner_of(name) == partner
    }
