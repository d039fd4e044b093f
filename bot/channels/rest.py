"""Twilio's REST side: the texts that a caller asked for.

twilio.rest takes half a second to import and is not needed until the first text goes out.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, Protocol

from bot.errors import TextError, TextRefusedError, TextUnknownError

TIMEOUT_SECONDS = 10.0  # to connect, and then for each wait; without one Twilio's client waits for ever
# How long Twilio may keep a text that it can't pass on: who asked has long rung off, and somebody else may
# be holding the phone. https://www.twilio.com/docs/messaging/api/message-resource (ValidityPeriod)
VALID_SECONDS = 1800
MOST_LISTED = 200  # texts to one number from one of ours, newest first
CLOCKS_APART = timedelta(minutes=1)
# https://www.twilio.com/docs/api/errors: opted out, not a mobile, no such number, country not allowed,
# landline or unreachable carrier, no way to it, blocked for this account, too long, no words.
REFUSED_FOR_GOOD = frozenset({21610, 21614, 21211, 21408, 30006, 21612, 21635, 21617, 21602, 21265, 30007})
BAD_REQUEST, SERVER_ERROR = 400, 500


class Texter(Protocol):
    """Shows a text; the simulator does on its phone."""

    def send(self, *, to: str, from_: str, body: str, status_url: str) -> object:
        """Take a text, or raise."""


class Messages(Protocol):
    """The texts of an account at the carrier: Twilio's in production, kept ones in tests."""

    def send(self, *, to: str, from_: str, body: str, status_url: str) -> str:
        """Hand over a text; give the carrier's id of it. Raises TextError, of the kind that fits."""

    def sent_since(self, *, to: str, from_: str, body: str, since: datetime) -> list[str]:
        """Give the ids of the texts like this one that the carrier has got since. Raises TextError."""


class TwilioMessages:
    """Twilio's Messages resource (https://www.twilio.com/docs/messaging/api/message-resource)."""

    def __init__(self, account_sid: str, auth_token: str, http_client: Any = None) -> None:
        """Use this account; `http_client` instead of Twilio's own, for tests."""
        self._account_sid, self._auth_token, self._http = account_sid, auth_token, http_client

    @cached_property
    def _client(self) -> Any:
        from twilio.http.http_client import TwilioHttpClient  # noqa: PLC0415 - half a second, when it is needed
        from twilio.rest import Client  # noqa: PLC0415 - as above

        http = self._http or TwilioHttpClient(timeout=TIMEOUT_SECONDS)
        return Client(self._account_sid, self._auth_token, http_client=http)

    def send(self, *, to: str, from_: str, body: str, status_url: str) -> str:
        """Create the message, once: Twilio has no key by which it would know a second request for the first.

        Raises:
            TextRefusedError: never to be taken. TextUnknownError: perhaps taken. TextError: not taken now.
        """
        reports = {"status_callback": status_url} if status_url else {}
        try:
            made = self._client.messages.create(
                to=to, from_=from_, body=body, validity_period=VALID_SECONDS, **reports
            )
        except Exception as fault:  # noqa: BLE001 - whatever it is, the request may have left before it happened
            raise _told(fault) from None
        if not made.sid:
            raise TextUnknownError("an answer without a sid")
        return str(made.sid)

    def sent_since(self, *, to: str, from_: str, body: str, since: datetime) -> list[str]:
        """List what went from our number to theirs, and pick out the same words created `since` then.

        Not filtered by DateSent: a message has none until it has been sent, and one that is queued counts
        here. A trial account puts a sentence of its own before the words.

        Raises:
            TextError: Twilio can't be asked.
        """
        try:
            found = self._client.messages.list(to=to, from_=from_, limit=MOST_LISTED, page_size=MOST_LISTED)
            return [
                str(one.sid)
                for one in found
                if (one.body or "").endswith(body)
                and (one.date_created is None or one.date_created >= since - CLOCKS_APART)
            ]
        except Exception as fault:  # noqa: BLE001 - whatever it is, it is not known what was sent
            raise TextError(str(_told(fault))) from None


def _told(fault: Exception) -> TextError:
    """Say what a fault of Twilio's library means for the text, without the addresses that it quotes."""
    from requests import ConnectionError as NoConnection  # noqa: PLC0415 - it comes with twilio
    from requests import ConnectTimeout  # noqa: PLC0415 - as above
    from twilio.base.exceptions import TwilioException  # noqa: PLC0415 - as above

    if isinstance(fault, TwilioException):
        # A refused list is told in words alone: 'Unable to fetch page', 'HTTP 503 {"code": 20503, …}'.
        in_words = re.search(r"HTTP (\d+)", str(fault))
        status = getattr(fault, "status", 0) or (int(in_words[1]) if in_words else 0)
        code = getattr(fault, "code", 0) or 0
        if code in REFUSED_FOR_GOOD:
            return TextRefusedError(str(code))
        if status == BAD_REQUEST:  # the same request will not be any better later
            return TextRefusedError(str(code))
        if status and status < SERVER_ERROR:
            return TextError(f"HTTP {status}")
        return TextUnknownError(f"HTTP {status}" if status else type(fault).__name__)
    if isinstance(fault, ConnectTimeout) or (isinstance(fault, NoConnection) and _never_left(fault)):
        return TextError("not reached")
    return TextUnknownError(type(fault).__name__)


def _never_left(fault: Exception) -> bool:
    """Whether no connection was made at all: refused, no such name, no way there."""
    from urllib3.exceptions import NewConnectionError  # noqa: PLC0415 - it comes with requests

    cause = fault.args[0] if fault.args else None
    return isinstance(getattr(cause, "reason", None), NewConnectionError)
