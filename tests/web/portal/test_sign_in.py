"""Signing in: who gets in, who does not, and what it tells whoever tries."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError

from bot.core.account import DEMO_DOMAIN
from bot.store import accounts
from bot.web.portal import keys, passwords, throttle
from bot.web.portal.sign_in import NOT_LET_IN
from bot.web.wiring import KEY
from tests.line import PlayedLine, play, sqlite_url
from tests.partners import FORM_TOKEN, PASSWORD, Person, add_account, lines_of_log
from tests.web.portal.conftest import EMAIL

SHOWN_MINUTES = re.compile(r"Wait (a minute|\d+ minutes)")


def test_password_and_code_let_somebody_in(anna: Person) -> None:
    to_code = anna.give_password()
    assert (to_code.status_code, to_code.location) == (303, "/partners/sign-in/code?next=%2Fpartners")
    assert anna.get("").location == "/partners/sign-in?next=%2Fpartners"
    to_overview = anna.post("/sign-in/code", code=anna.code())
    assert (to_overview.status_code, to_overview.location) == (303, "/partners")
    assert "<strong>Anna</strong>" in anna.get("").text


def test_address_is_read_in_any_letters_and_code_with_a_space(anna: Person) -> None:
    assert anna.post("/sign-in", email=" Anna@Example.ORG ", password=PASSWORD).status_code == 303
    code = anna.code()
    assert anna.post("/sign-in/code", code=f"{code[:3]} {code[3:]}").status_code == 303


@pytest.mark.parametrize(
    ("email", "password"),
    [
        (EMAIL, "three words apar"),
        (EMAIL, ""),
        (EMAIL, "x" * 10_000),
        ("nobody@example.org", PASSWORD),
        ("", ""),
        ("disabled@example.org", PASSWORD),
        ("invited@example.org", ""),
        ("invited@example.org", "no account has this password"),
        ("\ufffd@example.org", "\U0010ffff"),
    ],
)
def test_whatever_is_wrong_is_told_in_the_same_words(
    line: PlayedLine, anna: Person, email: str, password: str
) -> None:
    disabled, invited = (add_account(line, f"{name}@example.org") for name in ("disabled", "invited"))
    with line.wiring.store.writing("a test") as connection:
        accounts.set_enabled(connection, disabled.id, False)
        accounts.forget_secrets(connection, invited.id)
    answer = anna.post("/sign-in", email=email, password=password)
    assert answer.status_code == 422
    assert NOT_LET_IN in answer.text
    told = answer.text.replace(f'value="{email.strip()}"', 'value=""')
    unknown = Person(line).post("/sign-in", email="unknown@example.org", password=PASSWORD)
    tokens = re.compile(r'name="form_token" value="\w+"')
    assert tokens.sub("", told) == tokens.sub("", unknown.text.replace("unknown@example.org", ""))
    assert anna.get("").status_code == 303


@pytest.mark.parametrize("path", ["/sign-in", "/set-up/%00"])
def test_text_that_no_database_takes_is_refused(line: PlayedLine, path: str) -> None:
    person = Person(line)
    answer = person.post(path, page="/sign-in", email="\0@example.org", password="\0")
    assert answer.status_code == 400
    assert person.get("/sign-in?next=%00").status_code == 400


def test_unknown_account_makes_as_much_work_as_a_known_one(
    line: PlayedLine, anna: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_at: list[str] = []
    verify = PasswordHasher.verify

    def watched(hasher: PasswordHasher, kept: str, given: str) -> bool:
        looked_at.append(kept.rsplit("$", 2)[0])
        return verify(hasher, kept, given)

    monkeypatch.setattr(PasswordHasher, "verify", watched)
    anna.post("/sign-in", email=EMAIL, password="wrong password")
    anna.post("/sign-in", email="unknown@example.org", password="wrong password")
    assert looked_at == ["$argon2id$v=19$m=32768,t=3,p=1"] * 2


@pytest.mark.parametrize(("steps", "gets_in"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_telephone_clock_may_be_one_step_off(anna: Person, steps: int, gets_in: bool) -> None:
    anna.give_password()
    assert anna.post("/sign-in/code", code=anna.code(steps)).status_code == (303 if gets_in else 422)


def test_code_counts_once(line: PlayedLine, anna: Person) -> None:
    anna.sign_in()
    thief = Person(line, EMAIL)
    thief.give_password()
    replayed = thief.post("/sign-in/code", code=anna.code())
    assert replayed.status_code == 422
    assert "has been used" in replayed.text
    earlier = thief.post("/sign-in/code", code=anna.code(-1))
    assert earlier.status_code == 422
    line.pass_time(0.5)
    assert thief.post("/sign-in/code", code=thief.code()).status_code == 303


@pytest.mark.parametrize(
    "typed", ["", "000000", "12345", "1234567", "¹²³⁴⁵⁶", "abcd-efgh-ijkl-mnop", "x" * 5000]
)
def test_wrong_code_lets_nobody_in(anna: Person, typed: str) -> None:
    anna.give_password()
    assert anna.post("/sign-in/code", code=typed).status_code == 422
    assert anna.get("").status_code == 303


def test_code_page_is_for_those_who_gave_the_password(line: PlayedLine, anna: Person) -> None:
    assert anna.get("/sign-in/code").location == "/partners/sign-in"
    stranger = Person(line)
    assert stranger.post("/sign-in/code", page="/sign-in", code=anna.code()).location == "/partners/sign-in"


def test_halfway_ends_after_a_quarter_of_an_hour(line: PlayedLine, anna: Person) -> None:
    anna.give_password()
    line.pass_time(15)
    assert anna.get("/sign-in/code").location == "/partners/sign-in"


def test_recovery_code_stands_in_once(line: PlayedLine, anna: Person) -> None:
    code, other = keys.new_recovery_codes()[:2]
    with line.wiring.store.writing("a test") as connection:
        account = accounts.by_email(connection, EMAIL)
        assert account
        hashes = [keys.hashed_recovery_code(account.id, text) for text in (code, other)]
        accounts.set_recovery_codes(connection, account.id, hashes)
    anna.give_password()
    assert anna.post("/sign-in/code", code=f" {code.upper().replace('-', ' ')} ").status_code == 303
    assert [line.facts["with"] for line in lines_of_log(line, "signed_in")] == ["recovery code"]
    again = Person(line, EMAIL)
    again.give_password()
    assert again.post("/sign-in/code", code=code).status_code == 422
    assert again.post("/sign-in/code", code=other).status_code == 303


def test_new_secret_key_leaves_recovery_codes(line: PlayedLine, anna: Person) -> None:
    code = keys.new_recovery_codes()[0]
    with line.wiring.store.writing("a test") as connection:
        account = accounts.by_email(connection, EMAIL)
        assert account
        accounts.set_recovery_codes(connection, account.id, [keys.hashed_recovery_code(account.id, code)])
    other = replace(line.wiring.settings, secret_key="n" * 64)
    line.app.extensions[KEY] = replace(line.wiring, settings=other)
    anna.give_password()
    refused = anna.post("/sign-in/code", code=anna.code())
    assert refused.status_code == 422
    assert "the line has a new secret key" in refused.text
    assert anna.post("/sign-in/code", code=code).status_code == 303


@pytest.mark.parametrize(
    "wanted",
    [
        "/partners/account",
        "/partners/accesses?role=partner&since=2026-11-01",
        "/partners",
    ],
)
def test_sign_in_leads_where_somebody_wanted_to_go(line: PlayedLine, anna: Person, wanted: str) -> None:
    asked = anna.client.get(wanted, base_url="https://localhost")
    assert asked.location.startswith("/partners/sign-in?next=")
    to_code = anna.post(
        "/sign-in", page=asked.location.removeprefix("/partners"), email=EMAIL, password=PASSWORD, next=wanted
    )
    path = to_code.location.removeprefix("/partners")
    assert anna.post("/sign-in/code", page=path, code=anna.code(), next=wanted).location == wanted


@pytest.mark.parametrize(
    "wanted",
    [
        "https://evil.example/partners",
        "//evil.example/partners",
        "/\\evil.example",
        "/partners\\@evil.example",
        "/partners//evil.example",
        "/partnersevil",
        "/partners/../twilio/sms",
        "javascript:alert(1)",
        "/partners/account\r\nSet-Cookie: a=b",
        "/partners/" + "a" * 1000,
        "\thttps://evil.example",
    ],
)
def test_sign_in_leads_nowhere_else(line: PlayedLine, wanted: str) -> None:
    add_account(line, EMAIL, with_code=False)
    answer = Person(line, EMAIL).give_password(next=wanted)
    assert (answer.status_code, answer.location) == (303, "/partners")


def test_portal_stands_under_the_path_of_the_public_url(tmp_path: Path) -> None:
    line = play(sqlite_url(tmp_path), public_url="https://line.example/helpline")
    add_account(line, EMAIL, with_code=False)
    person = Person(line, EMAIL)
    asked = person.get("/account")
    assert asked.location == "/helpline/partners/sign-in?next=%2Fhelpline%2Fpartners%2Faccount"
    assert 'href="/helpline/static/base.css"' in person.get("/sign-in").text
    assert person.give_password(next="/helpline/partners/account").location == "/helpline/partners/account"
    assert person.get("").status_code == 200
    assert Person(line, EMAIL).give_password(next="/partners/account").location == "/helpline/partners"
    line.wiring.store.close()


def test_password_alone_is_enough_in_development_only(line: PlayedLine) -> None:
    add_account(line, EMAIL, with_code=False)
    assert Person(line, EMAIL).give_password().location == "/partners"


def test_production_asks_for_a_code_app(strict: PlayedLine) -> None:
    add_account(strict, EMAIL, with_code=False)
    person = Person(strict, EMAIL)
    assert person.give_password().location == "/partners/code-app?next=%2Fpartners"
    assert person.get("").location == "/partners/sign-in?next=%2Fpartners"
    assert "Not now" not in person.get("/code-app").text
    assert person.post("/code-app/later", page="/code-app").location == "/partners/sign-in"
    assert person.get("").status_code == 303


def test_demo_accounts_sign_in_nowhere_but_in_development(strict: PlayedLine) -> None:
    add_account(strict, f"auditor{DEMO_DOMAIN}", "auditor")
    assert Person(strict, f"auditor{DEMO_DOMAIN}").give_password().status_code == 422


def test_session_of_a_demo_account_is_nobodys_in_production(line: PlayedLine) -> None:
    add_account(line, f"auditor{DEMO_DOMAIN}", "auditor", with_code=False)
    person = Person(line, f"auditor{DEMO_DOMAIN}").sign_in()
    secret = person.cookie("signpost_session")
    settings = replace(line.wiring.settings, environment="production")
    line.app.extensions[KEY] = replace(line.wiring, settings=settings)
    person.client.set_cookie("__Host-signpost_session", secret)
    assert person.get("").status_code == 303


def test_hash_of_other_parameters_is_renewed(line: PlayedLine) -> None:
    add_account(line, EMAIL)
    old = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
    with line.wiring.store.writing("a test") as connection:
        account = accounts.by_email(connection, EMAIL)
        assert account
        accounts.set_password(connection, account.id, old)
    Person(line, EMAIL).give_password()
    with line.wiring.store.reading("a test") as connection:
        renewed = accounts.by_email(connection, EMAIL)
    assert renewed
    assert renewed.password.startswith("$argon2id$v=19$m=32768,t=3,p=1$")
    assert passwords.is_right(renewed.password, PASSWORD)


def test_failed_sign_ins_are_on_record_without_what_was_typed(line: PlayedLine, anna: Person) -> None:
    anna.post("/sign-in", email="unknown@example.org", password="something secret")
    anna.post("/sign-in", email=EMAIL, password="something secret")
    anna.give_password()
    anna.post("/sign-in/code", code="000000")
    lines = lines_of_log(line, "sign_in.failed")
    assert [(one.email, one.facts) for one in lines] == [
        (EMAIL, {"step": "code"}),
        (EMAIL, {"step": "password"}),
        ("", {"step": "password"}),
    ]


@pytest.mark.parametrize("email", [EMAIL, "unknown@example.org"])
def test_many_wrong_passwords_have_to_wait(line: PlayedLine, anna: Person, email: str) -> None:
    anna.email = email
    for _ in range(throttle.MOST_PASSWORDS):
        assert anna.give_password("wrong").status_code == 422
    refused = anna.give_password()
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "900")
    assert SHOWN_MINUTES.search(refused.text)[1] == "15 minutes"  # type: ignore[index]  # None fails the test too
    # Asking again while one waits does not make the wait longer.
    line.pass_time(14)
    assert anna.give_password().headers["Retry-After"] == "60"
    line.pass_time(1)
    assert anna.give_password().status_code == (303 if email == EMAIL else 422)


def test_those_who_guess_at_the_same_time_do_not_get_around_the_limit(line: PlayedLine) -> None:
    add_account(line, EMAIL)
    people = [Person(line, EMAIL, address=f"192.0.2.{number}") for number in range(20)]
    forms = [
        {
            "form_token": str(FORM_TOKEN.findall(person.get("/sign-in").text)[0]),
            "email": EMAIL,
            "password": "wrong",
        }
        for person in people
    ]
    with ThreadPoolExecutor(8) as pool:
        sent = pool.map(lambda person, form: person.send("/sign-in", form), people, forms)
        answers = [answer.status_code for answer in sent]
    assert answers.count(422) <= throttle.MOST_PASSWORDS
    assert set(answers) <= {422, 429, 503}
    assert len(lines_of_log(line, "sign_in.failed")) == answers.count(422)


def test_what_has_expired_is_deleted_though_nobody_rings(line: PlayedLine, anna: Person) -> None:
    anna.give_password("wrong")
    line.pass_time(16)
    anna.give_password("wrong")
    assert line.wiring.store.purge(line.now) == 0
    assert line.wiring.store.purge(line.now + timedelta(minutes=15)) == 2  # whose account, and from where


def test_stranger_cannot_lock_the_owner_out(line: PlayedLine, anna: Person) -> None:
    anna.sign_in()
    anna.post("/sign-out", page="")
    line.pass_time(1)
    stranger = Person(line, EMAIL, address="198.51.100.7")
    while stranger.give_password("wrong").status_code != 429:
        pass
    assert stranger.give_password().status_code == 429
    assert anna.give_password().status_code == 303
    # The mark of the owner's browser is no use with another account, nor when it was altered.
    other = Person(line, "ben@example.org", address="198.51.100.8")
    other.client.set_cookie("signpost_device", anna.cookie("signpost_device"))
    while other.give_password("wrong").status_code != 429:
        pass
    forger = Person(line, EMAIL, address="198.51.100.9")
    forger.client.set_cookie("signpost_device", "x" + anna.cookie("signpost_device"))
    assert forger.give_password().status_code == 429


def test_one_address_can_try_only_so_many_accounts(line: PlayedLine, anna: Person) -> None:
    for number in range(throttle.MOST_FROM_ONE_ADDRESS):
        assert Person(line, f"{number}@example.org").give_password("wrong").status_code == 422
    assert anna.give_password().status_code == 429
    anna.address = "192.0.2.11"
    assert anna.give_password().status_code == 303


def test_addresses_of_one_ipv6_customer_count_as_one(line: PlayedLine, anna: Person) -> None:
    for number in range(throttle.MOST_FROM_ONE_ADDRESS):
        person = Person(line, f"{number}@example.org", address=f"2001:db8::{number:x}")
        assert person.give_password("wrong").status_code == 422
    anna.address = "2001:db8::ffff"
    assert anna.give_password().status_code == 429
    anna.address = "2001:db8:0:1::1"
    assert anna.give_password().status_code == 303


def test_codes_can_be_guessed_only_so_often(line: PlayedLine, anna: Person) -> None:
    anna.give_password()
    for _ in range(throttle.MOST_CODES):
        assert anna.post("/sign-in/code", code="000000").status_code == 422
    assert anna.post("/sign-in/code", code=anna.code()).status_code == 429
    # A new password does not begin a new count of codes.
    anna.give_password()
    assert anna.post("/sign-in/code", code=anna.code()).status_code == 429
    line.pass_time(15)
    anna.give_password()
    assert anna.post("/sign-in/code", code=anna.code()).status_code == 303


def test_no_address_is_kept_in_the_clear(line: PlayedLine, anna: Person, tmp_path: Path) -> None:
    anna.address = "203.0.113.77"
    anna.give_password("wrong")
    anna.sign_in()
    line.wiring.store.close()
    assert b"203.0.113.77" not in (tmp_path / "line.db").read_bytes()


def test_those_who_would_crowd_callers_out_are_asked_to_wait(
    line: PlayedLine, anna: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passwords, "PATIENCE_SECONDS", 0.01)
    with passwords._place(), passwords._place():  # noqa: SLF001 - both places are taken
        busy = anna.give_password()
    assert busy.status_code == 503
    assert "try again" in busy.text
    assert anna.give_password().status_code == 303
    assert lines_of_log(line, "sign_in.failed") == []


def test_a_wrong_address_makes_as_much_work_as_a_wrong_password() -> None:
    made, nobodys = (passwords.hash_password("three words apart"), passwords._NOBODYS)  # noqa: SLF001 - held to a real one
    assert nobodys.split("$")[:4] == made.split("$")[:4]  # memory, passes and lanes
    assert [len(part) for part in nobodys.split("$")] == [len(part) for part in made.split("$")]
    with pytest.raises(VerifyMismatchError):  # it was worked out, and not refused at a glance
        PasswordHasher().verify(nobodys, "three words apart")
    assert not passwords.is_right("", "three words apart")
