"""WSGI and HTTP: the app meets what a server would give it."""

import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import pytest

from bot.carrier import FetchError, HttpTransport, WsgiTransport
from tests.carrier.apps import FakeApp, Page

URL = "https://line.example:8443/caf%C3%A9/it%27s?a=%20b&a=c"


def test_the_path_is_decoded_and_kept_raw() -> None:
    app = FakeApp()
    WsgiTransport(app).post(URL, [("Body", "1 & 2")], {"X-Twilio-Signature": "s"})
    environ = app.seen[0].environ
    assert environ["PATH_INFO"] == "/caf\u00c3\u00a9/it's"
    assert environ["RAW_URI"] == environ["REQUEST_URI"] == "/caf%C3%A9/it%27s?a=%20b&a=c"
    assert environ["QUERY_STRING"] == "a=%20b&a=c"
    assert environ["HTTP_HOST"] == "line.example:8443"
    assert environ["HTTP_X_TWILIO_SIGNATURE"] == "s"
    assert environ["CONTENT_LENGTH"] == str(len("Body=1+%26+2"))
    assert app.seen[0].params == (("Body", "1 & 2"),)


def test_the_iterable_is_closed() -> None:
    app = FakeApp({"/": Page("ok")})
    assert WsgiTransport(app).get("http://line.example", {}).body == b"ok"
    assert app.closed == 1


def test_extra_environ_is_read_anew_for_each_request() -> None:
    app, extra = FakeApp(), {"signpost.now": 1}
    transport = WsgiTransport(app, extra)
    transport.get("http://line.example/", {})
    extra["signpost.now"] = 2
    transport.get("http://line.example/", {})
    assert [seen.environ["signpost.now"] for seen in app.seen] == [1, 2]


def test_what_write_was_given_comes_before_the_iterable() -> None:
    def app(_environ: dict[str, object], start_response: Callable[..., object]) -> Iterable[bytes]:
        write = start_response("200 OK", [("X-A", "b")])
        assert callable(write)
        write(b"one ")
        return [b"two"]

    answer = WsgiTransport(app, seconds=iter([1.0, 1.5]).__next__).get("http://line.example/", {})
    assert (answer.body, answer.headers["x-a"], answer.elapsed_seconds) == (b"one two", "b", 0.5)


@pytest.mark.parametrize("url", ["/voice", "ftp://line.example/", "https://", "http://a:b/", ""])
def test_an_address_that_is_not_absolute_is_refused(url: str) -> None:
    for transport in (WsgiTransport(FakeApp()), HttpTransport()):
        with pytest.raises(FetchError) as caught:
            transport.post(url, [], {})
        assert caught.value.code == 11100


class _Quiet(WSGIRequestHandler):
    def log_message(self, *_args: object) -> None:
        """Say nothing."""


def _slow(environ: dict[str, object], start_response: Callable[..., object]) -> Iterable[bytes]:
    if environ["PATH_INFO"] == "/slow":
        time.sleep(0.5)
    start_response("200 OK", [("Content-Type", "text/xml")])
    return [str(environ["REQUEST_METHOD"]).encode()]


@pytest.fixture
def server() -> Iterator[WSGIServer]:
    with make_server("127.0.0.1", 0, _slow, handler_class=_Quiet) as made:
        thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield made
        made.shutdown()
        thread.join()


def test_http_reaches_a_running_server(server: WSGIServer) -> None:
    origin = f"http://127.0.0.1:{server.server_port}"
    transport = HttpTransport()
    assert transport.post(f"{origin}/?a=b", [("a", "b")], {}).body == b"POST"
    answer = transport.get(origin, {})
    assert (answer.body, answer.status, answer.content_type) == (b"GET", 200, "text/xml")


def test_a_slow_answer_is_a_connection_failure(server: WSGIServer) -> None:
    with pytest.raises(FetchError) as caught:
        HttpTransport(answer_seconds=0.05).get(f"http://127.0.0.1:{server.server_port}/slow", {})
    assert caught.value.code == 11205


def test_nobody_there_is_a_connection_failure() -> None:
    with pytest.raises(FetchError) as caught:
        HttpTransport().get("http://127.0.0.1:9/", {})
    assert caught.value.code == 11205


@pytest.mark.parametrize("sent", [b"", b"<Resp"])
def test_an_answer_that_breaks_off_is_a_connection_failure(sent: bytes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def answer() -> None:
            connection, _ = listening.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n" + sent)

        thread = threading.Thread(target=answer)
        thread.start()
        with pytest.raises(FetchError) as caught:
            HttpTransport().post(f"http://127.0.0.1:{listening.getsockname()[1]}/", [("a", "b")], {})
        thread.join()
    assert caught.value.code == 11205
