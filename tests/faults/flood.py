"""One sender who texts hundreds of times a second: sent blindly, as somebody who floods does."""

from __future__ import annotations

import asyncio
import sys
import time
from collections import Counter
from hashlib import sha256
from urllib.parse import urlencode

from bot.channels.signature import sign
from tests.line import ASSURED_TEXTS, ORIGIN, TOKEN

SENDER = "+447700900999"
CONNECTIONS = 40
ANSWER_SECONDS = 15.0
PATH = "/twilio/sms"


def requests(count: int, name: str) -> list[bytes]:
    """Write signed texts as they go over the wire, beforehand, so that the flood itself costs little."""
    made = []
    for number in range(count):
        sid = f"SM{sha256(f'{name}{number}'.encode()).hexdigest()[:32]}"
        fields = [
            ("MessageSid", sid),
            ("From", SENDER),
            ("To", ASSURED_TEXTS),
            ("Body", "hi"),
            ("NumMedia", "0"),
        ]
        body = urlencode(fields).encode()
        head = (
            f"POST {PATH} HTTP/1.1\r\nHost: line.example\r\nX-Twilio-Signature: "
            f"{sign(TOKEN, f'{ORIGIN}{PATH}', fields)}\r\nContent-Type: application/x-www-form-urlencoded\r\n"
            f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        )
        made.append(head.encode() + body)
    return made


async def flood(port: int, per_second: int, seconds: float) -> Counter[str]:
    """Send so many a second, never more at once than CONNECTIONS; count the statuses that came back."""
    waiting = requests(int(per_second * seconds), f"{port}-{time.time_ns()}")
    answered: Counter[str] = Counter()
    began = time.monotonic()
    free = asyncio.Semaphore(CONNECTIONS)

    async def send(request: bytes) -> None:
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.write(request)
                status = (await reader.readline()).decode().split(" ")[1:2]
                await reader.read()
                writer.close()
            answered[status[0] if status else "none"] += 1
        except (OSError, TimeoutError):
            answered["none"] += 1
        finally:
            free.release()

    tasks = []
    for number, request in enumerate(waiting):
        await asyncio.sleep(max(0.0, began + number / per_second - time.monotonic()))
        if time.monotonic() - began > seconds:
            break
        await free.acquire()
        tasks.append(asyncio.create_task(send(request)))
    await asyncio.gather(*tasks)
    return answered


if __name__ == "__main__":
    found = asyncio.run(flood(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])))
    sys.stdout.write(" ".join(f"{status}:{count}" for status, count in found.items()))
