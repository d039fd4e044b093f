"""What the tables cannot say: rules that join a verb's attributes, its text and its elements.

Sources: https://www.twilio.com/docs/api/errors/13521 (lengths of speech), /13224 (numbers to dial),
/14103, /14109 and /21617 (messages).
"""

from collections.abc import Callable, Mapping
from urllib.parse import quote
from xml.sax.saxutils import escape, quoteattr  # escapes; parses nothing  # nosec B406

from bot.carrier.document import Element
from bot.carrier.errors import TwimlError
from bot.carrier.schema import SCHEMA, Channel
from bot.carrier.values import E164, URL

EMPTY_SPEECH = 13520
LONG_SPEECH = 13521
BAD_LANGUAGE = 13512
AUTO_WITH_MODEL = 13335
BAD_NUMBER = 13224
EMPTY_MESSAGE = 14103
MANY_MESSAGES = 14109
LONG_MESSAGE = 21617

MAX_NOUNS = 10
MAX_MESSAGES = 10
MAX_MEDIA = 10
MAX_BODY_CHARS = 1600
MAX_ENCODED_CHARS = 4500
BASIC_BYTES, POLLY_BYTES, GOOGLE_BYTES = 4096, 3000, 5000

# Polly fails the whole <Say> when asked for a language that its voice does not speak.
POLLY_LANGUAGES: Mapping[str, str] = {
    "Amy": "en-GB", "Emma": "en-GB", "Brian": "en-GB", "Arthur": "en-GB", "Joanna": "en-US",
    "Matthew": "en-US",
    "Ola": "pl-PL", "Ewa": "pl-PL", "Maja": "pl-PL", "Jacek": "pl-PL", "Jan": "pl-PL",
    "Ines": "pt-PT", "Cristiano": "pt-PT", "Carmen": "ro-RO", "Tatyana": "ru-RU", "Maxim": "ru-RU",
}  # fmt: skip


def inner_xml(element: Element) -> str:
    """Write an element's content as XML again: Google counts the tags."""
    out: list[str] = []
    for part in element.content:
        if isinstance(part, str):
            out.append(escape(part))
        else:
            attributes = "".join(f" {name}={quoteattr(value)}" for name, value in part.attributes.items())
            out.append(f"<{part.name}{attributes}>{inner_xml(part)}</{part.name}>")
    return "".join(out)


def spoken_language(voice: str) -> str | None:
    """Give the language that a voice's name fixes, or None where it fixes none."""
    maker, _, name = voice.partition(".")
    if maker == "Google":
        return "-".join(name.split("-")[:2])
    return POLLY_LANGUAGES.get(name.split("-")[0]) if maker == "Polly" else None


def _say(say: Element) -> None:
    if not say.all_text.strip():
        raise TwimlError(EMPTY_SPEECH, "Say: found no text to speak; allowed: at least one word")
    voice, language = say.get("voice"), say.get("language")
    if voice in {"man", "woman"} and say.children:
        raise TwimlError(
            EMPTY_SPEECH, f'Say voice "{voice}": found <{say.children[0].name}>; allowed: text without SSML'
        )
    spoken = spoken_language(voice)
    if spoken is not None and language and language != spoken:
        raise TwimlError(BAD_LANGUAGE, f'Say language: found "{language}" for {voice}; allowed: {spoken}')
    words = inner_xml(say) if voice.startswith("Google.") else say.all_text
    limit = {"Polly": POLLY_BYTES, "Google": GOOGLE_BYTES}.get(voice.partition(".")[0], BASIC_BYTES)
    size = len(words.encode())
    if size > limit:
        raise TwimlError(LONG_SPEECH, f"Say text: found {size} bytes; allowed: {limit} for this voice")
    encoded = len(quote(words, safe=""))
    if encoded > MAX_ENCODED_CHARS:
        raise TwimlError(
            LONG_SPEECH,
            f"Say text: found {encoded} characters once URL-encoded; allowed: {MAX_ENCODED_CHARS}",
        )


def _play(play: Element) -> None:
    if not play.text and not play.get("digits"):
        raise TwimlError(SCHEMA, "Play: found neither a URL nor digits; allowed: one of them")
    if play.text:
        _url(play)


def _url(element: Element) -> None:
    if not URL.accepts(element.text):
        raise TwimlError(11100, f'{element.name}: found "{element.text}"; allowed: {URL.allowed}')


def _break(element: Element) -> None:
    if element.text or element.children:
        raise TwimlError(SCHEMA, "break: found content; allowed: none")


def _gather(gather: Element) -> None:
    """With a model of its own a Gather can't find the end of a sentence by itself
    (https://www.twilio.com/docs/api/errors/13335).
    """
    if gather.get("speechModel") and gather.get("speechTimeout") == "auto":
        raise TwimlError(
            AUTO_WITH_MODEL,
            'Gather speechTimeout: found "auto" with a speechModel; allowed: a whole number of seconds',
        )


def _number(element: Element) -> None:
    """Refuse anything but E.164: Twilio reads other forms as numbers in the United States."""
    if E164.fullmatch(element.text) is None:
        raise TwimlError(
            BAD_NUMBER,
            f'{element.name} number: found "{element.text}"; allowed: E.164, such as +441603000000',
        )


def _dial(dial: Element) -> None:
    if dial.text and dial.children:
        raise TwimlError(13215, "Dial: found a number and elements; allowed: one or the other")
    if not dial.children:
        _number(dial)
    if len(dial.children) > MAX_NOUNS:
        raise TwimlError(13215, f"Dial: found {len(dial.children)} elements; allowed: {MAX_NOUNS}")


def message_body(message: Element) -> str:
    """Give a Message's words: its own text or that of its Body."""
    bodies = [child.text for child in message.children if child.name == "Body"]
    return "\n".join(bodies) if message.children else message.text


def _message(message: Element) -> None:
    names = [child.name for child in message.children]
    if message.text and names:
        raise TwimlError(SCHEMA, "Message: found text beside elements; allowed: text, or Body and Media")
    if names.count("Body") > 1 or names.count("Media") > MAX_MEDIA:
        raise TwimlError(SCHEMA, f"Message: found {names}; allowed: one Body and {MAX_MEDIA} Media")
    body = message_body(message)
    if not body and "Media" not in names:
        raise TwimlError(EMPTY_MESSAGE, "Message: found neither words nor media; allowed: one of them")
    if len(body) > MAX_BODY_CHARS:
        raise TwimlError(
            LONG_MESSAGE, f"Message body: found {len(body)} characters; allowed: {MAX_BODY_CHARS}"
        )


def _messages(response: Element) -> None:
    count = sum(child.name == "Message" for child in response.children)
    if count > MAX_MESSAGES:
        raise TwimlError(MANY_MESSAGES, f"Response: found {count} messages; allowed: {MAX_MESSAGES}")


CHECKS: Mapping[Channel, Mapping[str, Callable[[Element], None]]] = {
    "voice": {
        "Say": _say, "Gather": _gather, "Play": _play, "Dial": _dial, "Number": _number,
        "Redirect": _url, "break": _break,
    },
    "messaging": {"Message": _message, "Media": _url, "Redirect": _url, "Response": _messages},
}  # fmt: skip
