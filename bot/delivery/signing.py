"""Signatures of webhooks as Standard Webhooks asks for them.

Source: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

from __future__ import annotations

import base64
import binascii
import hmac
from datetime import datetime

from bot.errors import DeliveryError

PREFIX = "whsec_"
LEAST_BYTES, MOST_BYTES = 24, 64


def read_secrets(written: str, name: str) -> tuple[bytes, ...]:
    """Read a webhook's secret, or two with a comma while one is rotated; both then sign.

    Args:
        written: `whsec_` and base64 of 24 to 64 random bytes.
        name: the environment variable that held it, for the message.

    Raises:
        DeliveryError: it is not set, or no such secret. It is not shown.
    """
    if not written.strip():
        raise DeliveryError(f"{name} is not set; cure: enter the webhook's secret in the environment")
    return tuple(_read(one.strip(), name) for one in written.split(","))


def _read(secret: str, name: str) -> bytes:
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not secret.startswith(PREFIX) or not LEAST_BYTES <= len(key) <= MOST_BYTES:
        limit = f"{PREFIX} and base64 of {LEAST_BYTES} to {MOST_BYTES} bytes"
        make = "import base64, secrets; print('whsec_' + base64.b64encode(secrets.token_bytes(32)).decode())"
        raise DeliveryError(f'{name} is no secret of a webhook ({limit}); cure: python3 -c "{make}"')
    return key


def headers(message_id: str, body: bytes, keys: tuple[bytes, ...], now: datetime) -> dict[str, str]:
    """Give the three headers by which the receiver knows that a body is ours, whole and new."""
    timestamp = str(int(now.timestamp()))
    signed = f"{message_id}.{timestamp}.".encode() + body
    made = (base64.b64encode(hmac.digest(key, signed, "sha256")).decode() for key in keys)
    return {
        "webhook-id": message_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": " ".join(f"v1,{one}" for one in made),
    }
