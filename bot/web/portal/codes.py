"""Codes of an authenticator app (RFC 6238): six digits, a new one every 30 seconds."""

from __future__ import annotations

import hmac
import re
from datetime import datetime

import pyotp
import segno
from markupsafe import Markup

STEP_SECONDS = 30
DRIFT_STEPS = 1  # a telephone's clock may be half a minute off, either way
ISSUER = "Signpost"
NO_DIGITS = re.compile(r"\D")


def new_key() -> str:
    """Make the key that the server and the app share: 160 bits, in base32."""
    return pyotp.random_base32(32)


def matching_step(key: str, typed: str, now: datetime) -> int | None:
    """Find the time step whose code this is, or None.

    Each step that could match is compared, in full, whichever matches first.
    """
    code = NO_DIGITS.sub("", typed)
    present = int(now.timestamp()) // STEP_SECONDS
    otp = pyotp.TOTP(key, interval=STEP_SECONDS)
    found = None
    for step in range(present - DRIFT_STEPS, present + DRIFT_STEPS + 1):
        if hmac.compare_digest(otp.generate_otp(step), code):
            found = step
    return found


def picture(key: str, email: str) -> Markup:
    """Draw the QR code that the app scans, as SVG to stand in a page."""
    address = pyotp.TOTP(key).provisioning_uri(name=email, issuer_name=ISSUER)
    drawn = segno.make(address, error="m", micro=False).svg_inline(
        svgclass="qr", lineclass=None, omitsize=True
    )
    named = drawn.replace("<svg ", '<svg role="img" aria-label="QR code for your authenticator app" ', 1)
    return Markup(named)  # noqa: S704 - segno's own drawing; the address is in it as squares  # nosec B704


def grouped(key: str) -> str:
    """Write a key so that it can be typed: in fours."""
    return " ".join(key[at : at + 4] for at in range(0, len(key), 4))
