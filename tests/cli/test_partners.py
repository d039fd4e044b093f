"""Accounts and tokens from the command line, and what the people then see."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click
import pytest
from click.testing import CliRunner, Result

from bot.cli import signpost
from bot.cli.partners import make_demo_accounts
from bot.core.account import ROLES
from bot.web.portal.keys import is_api_token
from tests.line import PlayedLine, play, sqlite_url
from tests.partners import PASSWORD, Person, lines_of_log

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

EMAIL = "anna@example.org"
LINK = re.compile(r"https://line\.example/partners(/set-up/[\w-]{43})\n")
ADD = ("add", EMAIL, "--name", "Anna", "--partner", "crimestoppers")


@pytest.fixture
def line(tmp_path: Path) -> Iterator[PlayedLine]:
    """A line whose clock is the computer's, as the commands have no other."""
    line = play(sqlite_url(tmp_path))
    line.now = datetime.now(UTC)
    yield line
    line.wiring.store.close()


@pytest.fixture
def run(line: PlayedLine) -> Callable[..., Result]:
    """Give a command to the same line."""
    env = {
        "DATABASE_URL": line.wiring.settings.database_url,
        "ENVIRONMENT": "development",
        "PUBLIC_URL": "https://line.example",
    }
    return lambda *words: CliRunner().invoke(signpost, ["partners", *words], env=env)


def link_in(result: Result) -> str:
    found = LINK.search(result.output)
    assert found, result.output
    return found[1]


def set_up(line: PlayedLine, path: str) -> Person:
    person = Person(line, EMAIL)
    assert person.post(path, password=PASSWORD, again=PASSWORD).location == "/partners/code-app"
    assert person.post("/code-app/later", page="/code-app").location == "/partners"
    return person


def test_account_is_added_set_up_and_listed(line: PlayedLine, run: Callable[..., Result]) -> None:
    added = run(*ADD)
    assert added.exit_code == 0
    assert "It counts once, for 3 days" in added.output
    assert "partner of crimestoppers             not set up yet" in run("list").output
    person = set_up(line, link_in(added))
    assert "<strong>Anna</strong>" in person.get("").text
    assert "in use, without an authenticator app" in run("list").output
    [one] = lines_of_log(line, "account.added")
    assert (one.role, one.facts) == ("operator", {"account": 1, "by": "command"})


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("add", "anna", "--name", "A", "--role", "auditor"), "'anna' is no e-mail address"),
        (("add", "a@b", "--name", "A", "--role", "auditor"), "'a@b' is no e-mail address"),
        (("add", "x@demo.invalid", "--name", "A", "--role", "auditor"), "are for trying the portal"),
        (("add", EMAIL, "--name", " ", "--role", "auditor"), "at most 100 characters"),
        (("add", EMAIL, "--name", "A"), "an account of the role partner needs one; the partners are: "),
        (("add", EMAIL, "--name", "A", "--partner", "nobody"), "'nobody' is no partner; the partners are: "),
        (("add", EMAIL, "--name", "A", "--role", "auditor", "--partner", "nhs"), "belongs to no partner"),
        (("reset", EMAIL), "has no account; `signpost partners list` shows who has"),
        (("disable", EMAIL), "has no account"),
        (("enable", EMAIL), "has no account"),
        (("token", "add", "nobody", "--name", "x"), "'nobody' is no partner"),
        (("token", "revoke", "7"), "there is no live token 7; `signpost partners token list` shows them"),
    ],
)
def test_what_cannot_be_done_says_why(run: Callable[..., Result], words: tuple[str, ...], told: str) -> None:
    result = run(*words)
    assert result.exit_code != 0
    assert told in result.output
    assert "There are none yet" in run("list").output


def test_address_has_one_account(run: Callable[..., Result]) -> None:
    run(*ADD)
    again = run("add", EMAIL.upper(), "--name", "Anna", "--role", "operator")
    assert again.exit_code == 1
    assert f"{EMAIL} has an account; for a new link: signpost partners reset {EMAIL}" in again.output


def test_reset_forgets_the_password_and_signs_out(line: PlayedLine, run: Callable[..., Result]) -> None:
    first = link_in(run(*ADD))
    person = set_up(line, first)
    second = link_in(run("reset", EMAIL))
    assert second != first
    assert person.get("").status_code == 303
    assert person.give_password().status_code == 422
    set_up(line, second)


def test_newer_link_replaces_the_older(line: PlayedLine, run: Callable[..., Result]) -> None:
    first, second = link_in(run(*ADD)), link_in(run("reset", EMAIL))
    assert Person(line).get(first).status_code == 410
    assert Person(line).get(second).status_code == 200


def test_disabled_account_is_out_until_it_is_enabled(line: PlayedLine, run: Callable[..., Result]) -> None:
    person = set_up(line, link_in(run(*ADD)))
    run("token", "add", "crimestoppers", "--name", "report")
    told = run("disable", EMAIL).output
    assert "is signed out and can't sign in" in told
    assert "crimestoppers has 1 live API tokens" in told
    assert person.get("").status_code == 303
    assert person.give_password().status_code == 422
    assert "disabled" in run("list").output
    assert "first: signpost partners enable" in run("reset", EMAIL).output
    assert run("enable", EMAIL).exit_code == 0
    assert person.give_password().location == "/partners"


def test_tokens_are_made_listed_and_revoked(line: PlayedLine, run: Callable[..., Result]) -> None:
    assert "There are none." in run("token", "list").output
    made = run("token", "add", "nhs", "--name", "report").output
    secret = re.search(r"sp_\w+", made)
    assert secret
    assert is_api_token(secret[0])
    listed = run("token", "list", "nhs").output
    assert f"{secret[0][:8]}…" in listed
    assert secret[0] not in listed
    assert "last used never" in listed
    assert run("token", "revoke", "1").exit_code == 0
    assert "revoked" in run("token", "list").output
    assert [one.what for one in lines_of_log(line)] == ["token.revoked", "token.made"]


def test_demo_accounts_let_a_newcomer_in_at_once(line: PlayedLine) -> None:
    wiring = line.wiring
    first = make_demo_accounts(wiring.store, wiring.settings, wiring.catalogue)
    assert [role for role, _, _ in first] == list(ROLES)
    again = make_demo_accounts(wiring.store, wiring.settings, wiring.catalogue)
    for (_, email, old), (_, _, new) in zip(first, again, strict=True):
        assert Person(line, email).give_password(old).status_code == 422
        assert Person(line, email).give_password(new).location == "/partners"


def test_demo_accounts_are_impossible_in_production(line: PlayedLine) -> None:
    strict = replace(line.wiring.settings, environment="production")
    with pytest.raises(click.ClickException, match="in development alone"):
        make_demo_accounts(line.wiring.store, strict, line.wiring.catalogue)
    assert lines_of_log(line) == []
    assert Person(line, "partner@demo.invalid").give_password("").status_code == 422
