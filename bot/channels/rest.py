"""Twilio's REST side: the texts that a caller asked for.

twilio.rest takes half a second to import and is not needed until the first text goes out.
"""

from __future__ import annotations

from typing import Protocol

TIMEOUT_SECONDS = 4.0  # a caller is waiting, and Twilio gives the webhook 15 s in all


class Texter(Protocol):
    """Sends a text; Twilio does in production, the simulator shows it on its phone."""

    def send(self, *, to: str, from_: str, body: str, status_url: str) -> None:
        """Hand over a text, or raise."""


class TwilioTexter:
    """Sends through Twilio's Messages resource (https://www.twilio.com/docs/messaging/api)."""

    def __init__(self, account_sid: str, auth_token: str) -> None:
        self._account_sid, self._auth_token = account_sid, auth_token

    def send(self, *, to: str, from_: str, body: str, status_url: str) -> None:
        """Create the message.

        Raises:
            TwilioException: refused. requests.RequestException: not reached within the time limit.
        """
        from twilio.http.http_client import TwilioHttpClient  # noqa: PLC0415
        from twilio.rest import Client  # noqa: PLC0415

        client = Client(
            self._account_sid, self._auth_token, http_client=TwilioHttpClient(timeout=TIMEOUT_SECONDS)
        )
        client.messages.create(to=to, from_=from_, body=body, status_callback=status_url)
