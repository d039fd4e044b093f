"""Seals what a text says and to whom, so that the database, its backups and its logs never show it.

AES-256-GCM under a key that is made from SECRET_KEY; the id of the text is bound in, so what is sealed for
one text opens in no other's place.
"""

from __future__ import annotations

import base64
import hmac
import json
import secrets
from collections.abc import Callable
from dataclasses import asdict, dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from bot.keyed import keyed

NONCE_BYTES = 12


@dataclass(frozen=True)
class Letter:
    """A text in clear: two numbers (E.164, or a short code that it comes from), and the words."""

    to: str = field(repr=False)
    from_: str
    body: str = field(repr=False)


class Envelope:
    """Seals and opens, and hashes under the same secret what must be recognised and never read."""

    def __init__(
        self, secret: bytes, new_nonce: Callable[[], bytes] = lambda: secrets.token_bytes(NONCE_BYTES)
    ) -> None:
        """Use SECRET_KEY, in bytes; `new_nonce` gives 12 bytes, never the same twice."""
        self._secret, self._new_nonce = secret, new_nonce
        self._cipher = AESGCM(hmac.digest(secret, b"outbox", "sha256"))

    def seal(self, text_id: str, letter: Letter) -> str:
        """Encrypt a letter for the text with this id."""
        nonce = self._new_nonce()
        written = json.dumps(asdict(letter)).encode()
        return base64.b64encode(nonce + self._cipher.encrypt(nonce, written, text_id.encode())).decode()

    def open(self, text_id: str, sealed: str) -> Letter | None:
        """Decrypt what `seal` gave; None when SECRET_KEY is another now, or the text is another."""
        try:
            given = base64.b64decode(sealed)
            written = self._cipher.decrypt(given[:NONCE_BYTES], given[NONCE_BYTES:], text_id.encode())
        except (InvalidTag, ValueError):
            return None
        return Letter(**json.loads(written))

    def recipient(self, number: str) -> str:
        """Hash a number, by which the texts of a day are counted."""
        return keyed(self._secret, "outbox recipient", number)

    def sid(self, sid: str) -> str:
        """Hash Twilio's id of a message, by which its reports are recognised."""
        return keyed(self._secret, "outbox message", sid) if sid else ""
