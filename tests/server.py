"""A web server for one test: a WSGI application on a free port of the loopback address."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from werkzeug.serving import WSGIRequestHandler, make_server

if TYPE_CHECKING:
    from collections.abc import Iterator
    from wsgiref.types import WSGIApplication

STOP_TIMEOUT_SECONDS = 10.0


class QuietRequestHandler(WSGIRequestHandler):
    """Answer requests without a line on the terminal for each."""

    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002 - the name is Werkzeug's
        """Say nothing; a fault in the application still fails the test that meets it."""


@contextmanager
def serve(app: WSGIApplication) -> Iterator[str]:
    """Serve an application from a thread; give its base URL, such as `http://127.0.0.1:40123`."""
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=QuietRequestHandler)
    # Asked every 20 ms whether to stop: the default, half a second, would be paid by every test.
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), name="live-server")
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        server.shutdown()
        thread.join(STOP_TIMEOUT_SECONDS)
        server.server_close()
