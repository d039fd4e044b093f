"""What the other tests stand on is there, works, and reaches nothing but this machine."""

from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING
from urllib.request import urlopen

import hypothesis
import pytest
from playwright.sync_api import Error
from psycopg import OperationalError
from pytest_socket import SocketConnectBlockedError
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from tests.required import lack
from tests.server import serve

if TYPE_CHECKING:
    from collections.abc import Iterable
    from wsgiref.types import StartResponse, WSGIEnvironment

    from playwright.sync_api import Page

    from tests.conftest import LiveServer
    from tests.postgres import PostgresServer

OLDEST_POSTGRES = 140000


def greet(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """Answer `/` with a page and anything else with a script that fails."""
    start_response("200 OK", [("Content-Type", "text/html; charset=utf-8")])
    if environ["PATH_INFO"] in ("/", "/favicon.ico"):
        return [b"<!doctype html><html lang=en><title>Signpost</title><h1>Which way?</h1>"]
    return [b"<!doctype html><html lang=en><title>Fault</title><script>throw new Error('lost')</script>"]


def query(url: str, statement: str) -> object:
    """Run one statement on a connection of its own and give the one value it answers with."""
    engine = create_engine(url, poolclass=NullPool)
    with engine.begin() as connection:
        return connection.execute(text(statement)).scalar_one()


def test_postgres_answers(postgres_url: str) -> None:
    assert query(postgres_url, "SELECT 1") == 1


def test_postgres_is_recent_enough(postgres_url: str) -> None:
    version = query(postgres_url, "SELECT current_setting('server_version_num')::int")
    assert isinstance(version, int)
    assert version >= OLDEST_POSTGRES


def test_postgres_listens_on_no_port(postgres_url: str) -> None:
    assert query(postgres_url, "SHOW listen_addresses") == ""


@pytest.mark.parametrize("_turn", [1, 2])
def test_each_test_has_an_empty_database(postgres_database: str, _turn: int) -> None:
    tables = "SELECT count(*) FROM information_schema.tables WHERE table_schema = 'public'"
    assert query(postgres_database, tables) == 0
    engine = create_engine(postgres_database, poolclass=NullPool)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE leaf (id int)"))
    assert query(postgres_database, tables) == 1


def test_a_database_held_open_is_dropped_all_the_same(postgres_server: PostgresServer) -> None:
    with postgres_server.database("held_open"):
        connection = postgres_server.connect("held_open")
    with connection, pytest.raises(OperationalError, match="terminating connection"):
        connection.execute("SELECT 1")


def test_page_opens_from_live_server(page: Page, live_server: LiveServer) -> None:
    page.goto(live_server(greet))
    assert page.get_by_role("heading").inner_text() == "Which way?"
    assert page.viewport_size == {"width": 1280, "height": 800}


def test_page_reports_a_script_that_fails(
    page: Page, page_faults: list[str], live_server: LiveServer
) -> None:
    page.goto(f"{live_server(greet)}/fault")
    page.wait_for_function("document.readyState === 'complete'")
    assert [fault for fault in page_faults if "lost" in fault] == page_faults != []
    page_faults.clear()


def test_browser_reaches_no_other_machine(page: Page) -> None:
    with pytest.raises(Error, match="ERR_NAME_NOT_RESOLVED"):
        page.goto("http://signpost.invalid/")


def test_two_live_servers_run_at_once(live_server: LiveServer) -> None:
    first, second = live_server(greet), live_server(greet)
    assert first != second
    for url in (first, second):
        with urlopen(url, timeout=5) as answer:  # noqa: S310 - our own server
            assert b"Which way?" in answer.read()


def test_server_is_gone_after_use() -> None:
    with serve(greet) as url:
        host, _, port = url.removeprefix("http://").partition(":")
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((host, int(port)), timeout=5)


def test_sockets_to_other_machines_are_refused() -> None:
    # Connecting a datagram socket sends nothing, so nothing leaves even if the guard should be missing.
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender, pytest.raises(SocketConnectBlockedError):
        sender.connect(("192.0.2.1", 9))  # a documentation address: RFC 5737


def test_sockets_to_this_machine_are_allowed() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()):
        pass


def test_what_is_missing_skips_or_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIGNPOST_REQUIRE", "browser, postgres")
    with pytest.raises(pytest.fail.Exception, match="is required here"):
        lack("postgres", "not installed")
    monkeypatch.setenv("SIGNPOST_REQUIRE", "browser")
    with pytest.raises(pytest.skip.Exception, match="not installed"):
        lack("postgres", "not installed")


def test_hypothesis_profile_follows_the_environment() -> None:
    assert hypothesis.settings.get_current_profile_name() == ("ci" if os.environ.get("CI") else "dev")
