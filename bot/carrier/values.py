"""Kinds of attribute value: what is allowed, in words for the operator and as a test.

Source: the attribute tables of https://www.twilio.com/docs/voice/twiml, one page a verb.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

E164 = re.compile(r"\+[1-9]\d{6,14}", re.ASCII)

# Ten seconds is Polly's longest pause; a longer one fails the whole <Say>.
_MAX_BREAK_SECONDS = 10.0
_MAX_DIGITS = 9  # more is no number of seconds, keys or loops, and int() need not read it


@dataclass(frozen=True, slots=True)
class Kind:
    """What a value may be: ``allowed`` finishes the sentence "allowed: ..."."""

    allowed: str
    accepts: Callable[[str], bool]


def one_of(*words: str) -> Kind:
    """Allow exactly one of these words."""
    return Kind("one of " + ", ".join(words), words.__contains__)


def some_of(*words: str) -> Kind:
    """Allow one or more of these words with single spaces between, none of them twice."""

    def accepts(value: str) -> bool:
        given = value.split(" ")
        return len(set(given)) == len(given) and set(given) <= set(words)

    return Kind("any of " + ", ".join(words) + " with spaces between", accepts)


def whole(least: int, most: int | None = None) -> Kind:
    """Allow a whole number, written in digits alone, from ``least`` to ``most``."""

    def accepts(value: str) -> bool:
        if re.fullmatch(r"\d+", value, re.ASCII) is None or len(value) > _MAX_DIGITS:
            return False
        return least <= int(value) and (most is None or int(value) <= most)

    upto = "" if most is None else f" and at most {most}"
    return Kind(f"a whole number of at least {least}{upto}", accepts)


def whole_or(least: int, word: str) -> Kind:
    """Allow a whole number of at least ``least``, or one word."""
    number = whole(least)
    return Kind(f"{number.allowed}, or {word}", lambda value: value == word or number.accepts(value))


def at_most_chars(limit: int) -> Kind:
    """Allow any text of up to ``limit`` characters."""
    return Kind(f"at most {limit} characters", lambda value: len(value) <= limit)


def matching(allowed: str, pattern: str) -> Kind:
    """Allow what the whole of ``pattern`` matches."""
    compiled = re.compile(pattern, re.ASCII)
    return Kind(allowed, lambda value: compiled.fullmatch(value) is not None)


def is_url(value: str) -> bool:
    """Tell whether Twilio could fetch this: http, https or relative, without white space."""
    if not value or re.search(r"\s", value):
        return False
    try:
        parts = urlsplit(value)
        port_reads = parts.port is None or parts.port >= 0
    except ValueError:
        return False
    if parts.scheme:
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and port_reads
    return port_reads


def _is_break(value: str) -> bool:
    found = re.fullmatch(r"(\d{1,5}(?:\.\d{1,3})?)(ms|s)", value, re.ASCII)
    if found is None:
        return False
    seconds = float(found[1]) / (1000 if found[2] == "ms" else 1)
    return seconds <= _MAX_BREAK_SECONDS


ANY = Kind("any text", lambda _value: True)
TRUTH = one_of("true", "false")
METHOD = one_of("GET", "POST")
URL = Kind("a relative URL, or an absolute one with http or https", is_url)
LANGUAGE = matching("a language tag such as en-GB", r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")
# The languages that a Gather hears, as twilio-node's types list them.
_HEARD = frozenset((
    "af-ZA", "am-ET", "ar-AE", "ar-BH", "ar-DZ", "ar-EG", "ar-IL", "ar-IQ", "ar-JO", "ar-KW",
    "ar-LB", "ar-MA", "ar-OM", "ar-PS", "ar-QA", "ar-SA", "ar-", "TN", "az-AZ", "bg-BG", "bn-BD",
    "bn-IN", "ca-ES", "cs-CZ", "da-DK", "de-DE", "el-GR", "en-AU", "en-CA", "en-GB", "en-GH",
    "en-IE", "en-IN", "en-KE", "en-NG", "en-NZ", "en-PH", "en-SG", "en-TZ", "en-US", "en-ZA",
    "es-AR", "es-BO", "es-CL", "es-CO", "es-CR", "es-DO", "es-EC", "es-ES", "es-GT", "es-", "HN",
    "es-MX", "es-NI", "es-PA", "es-PE", "es-PR", "es-PY", "es-SV", "es-US", "es-UY", "es-VE",
    "et-EE", "eu-ES", "fa-IR", "fi-FI", "fil-PH", "fr-CA", "fr-FR", "gl-ES", "gu-IN", "he-IL",
    "hi-IN", "hr-HR", "hu-HU", "hy-AM", "id-ID", "is-IS", "it-IT", "ja-JP", "jv-ID", "ka-GE",
    "km-KH", "kn-IN", "ko-", "KR", "lo-LA", "lt-LT", "lv-LV", "mk-MK", "ml-IN", "mn-MN", "mr-IN",
    "ms-MY", "my-MM", "nb-NO", "ne-NP", "nl-BE", "nl-NL", "pa-guru-IN", "pl-PL", "pt-BR", "pt-PT",
    "ro-RO", "ru-RU", "si-LK", "sk-SK", "sl-SI", "sq-AL", "sr-RS", "su-ID", "sv-SE", "sw-KE",
    "sw-TZ", "ta-IN", "ta-LK", "ta-MY", "ta-", "SG", "te-IN", "th-TH", "tr-TR", "uk-UA", "ur-IN",
    "ur-PK", "uz-UZ", "vi-VN", "yue-Hant-HK", "cmn-Hans-CN", "zh-TW", "cmn-Hant-TW", "zh", "zu-",
    "ZA",
))  # fmt: skip
HEARD_LANGUAGE = Kind("a language tag that Twilio's recognisers know, such as en-GB", _HEARD.__contains__)
VOICE = matching(
    "man, woman, or a voice such as Polly.Amy-Neural or Google.lt-LT-Standard-A",
    r"man|woman|(Polly|Google|Azure|ElevenLabs)\.[A-Za-z0-9_.\-]+",
)
KEY_OR_NONE = matching("one of 0123456789#* or nothing", r"[0-9#*]?")
SEND_DIGITS = matching("digits, #, * and w for half a second", r"[0-9#*wW]+")
BREAK_SECONDS = Kind("a time such as 500ms or 2s, at most 10s", _is_break)
CALLER_ID = matching("a number such as +441603000000", E164.pattern)
ADDRESS = matching(
    "a number such as +447700900000, a short code, or one with whatsapp: or rcs: in front",
    r"\+[1-9]\d{6,14}|\d{3,8}|whatsapp:(\+[1-9]\d{6,14}|[A-Z]{2}\.[A-Za-z0-9]+)|rcs:[\w+.\-]+",
)
SPEECH_MODEL = one_of(
    "default",
    "numbers_and_commands",
    "phone_call",
    "experimental_conversations",
    "experimental_utterances",
    "googlev2_long",
    "googlev2_short",
    "googlev2_telephony",
    "googlev2_telephony_short",
    "deepgram_nova-2",
    "deepgram_nova-3",
)
