"""`signpost partners`: who may sign in to the partners' portal, and the tokens of their programs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import click

from bot.catalogue import Catalogue
from bot.cli.common import catalogue, settings
from bot.core.account import DEMO_DOMAIN, ROLES, Account, Role
from bot.settings import Settings
from bot.store import Connection, Store, accesses, accounts, logins, open_store, tokens
from bot.web.portal.keys import hashed, new_api_token, new_secret
from bot.web.portal.passwords import hash_password
from bot.web.portal.token_pages import fresh

EMAIL = re.compile(r"[^@\s]{1,64}@[a-z0-9-]+(?:\.[a-z0-9-]+)+")
LONGEST_EMAIL_CHARS = 254
LONGEST_NAME_CHARS = 100
LINK_DAYS = 3


@click.group()
def partners() -> None:
    """Say who may sign in to the partners' portal.

    A partner sees where people were sent to it; an auditor sees the whole log and who looked at
    what; an operator sees the whole line. Nobody sees who called or wrote.
    """


@partners.command()
@click.argument("email")
@click.option("--name", required=True, help="Their name, as the portal greets them.")
@click.option("--role", type=click.Choice(ROLES), default="partner", show_default=True)
@click.option("--partner", default="", help="Which partner they belong to, by its id; for the role partner.")
def add(email: str, name: str, role: Role, partner: str) -> None:
    """Make an account for EMAIL and print the link by which they set it up."""
    chosen = settings()
    email, name = _email(email), name.strip()
    if not name or len(name) > LONGEST_NAME_CHARS or not name.isprintable():
        raise click.BadParameter(f"at most {LONGEST_NAME_CHARS} characters", param_hint="--name")
    _refuse_partner(role, partner, catalogue())
    with _writing(chosen) as connection:
        if accounts.by_email(connection, email):
            raise click.ClickException(
                f"{email} has an account; for a new link: signpost partners reset {email}"
            )
        number = accounts.add(connection, Account(0, email, name, role, partner, enabled=True), _now())
        link = _invite(connection, chosen, number)
        _record(connection, "account.added", number)
    of = f" of {partner}" if partner else ""
    click.echo(f"{email} is {role}{of}, once the account is set up.")
    _tell_link(email, link)


@partners.command()
@click.argument("email")
def reset(email: str) -> None:
    """Print a new set-up link for EMAIL, who has lost the password or the telephone.

    Password, authenticator app and recovery codes are forgotten, and whoever is signed in to the
    account is signed out. Make sure that it is really they who ask.
    """
    chosen = settings()
    with _writing(chosen) as connection:
        account = _found(connection, email)
        if not account.enabled:
            raise click.ClickException(
                f"{account.email} is disabled; first: signpost partners enable {account.email}"
            )
        accounts.forget_secrets(connection, account.id)
        logins.end_all(connection, account.id)
        link = _invite(connection, chosen, account.id)
        _record(connection, "account.reset", account.id)
    _tell_link(account.email, link)


@partners.command()
@click.argument("email")
def disable(email: str) -> None:
    """Keep EMAIL out, and sign them out at once."""
    with _writing(settings()) as connection:
        account = _found(connection, email)
        accounts.set_enabled(connection, account.id, False)
        _record(connection, "account.disabled", account.id)
        live = [
            token
            for token in tokens.of_partner(connection, account.partner)
            if account.partner and not token.revoked
        ]
    click.echo(f"{account.email} is signed out and can't sign in.")
    if live:
        click.echo(
            f"{account.partner} has {len(live)} live API tokens, which {account.email} may know; "
            "look at them: signpost partners token list"
        )


@partners.command()
@click.argument("email")
def enable(email: str) -> None:
    """Let EMAIL in again, with the password and authenticator app of before."""
    with _writing(settings()) as connection:
        account = _found(connection, email)
        accounts.set_enabled(connection, account.id, True)
        _record(connection, "account.enabled", account.id)
    click.echo(f"{account.email} can sign in again.")
    if not account.password:
        click.echo(f"The account is not set up; for a link: signpost partners reset {account.email}")


@partners.command("list")
def list_accounts() -> None:
    """List the accounts, with their roles and states."""
    with open_store(settings().database_url).reading("the accounts can't be read") as connection:
        found = accounts.everybody(connection)
    if not found:
        click.echo(
            'There are none yet: signpost partners add EMAIL --name "Their Name" --partner crimestoppers'
        )
    for account in found:
        whose = f"{account.role} of {account.partner}" if account.partner else account.role
        click.echo(f"{account.email:32} {whose:36} {_state(account)}")


@partners.group()
def token() -> None:
    """Make and revoke the API tokens of partners' programs."""


@token.command("add")
@click.argument("partner")
@click.option("--name", required=True, help="What it is for.")
def add_token(partner: str, name: str) -> None:
    """Make an API token for PARTNER and print it, this once."""
    _refuse_partner("partner", partner, catalogue())
    secret = new_api_token()
    with _writing(settings()) as connection:
        number = tokens.add(connection, fresh(partner, name.strip(), secret, _now()), hashed(secret))
        _record(connection, "token.made", None, token=number)
    click.echo(f"Token {number} of {partner}, shown this once:\n\n  {secret}\n")
    click.echo("A program sends it as  Authorization: Bearer sp_...")


@token.command("list")
@click.argument("partner", required=False)
def list_tokens(partner: str | None) -> None:
    """List the API tokens of PARTNER, or of all."""
    with open_store(settings().database_url).reading("the tokens can't be read") as connection:
        found = tokens.of_partner(connection, partner)
    if not found:
        click.echo("There are none.")
    for one in found:
        state = "revoked" if one.revoked else f"last used {one.last_used_on or 'never'}"
        click.echo(f"{one.id:4}  {one.partner:28} {one.hint}…  made {one.created_on}  {state}  {one.name}")


@token.command("revoke")
@click.argument("number", type=int)
def revoke_token(number: int) -> None:
    """Revoke the API token with this NUMBER; it stops at once."""
    with _writing(settings()) as connection:
        if not tokens.revoke(connection, number):
            raise click.ClickException(
                f"there is no live token {number}; `signpost partners token list` shows them"
            )
        _record(connection, "token.revoked", None, token=number)
    click.echo(f"Token {number} is revoked.")


def make_demo_accounts(store: Store, chosen: Settings, known: Catalogue) -> list[tuple[Role, str, str]]:
    """Make an account of each role to try the portal with; give role, address and password.

    Each start gives new passwords. In production this refuses, and the portal lets nobody in
    under these addresses, should a development database ever be used there.
    """
    if chosen.production:
        raise click.ClickException("demo accounts exist in development alone")
    demo_partner = "crimestoppers" if "crimestoppers" in known.partners else min(known.partners)
    made: list[tuple[Role, str, str]] = []
    for role in ROLES:
        email, password = f"{role}{DEMO_DOMAIN}", new_secret()[:16]
        kept = hash_password(password)
        partner = demo_partner if role == "partner" else ""
        with store.writing("the demo accounts are not stored") as connection:
            account = accounts.by_email(connection, email)
            fresh_account = Account(0, email, f"Demo {role}", role, partner, enabled=True)
            number = account.id if account else accounts.add(connection, fresh_account, _now())
            accounts.forget_secrets(connection, number)
            accounts.set_password(connection, number, kept)
        made.append((role, email, password))
    return made


def _now() -> datetime:
    return datetime.now(UTC)


@contextmanager
def _writing(chosen: Settings) -> Iterator[Connection]:
    with open_store(chosen.database_url).writing("nothing was changed") as connection:
        yield connection


def _record(connection: Connection, what: str, account: int | None, **facts: int) -> None:
    """Put on record what the operator did at the command line."""
    told: dict[str, str | int | bool | None] = {"by": "command", **facts}
    if account is not None:
        told["account"] = account
    accesses.add(connection, what, at=_now(), role="operator", facts=told)


def _email(given: str) -> str:
    email = given.strip().lower()
    if not EMAIL.fullmatch(email) or len(email) > LONGEST_EMAIL_CHARS:
        raise click.BadParameter(f"{given!r} is no e-mail address such as anna@example.org")
    if email.endswith(DEMO_DOMAIN):
        raise click.BadParameter(f"addresses that end with {DEMO_DOMAIN} are for trying the portal")
    return email


def _found(connection: Connection, email: str) -> Account:
    account = accounts.by_email(connection, email.strip().lower())
    if account is None:
        raise click.ClickException(f"{email} has no account; `signpost partners list` shows who has")
    return account


def _refuse_partner(role: Role, partner: str, known: Catalogue) -> None:
    if role == "partner" and partner not in known.partners:
        found = f"{partner!r} is no partner" if partner else "an account of the role partner needs one"
        raise click.BadParameter(
            f"{found}; the partners are: {', '.join(sorted(known.partners))}", param_hint="partner"
        )
    if role != "partner" and partner:
        raise click.BadParameter(
            f"the role {role} belongs to no partner; leave it out", param_hint="--partner"
        )


def _invite(connection: Connection, chosen: Settings, number: int) -> str:
    """Make a set-up link; the secret in it is kept as a hash alone."""
    secret = new_secret()
    accounts.invite(connection, number, hashed(secret), _now() + timedelta(days=LINK_DAYS))
    origin = chosen.public_url or f"http://{chosen.host}:{chosen.port}"
    return f"{origin}/partners/set-up/{secret}"


def _tell_link(email: str, link: str) -> None:
    click.echo(f"\n  {link}\n")
    click.echo(f"Send this link to {email} and to nobody else. It counts once, for {LINK_DAYS} days.")


def _state(account: Account) -> str:
    if not account.enabled:
        return "disabled"
    if not account.password:
        return "not set up yet"
    return "in use" if account.code_key else "in use, without an authenticator app"
