"""Who can use the simulator's phone, and what the far end of a transfer can do.

Every number is one that Ofcom keeps for drama, so that none of them is anybody's.
https://www.ofcom.org.uk/phones-and-broadband/phone-numbers/numbers-for-drama
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import phonenumbers

from bot.carrier.events import DialStatus

CallerKind = Literal["mobile", "landline", "withheld", "whatsapp"]
FarEnd = Literal["answers", "busy", "no_answer", "fails"]

FAR_END_STATUS: dict[FarEnd, DialStatus] = {
    "answers": "completed",
    "busy": "busy",
    "no_answer": "no-answer",
    "fails": "failed",
}
# The first person is 07700 900123, the next 07700 900124: a number of its own for each, since the
# line remembers for a while what a number has just written.
_FIRST = 123
_LEAST, _MOST = 100, 999
_UNITED_KINGDOM = 44


@dataclass(frozen=True)
class Person:
    """Somebody with a phone. `address` is what the carrier puts into From."""

    kind: CallerKind
    address: str

    @property
    def shown(self) -> str:
        """The number as people read it."""
        if self.kind == "withheld":
            return "Number withheld"
        number = national(self.address.removeprefix("whatsapp:"))
        return f"WhatsApp {number}" if self.kind == "whatsapp" else number

    @property
    def no_text(self) -> str:
        """Why this phone can't send texts, or ""."""
        return {
            "landline": "Landlines do not send texts here.",
            "withheld": "A text always shows its number, so nobody can text with it withheld.",
        }.get(self.kind, "")

    @property
    def no_call(self) -> str:
        """Why this phone can't ring the line, or ""."""
        return "The line takes WhatsApp messages, not WhatsApp calls." if self.kind == "whatsapp" else ""


def person(kind: CallerKind, serial: int) -> Person:
    """Give the phone's person; `serial` counts phones from 0 and decides the number."""
    last = _LEAST + (_FIRST - _LEAST + serial) % (_MOST - _LEAST + 1)
    addresses: dict[CallerKind, str] = {
        "mobile": f"+447700900{last}",
        "landline": f"+441632960{last}",
        "withheld": "anonymous",
        "whatsapp": f"whatsapp:+447700900{last}",
    }
    return Person(kind, addresses[kind])


def national(number: str) -> str:
    """Write a number as people in this country do: "+447700900123" as "07700 900123"."""
    try:
        parsed = phonenumbers.parse(number, "GB")
    except phonenumbers.NumberParseException:
        return number
    if not number.startswith("+"):  # a short code has no other way of being written
        return number
    form = phonenumbers.PhoneNumberFormat
    chosen = form.NATIONAL if parsed.country_code == _UNITED_KINGDOM else form.INTERNATIONAL
    return phonenumbers.format_number(parsed, chosen)
