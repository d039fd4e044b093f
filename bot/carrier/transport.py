"""How the carrier reaches the app: straight through WSGI, or over HTTP.

transport = WsgiTransport(app, environ_extra={"signpost.now": now})
answer = transport.post("https://line.example/voice", [("CallSid", "CA1")], {})
"""

import http.client
import io
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Protocol
from urllib.parse import SplitResult, unquote_to_bytes, urlencode, urlsplit
from wsgiref.types import WSGIApplication

from bot.carrier.errors import FetchError

CONNECTION_FAILURE = 11205
BAD_URL = 11100
CONNECT_SECONDS = 5.0
ANSWER_SECONDS = 15.0
FORM = "application/x-www-form-urlencoded; charset=UTF-8"

_READ_BYTES = 1_000_000  # the limit is 64 kB; reading further only serves the report of what came
_NOTHING: Mapping[str, object] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Answer:
    """What the app answered; header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    elapsed_seconds: float

    @property
    def content_type(self) -> str | None:
        """The Content-Type header as it came, or None."""
        return self.headers.get("content-type")


class Transport(Protocol):
    """A way to the app. Raises FetchError where no answer comes."""

    def post(self, url: str, params: Sequence[tuple[str, str]], headers: Mapping[str, str]) -> Answer:
        """Send the pairs as a form."""
        ...

    def get(self, url: str, headers: Mapping[str, str]) -> Answer:
        """Ask for an address, query included."""
        ...


def split_url(url: str) -> SplitResult:
    """Read an absolute address; raises FetchError 11100 where it is none."""
    try:
        parts = urlsplit(url)
        absolute = parts.scheme in {"http", "https"} and bool(parts.hostname) and (parts.port or 0) >= 0
    except ValueError:
        absolute = False
    if not absolute:
        raise FetchError(BAD_URL, f'Found "{url}"; allowed: an absolute URL with http or https', url)
    return parts


class WsgiTransport:
    """Call a WSGI application in this process.

    ``environ_extra`` is read anew for each request, so its owner can change it between two: a simulated
    clock, a remote address. What the application raises is not caught: a test shall see where it came from.
    """

    def __init__(
        self,
        app: WSGIApplication,
        environ_extra: Mapping[str, object] = _NOTHING,
        seconds: Callable[[], float] = time.perf_counter,
    ) -> None:
        """Take the application, what to add to each environ, and the clock that measures answers."""
        self.environ_extra = environ_extra
        self._app = app
        self._seconds = seconds

    def post(self, url: str, params: Sequence[tuple[str, str]], headers: Mapping[str, str]) -> Answer:
        """Post the pairs as a form."""
        return self._call("POST", url, urlencode(params).encode(), {"Content-Type": FORM, **headers})

    def get(self, url: str, headers: Mapping[str, str]) -> Answer:
        """Get an address."""
        return self._call("GET", url, b"", headers)

    def _call(self, method: str, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        began = self._seconds()
        started: list[tuple[str, list[tuple[str, str]]]] = []
        written: list[bytes] = []

        def start_response(
            status: str, response_headers: list[tuple[str, str]], _exc_info: object = None
        ) -> Callable[[bytes], None]:
            started.append((status, response_headers))
            return written.append

        chunks = self._app(self._environ(method, url, body, headers), start_response)
        try:
            written.extend(chunks)
        finally:
            close = getattr(chunks, "close", None)
            if close is not None:
                close()
        # PEP 3333 lets an application start again after a fault of its own: the last start counts.
        status, found = started[-1]
        named = {name.lower(): value for name, value in found}
        return Answer(int(status.split(" ")[0]), named, b"".join(written), self._seconds() - began)

    def _environ(self, method: str, url: str, body: bytes, headers: Mapping[str, str]) -> dict[str, object]:
        """Build what a server would: the path decoded in PATH_INFO, and as it was sent in RAW_URI."""
        parts = split_url(url)
        raw = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        environ: dict[str, object] = {
            "REQUEST_METHOD": method,
            "SCRIPT_NAME": "",
            "PATH_INFO": unquote_to_bytes(parts.path or "/").decode("latin-1"),
            "QUERY_STRING": parts.query,
            "RAW_URI": raw,
            "REQUEST_URI": raw,
            "CONTENT_LENGTH": str(len(body)),
            "SERVER_NAME": parts.hostname or "",
            "SERVER_PORT": str(parts.port or (443 if parts.scheme == "https" else 80)),
            "SERVER_PROTOCOL": "HTTP/1.1",
            "REMOTE_ADDR": "127.0.0.1",
            "HTTP_HOST": parts.netloc.rpartition("@")[2],
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": parts.scheme,
            "wsgi.input": io.BytesIO(body),
            "wsgi.errors": sys.stderr,
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
        }
        for name, value in headers.items():
            key = name.upper().replace("-", "_")
            environ["CONTENT_TYPE" if key == "CONTENT_TYPE" else f"HTTP_{key}"] = value
        return environ | dict(self.environ_extra)


class HttpTransport:
    """Speak HTTP to a running server with Twilio's limits: 5 s to connect, 15 s for the answer."""

    def __init__(
        self,
        connect_seconds: float = CONNECT_SECONDS,
        answer_seconds: float = ANSWER_SECONDS,
        seconds: Callable[[], float] = time.perf_counter,
    ) -> None:
        """Take the two limits and the clock that measures answers."""
        self._connect_seconds = connect_seconds
        self._answer_seconds = answer_seconds
        self._seconds = seconds

    def post(self, url: str, params: Sequence[tuple[str, str]], headers: Mapping[str, str]) -> Answer:
        """Post the pairs as a form."""
        return self._call("POST", url, urlencode(params).encode(), {"Content-Type": FORM, **headers})

    def get(self, url: str, headers: Mapping[str, str]) -> Answer:
        """Get an address."""
        return self._call("GET", url, None, headers)

    def _call(self, method: str, url: str, body: bytes | None, headers: Mapping[str, str]) -> Answer:
        parts = split_url(url)
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        connection = kind(parts.hostname or "", parts.port, timeout=self._connect_seconds)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        began = self._seconds()
        try:
            connection.connect()
            connection.sock.settimeout(self._answer_seconds)
            connection.request(method, target, body, dict(headers))
            response = connection.getresponse()
            content = response.read(_READ_BYTES)
            stated = response.length  # what is still to come; a server that ends in between is no end of file
            if stated and len(content) < _READ_BYTES:
                raise http.client.IncompleteRead(content, stated)
        except (OSError, http.client.HTTPException) as error:
            reason = type(error).__name__
            raise FetchError(CONNECTION_FAILURE, f"No answer from {parts.netloc}: {reason}", url) from error
        finally:
            connection.close()
        named = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, named, content, self._seconds() - began)
