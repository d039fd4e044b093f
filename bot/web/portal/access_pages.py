"""The access log, for the auditor: who looked at what, and which sign-ins failed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from flask import render_template, request, url_for

from bot.core.account import ROLES
from bot.store import accesses as kept
from bot.store import accounts
from bot.web.portal.access import allowed, record_access
from bot.web.portal.access_words import WORDS
from bot.web.portal.blueprint import bp
from bot.web.wiring import wiring

PAGE_LINES = 50
MOST_DIGITS = 18


@bp.get("/accesses")
@allowed("auditor")
def accesses() -> str | tuple[str, int]:
    """Show the log, newest first, by the filters in the address."""
    given = {name: request.args.get(name, "").strip() for name in ("email", "role", "what", "since", "until")}
    record_access("accesses.seen", **{name: bool(value) for name, value in given.items() if value})
    with wiring().store.reading("the access log can't be read") as connection:
        account = accounts.by_email(connection, given["email"].lower()) if given["email"] else None
        since, until = _day(given["since"]), _day(given["until"])
        fault = _fault(given, account_known=account is not None)
        wanted = kept.Wanted(
            account_id=account.id if account else None,
            role=given["role"],
            whats=(given["what"],) if given["what"] else (),
            since=since,
            until=until + timedelta(days=1) if until else None,
            before_id=_number(request.args.get("before", "")),
        )
        lines = [] if fault else kept.newest(connection, wanted, PAGE_LINES + 1)
    older = _older(given, lines[PAGE_LINES - 1].id) if len(lines) > PAGE_LINES else ""
    shown: dict[str, Any] = {"given": given, "words": WORDS, "roles": ROLES, "fault": fault, "older": older}
    page = render_template("portal/accesses.html", lines=lines[:PAGE_LINES], **shown)
    return (page, 422) if fault else page


def _older(given: dict[str, str], last: int) -> str:
    """The address of the next page: what lies below the last line of this one."""
    filters: dict[str, Any] = {name: value for name, value in given.items() if value}
    return url_for("portal.accesses", **filters, before=last)


def _fault(given: dict[str, str], *, account_known: bool) -> str:
    for name in ("since", "until"):
        if given[name] and _day(given[name]) is None:
            return f"“{given[name]}” is no day. Write it as 2026-11-24, or leave it out."
    if given["email"] and not account_known:
        return "There is no account under this e-mail address. Write it in full, or leave it out."
    return ""


def _day(text: str) -> datetime | None:
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        return None


def _number(text: str) -> int | None:
    plain = text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS
    return int(text) if plain else None
