"""Signed notes: a text, and lines by which named keys vouch for it (c2sp.org/signed-note).

    — line.example.org/log Az3grlgtzPICa5OS8npVmf1Myq/5IZni…

A key is known by its name and by four bytes that are hashed from its name, its kind and itself. A line
of a key that is not known says nothing and is passed over; a wrong line of one that is, is a fault.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from bot.errors import LedgerError

ED25519, COSIGNATURE = 0x01, 0x04
_DASH = "\u2014 "
_KEY_BYTES, _SIGNATURE_BYTES, _TIMESTAMP_BYTES = 32, 64, 8
_PRIVATE = "PRIVATE+KEY"


@dataclass(frozen=True)
class Verifier:
    """A public key with its name: `name+1a2b3c4d+base64`, as `signpost log keygen` prints it."""

    name: str
    algorithm: int
    public: bytes

    @property
    def key_id(self) -> bytes:
        """The four bytes that stand for this key in a signature."""
        return sha256(self.name.encode() + b"\n" + bytes([self.algorithm]) + self.public).digest()[:4]

    def __str__(self) -> str:
        """Write the verifier key."""
        key = base64.b64encode(bytes([self.algorithm]) + self.public).decode()
        return f"{self.name}+{self.key_id.hex()}+{key}"

    def verify(self, text: str, signature: bytes) -> bool:
        """Tell whether this key vouches for the text."""
        check = _CHECKS.get(self.algorithm)
        return bool(check and check(self.public, text, signature))


@dataclass(frozen=True)
class Signer:
    """A private key with its name, kept in a file in the form of Go's note package."""

    name: str
    seed: bytes = field(repr=False)

    @property
    def verifier(self) -> Verifier:
        """The public key."""
        public = Ed25519PrivateKey.from_private_bytes(self.seed).public_key().public_bytes_raw()
        return Verifier(self.name, ED25519, public)

    def sign(self, text: str) -> bytes:
        """Sign; the same text always gives the same 64 bytes."""
        return Ed25519PrivateKey.from_private_bytes(self.seed).sign(text.encode())

    def write(self) -> str:
        """Write the private key: whoever has it can sign."""
        key = base64.b64encode(bytes([ED25519]) + self.seed).decode()
        return f"{_PRIVATE}+{self.name}+{self.verifier.key_id.hex()}+{key}"


@dataclass(frozen=True)
class Signature:
    """One line under a note."""

    name: str
    key_id: bytes
    signature: bytes

    def __str__(self) -> str:
        """Write the line, without its end."""
        return f"{_DASH}{self.name} {base64.b64encode(self.key_id + self.signature).decode()}"

    @property
    def signed_at(self) -> int | None:
        """The seconds since 1970 that a cosignature vouches for; None for other signatures."""
        if len(self.signature) != _TIMESTAMP_BYTES + _SIGNATURE_BYTES:
            return None
        return int.from_bytes(self.signature[:_TIMESTAMP_BYTES], "big")


@dataclass(frozen=True)
class Note:
    """A text that ends in a line break, and its signatures, not verified yet."""

    text: str
    signatures: tuple[Signature, ...]

    def __str__(self) -> str:
        """Write the whole note."""
        return self.text + "\n" + "".join(f"{signature}\n" for signature in self.signatures)

    def signed_by(self, verifiers: Sequence[Verifier]) -> tuple[Verifier, ...]:
        """Name the keys that vouch for this note.

        Raises:
            LedgerError: a line claims to be of one of these keys and is not.
        """
        found: list[Verifier] = []
        for verifier in verifiers:
            mine = [
                one for one in self.signatures if (one.name, one.key_id) == (verifier.name, verifier.key_id)
            ]
            if any(not verifier.verify(self.text, one.signature) for one in mine):
                raise LedgerError(f"the signature of {verifier.name} does not fit what is signed")
            if mine:
                found.append(verifier)
        return tuple(found)


def sign(text: str, signers: Sequence[Signer]) -> Note:
    """Sign a text that ends in a line break."""
    signatures = [Signature(one.name, one.verifier.key_id, one.sign(text)) for one in signers]
    return Note(text, tuple(signatures))


def read_note(written: str) -> Note:
    """Read a note; nothing is verified.

    Raises:
        LedgerError: it is none.
    """
    text, gap, lines = written.rpartition("\n\n")
    if not gap or not lines.endswith("\n"):
        raise LedgerError("there is no signature under it")
    return Note(text + "\n", tuple(read_signature(line) for line in lines[:-1].split("\n")))


def read_signature(line: str) -> Signature:
    """Read one line under a note.

    Raises:
        LedgerError: it is none.
    """
    name, gap, encoded = line.removeprefix(_DASH).partition(" ")
    try:
        signature = base64.b64decode(encoded, validate=True)
    except ValueError:
        signature = b""
    if not line.startswith(_DASH) or not gap or not name or len(signature) <= len(b"key "):
        raise LedgerError("a line under it is no signature")
    return Signature(name, signature[:4], signature[4:])


def read_verifier(written: str) -> Verifier:
    """Read a verifier key.

    Raises:
        LedgerError: it is none, or its parts do not belong together.
    """
    name, _, rest = written.strip().partition("+")
    key_id, _, encoded = rest.partition("+")
    try:
        key = base64.b64decode(encoded, validate=True)
    except ValueError:
        key = b""
    if not name or len(key) != 1 + _KEY_BYTES or key[0] not in _CHECKS:
        raise LedgerError("this is no verifier key; it has the form name+1a2b3c4d+base64")
    verifier = Verifier(name, key[0], key[1:])
    if verifier.key_id.hex() != key_id:
        raise LedgerError(f"the verifier key of {name} was copied wrong: its parts do not belong together")
    return verifier


def read_signer(written: str) -> Signer:
    """Read a private key as `Signer.write` writes it.

    Raises:
        LedgerError: it is none; the message holds nothing of it.
    """
    private, public, rest = written.strip().partition(f"{_PRIVATE}+")
    name, _, rest = rest.partition("+")
    key_id, _, encoded = rest.partition("+")
    try:
        key = base64.b64decode(encoded, validate=True)
    except ValueError:
        key = b""
    if private or not public or not name or len(key) != 1 + _KEY_BYTES or key[0] != ED25519:
        raise LedgerError("this is no signing key; `signpost log keygen` makes one")
    signer = Signer(name, key[1:])
    if signer.verifier.key_id.hex() != key_id:
        raise LedgerError(f"the signing key of {name} is damaged: its parts do not belong together")
    return signer


def _check_ed25519(public: bytes, text: str, signature: bytes) -> bool:
    return _valid(public, text.encode(), signature)


def _check_cosignature(public: bytes, text: str, signature: bytes) -> bool:
    """A witness signs the time with the text (c2sp.org/tlog-cosignature)."""
    seconds = int.from_bytes(signature[:_TIMESTAMP_BYTES], "big")
    return _valid(public, f"cosignature/v1\ntime {seconds}\n{text}".encode(), signature[_TIMESTAMP_BYTES:])


def _valid(public: bytes, message: bytes, signature: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


# Another kind of key (ML-DSA) is one more line here, and one more kind of Signer.
_CHECKS: dict[int, Callable[[bytes, str, bytes], bool]] = {
    ED25519: _check_ed25519,
    COSIGNATURE: _check_cosignature,
}
