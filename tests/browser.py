"""A real Chromium for the tests, that can reach this machine and nothing else."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from playwright.sync_api import Browser, BrowserType, Error, sync_playwright

INSTALL_TIMEOUT_SECONDS = 300
SYSTEM_BROWSERS = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
ARGUMENTS = (
    "--no-sandbox",  # root, and many containers, cannot have the sandbox; only our own pages are opened
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1, EXCLUDE [::1]",
)


class BrowserUnavailableError(Exception):
    """No browser could be started; the message says what was tried."""


@contextmanager
def run_browser() -> Iterator[Browser]:
    """Start a browser without a window, and close it at the end.

    Raises:
        BrowserUnavailableError: the machine has none that starts, and none could be fetched.
    """
    with ExitStack() as stack:
        try:
            playwright = stack.enter_context(sync_playwright())
        except Exception as fault:  # Playwright raises nothing narrower when its driver does not start
            cure = "on Debian: apt-get install libatomic1"
            raise BrowserUnavailableError(f"Playwright did not start: {first_line(fault)}; {cure}") from fault
        browser = launch_browser(playwright.chromium)
        stack.callback(browser.close)
        yield browser


def launch_browser(chromium: BrowserType) -> Browser:
    """Launch the system's Chromium, else Playwright's own, which is fetched once where it is missing."""
    faults = []
    for program in [*filter(None, map(shutil.which, SYSTEM_BROWSERS)), None]:
        try:
            return chromium.launch(executable_path=program, args=ARGUMENTS)
        except Error as fault:
            faults.append(f"{program or 'Playwright has none of its own'}: {first_line(fault)}")
    if os.environ.get("CI"):
        raise BrowserUnavailableError("; ".join([*faults, "on Debian: apt-get install chromium"]))
    try:
        fetch_browser()
        return chromium.launch(args=ARGUMENTS)
    except (Error, OSError, subprocess.SubprocessError) as fault:
        raise BrowserUnavailableError("; ".join([*faults, f"fetching one: {first_line(fault)}"])) from fault


def fetch_browser() -> None:
    """Ask Playwright to fetch the Chromium it was made for; workers that ask together wait for each other."""
    subprocess.run(
        [sys.executable, "-m", "playwright", "install", "chromium"],
        check=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        timeout=INSTALL_TIMEOUT_SECONDS,
    )


def first_line(fault: Exception) -> str:
    """Keep the first line of a fault that may bring a whole log with it."""
    return str(fault).strip().partition("\n")[0]
