"""Pages never take all the threads: so many are answered at once, one too many comes back later."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Event
from time import monotonic
from typing import TYPE_CHECKING

import pytest
from werkzeug.test import Client
from werkzeug.wrappers import Response

from bot.web.bulkhead import PAGES, WAIT_SECONDS, Bulkhead

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment

LIMIT_SECONDS = 10


def held(release: Event, entered: list[str]) -> Client:
    """A client of pages that answer once they may."""

    def pages(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        entered.append(environ["PATH_INFO"])
        if environ["PATH_INFO"] == "/page":
            assert release.wait(LIMIT_SECONDS)
        return Response("here")(environ, start_response)

    return Client(Bulkhead(pages))


def wait_for(entered: list[str], count: int) -> None:
    """Wait until so many are inside."""
    limit = monotonic() + LIMIT_SECONDS
    while len(entered) < count:
        assert monotonic() < limit
        Event().wait(0.01)


@contextmanager
def filled() -> Iterator[Client]:
    """A client of pages of which as many are asked for as may be answered at once, until the end."""
    release, entered = Event(), list[str]()
    client = held(release, entered)
    with ThreadPoolExecutor(PAGES) as threads:
        inside = [threads.submit(client.get, "/page") for _ in range(PAGES)]
        wait_for(entered, PAGES)
        yield client
        release.set()
        assert [answer.result().status_code for answer in inside] == [200] * PAGES


def test_one_too_many_waits_and_is_told_to_come_back() -> None:
    with filled() as client:
        began = monotonic()
        refused = client.get("/page")
        assert monotonic() - began >= WAIT_SECONDS / 2
        assert (refused.status_code, refused.headers["Retry-After"]) == (503, "1")
        free = [client.get(path).status_code for path in ("/healthz", "/metrics", "/simulator/static/a.css")]
        assert free == [200] * 3
    assert client.get("/page").status_code == 200


def test_while_none_ends_nobody_waits() -> None:
    with filled() as client:
        Event().wait(WAIT_SECONDS * 1.1)
        began = monotonic()
        assert client.get("/page").status_code == 503
        assert monotonic() - began < WAIT_SECONDS


def test_a_crowd_that_is_served_is_let_in() -> None:
    release, entered = Event(), list[str]()
    client = held(release, entered)
    crowd = 3 * PAGES
    with ThreadPoolExecutor(crowd) as threads:
        answers = [threads.submit(client.get, "/page") for _ in range(crowd)]
        wait_for(entered, PAGES)
        release.set()
        assert [answer.result().status_code for answer in answers] == [200] * crowd
    assert len(entered) == crowd


def test_a_place_is_free_again_after_a_fault() -> None:
    def pages(_environ: WSGIEnvironment, _start_response: StartResponse) -> Iterable[bytes]:
        raise OSError("no page")

    client = Client(Bulkhead(pages))
    for _ in range(PAGES + 1):
        with pytest.raises(OSError, match="no page"):
            client.get("/page")


def test_what_is_made_while_it_is_sent_keeps_its_place_until_its_end() -> None:
    def pages(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        return Response(iter([b"one", b"two"]))(environ, start_response)

    client = Client(Bulkhead(pages))
    begun = [client.get("/export") for _ in range(PAGES)]
    assert client.get("/export").status_code == 503
    assert begun[0].data == b"onetwo"
    begun[0].close()
    assert client.get("/export").status_code == 200
    begun[1].close()
    assert client.get("/export").status_code == 200


def test_what_breaks_off_in_the_middle_leaves_its_place() -> None:
    def broken() -> Iterator[bytes]:
        yield b"half"
        raise OSError("in the middle")

    def pages(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        return Response(broken())(environ, start_response)

    client = Client(Bulkhead(pages))
    for _ in range(PAGES + 1):
        with pytest.raises(OSError, match="in the middle"):
            assert client.get("/export").data
