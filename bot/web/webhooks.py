"""Twilio's webhooks: verified and read here, answered by `handlers`. The person always gets an answer.

A request that Twilio did not sign is refused with 403 in plain text. A request that it did sign
is answered with HTTP 200 and TwiML whatever happens, because anything else is silence.

They stand before Flask, as WSGI: what Flask does for a page costs more than a turn.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable
from http import HTTPStatus
from secrets import token_hex
from typing import TYPE_CHECKING, cast

from bot import metrics
from bot.channels import signature
from bot.channels.addresses import bare_number, first_values, read_form
from bot.core.session import Medium
from bot.log import REQUEST_ID_BYTES, event, request_id
from bot.web.bulkhead import Bulkhead
from bot.web.handlers import EMPTY, HANDLERS, OF_TURNS, Asked, Handle, Reply
from bot.web.turning import LATER, Later, finish
from bot.web.wiring import KEY, Wiring

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

    from flask import Flask

PREFIX = "/twilio/"
FORM = "application/x-www-form-urlencoded"
LARGEST_BODY_BYTES = 64 * 1024  # Twilio's largest webhook is a few thousand
NUMBERED = re.compile(r"(/twilio/voice/[a-z]+/)([0-9]{1,99})")
MOST_FIELDS = 500  # Twilio sends about forty


class RefusedError(Exception):
    """A request that gets no TwiML."""

    def __init__(self, status: HTTPStatus) -> None:
        super().__init__(status)
        self.status = status


class Webhooks:
    """WSGI middleware that answers what begins with /twilio/ and leaves the rest to the app."""

    def __init__(self, app: Flask) -> None:
        """Stand before what the app does itself."""
        self._pages: WSGIApplication = Bulkhead(app.wsgi_app)
        self._extensions = app.extensions

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request, or have it answered later where the server can do that."""
        path = environ.get("PATH_INFO", "")
        if not path.startswith(PREFIX):
            return self._pages(environ, start_response)
        w: Wiring = self._extensions[KEY]
        answering, request = answered(w, environ, path), token_hex(REQUEST_ID_BYTES)
        later: Later | None = environ.get(LATER)
        if later is not None:
            later.run(answering, request)
            return ()
        token = request_id.set(request)
        try:
            reply = finish(answering, w.store.deliver)
        finally:
            request_id.reset(token)
        start_response(reply.status, [("Content-Type", reply.kind), ("Content-Length", str(len(reply.body)))])
        return reply


async def answered(w: Wiring, environ: WSGIEnvironment, path: str) -> Reply:
    """Answer a webhook, with every number when anything at all goes wrong behind a good signature."""
    asked = None
    try:
        asked, handle = _verified(w, environ, path)
        return await handle(asked)
    except RefusedError as refused:
        return _refusal(refused.status)
    except Exception as error:  # noqa: BLE001 - somebody waits for an answer, whatever it is
        event("webhook.failed", logging.ERROR, error=error, path=path)
        if asked is None:
            return _refusal(HTTPStatus.FORBIDDEN)
        metrics.count("signpost_webhooks_failed_total")
        if path.startswith("/twilio/status/"):
            return Reply(EMPTY)
        medium: Medium = "text" if path == "/twilio/sms" else "voice"
        return Reply(w.safe[asked.line.id, medium])


def _refusal(status: HTTPStatus) -> Reply:
    """Plain text, without a word of why that a stranger could use."""
    said = f"{status.value} {status.phrase}"
    return Reply(f"{said}\n", status=said, kind="text/plain; charset=utf-8")


def _verified(w: Wiring, environ: WSGIEnvironment, path: str) -> tuple[Asked, Handle]:
    """Let nothing through that Twilio did not sign with one of our tokens."""
    numbered = NUMBERED.fullmatch(path)
    handle = OF_TURNS.get(numbered[1]) if numbered else HANDLERS.get(path)
    if handle is None:
        raise RefusedError(HTTPStatus.NOT_FOUND)
    if environ["REQUEST_METHOD"] != "POST":
        raise RefusedError(HTTPStatus.METHOD_NOT_ALLOWED)
    raw = _body(environ)
    is_form = environ.get("CONTENT_TYPE", "").partition(";")[0].strip().lower() == FORM
    pairs: list[tuple[str, str]] = []
    if is_form:
        try:
            pairs = read_form(raw, MOST_FIELDS)
        except ValueError:
            raise RefusedError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE) from None
    origin = w.settings.public_url or f"{environ['wsgi.url_scheme']}://{environ.get('HTTP_HOST', '')}"
    url = signature.public_url(origin, environ)
    given = environ.get("HTTP_X_TWILIO_SIGNATURE")
    if not signature.verify(w.settings.auth_tokens, url, pairs, given, None if is_form else raw):
        event("webhook.refused", logging.WARNING, path=path, signed=given is not None)
        metrics.count("signpost_webhooks_refused_total")
        raise RefusedError(HTTPStatus.FORBIDDEN)
    if not is_form:
        raise RefusedError(HTTPStatus.UNSUPPORTED_MEDIA_TYPE)
    form = first_values(pairs)
    line = w.catalogue.line_of(bare_number(form.get("To")))
    if line is None:
        event("line.unlisted", logging.WARNING, cure="add the number to config/lines.toml")
        line = w.catalogue.first_line
    return Asked(w, environ, path, form, line, int(numbered[2]) if numbered else 0), handle


def _body(environ: WSGIEnvironment) -> bytes:
    """Read what was posted, none of it where it is too much."""
    stated = environ.get("CONTENT_LENGTH") or ""
    if stated.isascii() and stated.isdigit():
        size = int(stated[:10])
        if size > LARGEST_BODY_BYTES:
            raise RefusedError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        raw = environ["wsgi.input"].read(size)
        if len(raw) < size:
            raise RefusedError(HTTPStatus.BAD_REQUEST)  # whoever sent it is gone
        return cast("bytes", raw)
    if not environ.get("wsgi.input_terminated"):  # then nobody could say where it ends
        return b""
    raw = environ["wsgi.input"].read(LARGEST_BODY_BYTES + 1)
    if len(raw) > LARGEST_BODY_BYTES:
        raise RefusedError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    return cast("bytes", raw)
