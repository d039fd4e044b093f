"""A digest goes to the public address that was looked at, and nowhere inside."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterable
from ipaddress import ip_address
from typing import TYPE_CHECKING
from wsgiref.types import StartResponse, WSGIEnvironment

import pytest

from bot.delivery.webhook import Webhooks, is_public
from bot.errors import DeliveryError, RefusedDeliveryError
from tests.server import serve

if TYPE_CHECKING:
    from tests.conftest import LiveServer

INSIDE = [
    *("127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0"),  # noqa: S104 - nothing is bound
    *("224.0.0.1", "255.255.255.255", "192.0.2.1", "::1", "::", "fe80::1", "fd00::1", "ff02::1"),
    *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::a00:1", "2002:7f00:1::", "2002:a00:1::"),
    "2001:0:53aa:64c:0:fbff:fff5:fffe",
]


class Receiver:
    """Keeps what is posted, and answers as it is told."""

    def __init__(self, status: str = "204 No Content", location: str = "") -> None:
        self.status, self.location = status, location
        self.got: list[tuple[str, str, bytes]] = []
        self.headers: list[WSGIEnvironment] = []

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        self.got.append((environ["PATH_INFO"], environ.get("HTTP_WEBHOOK_ID", ""), body))
        self.headers.append(environ)
        start_response(self.status, [("Location", self.location)] if self.location else [])
        return [b""]


def post(url: str, webhooks: Webhooks) -> None:
    webhooks.post(url, b"{}", {"webhook-id": "d1"})


def test_a_body_arrives_with_its_headers(live_server: LiveServer) -> None:
    receiver = Receiver()
    post(f"{live_server(receiver)}/hook", Webhooks(local=True))
    assert receiver.got == [("/hook", "d1", b"{}")]


@pytest.mark.parametrize("address", INSIDE)
def test_no_address_inside_is_public(address: str) -> None:
    assert not is_public(ip_address(address))


@pytest.mark.parametrize("address", ["8.8.8.8", "2a00:1450:4001:81c::200e", "64:ff9b::808:808"])
def test_addresses_of_the_internet_are_public(address: str) -> None:
    assert is_public(ip_address(address))


@pytest.mark.parametrize("address", INSIDE)
@pytest.mark.parametrize("others", [[], ["8.8.8.8"]])
def test_a_name_that_leads_inside_is_refused_before_anything_is_sent(address: str, others: list[str]) -> None:
    webhooks = Webhooks(resolve=lambda _host, _port: [*others, address])
    with pytest.raises(DeliveryError, match="nowhere inside"):
        post("https://hooks.example.org/", webhooks)


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.example.org/",
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://user:password@hooks.example.org/",
        "ftp://hooks.example.org/",
        "https:///path",
        "https://hooks.example.org:99999/",
    ],
)
def test_an_unfit_address_is_refused_unread_and_not_shown(url: str) -> None:
    def never(_host: str, _port: int) -> list[str]:
        raise AssertionError("nothing is looked up")

    with pytest.raises(DeliveryError) as caught:
        post(url, Webhooks(resolve=never))
    assert url not in str(caught.value)


def test_in_development_loopback_alone_may_be_plain(live_server: LiveServer) -> None:
    url = live_server(Receiver())
    with pytest.raises(DeliveryError):
        post(url, Webhooks())
    with pytest.raises(DeliveryError, match="public"):
        post("http://hooks.example.org", Webhooks(local=True, resolve=lambda _host, _port: ["8.8.8.8"]))


def test_the_name_is_looked_up_once_and_the_connection_goes_there(live_server: LiveServer) -> None:
    receiver, asked = Receiver(), list[str]()
    port = int(live_server(receiver).rpartition(":")[2])

    def rebinding(host: str, _port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["10.0.0.1"]

    post(f"http://hooks.example.org:{port}/", Webhooks(local=True, resolve=rebinding))
    assert asked == ["hooks.example.org"]
    assert len(receiver.got) == 1


@pytest.mark.parametrize("status", ["302 Found", "307 Temporary Redirect", "308 Permanent Redirect"])
def test_a_redirect_is_not_followed(live_server: LiveServer, status: str) -> None:
    elsewhere = Receiver()
    receiver = Receiver(status, f"{live_server(elsewhere)}/inside")
    with pytest.raises(DeliveryError, match=status[:3]):
        post(live_server(receiver), Webhooks(local=True))
    assert elsewhere.got == []


@pytest.mark.parametrize(
    ("status", "error"),
    [("500 Oops", DeliveryError), ("404 Not Found", DeliveryError), ("410 Gone", RefusedDeliveryError)],
)
def test_a_no_is_told(live_server: LiveServer, status: str, error: type[DeliveryError]) -> None:
    with pytest.raises(DeliveryError, match=status[:3]) as caught:
        post(live_server(Receiver(status)), Webhooks(local=True))
    assert type(caught.value) is error


def test_a_receiver_that_is_not_there_is_told_without_its_address() -> None:
    with serve(Receiver()) as url:
        pass
    with pytest.raises(DeliveryError, match="reached") as caught:
        post(url, Webhooks(local=True))
    assert "127.0.0.1" not in str(caught.value)


def test_an_answer_that_trickles_in_is_cut_off() -> None:
    done = threading.Event()

    def trickle(listening: socket.socket) -> None:
        connection, _ = listening.accept()
        with connection:
            while not done.wait(0.05):
                try:
                    connection.sendall(b"H")
                except OSError:
                    return

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=trickle, args=(listening,))
        thread.start()
        began = time.monotonic()
        with pytest.raises(DeliveryError):
            post(f"http://127.0.0.1:{listening.getsockname()[1]}/", Webhooks(local=True, timeout_seconds=0.4))
        took = time.monotonic() - began
        done.set()
        thread.join(10)
    assert took < 5
