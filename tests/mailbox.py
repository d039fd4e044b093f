"""A mail server for one test, on a free port of the loopback address; it says what a test asks for."""

from __future__ import annotations

import socket
import socketserver
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Protocol


@dataclass
class Mailbox:
    """What arrived, and how the server behaves: `answers` are codes by command, instead of its own."""

    context: ssl.SSLContext | None = None
    answers: dict[str, str] = field(default_factory=dict)
    messages: list[bytes] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)
    port: int = 0

    def serve(self, handler: socketserver.StreamRequestHandler) -> None:
        """Speak with one client until it leaves (RFC 5321, RFC 3207)."""
        self._speak(handler.rfile, handler.wfile, handler.request, "220 mailbox")

    def _speak(self, reading: Reads, writing: Writes, connection: socket.socket, greeting: str = "") -> None:
        _say(writing, greeting)
        while line := reading.readline().decode().strip():
            verb = line.split()[0].upper()
            self.commands.append(verb)
            offers = "250-mailbox\r\n250-AUTH PLAIN\r\n250 STARTTLS" if self.context else "250 mailbox"
            usual = {
                "EHLO": offers,
                "STARTTLS": "220 go",
                "AUTH": "235 yes",
                "DATA": "354 go",
                "QUIT": "221 bye",
            }
            answer = self.answers.get(verb, usual.get(verb, "250 ok"))
            _say(writing, answer)
            if verb == "QUIT":
                return
            if verb == "STARTTLS" and self.context:
                with suppress(OSError), self.context.wrap_socket(connection, server_side=True) as secure:
                    self._speak(secure.makefile("rb"), secure.makefile("wb", buffering=0), secure)
                return
            if verb == "DATA" and answer.startswith("354"):
                self.messages.append(b"".join(_until_dot(reading)))
                _say(writing, self.answers.get(".", "250 taken"))


class Reads(Protocol):
    """Where lines come from."""

    def readline(self) -> bytes: ...


class Writes(Protocol):
    """Where bytes go."""

    def write(self, data: bytes, /) -> object: ...


def _say(writing: Writes, answer: str) -> None:
    if answer:
        writing.write(f"{answer}\r\n".encode())


def _until_dot(reading: Reads) -> Iterator[bytes]:
    while (row := reading.readline()) not in (b"", b".\r\n"):
        yield row.removeprefix(b".")


@contextmanager
def run_mailbox(mailbox: Mailbox) -> Iterator[Mailbox]:
    """Run it from a thread until the block ends."""

    class Handler(socketserver.StreamRequestHandler):
        timeout = 10

        def handle(self) -> None:
            mailbox.serve(self)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        mailbox.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield mailbox
        finally:
            server.shutdown()
            thread.join(10)
