"""The pages about routings and the log in a real browser: at two widths, without a script, in print."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.web.portal.places import AUDITOR, KIM, OPERATOR, SAM, Portal, furnish
from tests.web.portal.test_pages import PICTURES, WIDTHS, examine, sign_in, unscripted

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page

    from tests.conftest import LiveServer

PAGES = {
    SAM: {
        "overview": "",
        "overview-year": "?period=2026",
        "overview-empty": "?period=2026-03",
        "routings": "/routings",
        "routings-none": "/routings?channel=rcs",
        "routing": "/routings/crim-1-77",
        "log": "/log",
        "entries": "/log/entries",
        "verify": "/verify",
        "directory": "/directory",
        "downloads": "/downloads",
    },
    AUDITOR: {"line": "", "auditor-log": "/log", "auditor-downloads": "/downloads"},
    OPERATOR: {
        "operator-line": "",
        "operator-directory": "/directory",
        "assurances": "/assurances",
        "understanding": "/understanding",
    },
}

PICTURED = {
    *("overview", "routings", "routing", "log", "entries", "verify", "directory", "downloads", "line"),
    *("assurances", "understanding"),
}
LONG = {"entries", "routings"}


@pytest.fixture
def busy(tmp_path: Path) -> Iterator[Portal]:
    """A portal with five weeks of routings, and a word of each partner on its listing."""
    portal = furnish(tmp_path, 2400, public_url="")
    portal.person(SAM).post("/directory/crimestoppers", page="/directory", verdict="right", words="")
    words = "From 1 December the number for people outside the county is another one."
    portal.person(KIM).post("/directory/police-101", page="/directory", verdict="changed", words=words)
    portal.person(OPERATOR).post("/assurances/1", page="/assurances", answer="confirmed")
    portal.person(SAM).post("/directory/crimestoppers", page="/directory", verdict="right", words="")
    portal.line.pass_time(3)
    yield portal
    portal.line.wiring.store.close()


@pytest.fixture
def address(busy: Portal, live_server: LiveServer, page: Page) -> Iterator[str]:
    """Where the portal is."""
    yield f"{live_server(busy.line.app)}/partners"
    page.wait_for_load_state("networkidle")
    page.goto("about:blank")


@pytest.mark.parametrize("email", PAGES)
@pytest.mark.parametrize("width", WIDTHS)
def test_every_page_about_the_record_reads_well(
    page: Page, busy: Portal, address: str, width: int, email: str, request: pytest.FixtureRequest
) -> None:
    page.set_viewport_size({"width": width, "height": WIDTHS[width]})
    sign_in(page, busy.line, address, email)
    for name, path in PAGES[email].items():
        page.goto(f"{address}{path}")
        examine(page, name, width, record=False)
        if name in PICTURED and request.config.getoption("--record"):
            whole = name not in LONG  # a bundle of 256 entries is a megabyte of picture
            page.screenshot(path=PICTURES / f"portal-{name}-{width}.png", full_page=whole)


def test_a_partner_finds_its_way_without_a_script(browser: Browser, busy: Portal, address: str) -> None:
    with unscripted(browser, 390) as page:
        sign_in(page, busy.line, address, SAM)
        page.get_by_role("link", name="Routings").click()
        page.get_by_label("Channel").select_option("voice")
        page.get_by_role("button", name="Show").click()
        expect(page.get_by_role("table")).not_to_contain_text("Text message")
        page.get_by_role("link", name="Older").click()
        expect(page.get_by_label("Channel")).to_have_value("voice")
        expect(page.get_by_role("table")).not_to_contain_text("Text message")
        page.get_by_role("rowheader").first.get_by_role("link").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("One routing")
        page.get_by_role("link", name="Directory").click()
        page.get_by_label("This has changed").check()
        page.get_by_label("What has changed").fill("Our hours.")
        page.get_by_role("button", name="Tell the operator").click()
        expect(page.get_by_role("status")).to_contain_text("Thank you")


def test_a_drawing_is_named_for_those_who_hear_it(page: Page, busy: Portal, address: str) -> None:
    sign_in(page, busy.line, address, SAM)
    drawing = page.get_by_role("img", name="By channel, November 2026")
    expect(drawing).to_be_visible()
    table = page.locator("section", has=drawing).get_by_role("table")
    expect(table.get_by_role("row")).to_have_count(4)


@pytest.mark.parametrize("email", [SAM, AUDITOR])
def test_in_print_every_figure_has_its_table_and_no_way_round(
    page: Page, busy: Portal, address: str, email: str, request: pytest.FixtureRequest
) -> None:
    page.set_viewport_size({"width": 720, "height": 1000})  # about an A4 sheet between its margins
    sign_in(page, busy.line, address, email)
    page.emulate_media(media="print")
    expect(page.get_by_role("navigation")).to_be_hidden()
    expect(page.get_by_role("button", name="Show")).to_be_hidden()
    for figure in page.locator(".figure").all():
        expect(figure.locator("svg")).to_be_visible()
        expect(figure.locator("table")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 720
    if request.config.getoption("--record") and email == SAM:
        page.screenshot(path=PICTURES / "portal-print-720.png", full_page=True)
