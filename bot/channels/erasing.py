"""Deletes what Twilio keeps of a conversation: the messages, and the records of calls.

Sources: https://www.twilio.com/docs/messaging/api/message-resource (update, delete),
https://www.twilio.com/docs/voice/api/call-resource (delete)
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol

from bot.channels.callers import caller_from
from bot.errors import TwilioError

if TYPE_CHECKING:
    from bot.core.redaction import Kind

TIMEOUT_SECONDS = 10.0
MOST_LISTED = 200  # messages between two numbers, newest first
NOT_FOUND = 404
OVER = frozenset({"completed", "busy", "failed", "no-answer", "canceled"})


class Records(Protocol):
    """What the carrier has; Twilio's in production."""

    def around(self, kind: Kind, sid: str, span: timedelta) -> list[tuple[Kind, str]] | None:
        """Give what else there is of the same conversation, a `span` before and after; None if it is gone."""

    def erase(self, kind: Kind, sid: str) -> bool:
        """Delete one thing; False where it was gone already. Raises TwilioError where it can't be now."""


class TwilioRecords:
    """An account's messages and calls. `numbers` are the lines' own, so that nothing else is touched."""

    def __init__(
        self, account_sid: str, auth_token: str, numbers: frozenset[str], http_client: Any = None
    ) -> None:
        """Use this account; `http_client` instead of Twilio's own, for tests."""
        self._account_sid, self._auth_token, self._http = account_sid, auth_token, http_client
        self._numbers = numbers

    @cached_property
    def _client(self) -> Any:
        from twilio.http.http_client import TwilioHttpClient  # noqa: PLC0415 - half a second, when it is needed
        from twilio.rest import Client  # noqa: PLC0415 - as above

        http = self._http or TwilioHttpClient(timeout=TIMEOUT_SECONDS)
        return Client(self._account_sid, self._auth_token, http_client=http)

    def around(self, kind: Kind, sid: str, span: timedelta) -> list[tuple[Kind, str]] | None:
        """Read who was talking to whom, and list what went between the two: what a person wrote before
        they were sent to a service, our answers (Twilio never told us their ids), and of a call the texts
        that it asked for and the legs that it rang.

        Raises:
            TwilioError: Twilio can't be asked, or the call is not over.
        """
        with _told() as gone:
            if kind == "message":
                message = self._client.messages(sid).fetch()
                pairs = [(message.to, message.from_), (message.from_, message.to)]
                found = list(self._messages(pairs, message.date_created, message.date_created, span))
            else:
                call = self._client.calls(sid).fetch()
                if call.status not in OVER:
                    raise TwilioError("the call is not over; it is tried again later")
                caller = caller_from(call._from).address  # noqa: SLF001 - the library's name: `from` is a word of Python's
                pairs = [(number, caller) for number in sorted(self._numbers)] if caller else []
                began = call.date_created or call.start_time
                found = list(self._messages(pairs, began, call.end_time or began, span))
                legs = self._client.calls.list(parent_call_sid=sid, limit=MOST_LISTED)
                found += [("call", str(leg.sid)) for leg in legs]
        return None if gone else [one for one in found if one[1] != sid]

    def _messages(
        self, pairs: list[tuple[str, str]], since: datetime | None, until: datetime | None, span: timedelta
    ) -> Iterator[tuple[Kind, str]]:
        """List messages by when they were made: one that was never sent has no DateSent to filter by."""
        for from_, to in pairs:
            for one in self._client.messages.list(
                from_=from_, to=to, limit=MOST_LISTED, page_size=MOST_LISTED
            ):
                made = one.date_created
                if made and since and until and since - span <= made <= until + span:
                    yield "message", str(one.sid)

    def erase(self, kind: Kind, sid: str) -> bool:
        """Delete a message, its words first, or a call's record.

        Twilio refuses (409, 20009) while a message is on its way or a call goes on.

        Raises:
            TwilioError: not now.
        """
        with _told() as gone:
            if kind == "message":
                # Emptied first: should the record stay for whatever reason, the words are gone.
                self._client.messages(sid).update(body="")
                self._client.messages(sid).delete()
            else:
                self._client.calls(sid).delete()
        return not gone


@contextmanager
def _told() -> Iterator[list[bool]]:
    """Turn what the library raises into a TwilioError without the addresses that it quotes; what is not
    there any more is no fault, and makes what is given true.
    """
    from requests import RequestException  # noqa: PLC0415 - it comes with twilio
    from twilio.base.exceptions import TwilioException  # noqa: PLC0415 - when it is needed

    gone: list[bool] = []
    try:
        yield gone
    except TwilioException as fault:
        status, code = getattr(fault, "status", "unknown"), getattr(fault, "code", None)
        if status == NOT_FOUND:
            gone.append(True)
            return
        told = f"HTTP {status}, code {code}" if code else f"HTTP {status}"
        raise TwilioError(f"Twilio does not delete now ({told}); it is tried again later") from None
    except RequestException as fault:
        told = type(fault).__name__
        raise TwilioError(f"Twilio can't be reached ({told}); it is tried again later") from None
