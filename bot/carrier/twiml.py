"""Read the app's answer as TwiML and refuse whatever Twilio would refuse or pass over.

    read_twiml(b"<Response><Say>Hello</Say></Response>", "text/xml", "voice").children[0].text  # "Hello"

Every fault is a TwimlError whose sentence names verb, attribute, what was found and what is allowed.
"""

from email.message import Message as Headers

from bot.carrier.checks import CHECKS
from bot.carrier.document import NOT_XML, Element, read_document, squeeze
from bot.carrier.errors import TwimlError
from bot.carrier.schema import RULES, SCHEMA, Channel, Rule

CONTENT_TYPE = 12300
# text/html is left out on purpose: Twilio's support pages name it among the causes of 12300, and it is what a
# framework's error page carries.
ALLOWED_TYPES = ("text/xml", "application/xml")
_SHOWN_CHARS = 60


def read_twiml(body: bytes, content_type: str | None, channel: Channel) -> Element:
    """Read one answer and give its Response.

    ``content_type`` is the header's value, None when it is missing. Raises TwimlError: 12300 for another
    content type, 12100 when it is not UTF-8 XML, 11750 above 64 kB, 12200 or a verb's own code for what is
    not TwiML.
    """
    _check_content_type(content_type)
    root = read_document(body)
    if root.name != "Response":
        raise TwimlError(NOT_XML, f"The document: found <{root.name}>; allowed: <Response>")
    _check(root, channel, "the document")
    return root


def _check_content_type(value: str | None) -> None:
    allowed = " or ".join(ALLOWED_TYPES)
    if value is None:
        raise TwimlError(CONTENT_TYPE, f"Content-Type: found none; allowed: {allowed}")
    headers = Headers()
    headers["Content-Type"] = value.replace("\r", " ").replace("\n", " ")
    # get_content_type gives text/plain for what it cannot read, which is refused as it should be.
    if headers.get_content_type() not in ALLOWED_TYPES:
        raise TwimlError(CONTENT_TYPE, f'Content-Type: found "{_shown(value)}"; allowed: {allowed}')
    charset = headers.get_content_charset()
    if charset not in {None, "utf-8", "us-ascii"}:
        raise TwimlError(NOT_XML, f'Content-Type charset: found "{charset}"; allowed: utf-8')


def _check(element: Element, channel: Channel, parent: str) -> None:
    rules = RULES[channel]
    rule = rules.get(element.name)
    if rule is None:
        raise TwimlError(SCHEMA, f"In {parent}: found <{element.name}>, which Twilio does not know")
    if not rule.played:
        return
    _check_attributes(element, rule)
    _check_content(element, rule)
    for child in element.children:
        _check(child, channel, f"<{element.name}>")
    check = CHECKS[channel].get(element.name)
    if check is not None:
        check(element)


def _check_attributes(element: Element, rule: Rule) -> None:
    for name, value in element.attributes.items():
        attribute = rule.attributes.get(name)
        if attribute is None:
            allowed = ", ".join(rule.attributes) or "none"
            raise TwimlError(SCHEMA, f'{element.name}: found attribute "{name}"; allowed: {allowed}')
        if not attribute.kind.accepts(value):
            found = f'{element.name} {name}: found "{_shown(value)}"'
            raise TwimlError(attribute.code, f"{found}; allowed: {attribute.kind.allowed}")
    missing = sorted(rule.required - element.attributes.keys())
    if missing:
        raise TwimlError(SCHEMA, f'{element.name}: found no attribute "{missing[0]}"; it is needed')


def _check_content(element: Element, rule: Rule) -> None:
    text = element.text
    if text and rule.text == "none":
        raise TwimlError(rule.code, f'{element.name}: found text "{_shown(text)}"; allowed: none')
    if not text and rule.text == "required":
        raise TwimlError(rule.code, f"{element.name}: found no text; it is needed")
    for child in element.children:
        if child.name not in rule.children:
            allowed = ", ".join(sorted(rule.children)) or "none"
            raise TwimlError(rule.code, f"{element.name}: found <{child.name}> inside; allowed: {allowed}")


def _shown(text: str) -> str:
    """Shorten what was found: a report is for reading."""
    text = squeeze(text)
    return text if len(text) <= _SHOWN_CHARS else text[:_SHOWN_CHARS] + "…"
