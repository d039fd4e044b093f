"""Sessions of the portal: how they begin and end, and what other sites can't do with them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from werkzeug.test import TestResponse

from bot.store import accounts, logins
from bot.web.portal.keys import hashed
from bot.web.portal.passwords import SHORTEST_CHARS
from tests.line import PlayedLine
from tests.partners import FORM_TOKEN, PASSWORD, Person, add_account, lines_of_log
from tests.web.portal.conftest import EMAIL

SESSION = "signpost_session"
NEW_PASSWORD = "other words instead"


def is_in(person: Person) -> bool:
    return person.get("").status_code == 200


def stored(line: PlayedLine, secret: str) -> logins.Login | None:
    with line.wiring.store.reading("a test") as connection:
        return logins.find(connection, hashed(secret), line.now)


def test_session_ends_two_hours_after_it_began_however_busy(line: PlayedLine, anna: Person) -> None:
    anna.sign_in()
    for _ in range(7):
        line.pass_time(15)
        assert is_in(anna)
    line.now += timedelta(minutes=15) - timedelta(microseconds=1)
    assert is_in(anna)
    line.now += timedelta(microseconds=1)
    assert not is_in(anna)


def test_only_a_hash_of_the_secret_is_stored(line: PlayedLine, anna: Person) -> None:
    anna.sign_in()
    secret = anna.cookie(SESSION)
    assert len(secret) >= 43  # 256 bits
    found = stored(line, secret)
    assert found
    assert found.id != secret


def test_each_step_in_gives_a_new_secret(line: PlayedLine, anna: Person) -> None:
    planted = Person(line, EMAIL)
    planted.give_password()
    anna.client.set_cookie(SESSION, planted.cookie(SESSION))
    halfway = anna.cookie(SESSION)
    anna.give_password()
    after_password = anna.cookie(SESSION)
    anna.post("/sign-in/code", code=anna.code())
    after_code = anna.cookie(SESSION)
    assert len({halfway, after_password, after_code}) == 3
    assert [bool(stored(line, secret)) for secret in (halfway, after_password, after_code)] == [
        *(False, False, True)
    ]
    assert not is_in(planted)


def test_secret_that_nobody_issued_is_nobodys(line: PlayedLine, anna: Person) -> None:
    for secret in ("planted", "x" * 1000, ""):
        anna.client.set_cookie(SESSION, secret)
        assert not is_in(anna)
        assert anna.sign_in().cookie(SESSION) != secret
        anna.client.delete_cookie(SESSION)
        line.pass_time(1)


def test_sign_out_ends_the_session_on_the_server(line: PlayedLine, anna: Person) -> None:
    secret = anna.sign_in().cookie(SESSION)
    assert anna.post("/sign-out", page="").location == "/partners/sign-in"
    assert anna.cookie(SESSION) == ""
    anna.client.set_cookie(SESSION, secret)
    assert not is_in(anna)
    assert len(lines_of_log(line, "signed_out")) == 1


def test_new_password_ends_every_other_session(line: PlayedLine, anna: Person) -> None:
    other = Person(line, EMAIL).sign_in()
    line.pass_time(1)
    anna.sign_in()
    before = anna.cookie(SESSION)
    changed = anna.post(
        "/account/password", "/account", present=PASSWORD, password=NEW_PASSWORD, again=NEW_PASSWORD
    )
    assert changed.location == "/partners/account?changed=password"
    assert (
        "Everybody else who was signed in to this account is signed out"
        in anna.get("/account?changed=password").text
    )
    assert not is_in(other)
    assert is_in(anna)
    assert anna.cookie(SESSION) != before
    assert stored(line, before) is None
    fresh = Person(line, EMAIL)
    assert fresh.give_password().status_code == 422
    assert fresh.give_password(NEW_PASSWORD).status_code == 303


def test_disabling_an_account_ends_its_sessions(line: PlayedLine, anna: Person) -> None:
    anna.sign_in()
    with line.wiring.store.writing("a test") as connection:
        account = accounts.by_email(connection, EMAIL)
        assert account
        accounts.set_enabled(connection, account.id, False)
    assert not is_in(anna)


@pytest.mark.parametrize(
    ("password", "again", "told"),
    [
        ("short words", "short words", f"Use at least {SHORTEST_CHARS}."),
        ("x" * 129, "x" * 129, "Use at most 128."),
        ("ababababababab", "ababababababab", "repeats a few characters"),
        ("I am anna of old", "I am anna of old", "easy to guess"),
        ("Password1234", "Password1234", "easy to guess"),
        (NEW_PASSWORD, "other words insteaf", "The two passwords differ."),
    ],
)
def test_password_that_is_not_taken_says_why(anna: Person, password: str, again: str, told: str) -> None:
    anna.sign_in()
    answer = anna.post("/account/password", "/account", present=PASSWORD, password=password, again=again)
    assert answer.status_code == 422
    assert told in answer.text


@pytest.mark.parametrize("path", ["/account/password", "/account/recovery-codes"])
def test_present_password_is_asked_for_and_cannot_be_guessed(
    line: PlayedLine, anna: Person, path: str
) -> None:
    anna.sign_in()
    fields = {"present": "wrong", "password": NEW_PASSWORD, "again": NEW_PASSWORD}
    for _ in range(10):
        answer = anna.post(path, "/account", **fields)
        assert answer.status_code == 422
        assert "Your present password is not right" in answer.text
    assert anna.post(path, "/account", **{**fields, "present": PASSWORD}).status_code == 429
    line.pass_time(15)
    assert anna.post(path, "/account", **{**fields, "present": PASSWORD}).status_code in (200, 303)


def test_a_password_looks_the_same_from_every_keyboard(line: PlayedLine, anna: Person) -> None:
    anna.sign_in()
    composed, taken_apart = "caf\u00e9 au lait noir", "cafe\u0301 au lait noir"
    anna.post("/account/password", "/account", present=PASSWORD, password=composed, again=composed)
    assert Person(line, EMAIL).give_password(taken_apart).status_code == 303


def test_password_of_letters_that_stand_for_many_signs_in(line: PlayedLine, anna: Person) -> None:
    anna.sign_in()
    long = "\ufdfa" * 3 + "abcdefgh" * 15  # the first letter stands for eighteen
    anna.post("/account/password", "/account", present=PASSWORD, password=long, again=long)
    assert Person(line, EMAIL).give_password(long).status_code == 303


@pytest.mark.parametrize(
    ("name", "attributes"),
    [
        (SESSION, "Secure; HttpOnly; Path=/; SameSite=Lax"),
        ("signpost_device", "Max-Age=15552000; Secure; HttpOnly; Path=/; SameSite=Lax"),
    ],
)
def test_cookies_in_production_are_for_this_host_alone(
    strict: PlayedLine, name: str, attributes: str
) -> None:
    add_account(strict, EMAIL)
    person = Person(strict, EMAIL)
    person.give_password()
    answer = person.post("/sign-in/code", code=person.code())
    [cookie] = [one for one in answer.headers.getlist("Set-Cookie") if one.startswith(f"__Host-{name}=")]
    said = {part for part in cookie.split("; ")[1:] if not part.startswith("Expires=")}
    assert said == set(attributes.split("; "))
    assert not any("Domain" in one for one in answer.headers.getlist("Set-Cookie"))


POSTS = (
    "/sign-in",
    "/sign-in/code",
    "/sign-out",
    "/account/password",
    "/account/recovery-codes",
    "/tokens",
    "/code-app",
)


@pytest.mark.parametrize("path", POSTS)
@pytest.mark.parametrize("token", [None, "", "0" * 64, "another's"])
def test_form_without_its_token_is_refused(
    line: PlayedLine, anna: Person, path: str, token: str | None
) -> None:
    anna.sign_in()
    given = {} if token is None else {"form_token": token}
    if token == "another's":
        add_account(line, "ben@example.org")
        shown = Person(line, "ben@example.org").sign_in().get("/account")
        found = FORM_TOKEN.search(shown.text)
        assert found
        given = {"form_token": found[1]}
    assert anna.send(path, {"name": "x", "present": PASSWORD, **given}).status_code == 400
    assert is_in(anna)


def test_form_that_another_site_sent_is_refused(anna: Person) -> None:
    anna.sign_in()
    token = FORM_TOKEN.search(anna.get("/account").text)
    assert token
    for site, status in (("cross-site", 400), ("same-site", 400), ("none", 400), ("same-origin", 303)):
        answer = anna.client.post(
            "https://localhost/partners/sign-out",
            data={"form_token": token[1]},
            headers={"Sec-Fetch-Site": site},
        )
        assert answer.status_code == status


def test_form_that_was_open_longer_than_the_session_leads_to_sign_in(line: PlayedLine, anna: Person) -> None:
    anna.sign_in()
    token = FORM_TOKEN.search(anna.get("/account").text)
    assert token
    line.pass_time(121)
    assert anna.send("/account/password", {"form_token": token[1]}).location == "/partners/sign-in"


def test_no_page_takes_anything_without_a_token(line: PlayedLine, anna: Person) -> None:
    anna.sign_in()
    changing = {"POST", "PUT", "DELETE", "PATCH"}
    rules = [
        rule
        for rule in line.app.url_map.iter_rules()
        if rule.endpoint.startswith("portal.") and changing & (rule.methods or set())
    ]
    assert len(rules) >= 10
    for rule in rules:
        values = dict.fromkeys(rule.arguments, 1)
        path = line.app.url_map.bind("localhost").build(rule.endpoint, values, method="POST")
        assert anna.send(path.removeprefix("/partners"), {}).status_code == 400


def policy_of(answer: TestResponse) -> str:
    return answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    "path", ["/sign-in", "", "/account", "/tokens", "/code-app", "/set-up/wrong", "/accesses"]
)
def test_no_page_is_kept_or_scripted(anna: Person, path: str) -> None:
    if path != "/sign-in":
        anna.sign_in()
    answer = anna.get(path)
    assert answer.headers["Cache-Control"] == "no-store"
    assert policy_of(answer).startswith(
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'"
    )
    assert "script" not in policy_of(answer)
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert not {"<script", "style=", "onclick="} & set(answer.text.split())
    assert "<script" not in answer.text
    assert ' style="' not in answer.text
