"""Small WSGI apps that stand in for Signpost: each address gives a fixed answer and remembers what came."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import BinaryIO, cast
from urllib.parse import parse_qsl

Params = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Seen:
    """One request as the app met it."""

    method: str
    url: str
    params: Params
    signature: str
    token: str
    environ: dict[str, object]

    @property
    def form(self) -> dict[str, str]:
        """The parameters by name."""
        return dict(self.params)


@dataclass(frozen=True)
class Page:
    """One answer."""

    body: str | bytes
    status: str = "200 OK"
    content_type: str | None = "text/xml"
    location: str = ""


@dataclass
class FakeApp:
    """Answers by path; a callable page sees the request. Unknown paths are 404."""

    pages: dict[str, Page | Callable[[Seen], Page]] = field(default_factory=dict)
    seen: list[Seen] = field(default_factory=list)
    closed: int = 0

    def __call__(self, environ: dict[str, object], start_response: Callable[..., object]) -> Iterable[bytes]:
        size = int(str(environ["CONTENT_LENGTH"] or 0))
        form = cast("BinaryIO", environ["wsgi.input"]).read(size).decode()
        url = f"{environ['wsgi.url_scheme']}://{environ['HTTP_HOST']}{environ['RAW_URI']}"
        seen = Seen(
            str(environ["REQUEST_METHOD"]),
            url,
            tuple(parse_qsl(form or str(environ["QUERY_STRING"]), keep_blank_values=True)),
            str(environ.get("HTTP_X_TWILIO_SIGNATURE")),
            str(environ.get("HTTP_I_TWILIO_IDEMPOTENCY_TOKEN")),
            environ,
        )
        self.seen.append(seen)
        page = self.pages.get(str(environ["PATH_INFO"]), Page("", "404 Not Found"))
        answer = page(seen) if callable(page) else page
        headers = [("Content-Type", answer.content_type)] if answer.content_type is not None else []
        headers += [("Location", answer.location)] if answer.location else []
        start_response(answer.status, headers)
        return _Closing(self, answer.body if isinstance(answer.body, bytes) else answer.body.encode())

    def at(self, path: str) -> list[Seen]:
        """Every request for a path."""
        return [seen for seen in self.seen if seen.environ["PATH_INFO"] == path]


class _Closing:
    def __init__(self, app: FakeApp, body: bytes) -> None:
        self._app, self._body = app, body

    def __iter__(self) -> Iterator[bytes]:
        return iter([self._body])

    def close(self) -> None:
        self._app.closed += 1


def twiml(inside: str) -> Page:
    """Wrap verbs in a Response."""
    return Page(f'<?xml version="1.0" encoding="UTF-8"?><Response>{inside}</Response>')
