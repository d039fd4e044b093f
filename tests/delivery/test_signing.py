"""Webhooks are signed as Standard Webhooks asks for."""

from __future__ import annotations

import base64
from datetime import UTC, datetime

import pytest

from bot.delivery.signing import headers, read_secrets
from bot.errors import DeliveryError

# The example of the libraries of github.com/standard-webhooks/standard-webhooks.
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
ID, AT, BODY = "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}'
SIGNATURE = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_the_published_example_is_signed_alike() -> None:
    made = headers(ID, BODY, read_secrets(SECRET, "NAME"), datetime.fromtimestamp(AT, UTC))
    assert made == {"webhook-id": ID, "webhook-timestamp": str(AT), "webhook-signature": SIGNATURE}


def test_while_a_secret_is_rotated_both_sign() -> None:
    other = "whsec_" + base64.b64encode(b"n" * 32).decode()
    keys = read_secrets(f"{other}, {SECRET}", "NAME")
    made = headers(ID, BODY, keys, datetime.fromtimestamp(AT, UTC))["webhook-signature"].split()
    assert len(made) == 2
    assert made[1] == SIGNATURE


@pytest.mark.parametrize(
    "written", ["", " ", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_c2hvcnQ=", "whsec_not base64 at all!"]
)
def test_what_is_no_secret_is_refused_and_not_shown(written: str) -> None:
    with pytest.raises(DeliveryError, match="THE_NAME") as caught:
        read_secrets(written, "THE_NAME")
    assert not written.strip() or written not in str(caught.value)
