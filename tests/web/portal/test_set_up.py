"""Setting up an account: the link, the password, the code app, the recovery codes."""

from __future__ import annotations

import re
from datetime import timedelta

import pyotp
import pytest
from werkzeug.test import TestResponse

from bot.core.account import Account
from bot.store import accounts
from bot.web.portal.keys import RECOVERY_CODES, hashed
from tests.line import PlayedLine
from tests.partners import PASSWORD, Person, add_account, lines_of_log
from tests.web.portal.conftest import EMAIL

KEY = re.compile(r'<code class="secret">([A-Z2-7 ]+)</code>')
CODE = re.compile(r"<li><code>([a-z2-7-]{19})</code></li>")


@pytest.fixture
def invited(line: PlayedLine) -> Person:
    """Somebody who was sent a link with the secret "link"."""
    fresh = Account(0, EMAIL, "Anna", "partner", "crimestoppers", enabled=True)
    with line.wiring.store.writing("a test") as connection:
        number = accounts.add(connection, fresh, line.now)
        accounts.invite(connection, number, hashed("link"), line.now + timedelta(days=3))
    return Person(line, EMAIL)


def choose(person: Person, password: str = PASSWORD) -> TestResponse:
    return person.post("/set-up/link", password=password, again=password)


def key_on(page: TestResponse) -> str:
    found = KEY.search(page.text)
    assert found, page.text
    return found[1].replace(" ", "")


def code_for(person: Person, page: TestResponse) -> str:
    return pyotp.TOTP(key_on(page)).at(person.line.now)


def test_link_leads_to_an_account_that_is_in_use(line: PlayedLine, invited: Person) -> None:
    assert EMAIL in invited.get("/set-up/link").text
    assert choose(invited).location == "/partners/code-app"
    page = invited.get("/code-app")
    shown = invited.post("/code-app", code=code_for(invited, page))
    codes = CODE.findall(shown.text)
    assert len(set(codes)) == RECOVERY_CODES
    assert "this page shows them once" in shown.text
    assert invited.get("").status_code == 200
    assert invited.get("/set-up/link").status_code == 410
    other = Person(line, EMAIL)
    other.give_password()
    line.pass_time(1)
    assert other.post("/sign-in/code", code=code_for(other, page)).status_code == 303
    third = Person(line, EMAIL)
    third.give_password()
    assert third.post("/sign-in/code", code=codes[4]).status_code == 303
    assert [one.what for one in lines_of_log(line)][::-1][:3] == [
        *("account.set_up", "code_app.changed", "signed_in")
    ]


def test_opening_the_link_uses_nothing_up(invited: Person) -> None:
    for _ in range(3):
        assert invited.get("/set-up/link").status_code == 200
    assert choose(invited, "too short").status_code == 422
    assert choose(invited).status_code == 303


def test_link_counts_once_and_for_three_days(line: PlayedLine, invited: Person) -> None:
    assert invited.get("/set-up/another").status_code == 410
    line.now += timedelta(days=3)
    late = invited.get("/set-up/link")
    assert late.status_code == 410
    assert "Ask the operator of the line for a new one" in late.text


def test_of_two_with_the_link_the_first_sets_the_password(line: PlayedLine, invited: Person) -> None:
    second = Person(line, EMAIL)
    second.get("/set-up/link")
    assert choose(invited).status_code == 303
    assert (
        second.post("/set-up/link", page="/sign-in", password="x y z x y z 123", again="").status_code == 410
    )
    assert Person(line, EMAIL).give_password().status_code == 303


def test_setting_up_signs_everybody_else_out(line: PlayedLine) -> None:
    account = add_account(line, EMAIL)
    before = Person(line, EMAIL).sign_in()
    with line.wiring.store.writing("a test") as connection:
        accounts.invite(connection, account.id, hashed("link"), line.now + timedelta(days=3))
    choose(Person(line, EMAIL))
    assert before.get("").status_code == 303


def test_picture_and_text_hold_the_same_key_until_it_is_proved(invited: Person) -> None:
    choose(invited)
    page = invited.get("/code-app")
    assert key_on(invited.get("/code-app")) == key_on(page)
    assert page.text.count("<svg ") == 1
    wrong = invited.post("/code-app", code="000000")
    assert wrong.status_code == 422
    assert key_on(wrong) == key_on(page)
    assert invited.post("/code-app", code=code_for(invited, page)).status_code == 200
    assert key_on(invited.get("/code-app")) != key_on(page)


def test_code_that_proved_the_app_does_not_sign_in_too(line: PlayedLine, invited: Person) -> None:
    choose(invited)
    code = code_for(invited, invited.get("/code-app"))
    invited.post("/code-app", code=code)
    other = Person(line, EMAIL)
    other.give_password()
    assert other.post("/sign-in/code", code=code).status_code == 422


def test_code_app_can_wait_in_development(line: PlayedLine, invited: Person) -> None:
    choose(invited)
    assert "Not now (in development only)" in invited.get("/code-app").text
    assert invited.post("/code-app/later", page="/code-app").location == "/partners"
    assert invited.get("").status_code == 200


def test_nobody_sets_up_a_code_app_for_somebody_halfway_in(line: PlayedLine, anna: Person) -> None:
    anna.give_password()
    assert anna.get("/code-app").location == "/partners/sign-in"
    assert anna.post("/code-app", page="/sign-in/code", code="1").location == "/partners/sign-in"
    assert anna.post("/code-app/later", page="/sign-in/code").location == "/partners/sign-in"
    assert anna.get("").status_code == 303


def test_another_telephone_needs_the_present_password(line: PlayedLine, anna: Person) -> None:
    anna.sign_in()
    other = Person(line, EMAIL)
    line.pass_time(1)
    other.sign_in()
    page = anna.get("/code-app")
    code = code_for(anna, page)
    assert anna.post("/code-app", code=code, present="wrong").status_code == 422
    assert "Your recovery codes" in anna.post("/code-app", code=code, present=PASSWORD).text
    assert other.get("").status_code == 303
    assert anna.get("").status_code == 200
    line.pass_time(1)
    again = Person(line, EMAIL)
    again.give_password()
    assert again.post("/sign-in/code", code=again.code()).status_code == 422  # of the old telephone
    assert again.post("/sign-in/code", code=code_for(again, page)).status_code == 303


def test_recovery_codes_can_be_made_anew(line: PlayedLine, anna: Person) -> None:
    anna.sign_in()
    first = CODE.findall(anna.post("/account/recovery-codes", "/account", present=PASSWORD).text)
    second = CODE.findall(anna.post("/account/recovery-codes", "/account", present=PASSWORD).text)
    assert not set(first) & set(second)
    assert "10 recovery codes left" in anna.get("/account").text
    other = Person(line, EMAIL)
    other.give_password()
    assert other.post("/sign-in/code", code=first[0]).status_code == 422
    assert other.post("/sign-in/code", code=second[0]).status_code == 303
    assert "9 recovery codes left" in other.get("/account").text


def test_no_secret_is_stored_in_the_clear(line: PlayedLine, invited: Person) -> None:
    choose(invited)
    page = invited.get("/code-app")
    shown = invited.post("/code-app", code=code_for(invited, page))
    secrets = [PASSWORD, key_on(page), *CODE.findall(shown.text), invited.cookie("signpost_session")]
    invited.post("/tokens", name="report")
    line.wiring.store.close()
    path = line.wiring.settings.database_url.removeprefix("sqlite:///")
    with open(path, "rb") as file:  # noqa: PTH123 - a name from an address
        kept = file.read()
    assert [secret for secret in secrets if secret.encode() in kept] == []
    assert all(secret.replace("-", "").encode() not in kept for secret in secrets)
