"""Signed webhooks, made before they are needed, for a loader that only sends them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from pathlib import Path
from urllib.parse import urlencode

from bot.channels.signature import sign
from tests.line import ASSURED_CALLS, ASSURED_TEXTS, ORIGIN, TOKEN

# So many people send their first text, or ring, before the first of them sends the second: more than there
# are connections, so that every first is answered by then.
TOGETHER = 400
_people = count()


def webhooks(channel: str, many: int) -> Iterator[bytes]:
    """Give `many` requests as they go over the wire: people who ask for the menu and then choose from it."""
    given = 0
    while given < many:
        people = [next(_people) for _ in range(TOGETHER)]
        for turn in (0, 1):
            for person in people:
                yield _text(person, turn) if channel == "text" else _call(person, turn)
                given += 1


def write(path: Path, requests: Iterator[bytes]) -> None:
    """Write requests one after the other, each with its length before it."""
    with path.open("wb") as file:
        for request in requests:
            file.write(b"%08d" % len(request) + request)


def _text(person: int, turn: int) -> bytes:
    form = {
        "MessageSid": f"SM{person:030x}{turn:02x}",
        "SmsSid": f"SM{person:030x}{turn:02x}",
        "AccountSid": "AC" + "0" * 32,
        "From": f"+4479{person % 10**8:08d}",
        "To": ASSURED_TEXTS,
        "Body": ("MENU", "2")[turn],
        "NumMedia": "0",
        "NumSegments": "1",
        "SmsStatus": "received",
        "FromCountry": "GB",
        "ToCountry": "GB",
        "ApiVersion": "2010-04-01",
    }
    return _post("/twilio/sms", form)


def _call(person: int, turn: int) -> bytes:
    form = {
        "CallSid": f"CA{person:032x}",
        "AccountSid": "AC" + "0" * 32,
        "From": f"+4479{person % 10**8:08d}",
        "To": ASSURED_CALLS,
        "CallStatus": "in-progress" if turn else "ringing",
        "Direction": "inbound",
        "CallerCountry": "GB",
        "CalledCountry": "GB",
        "ApiVersion": "2010-04-01",
        **({"Digits": "2", "msg": "Gather Finished"} if turn else {}),
    }
    return _post(f"/twilio/voice/step/{turn}" if turn else "/twilio/voice", form)


def _post(path: str, form: dict[str, str]) -> bytes:
    body = urlencode(form).encode()
    signature = sign(TOKEN, f"{ORIGIN}{path}", list(form.items()))
    head = (
        f"POST {path} HTTP/1.1\r\nHost: {ORIGIN.partition('://')[2]}\r\nX-Twilio-Signature: {signature}\r\n"
        f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body
