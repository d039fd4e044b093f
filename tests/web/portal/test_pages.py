"""The portal in a real browser: without JavaScript, by keyboard, at two widths, for assistive technology."""

from __future__ import annotations

import re
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pyotp
import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import expect

from bot.core.account import Account
from bot.store import accounts
from bot.web.portal.keys import hashed
from tests.line import PlayedLine, play, sqlite_url
from tests.partners import KEY, PASSWORD, add_account

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page

    from tests.conftest import LiveServer

WIDTHS = {1280: 800, 390: 844}
AXE_RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
OVERVIEW = re.compile("^Overview .* Signpost for partners$")
PICTURED = {"sign-in", "code-app", "account", "accesses"}
PICTURES = Path(__file__).parents[2] / "screenshots"


@pytest.fixture
def line(tmp_path: Path) -> Iterator[PlayedLine]:
    """A line whose clock stands at a moment of this test's own choosing."""
    line = play(sqlite_url(tmp_path), public_url="")
    line.now = datetime(2026, 11, 24, 10, 30, tzinfo=UTC)
    yield line
    line.wiring.store.close()


@pytest.fixture
def address(line: PlayedLine, live_server: LiveServer, page: Page) -> Iterator[str]:
    """Where the portal is."""
    yield f"{live_server(line.app)}/partners"
    page.wait_for_load_state("networkidle")
    page.goto("about:blank")  # a picture that is still on its way would ask a server that has stopped


@contextmanager
def unscripted(browser: Browser, width: int) -> Iterator[Page]:
    """Open a page in which no script runs, as in a browser that has them switched off."""
    context = browser.new_context(
        viewport={"width": width, "height": WIDTHS[width]}, locale="en-GB", java_script_enabled=False
    )
    context.set_default_timeout(10_000)
    try:
        page = context.new_page()
        yield page
        page.wait_for_load_state("networkidle")  # a picture cut short would leave its file open in the server
    finally:
        context.close()


def examine(page: Page, name: str, width: int, record: bool) -> None:
    """Hold a page to the rules of accessibility and to its width; keep a picture of it."""
    page.wait_for_load_state("load")  # the words are there before the style sheet is
    found = Axe().run(page, options=AXE_RULES)
    assert found.violations_count == 0, f"{name}: {found.generate_report()}"
    assert page.evaluate("document.documentElement.scrollWidth") <= width, f"{name} is too wide"
    if record and name in PICTURED:
        page.screenshot(path=PICTURES / f"portal-{name}-{width}.png", full_page=True)


def sign_in(page: Page, line: PlayedLine, address: str, email: str) -> None:
    page.goto(f"{address}/sign-in")
    page.get_by_label("E-mail address").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_label("Six digits from your authenticator app").fill(pyotp.TOTP(KEY).at(line.now))
    page.get_by_role("button", name="Go on").click()
    expect(page).to_have_title(OVERVIEW)


def invite(line: PlayedLine) -> None:
    fresh = Account(0, "anna@example.org", "Anna Example", "partner", "crimestoppers", enabled=True)
    with line.wiring.store.writing("a test") as connection:
        number = accounts.add(connection, fresh, line.now)
        accounts.invite(connection, number, hashed("link"), line.now + timedelta(days=3))


@pytest.mark.parametrize("width", WIDTHS)
def test_every_page_reads_well(
    page: Page,
    page_faults: list[str],
    line: PlayedLine,
    address: str,
    width: int,
    request: pytest.FixtureRequest,
) -> None:
    record = bool(request.config.getoption("--record"))
    page.set_viewport_size({"width": width, "height": WIDTHS[width]})
    invite(line)
    page.goto(f"{address}/set-up/link")
    examine(page, "set-up", width, record)
    page.get_by_label("New password").fill("short")
    page.get_by_label("The same password again").fill("shorter")
    page.get_by_role("button", name="Keep this password").click()
    expect(page.get_by_role("alert")).to_contain_text("Use at least 12.")
    examine(page, "set-up-fault", width, record)
    page.get_by_label("New password").fill(PASSWORD)
    page.get_by_label("The same password again").fill(PASSWORD)
    page.get_by_role("button", name="Keep this password").click()
    expect(page.get_by_role("img", name="QR code")).to_be_visible()
    examine(page, "code-app", width, record)
    key = page.locator(".secret").inner_text().replace(" ", "")
    page.get_by_label("The six digits that the app shows").fill(pyotp.TOTP(key).at(line.now))
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your recovery codes")
    examine(page, "recovery-codes", width, record)
    page.get_by_role("link", name="I have kept them, go on").click()
    expect(page).to_have_title(OVERVIEW)
    page.get_by_role("link", name="Your account").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your account")
    examine(page, "account", width, record)
    page.get_by_role("link", name="API tokens").click()
    page.get_by_label("What is it for?").fill("monthly report")
    page.get_by_role("button", name="Make a token").click()
    expect(page.get_by_role("status")).to_contain_text("Copy the new token now")
    examine(page, "tokens", width, record)
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
    page.get_by_label("E-mail address").fill("anna@example.org")
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_contain_text("ask the operator of the line for a new set-up link")
    examine(page, "sign-in-fault", width, record)
    page.goto(f"{address}/sign-in")
    examine(page, "sign-in", width, record)
    add_account(line, "olga@example.org", "auditor")
    sign_in(page, line, address, "olga@example.org")
    page.get_by_role("link", name="Accesses").click()
    expect(page.get_by_role("table")).to_contain_text("Failed sign-in")
    examine(page, "accesses", width, record)
    page.goto(f"{address}/tokens")
    expect(page.locator("main")).to_contain_text("ask the operator of the line")
    examine(page, "refused", width, record)
    page_faults.clear()  # the browser itself reports each 422 and 403


@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_needs_a_script(browser: Browser, line: PlayedLine, address: str, width: int) -> None:
    add_account(line, "anna@example.org")
    with unscripted(browser, width) as page:
        sign_in(page, line, address, "anna@example.org")
        page.get_by_role("link", name="API tokens").click()
        page.get_by_label("What is it for?").fill("report")
        page.get_by_role("button", name="Make a token").click()
        page.get_by_role("button", name="Revoke report").click()
        expect(page.get_by_role("row", name="report")).to_contain_text("revoked")
        page.get_by_role("button", name="Sign out").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")


def test_keyboard_is_enough(page: Page, line: PlayedLine, address: str) -> None:
    add_account(line, "anna@example.org")
    page.goto(f"{address}/sign-in")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.type("anna@example.org")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_label("Six digits from your authenticator app")).to_be_focused()
    page.keyboard.type(pyotp.TOTP(KEY).at(line.now))
    page.keyboard.press("Enter")
    expect(page).to_have_title(OVERVIEW)


def test_print_leaves_out_what_can_only_be_pressed(page: Page, line: PlayedLine, address: str) -> None:
    add_account(line, "anna@example.org")
    sign_in(page, line, address, "anna@example.org")
    page.goto(f"{address}/account")
    page.emulate_media(media="print")
    for hidden in ("navigation", "button"):
        assert page.get_by_role(hidden).count() == 0
    expect(page.get_by_role("table")).to_be_visible()
