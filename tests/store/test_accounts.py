"""Accounts, sessions, tokens and the access log, on both databases alike."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from bot.core.account import Account, ApiToken
from bot.errors import StoreError
from bot.store import accesses, accounts, logins, tokens

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.store import Connection, Store

NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
SOON = NOW + timedelta(hours=2)
ANNA = Account(0, "anna@example.org", "Anna", "partner", "crimestoppers", enabled=True)
INSTANT = timedelta(microseconds=1)


@pytest.fixture
def anna(store: Store) -> Account:
    """Keep an account; give it as it is stored."""
    with store.writing("a test") as connection:
        number = accounts.add(connection, ANNA, NOW)
        found = accounts.by_id(connection, number)
    assert found is not None
    return found


def at_once(store: Store, act: Callable[[Connection], bool]) -> list[bool]:
    """Do the same in eight transactions at the same time."""

    def alone(_number: int) -> bool:
        with store.writing("a test") as connection:
            return act(connection)

    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(alone, range(8)))


def test_account_is_found_as_it_was_kept(store: Store, anna: Account) -> None:
    kept = Account(anna.id, "anna@example.org", "Anna", "partner", "crimestoppers", enabled=True)
    with store.reading("a test") as connection:
        assert accounts.by_email(connection, "anna@example.org") == kept
        assert accounts.by_email(connection, "Anna@example.org") is None
        assert accounts.everybody(connection) == [kept]


@pytest.mark.usefixtures("anna")
def test_two_accounts_never_share_an_address(store: Store) -> None:
    with pytest.raises(StoreError, match="a test"), store.writing("a test") as connection:
        accounts.add(connection, ANNA, NOW)


@pytest.mark.parametrize(("moment", "counts"), [(SOON - INSTANT, True), (SOON, False)])
def test_invitation_counts_until_its_moment(
    store: Store, anna: Account, moment: datetime, counts: bool
) -> None:
    with store.writing("a test") as connection:
        accounts.invite(connection, anna.id, "i1", SOON)
        assert (accounts.by_invitation(connection, "i1", moment) is not None) is counts
        assert accounts.by_invitation(connection, "i2", moment) is None


def test_newer_invitation_replaces_the_older(store: Store, anna: Account) -> None:
    with store.writing("a test") as connection:
        accounts.invite(connection, anna.id, "i1", SOON)
        accounts.invite(connection, anna.id, "i2", SOON)
        assert accounts.by_invitation(connection, "i1", NOW) is None
        assert accounts.by_invitation(connection, "i2", NOW) == anna


def test_password_uses_the_invitation_up(store: Store, anna: Account) -> None:
    with store.writing("a test") as connection:
        accounts.invite(connection, anna.id, "i1", SOON)
        accounts.set_password(connection, anna.id, "hash")
        assert accounts.by_invitation(connection, "i1", NOW) is None


def test_disabling_ends_sessions_and_invitation(store: Store, anna: Account) -> None:
    with store.writing("a test") as connection:
        accounts.invite(connection, anna.id, "i1", SOON)
        logins.begin(connection, logins.Login("s1", anna, "in", "", SOON), NOW)
        accounts.set_enabled(connection, anna.id, False)
        accounts.set_enabled(connection, anna.id, True)
        assert logins.find(connection, "s1", NOW) is None
        assert accounts.by_invitation(connection, "i1", NOW) is None


def test_code_counts_once_and_none_before_it(store: Store, anna: Account) -> None:
    with store.writing("a test") as connection:
        accounts.set_code_key(connection, anna.id, "sealed", 100)
        assert [accounts.use_step(connection, anna.id, step) for step in (99, 100, 101, 101, 100)] == [
            *(False, False, True, False, False)
        ]


def test_of_those_who_present_one_code_at_once_one_gets_in(store: Store, anna: Account) -> None:
    assert at_once(store, lambda c: accounts.use_step(c, anna.id, 7)).count(True) == 1


def test_recovery_code_counts_once(store: Store, anna: Account) -> None:
    with store.writing("a test") as connection:
        accounts.set_recovery_codes(connection, anna.id, ["a", "b", "c"])
        assert not accounts.use_recovery_code(connection, anna.id, "z")
        assert not accounts.use_recovery_code(connection, anna.id + 1, "a")
    assert at_once(store, lambda c: accounts.use_recovery_code(c, anna.id, "a")).count(True) == 1
    with store.writing("a test") as connection:
        assert accounts.recovery_codes_left(connection, anna.id) == 2
        accounts.set_recovery_codes(connection, anna.id, ["d"])
        assert not accounts.use_recovery_code(connection, anna.id, "b")
        assert accounts.recovery_codes_left(connection, anna.id) == 1


def test_forgetting_secrets_leaves_none(store: Store, anna: Account) -> None:
    with store.writing("a test") as connection:
        accounts.set_password(connection, anna.id, "hash")
        accounts.set_code_key(connection, anna.id, "sealed", 9)
        accounts.set_recovery_codes(connection, anna.id, ["a"])
        accounts.forget_secrets(connection, anna.id)
        assert accounts.by_id(connection, anna.id) == anna
        assert accounts.recovery_codes_left(connection, anna.id) == 0


@pytest.mark.parametrize(("moment", "lives"), [(SOON - INSTANT, True), (SOON, False)])
def test_session_lives_until_its_moment(store: Store, anna: Account, moment: datetime, lives: bool) -> None:
    login = logins.Login("s1", anna, "code", "", SOON)
    with store.writing("a test") as connection:
        logins.begin(connection, login, NOW)
        assert logins.find(connection, "s1", moment) == (login if lives else None)
        assert logins.find(connection, "s2", moment) is None


def test_all_sessions_but_one_end(store: Store, anna: Account) -> None:
    with store.writing("a test") as connection:
        for name in ("s1", "s2", "s3"):
            logins.begin(connection, logins.Login(name, anna, "in", "", SOON), NOW)
        logins.end_all(connection, anna.id, but="s2")
        assert [bool(logins.find(connection, name, NOW)) for name in ("s1", "s2", "s3")] == [
            *(False, True, False)
        ]
        assert logins.end(connection, "s2")
        assert not logins.end(connection, "s2")


def test_wait_ends_when_the_oldest_attempt_has_gone(store: Store) -> None:
    window, most = timedelta(minutes=15), {"a": 3, "b": 99}
    with store.writing("a test") as connection:
        for minute in range(4):
            assert logins.wait(connection, most, NOW + timedelta(minutes=minute)) is None
            logins.count_attempt(connection, most, NOW + timedelta(minutes=minute), window)
        # The fourth is one too many until the first, of minute 0, has gone.
        assert logins.wait(connection, most, NOW + timedelta(minutes=3)) == timedelta(minutes=12)
        assert logins.wait(connection, most, NOW + timedelta(minutes=15)) is None
        assert logins.wait(connection, {"b": 3}, NOW + timedelta(minutes=3)) == timedelta(minutes=12)
        assert logins.wait(connection, {"c": 3}, NOW + timedelta(minutes=3)) is None


def test_attempts_taken_back_do_not_count(store: Store) -> None:
    with store.writing("a test") as connection:
        numbers = logins.count_attempt(connection, {"a": 1, "b": 1}, NOW, timedelta(minutes=15))
        logins.forget_attempts(connection, numbers)
        logins.count_attempt(connection, {"a": 1, "b": 1}, NOW, timedelta(minutes=15))
        assert logins.wait(connection, {"a": 1, "b": 1}, NOW) is None


def test_token_is_found_until_it_is_revoked(store: Store) -> None:
    with store.writing("a test") as connection:
        kept = ApiToken(0, "nhs", "report", "sp_abcde", "2026-11-24", "", revoked=False)
        number = tokens.add(connection, kept, "hash")
        tokens.used(connection, number, NOW.date())
        found = tokens.find(connection, "hash")
        assert found == ApiToken(
            number, "nhs", "report", "sp_abcde", "2026-11-24", "2026-11-24", revoked=False
        )
        assert not tokens.revoke(connection, number, "unseen")
        assert tokens.revoke(connection, number, "nhs")
        assert not tokens.revoke(connection, number)
        assert tokens.find(connection, "hash") is None
        assert [token.revoked for token in tokens.of_partner(connection)] == [True]
        assert tokens.of_partner(connection, "unseen") == []


def test_accesses_come_newest_first_a_page_at_a_time(store: Store, anna: Account) -> None:
    with store.writing("a test") as connection:
        for minute in range(5):
            at = NOW + timedelta(minutes=minute)
            accesses.add(
                connection, "seen", at=at, account_id=anna.id, role="partner", facts={"minute": minute}
            )
        accesses.add(connection, "sign_in.failed", at=NOW, account_id=999)
        first = accesses.newest(connection, accesses.Wanted(whats=("seen",)), 2)
        rest = accesses.newest(connection, accesses.Wanted(whats=("seen",), before_id=first[-1].id), 9)
        assert [line.facts["minute"] for line in [*first, *rest]] == [4, 3, 2, 1, 0]
        assert {line.email for line in first} == {"anna@example.org"}
        [failed] = accesses.newest(connection, accesses.Wanted(account_id=999), 9)
        assert (failed.email, failed.facts, failed.at) == ("", {}, NOW)
        some = accesses.Wanted(
            role="partner", since=NOW + timedelta(minutes=1), until=NOW + timedelta(minutes=3)
        )
        assert [line.facts["minute"] for line in accesses.newest(connection, some, 9)] == [2, 1]


def test_purge_deletes_sessions_attempts_and_old_accesses(store: Store, anna: Account) -> None:
    later = NOW + timedelta(days=accesses.KEPT_DAYS)
    with store.writing("a test") as connection:
        logins.begin(connection, logins.Login("s1", anna, "in", "", SOON), NOW)
        logins.begin(connection, logins.Login("s2", anna, "in", "", later + timedelta(hours=1)), NOW)
        logins.count_attempt(connection, {"a": 1}, NOW, timedelta(minutes=15))
        accesses.add(connection, "seen", at=NOW - INSTANT)
        accesses.add(connection, "seen", at=NOW)
    assert store.purge(later) == 3
    with store.reading("a test") as connection:
        assert [line.at for line in accesses.newest(connection, accesses.Wanted(), 9)] == [NOW]
        assert logins.find(connection, "s2", later) is not None
