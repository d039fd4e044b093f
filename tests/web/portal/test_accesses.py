"""The access log: everything is on it, the auditor reads it, and nothing is shown that can't be logged."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest

from bot.errors import StoreError
from bot.store import Store, accesses
from bot.web.portal import access
from tests.line import PlayedLine
from tests.partners import Person, add_account, lines_of_log
from tests.web.portal.conftest import EMAIL

ROWS = re.compile(r"<tr>\s*<td class=\"when\">(.*?)</td>\s*<td>(.*?)</td>\s*<td>(.*?)</td>\s*<td>(.*?)</td>")
OLDER = re.compile(r'href="/partners(/accesses\?[^"]*before=\d+)"')


@pytest.fixture
def auditor(line: PlayedLine) -> Person:
    add_account(line, "olga@example.org", "auditor")
    return Person(line, "olga@example.org")


def fill(line: PlayedLine, count: int) -> None:
    """Put failed sign-ins on record, one a minute."""
    with line.wiring.store.writing("a test") as connection:
        for number in range(count):
            at = line.now - timedelta(minutes=count - number)
            accesses.add(connection, "sign_in.failed", at=at, facts={"number": number})


def test_every_look_is_on_the_log(line: PlayedLine, anna: Person, auditor: Person) -> None:
    anna.sign_in().get("/account")
    page = auditor.sign_in().get("/accesses").text
    assert [(row[1], row[2], row[3]) for row in ROWS.findall(page)] == [
        ("olga@example.org", "auditor", "Signed in"),
        (EMAIL, "partner", "Looked at own account"),
        (EMAIL, "partner", "Signed in"),
    ]
    assert lines_of_log(line)[0].what == "accesses.seen"


def test_log_is_read_a_page_at_a_time(line: PlayedLine, auditor: Person) -> None:
    auditor.sign_in()
    fill(line, 120)
    path, seen = "/accesses?what=sign_in.failed", []
    while path:
        page = auditor.get(path).text
        seen.append(len(ROWS.findall(page)))
        found = OLDER.search(page)
        path = found[1].replace("&amp;", "&") if found else ""
    assert seen == [50, 50, 20]


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("email=anna@example.org", 2),
        ("email=ANNA@example.org&what=signed_in", 1),
        ("role=auditor", 1),
        ("role=operator", 0),
        ("what=sign_in.failed", 5),
        ("since=2026-11-24", 3),
        ("until=2026-11-23", 5),
        ("since=2026-11-23&until=2026-11-23", 5),
        ("since=2026-11-25", 0),
        ("before=3", 2),
        ("before=x", 8),
    ],
)
def test_filters(line: PlayedLine, anna: Person, auditor: Person, query: str, count: int) -> None:
    line.now -= timedelta(days=1)
    fill(line, 5)
    line.now += timedelta(days=1)
    anna.sign_in().get("/account")
    auditor.sign_in()
    assert len(ROWS.findall(auditor.get(f"/accesses?{query}").text)) == count


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("since=yesterday", "“yesterday” is no day. Write it as 2026-11-24"),
        ("until=2026-02-30", "“2026-02-30” is no day"),
        ("email=nobody@example.org", "There is no account under this e-mail address"),
    ],
)
def test_filter_that_cannot_be_read_says_how(auditor: Person, query: str, told: str) -> None:
    answer = auditor.sign_in().get(f"/accesses?{query}")
    assert answer.status_code == 422
    assert told in answer.text
    assert ROWS.findall(answer.text) == []


def test_account_shows_its_own_sign_ins_alone(line: PlayedLine, anna: Person, auditor: Person) -> None:
    auditor.give_password("wrong")
    anna.give_password("wrong")
    anna.sign_in()
    page = anna.get("/account").text
    assert page.count("Failed sign-in") == 1
    assert "the password was wrong" in page
    assert page.count("with code") == 1


def test_what_cannot_be_logged_is_not_shown(
    line: PlayedLine, anna: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    anna.sign_in()

    def full() -> None:
        raise StoreError("the disk is full")

    monkeypatch.setattr(access, "write_recorded", full)
    answer = anna.get("/account")
    assert answer.status_code == 503
    assert "be reached just now. Try again in a minute" in answer.text
    assert EMAIL not in answer.text
    assert answer.headers["Cache-Control"] == "no-store"


def test_database_that_is_down_is_told(
    line: PlayedLine, anna: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    anna.sign_in()

    def gone(_store: Store, lost: str) -> Iterator[None]:
        raise StoreError(f"{lost}: no such host")

    monkeypatch.setattr(Store, "reading", gone)
    for path in ("", "/account", "/set-up/link", "/sign-in"):
        answer = anna.get(path)
        assert answer.status_code == 503
        assert "be reached just now" in answer.text
        assert answer.headers["Cache-Control"] == "no-store"
