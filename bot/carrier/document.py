"""An XML document as a small frozen tree, read strictly: UTF-8, no document type, no deep nesting.

Source: https://www.twilio.com/docs/api/errors/12100 (what does not parse) and 11750 (what is too large).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from xml.parsers import expat

from bot.carrier.errors import TwimlError

NOT_XML = 12100
TOO_LARGE = 11750
MAX_DOCUMENT_BYTES = 64 * 1024
MAX_DEPTH = 24  # SSML may nest, but an app that nests deeper than this has lost its way

_BOM = b"\xef\xbb\xbf"
_UTF8 = frozenset({"utf-8", "utf8", "us-ascii"})


@dataclass(frozen=True, slots=True)
class Element:
    """One element: its name, its attributes and its content, text and elements in their order."""

    name: str
    attributes: Mapping[str, str]
    content: "tuple[Element | str, ...]"

    @property
    def children(self) -> "tuple[Element, ...]":
        """The elements directly inside."""
        return tuple(part for part in self.content if isinstance(part, Element))

    @property
    def text(self) -> str:
        """The text directly inside, without that of the elements, stripped at both ends."""
        return "".join(part for part in self.content if isinstance(part, str)).strip()

    @property
    def all_text(self) -> str:
        """The text inside, with that of the elements within."""
        return "".join(part if isinstance(part, str) else part.all_text for part in self.content)

    def get(self, name: str, default: str = "") -> str:
        """Give an attribute's value or ``default``."""
        return self.attributes.get(name, default)


class _Builder:
    """Collect expat's events into Elements; a stack rather than recursion, as depth is the app's choice."""

    def __init__(self) -> None:
        self.root: Element | None = None
        self._open: list[tuple[str, dict[str, str], list[Element | str]]] = []

    def declaration(self, _version: str, encoding: str | None, _standalone: int) -> None:
        if encoding is not None and encoding.lower() not in _UTF8:
            raise TwimlError(NOT_XML, f'The XML declaration names encoding "{encoding}"; allowed: UTF-8')

    def doctype(self, name: str, *_ids: object) -> None:
        raise TwimlError(NOT_XML, f'The document declares a type (DOCTYPE "{name}"); none is allowed')

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if len(self._open) >= MAX_DEPTH:
            raise TwimlError(NOT_XML, f"<{name}> is nested deeper than {MAX_DEPTH} elements")
        self._open.append((name, attributes, []))

    def text(self, data: str) -> None:
        self._open[-1][2].append(data)

    def end(self, _name: str) -> None:
        name, attributes, content = self._open.pop()
        element = Element(name, MappingProxyType(attributes), tuple(content))
        if self._open:
            self._open[-1][2].append(element)
        else:
            self.root = element


def read_document(body: bytes) -> Element:
    """Read bytes as one XML document and give its root.

    Raises TwimlError: 11750 above 64 kB; 12100 for anything that is not UTF-8 XML without a DOCTYPE.
    """
    if len(body) > MAX_DOCUMENT_BYTES:
        raise TwimlError(TOO_LARGE, f"The answer is {len(body)} bytes; allowed: {MAX_DOCUMENT_BYTES}")
    if body.startswith(_BOM):
        # Twilio's parser takes the mark for content in front of the declaration.
        raise TwimlError(NOT_XML, "The answer begins with a byte order mark; it must begin with the document")
    try:
        body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise TwimlError(NOT_XML, f"The answer is not UTF-8 at byte {error.start}") from error
    builder = _Builder()
    # The encoding is given so that no declared one is looked up: bytes were shown to be UTF-8 above.
    parser = expat.ParserCreate("utf-8")
    parser.buffer_text = True
    parser.XmlDeclHandler = builder.declaration
    parser.StartDoctypeDeclHandler = builder.doctype
    parser.StartElementHandler = builder.start
    parser.EndElementHandler = builder.end
    parser.CharacterDataHandler = builder.text
    try:
        parser.Parse(body, True)
    except expat.ExpatError as error:
        reason = expat.ErrorString(error.code)
        raise TwimlError(NOT_XML, f"The answer is not XML: {reason}, line {error.lineno}") from error
    if builder.root is None:
        raise TwimlError(NOT_XML, "The answer has no element")
    return builder.root


def squeeze(text: str) -> str:
    """Make every run of white space one space, as speech and captions do."""
    return re.sub(r"\s+", " ", text).strip()
