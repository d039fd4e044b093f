"""What every test can ask for: a database, a browser, a server, and how hard Hypothesis tries."""

from __future__ import annotations

import os
from contextlib import ExitStack
from datetime import timedelta
from itertools import count
from typing import TYPE_CHECKING, Protocol

import hypothesis
import pytest

from tests.browser import BrowserUnavailableError, run_browser
from tests.postgres import PostgresServer, PostgresUnavailableError, run_postgres
from tests.required import lack
from tests.server import serve

if TYPE_CHECKING:
    from collections.abc import Iterator
    from wsgiref.types import WSGIApplication

    from playwright.sync_api import Browser, ConsoleMessage, Page

PAGE_TIMEOUT_MILLISECONDS = 10_000

hypothesis.settings.register_profile("dev", deadline=timedelta(seconds=2))
hypothesis.settings.register_profile("ci", deadline=None, derandomize=True, max_examples=300, print_blob=True)
hypothesis.settings.load_profile("ci" if os.environ.get("CI") else "dev")


class LiveServer(Protocol):
    """Start serving an application until the test ends; answer with its base URL."""

    def __call__(self, app: WSGIApplication) -> str: ...


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the flag by which transcripts are written anew."""
    parser.addoption(
        "--record", action="store_true", help="write tests/transcripts/ anew instead of only comparing"
    )


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """Run one PostgreSQL for this process of the test run; start it when the first test asks."""
    with ExitStack() as stack:
        try:
            server = stack.enter_context(run_postgres())
        except PostgresUnavailableError as fault:
            lack("postgres", str(fault))
        yield server


@pytest.fixture(scope="session")
def postgres_url(postgres_server: PostgresServer) -> str:
    """Give the SQLAlchemy address of the server's maintenance database, where no test writes."""
    return postgres_server.url("postgres")


@pytest.fixture(scope="session")
def database_numbers() -> Iterator[int]:
    """Number the databases of this process of the test run."""
    return count(1)


@pytest.fixture
def postgres_database(postgres_server: PostgresServer, database_numbers: Iterator[int]) -> Iterator[str]:
    """Give the SQLAlchemy address of an empty database that only this test uses."""
    with postgres_server.database(f"test_{next(database_numbers)}") as url:
        yield url


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Run one Chromium for this process of the test run; start it when the first test asks."""
    with ExitStack() as stack:
        try:
            browser = stack.enter_context(run_browser())
        except BrowserUnavailableError as fault:
            lack("browser", str(fault))
        yield browser


@pytest.fixture
def page_faults() -> list[str]:
    """Hold what the page complained of; a test that provokes a complaint checks it and clears the list."""
    return []


@pytest.fixture
def page(browser: Browser, page_faults: list[str]) -> Iterator[Page]:
    """Open an empty page in a profile of its own; fail the test if a script or the console errs."""
    context = browser.new_context(viewport={"width": 1280, "height": 800}, locale="en-GB")
    context.set_default_timeout(PAGE_TIMEOUT_MILLISECONDS)

    def keep_errors(message: ConsoleMessage) -> None:
        if message.type == "error":
            page_faults.append(message.text)

    context.on("console", keep_errors)
    context.on("weberror", lambda fault: page_faults.append(str(fault.error)))
    try:
        yield context.new_page()
    finally:
        context.close()  # what is still on its way arrives before this returns
    assert page_faults == []


@pytest.fixture
def live_server() -> Iterator[LiveServer]:
    """Serve applications on free loopback ports; all of them stop when the test ends."""
    with ExitStack() as stack:
        yield lambda app: stack.enter_context(serve(app))
