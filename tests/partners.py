"""People of partners for tests: their accounts, their browsers, their telephones."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import pyotp
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from bot.core.account import Account, Role
from bot.store import accesses, accounts
from bot.web.portal import keys, passwords
from tests.line import PlayedLine

PASSWORD = "three words apart"
KEY = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
FORM_TOKEN = re.compile(r'name="form_token" value="([0-9a-f]+)"')
_HASH = passwords.hash_password(PASSWORD)


def add_account(
    line: PlayedLine,
    email: str,
    role: Role = "partner",
    partner: str = "crimestoppers",
    *,
    with_code: bool = True,
) -> Account:
    """Make an account that has been set up: its password is PASSWORD, its code app has KEY."""
    name, whose = email.partition("@")[0].title(), partner if role == "partner" else ""
    fresh = Account(0, email, name, role, whose, enabled=True)
    with line.wiring.store.writing("a test's account") as connection:
        number = accounts.add(connection, fresh, line.now)
        accounts.set_password(connection, number, _HASH)
        if with_code:
            sealed = keys.seal(line.wiring.settings.secret_key, number, KEY)
            accounts.set_code_key(connection, number, sealed, 0)
        account = accounts.by_id(connection, number)
    assert account is not None
    return account


@dataclass
class Person:
    """Somebody at a browser of their own."""

    line: PlayedLine
    email: str = ""
    address: str = "192.0.2.10"
    client: FlaskClient = field(init=False)

    def __post_init__(self) -> None:
        """Open the browser."""
        self.client = self.line.app.test_client()

    def cookie(self, name: str) -> str:
        """What the browser holds under a name, or ""."""
        found = self.client.get_cookie(name)
        return found.value if found else ""

    def get(self, path: str) -> TestResponse:
        """Open a page."""
        return self.client.get(self._url(path), environ_base={"REMOTE_ADDR": self.address}, buffered=True)

    def post(self, path: str, page: str | None = None, **fields: str) -> TestResponse:
        """Fill in the form on a page (the same path, unless it is named) and send it."""
        shown = self.get(path if page is None else page)
        token = FORM_TOKEN.search(shown.text)
        assert token is not None, shown.text
        data = {"form_token": token[1], **fields}
        return self.send(path, data)

    def send(self, path: str, data: dict[str, str]) -> TestResponse:
        """Send a form that no page has shown."""
        return self.client.post(self._url(path), data=data, environ_base={"REMOTE_ADDR": self.address})

    def _url(self, path: str) -> str:
        return f"https://localhost/partners{path}"

    def code(self, steps: int = 0) -> str:
        """What the authenticator app shows, by the line's clock."""
        return pyotp.TOTP(KEY).at(self.line.now, counter_offset=steps)

    def give_password(self, password: str = PASSWORD, **fields: str) -> TestResponse:
        """Fill in the first page."""
        return self.post("/sign-in", email=self.email, password=password, **fields)

    def sign_in(self) -> Person:
        """Sign in with password and code."""
        answer = self.give_password()
        if answer.location.startswith("/partners/sign-in/code"):
            answer = self.post("/sign-in/code", code=self.code())
        assert answer.status_code == 303, answer.text
        assert answer.location == "/partners"
        return self


def lines_of_log(line: PlayedLine, *whats: str) -> list[accesses.Access]:
    """The access log, newest first: all of it, or these alone."""
    with line.wiring.store.reading("a test") as connection:
        return list(accesses.newest(connection, accesses.Wanted(whats=whats), 1000))
