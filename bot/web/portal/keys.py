"""The portal's secrets: made from chance, kept as hashes or sealed."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
import zlib

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

SECRET_BYTES = 32
NONCE_BYTES = 12
RECOVERY_CODES = 10
RECOVERY_BYTES = 10  # 80 bits, which no one guesses, so that a plain hash keeps them
API_TOKEN = re.compile(r"sp_([a-z2-7]{52})([a-z2-7]{7})")


def new_secret() -> str:
    """Make 256 bits of chance, in letters that a cookie and an address may hold."""
    return secrets.token_urlsafe(SECRET_BYTES)


def hashed(secret: str) -> str:
    """Hash what has chance enough in it: the secret of a cookie, a link or a token."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def keyed(secret_key: str, purpose: str, text: str) -> str:
    """Hash under the line's own key what could be guessed: an address, or which page a form came from."""
    key = hashlib.sha256(f"signpost portal {purpose}\0{secret_key}".encode()).digest()
    return hmac.new(key, text.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()


def seal(secret_key: str, account_id: int, text: str) -> str:
    """Encrypt a code app's key, so that a copy of the database alone gives nobody's codes away.

    AES-256-GCM; the account's number is bound in, so a row's key counts in no other row.
    """
    nonce = secrets.token_bytes(NONCE_BYTES)
    sealed = _cipher(secret_key).encrypt(nonce, text.encode(), str(account_id).encode())
    return base64.b64encode(nonce + sealed).decode()


def unseal(secret_key: str, account_id: int, sealed: str) -> str | None:
    """Decrypt what `seal` gave; None when SECRET_KEY is another now, or the row is another's."""
    given = base64.b64decode(sealed)
    try:
        text = _cipher(secret_key).decrypt(given[:NONCE_BYTES], given[NONCE_BYTES:], str(account_id).encode())
    except (InvalidTag, ValueError):
        return None
    return text.decode()


def _cipher(secret_key: str) -> AESGCM:
    return AESGCM(hashlib.sha256(f"signpost portal code key\0{secret_key}".encode()).digest())


def new_recovery_codes() -> list[str]:
    """Make the codes that let somebody in who has lost the telephone: "abcd-efgh-ijkl-mnop"."""
    codes = [
        base64.b32encode(secrets.token_bytes(RECOVERY_BYTES)).decode().lower() for _ in range(RECOVERY_CODES)
    ]
    return ["-".join(code[at : at + 4] for at in range(0, len(code), 4)) for code in codes]


def hashed_recovery_code(account_id: int, typed: str) -> str:
    """Hash a recovery code as somebody may have typed it."""
    return hashed(f"{account_id} {re.sub(r'[^a-z2-7]', '', typed.lower())}")


def new_api_token() -> str:
    """Make an API token: a prefix by which scanners of leaked secrets know it, chance, and a checksum."""
    body = base64.b32encode(secrets.token_bytes(SECRET_BYTES)).decode().lower().rstrip("=")
    return f"sp_{body}{_checksum(body)}"


def is_api_token(text: str) -> bool:
    """Say whether this could be a token of ours: a slip of the keyboard is told without a database."""
    form = API_TOKEN.fullmatch(text)
    return form is not None and _checksum(form[1]) == form[2]


def _checksum(body: str) -> str:
    return base64.b32encode(zlib.crc32(body.encode()).to_bytes(4, "big")).decode().lower().rstrip("=")
