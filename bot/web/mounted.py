"""Where the pages stand when PUBLIC_URL has a path."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment


class Mounted:
    """WSGI middleware that tells the pages the path under which browsers find them.

    The proxy takes the path of PUBLIC_URL away before it asks here, so the links of a page would
    lead out of it. Webhooks write no links and are verified by their raw address: they are left alone.
    """

    def __init__(self, app: WSGIApplication, path: str) -> None:
        """Keep the application within and the path, "" for none."""
        self._app, self._path = app, path

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        if self._path and not str(environ.get("PATH_INFO", "")).startswith("/twilio/"):
            environ["SCRIPT_NAME"] = self._path
        return self._app(environ, start_response)
