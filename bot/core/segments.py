"""How many parts a text message is sent in, and so what it costs and how it arrives.

One letter outside the GSM alphabet sends the whole message as UCS-2 and more than halves the room: 160
characters become 70. Twilio's "smart encoding", which swaps curly quotes for straight ones on the way out,
is NOT applied here: it is a setting of a Messaging Service, and a script should be right without it.

Sources: 3GPP TS 23.038 section 6.2.1 (the alphabet and its extension table), TS 23.040 section 9.2.3.24.1
(the header that parts carry), https://www.twilio.com/docs/glossary/what-is-gsm-7-character-encoding and
https://www.twilio.com/docs/glossary/what-is-ucs-2-character-encoding.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable

Encoding = Literal["GSM-7", "UCS-2"]

# In the standard's order, 0x00 to 0x7F; 0x1B is the escape to the extension table and no letter. Note what is
# missing: Ç is in it and ç is not, à and not á; no backtick, no ł or ŵ, no curly quotes, no long dash.
_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ"
    " !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENSION = frozenset("\f^{}\\[~]|€")
_GSM = _BASIC | _EXTENSION

# A part holds 140 octets; with more than one, six of them say which message and which part this is.
_SINGLE_UNITS: dict[Encoding, int] = {"GSM-7": 160, "UCS-2": 70}
_MULTI_UNITS: dict[Encoding, int] = {"GSM-7": 153, "UCS-2": 67}

# What Unicode does not take apart into a plain letter and an accent, and marks that people write plainly:
# curly quotes (U+2018 to U+201E) and dashes (U+2013, U+2014).
_PLAIN = str.maketrans("łŁđĐ\u201e\u201d\u201c\u2018\u2019\u2013\u2014", 'lLdD"""\'\'--')

# What the line allows itself: a third part alone where the language can't be written in GSM-7.
MOST_PARTS: dict[Encoding, int] = {"GSM-7": 2, "UCS-2": 3}

_LAST_OF_ONE_UNIT = "\uffff"


@dataclass(frozen=True)
class Segments:
    """What a text becomes on the air.

    Attributes:
        encoding: "GSM-7" when every character is in the GSM alphabet, else "UCS-2".
        parts: messages sent and paid for; 0 for an empty text, which is not sent.
        units: septets (GSM-7) or 16-bit code units (UCS-2) of the text, without the parts' headers.
    """

    encoding: Encoding
    parts: int
    units: int


def segments(text: str) -> Segments:
    """Count the parts of a text message.

    A character of two units, `€` in GSM-7 or an emoji in UCS-2, is never divided between two parts, so 153
    units a part is a limit and not an average. Emoji made of several characters (a family, a flag) may be
    divided at their seams, as the standard allows; Twilio's own calculator keeps those whole, which can add
    one part.

    Never raises: a lone surrogate counts as one unit.
    """
    encoding: Encoding = "UCS-2" if not_gsm(text) else "GSM-7"
    if encoding == "GSM-7":
        widths = [2 if character in _EXTENSION else 1 for character in text]
    else:
        widths = [2 if character > _LAST_OF_ONE_UNIT else 1 for character in text]
    units = sum(widths)
    if units <= _SINGLE_UNITS[encoding]:
        return Segments(encoding, min(units, 1), units)
    return Segments(encoding, _parts(widths, _MULTI_UNITS[encoding]), units)


def not_gsm(text: str) -> str:
    """Return the characters that force UCS-2, each once, in the order they are met; "" for a GSM-7 text.

    An é typed as e and a combining accent is named by its accent, U+0301: composed (NFC) it would fit.
    """
    return "".join(dict.fromkeys(character for character in text if character not in _GSM))


def plain(text: str) -> str:
    """Write a text without the accents that would force UCS-2, as people write Polish in a hurry.

    Letters that GSM-7 has (é, ü) stay; those of another script stay too, for they have no plain form.
    """
    return "".join(one if one in _GSM else _bare(one) for one in text)


def _bare(character: str) -> str:
    decomposed = unicodedata.normalize("NFD", character.translate(_PLAIN))
    bare = "".join(one for one in decomposed if not unicodedata.combining(one))
    return character if not_gsm(bare) else bare


def _parts(widths: Iterable[int], room_units: int) -> int:
    parts, used = 1, 0
    for width in widths:
        if used + width > room_units:
            parts, used = parts + 1, 0
        used += width
    return parts
