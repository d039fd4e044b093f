"""What Twilio's `From` says of the person: a number, an id, or that they keep it to themselves.

Kinds follow Ofcom's National Telephone Numbering Plan by range rather than a list of blocks in use, so a
block handed out next year, and the numbers Ofcom keeps for drama (07700 900000 to 900999, 01632 960000 to
960999), read right.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["mobile", "landline", "withheld", "foreign", "other"]
TextChannel = Literal["sms", "whatsapp", "rcs"]

_NUMBER = re.compile(r"\+[1-9][0-9]{6,14}")

# Withheld numbers reach a webhook as one of these words in any case, or as the word typed on a telephone's
# keys: +266696687 spells ANONYMOUS and would otherwise read as Lesotho.
# https://www.twilio.com/en-us/changelog/upcoming-changes-to-withheld-caller-ids-behavior-for-dial-calls
_WITHHELD_WORDS = frozenset(
    {"anonymous", "unknown", "restricted", "unavailable", "blocked", "private", "withheld"}
)
_WITHHELD_DIGITS = frozenset(
    {
        "266696687",  # ANONYMOUS
        "7378742833",  # RESTRICTED
        "86282452253",  # UNAVAILABLE
        "8656696",  # UNKNOWN
        "2562533",  # BLOCKED
    }
)
_WITHHELD = _WITHHELD_WORDS | _WITHHELD_DIGITS

# Ofcom, The National Telephone Numbering Plan: 071 to 075 and 077 to 079 are mobile; 070 is personal
# numbering, which can cost the sender more; 076 is pagers, but for 07624, the Isle of Man's mobiles. 01 and
# 02 are places: ten digits after +44, nine at a few old exchanges (016977 2xxx, Brampton).
_UK_MOBILE = re.compile(r"\+447(?:[1-57-9][0-9]{8}|624[0-9]{6})")
_UK_LANDLINE = re.compile(r"\+44[12][0-9]{8,9}")


@dataclass(frozen=True)
class Caller:
    """Who is calling or texting, as far as Twilio says.

    Shows only its kind when printed, so that no log or traceback carries a number.

    Attributes:
        kind: "mobile" and "landline" are UK ones; "foreign" is any other country's number; "withheld" hides
            the number; "other" is all the rest: 03, 070, 076, 08 and 09 numbers, short codes, WhatsApp ids
            without a phone, SIP addresses.
        address: what tells this person from another, on their channel; None only when withheld. A number
            without its channel ("+447700900123"), an id ("GB.1234567890"), or a whole SIP or client
            address.
    """

    kind: Kind
    address: str | None = field(default=None, repr=False)

    @property
    def number(self) -> str | None:
        """The address when it is a telephone number in E.164, else None."""
        return self.address if self.address and _NUMBER.fullmatch(self.address) else None

    @property
    def can_be_texted(self) -> bool:
        """Whether a text may be sent to this number when its caller asks for one.

        UK mobiles alone: landlines may read a text aloud to whoever picks up, and the rest costs more or
        goes nowhere. Mobiles of Jersey, Guernsey and the Isle of Man count: they are in the UK's plan under
        07, numbers move between networks, and the person who asked is holding that phone.
        """
        return self.kind == "mobile"


def caller_from(raw: str | None) -> Caller:
    """Read the `From` of a call or a message.

    Args:
        raw: "+447700900123", "whatsapp:+447700900123", "whatsapp:GB.1234567890", "rcs:+447700900123",
            "sip:alice@example.org", "client:alice", "Anonymous", "" or None.

    Returns:
        The caller. Never raises; what cannot be read is "other", and nothing at all is "withheld".
    """
    channel, name = _split(raw)
    # "sip:anonymous@anonymous.invalid" is how SIP withholds a number (RFC 3323).
    shown = name.partition("@")[0].removeprefix("+").casefold()
    if not shown or shown in _WITHHELD:
        return Caller("withheld")
    if channel in ("sip", "client"):
        # Whoever dials chooses these, so "sip:+447700900123@elsewhere.example" is nobody's mobile, and the
        # whole address is kept: no session of a telephone number can be taken over by naming that number.
        return Caller("other", f"{channel}:{name}")
    return Caller(_kind(name), name)


def channel_of(raw_from: str | None) -> TextChannel:
    """Tell by which channel a message came: "whatsapp:…" and "rcs:…" say so, and all else is a text message.

    https://www.twilio.com/docs/messaging/channels
    """
    match _split(raw_from)[0]:
        case "whatsapp":
            return "whatsapp"
        case "rcs":
            return "rcs"
        case _:
            return "sms"


def _split(raw: str | None) -> tuple[str, str]:
    text = (raw or "").strip()
    scheme, colon, rest = text.partition(":")
    channel = scheme.casefold()
    if channel == "sips":
        channel = "sip"
    if colon and channel in ("whatsapp", "rcs", "sip", "client"):
        return channel, rest.strip()
    return "", text


def _kind(name: str) -> Kind:
    if not _NUMBER.fullmatch(name):
        return "other"
    if not name.startswith("+44"):
        return "foreign"
    if _UK_MOBILE.fullmatch(name):
        return "mobile"
    return "landline" if _UK_LANDLINE.fullmatch(name) else "other"
