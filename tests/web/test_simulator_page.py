"""The simulator in a real browser: by mouse, by keyboard, at two widths, for assistive technology."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import expect

from tests.line import play, sqlite_url

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

    from tests.conftest import LiveServer

WIDTHS = {"desk": (1280, 800), "phone": (390, 844)}
AXE_RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}

# Stands in for the browser's voice: headless browsers have none, and a test can't listen.
VOICE = """
window.spokenWords = [];
window.hushes = 0;
window.SpeechSynthesisUtterance = class { constructor(text) { this.text = text; } };
Object.defineProperty(window, "speechSynthesis", { value: {
  getVoices: () => [{ lang: "de-DE", name: "Anna" }, { lang: "en_GB", name: "Amy" }],
  speak: (words) => window.spokenWords.push([words.text, words.lang, words.voice?.name]),
  cancel: () => { window.hushes += 1; },
} });
"""


@pytest.fixture
def address(tmp_path: Path, live_server: LiveServer) -> Iterator[str]:
    """Where the simulator of a new line is."""
    line = play(sqlite_url(tmp_path), public_url="")
    yield f"{live_server(line.app)}/simulator"
    line.wiring.store.close()


@pytest.fixture(params=WIDTHS)
def simulator(request: pytest.FixtureRequest, page: Page, address: str) -> Iterator[Page]:
    """The page, open and ready, at each width."""
    width, height = WIDTHS[request.param]
    page.set_viewport_size({"width": width, "height": height})
    yield opened(page, address)
    page.goto("about:blank")  # a telephone that still rings would ask a server that has stopped


@pytest.fixture
def desk(page: Page, address: str) -> Iterator[Page]:
    """The page at the wider width alone."""
    yield opened(page, address)
    page.goto("about:blank")


def opened(page: Page, address: str) -> Page:
    page.add_init_script(VOICE)
    page.goto(address)
    expect(page.locator("#simulator")).to_be_visible()
    expect(page.locator("#graph svg")).to_be_attached()
    return page


def text(page: Page, words: str) -> None:
    page.get_by_label("Message", exact=True).fill(words)
    with answered(page):
        page.get_by_role("button", name="Send", exact=True).click()


@contextmanager
def answered(page: Page) -> Iterator[None]:
    """Wait for one more text of the line."""
    bubbles = page.locator("#messages .bubble.line")
    before = bubbles.count()
    yield
    expect(bubbles).to_have_count(before + 1)


def in_conversation(page: Page) -> None:
    with answered(page):
        page.locator("#quick").get_by_role("button", name="GRAVITY").click()
    with answered(page):
        page.locator("#quick").get_by_role("button", name="Picture").click()
    expect(page.locator("#messages .picture")).to_have_text("A picture")
    text(page, "it\u2019s about drugs")


def on_call(page: Page) -> None:
    page.get_by_role("button", name="Call", exact=True).click()
    expect(page.locator("#call-state")).to_have_text("Listening for a key or your voice for 8 seconds.")
    press(page, "2")
    expect(page.locator("#captions")).to_contain_text("0800 555 111")
    press(page, "2")
    expect(page.locator("#messages .label")).to_contain_text("Asked for on the call")


def ringing(page: Page) -> None:
    on_call(page)
    press(page, "1")
    page.get_by_role("button", name="Stay silent").click()
    expect(page.locator("#call-state")).to_contain_text("Ringing Crimestoppers")


def press(page: Page, key: str) -> None:
    pressed = page.locator("#captions .caption.person")
    before = pressed.count()
    page.locator(f'#keypad [data-key="{key}"]').click()
    expect(pressed).to_have_count(before + 1)


def test_what_would_be_said_is_typed(simulator: Page) -> None:
    simulator.get_by_role("button", name="Call", exact=True).click()
    simulator.get_by_label("Speak").fill("crime stoppers")
    simulator.get_by_role("button", name="Say", exact=True).click()
    expect(simulator.locator("#captions")).to_contain_text("Said: crime stoppers")
    expect(simulator.locator("#captions")).to_contain_text("0800 555 111")


def looking_at_twiml(page: Page) -> None:
    on_call(page)
    page.get_by_role("tab", name="TwiML").click()
    expect(page.locator("details[open] pre")).to_contain_text("<Gather")


def looking_at_the_record(page: Page) -> None:
    on_call(page)
    page.get_by_role("tab", name="Record").click()
    expect(page.get_by_role("rowheader")).to_contain_text("Crimestoppers")


def without_a_number(page: Page) -> None:
    page.get_by_label("From").select_option("withheld")
    expect(page.locator("#no-text")).to_contain_text("nobody can text")


def at_another_time(page: Page) -> None:
    page.get_by_label("Day and time", exact=True).select_option("chosen")
    page.locator("#at").fill("2026-12-25T03:00")
    expect(page.locator("#situation")).to_contain_text("Friday 25 December 2026, 03:00")


def untouched(page: Page) -> None:
    expect(page.locator("#call-state")).to_have_text("No call yet.")


STATES = [
    untouched,
    in_conversation,
    on_call,
    ringing,
    looking_at_twiml,
    looking_at_the_record,
    without_a_number,
    at_another_time,
]


@pytest.mark.parametrize("reach", STATES)
def test_no_fault_for_assistive_technology_and_no_sideways_scroll(
    simulator: Page, reach: Callable[[Page], None]
) -> None:
    reach(simulator)
    simulator.wait_for_timeout(300)  # bubbles fade in, and half-faded words lack contrast
    found = Axe().run(simulator, options=AXE_RULES)
    assert found.violations_count == 0, found.generate_report()
    assert not scrolls_sideways(simulator)


@pytest.mark.parametrize("width", [320, 640, 900, 1121])
def test_page_fits_other_widths_too(desk: Page, width: int) -> None:
    desk.set_viewport_size({"width": width, "height": 700})
    in_conversation(desk)
    at_another_time(desk)
    assert not scrolls_sideways(desk)


def scrolls_sideways(page: Page) -> bool:
    wide: bool = page.evaluate("document.documentElement.scrollWidth > window.innerWidth")
    return wide


def test_conversation_shows_bubbles_sizes_and_the_place_in_the_script(simulator: Page) -> None:
    text(simulator, "GRAVITY")
    bubble = simulator.locator("#messages .bubble.line").last
    expect(bubble.locator(".size")).to_have_text(re.compile(r"\d+ characters · 1 part"))
    expect(simulator.locator("#node-main.lit")).to_be_visible()
    simulator.locator("#quick").get_by_role("button", name="3", exact=True).click()
    expect(simulator.locator("#present")).to_have_text("Now at: Norfolk Recovery Partnership")
    expect(simulator.locator("#node-main.lit")).to_have_count(0)
    expect(simulator.locator("#node-recovery.lit")).to_be_visible()


def test_transfer_answers_and_ends_by_itself(simulator: Page) -> None:
    ringing(simulator)
    expect(simulator.locator("#call-state")).to_have_text("Ringing Crimestoppers… showing 01632 960000")
    expect(simulator.locator("#messages")).to_contain_text("Asked for on the call")
    expect(simulator.locator("#call-state")).to_have_text("Talking to Crimestoppers.")
    simulator.get_by_role("tab", name="Record").click()
    # The number is on its way to their phone: that counts until they have been put through.
    expect(simulator.locator(".outcome").first).to_have_text("Number texted")
    expect(simulator.locator("#call-state")).to_contain_text("Listening", timeout=15_000)
    expect(simulator.locator(".outcome").first).to_have_text("Put through")
    simulator.get_by_role("button", name="Hang up").click()
    expect(simulator.locator("#call-state")).to_have_text("The call is over.")


def test_whole_walk_by_keyboard_alone(simulator: Page) -> None:
    keys = simulator.keyboard
    tab_to(simulator, "#body")
    keys.type("GRAVITY")
    keys.press("Enter")
    expect(simulator.locator("#messages .bubble.line")).to_contain_text("999")
    tab_to(simulator, "#ring")
    keys.press("Enter")
    expect(simulator.locator("#call-state")).to_contain_text("Listening")
    # The focus stays where it was, and digits now count as keys of the telephone.
    keys.press("3")
    expect(simulator.locator("#captions")).to_contain_text("0300 7900 227")
    keys.press("#")
    expect(simulator.locator("#captions .person").last).to_have_text("Pressed #")
    expect(simulator.locator("#present")).to_have_text("Now at: main")
    tab_to(simulator, "#wait")
    keys.press("Space")
    expect(simulator.locator("#captions")).to_contain_text("Stayed silent for 8 seconds")
    tab_to(simulator, "#tab-script")
    keys.press("ArrowRight")
    expect(simulator.get_by_role("tab", name="Record")).to_be_focused()
    expect(simulator.locator("#panel-record")).to_be_visible()
    keys.press("End")
    expect(simulator.locator("#panel-twiml")).to_be_visible()
    expect(simulator.locator("#panel-record")).to_be_hidden()
    keys.press("5")  # outside the call, a digit is no key of the telephone
    # What is asked of the server goes in order, so a 5 that had counted would stand before this 4.
    press(simulator, "4")
    expect(simulator.locator("#captions .caption.person")).to_have_text(
        ["Pressed 3", "Pressed #", "Stayed silent for 8 seconds", "Pressed 4"]
    )


def tab_to(page: Page, selector: str) -> None:
    """Press Tab until the element has the focus, which everybody can see."""
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("(selector) => document.activeElement.matches(selector)", selector):
            outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
            assert outline != "none", f"{selector} has the focus and does not show it"
            return
    pytest.fail(f"Tab never came to {selector}")


def test_voice_is_off_at_first_speaks_digits_and_is_cut_short_by_a_key(desk: Page) -> None:
    voice = desk.get_by_role("switch", name="Read aloud")
    expect(voice).to_have_attribute("aria-checked", "false")
    desk.get_by_role("button", name="Call", exact=True).click()
    expect(desk.locator("#captions")).to_contain_text("999")
    assert desk.evaluate("window.spokenWords") == []
    voice.click()
    hushes = desk.evaluate("window.hushes")
    press(desk, "1")
    assert desk.evaluate("window.hushes") > hushes
    said, language, name = desk.evaluate("window.spokenWords")[0]
    assert "1 0 1" in said
    assert (language, name) == ("en-GB", "Amy")
    voice.click()
    press(desk, "4")
    assert len(desk.evaluate("window.spokenWords")) == 2  # the service and its choices, nothing since


def test_what_a_person_writes_never_becomes_markup(desk: Page) -> None:
    text(desk, "<img src=x onerror=alert(1)>")
    expect(desk.locator("#messages .bubble.person")).to_contain_text("<img src=x onerror=alert(1)>")
    assert desk.locator("#messages img").count() == 0


def test_loading_again_keeps_the_conversation_and_starting_again_does_not(desk: Page) -> None:
    in_conversation(desk)
    bubbles = desk.locator("#messages .bubble").count()
    desk.reload()
    expect(desk.locator("#messages .bubble")).to_have_count(bubbles)
    desk.get_by_role("button", name="Start again").click()
    expect(desk.locator("#messages .bubble")).to_have_count(0)
    expect(desk.locator("#situation")).to_contain_text("07700 900124")


def test_phone_that_was_lost_is_replaced(desk: Page, page_faults: list[str]) -> None:
    desk.evaluate("sessionStorage.setItem('signpost.phone', 'gone')")
    desk.reload()
    expect(desk.locator("#simulator")).to_be_visible()
    text(desk, "GRAVITY")
    assert all("404" in fault for fault in page_faults)  # the browser notes the answer itself
    page_faults.clear()


def test_live_regions_announce_what_comes(desk: Page) -> None:
    for name, role in [("Text messages", "log"), ("What is heard on the call", "log")]:
        expect(desk.get_by_role(role, name=name)).to_be_visible()  # type: ignore[arg-type]  # both are roles
    expect(desk.locator("#call-state")).to_have_attribute("role", "status")
    assert re.search("no real text", desk.locator(".promise").inner_text())


def test_without_javascript_the_page_says_what_is_missing(browser: Browser, address: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(address)
    expect(page.get_by_text("This page needs JavaScript")).to_be_visible()
    expect(page.locator("#simulator")).to_be_hidden()
    context.close()
