"""A portal with two partners' routings in it, an auditor and an operator."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from bot.core.account import ApiToken
from bot.custody import signing
from bot.ledger.integrator import Integrator
from bot.store import tokens
from bot.web.portal.keys import hashed, new_api_token
from tests.line import PlayedLine, play, sqlite_url
from tests.partners import Person, add_account
from tests.store.ledgered import made_up, placed, wait_in

if TYPE_CHECKING:
    from pathlib import Path

MINE, OTHERS = "crimestoppers", "norfolk-constabulary"
SAM, KIM = "sam@crimestoppers.example", "kim@police.example"
AUDITOR, OPERATOR = "avery@auditor.example", "robin@line.example"


@dataclass
class Portal:
    """The line, and the people who look into it."""

    line: PlayedLine
    mine: list[dict[str, Any]]
    others: list[dict[str, Any]]
    token: str = ""
    _signed_in: dict[str, Person] = field(default_factory=dict)

    def person(self, email: str) -> Person:
        """Somebody who has signed in."""
        if email not in self._signed_in:
            self.line.pass_time(1)  # a code counts once
            self._signed_in[email] = Person(self.line, email).sign_in()
        return self._signed_in[email]

    def token_of(self, partner: str) -> str:
        """A new API token of a partner's."""
        secret = new_api_token()
        fresh = ApiToken(0, partner, "tests", secret[-8:], "2026-11-24", "", revoked=False)
        with self.line.wiring.store.writing("a test's token") as connection:
            tokens.add(connection, fresh, hashed(secret))
        return secret


def grow(line: PlayedLine) -> None:
    """Let the log take what waits, and sign it, as the worker does."""
    w = line.wiring
    ledger = w.store.ledger()
    by = Integrator(
        ledger,
        list(w.catalogue.partners),
        w.catalogue.partner_of,
        lambda: secrets.token_bytes(32),
        paced=True,
    )
    while by.grow(line.now) >= by.batch_leaves:
        pass
    signing(w.settings, ledger).sign(line.now)


def furnish(folder: Path, rows: int = 120, **changes: object) -> Portal:
    """Open a portal on a new database; two partners have `rows` routings each."""
    line = play(sqlite_url(folder), **changes)
    mine = made_up(rows)
    others = made_up(rows, partner=OTHERS, service="police-101", seed=2)
    if rows:
        wait_in(line.wiring.store, [*mine, *others])
        grow(line)
        mine, others = placed(line.wiring.store, mine), placed(line.wiring.store, others)
    add_account(line, SAM, partner=MINE)
    add_account(line, KIM, partner=OTHERS)
    add_account(line, AUDITOR, role="auditor")
    add_account(line, OPERATOR, role="operator")
    portal = Portal(line, mine, others)
    portal.token = portal.token_of(MINE)
    return portal
