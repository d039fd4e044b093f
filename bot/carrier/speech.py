"""What a caller hears, written down: the plain caption of a Say.

Source: https://www.twilio.com/docs/voice/twiml/say/text-speech (the SSML that Twilio takes).
"""

import re

from bot.carrier.document import Element, squeeze

_BLOCKS = frozenset({"break", "p", "s"})


def caption(say: Element) -> str:
    """Give the words of a Say without its tags.

    A telephone number stays in digits with its groups, so that a transcript can be compared with the
    directory; a ``sub`` is what is said in its place; breaks and sentences are spaces.
    """
    text = squeeze(_words(say))
    return re.sub(r" ([.,;:!?])", r"\1", text)  # a break before a full stop leaves a space that nobody hears


def _words(element: Element) -> str:
    if element.name == "sub":
        return element.get("alias")
    words = "".join(part if isinstance(part, str) else _words(part) for part in element.content)
    if element.name == "say-as" and element.get("interpret-as") == "telephone":
        return squeeze(re.sub(r"[^\d+ ]", " ", words))
    return f" {words} " if element.name in _BLOCKS else words
