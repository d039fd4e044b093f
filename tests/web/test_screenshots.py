"""Each page at desk and phone width, as pictures to be looked at: `pytest --record` writes them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import expect

from tests.line import play, sqlite_url

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.conftest import LiveServer

PICTURES = Path(__file__).parent.parent / "screenshots"
WIDTHS = {1280: 800, 390: 844}


@pytest.mark.parametrize("width", WIDTHS)
def test_simulator_in_the_middle_of_a_text_and_a_call(
    page: Page, live_server: LiveServer, tmp_path: Path, width: int, request: pytest.FixtureRequest
) -> None:
    line = play(sqlite_url(tmp_path), public_url="")
    page.set_viewport_size({"width": width, "height": WIDTHS[width]})
    page.emulate_media(reduced_motion="reduce")  # no picture of something half faded in
    page.goto(f"{live_server(line.app)}/simulator")
    for words, answer in (("GRAVITY", "1 Police"), ("2", "0800 555 111")):
        page.get_by_label("Message", exact=True).fill(words)
        page.get_by_role("button", name="Send", exact=True).click()
        expect(page.locator("#messages .bubble.line").last).to_contain_text(answer)
    page.get_by_role("button", name="Call", exact=True).click()
    expect(page.locator("body")).to_contain_text("If anyone is in danger now")
    page.get_by_role("button", name="3", exact=False).and_(page.locator("[data-key='3']")).click()
    expect(page.locator("body")).to_contain_text("The number is 0300 7900 227")
    picture = page.screenshot(full_page=True)
    assert picture.startswith(b"\x89PNG")
    if request.config.getoption("--record"):
        (PICTURES / f"simulator-{width}.png").write_bytes(picture)
    page.goto("about:blank")
    line.wiring.store.close()


@pytest.mark.parametrize("width", WIDTHS)
def test_error_page(
    page: Page,
    page_faults: list[str],
    live_server: LiveServer,
    tmp_path: Path,
    width: int,
    request: pytest.FixtureRequest,
) -> None:
    line = play(sqlite_url(tmp_path), public_url="")
    page.set_viewport_size({"width": width, "height": WIDTHS[width]})
    page.goto(f"{live_server(line.app)}/nowhere")
    expect(page.get_by_role("heading", level=1)).to_have_text("Not Found")
    expect(page.locator("body")).to_contain_text("call 999")
    assert Axe().run(page).violations_count == 0
    picture = page.screenshot()
    if request.config.getoption("--record"):
        (PICTURES / f"error-{width}.png").write_bytes(picture)
    page_faults.clear()  # the browser itself reports the 404
    line.wiring.store.close()
