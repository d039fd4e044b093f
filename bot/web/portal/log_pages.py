"""The log itself: the history of its checkpoints, and how to verify it without trusting anybody here."""

from __future__ import annotations

from flask import Response, abort, render_template, request

from bot.ledger.tiles import WIDTH
from bot.web.portal.access import allowed, record_access
from bot.web.portal.blueprint import bp
from bot.web.portal.log_view import checkpoints, entries
from bot.web.wiring import wiring

PAGE_CHECKPOINTS = 50
MOST_DIGITS = 15


@bp.get("/log")
@allowed("partner", "auditor", "operator")
def log() -> str:
    """Signed checkpoints, the newest first."""
    below = number_of(request.args.get("below", ""))
    record_access("log.seen", below=below)
    with wiring().store.reading("checkpoints can't be read") as connection:
        found = checkpoints(connection, below, PAGE_CHECKPOINTS + 1)
    return render_template(
        "portal/log.html",
        found=found[:PAGE_CHECKPOINTS],
        older=found[PAGE_CHECKPOINTS - 1].size if len(found) > PAGE_CHECKPOINTS else None,
        below=below,
    )


@bp.get("/log/checkpoints/<int:size>")
@allowed("partner", "auditor", "operator")
def checkpoint(size: int) -> Response:
    """One checkpoint as it was signed: keep it, and verify later that the log still agrees with it."""
    with wiring().store.reading("the checkpoint can't be read") as connection:
        found = next(iter(checkpoints(connection, size + 1, 1)), None)
    if found is None or found.size != size:
        abort(404)
    record_access("checkpoint.downloaded", size=size)
    name = f'attachment; filename="checkpoint-{size}.txt"'
    return Response(found.note, mimetype="text/plain", headers={"Content-Disposition": name})


@bp.get("/log/entries")
@allowed("partner", "auditor", "operator")
def log_entries() -> str:
    """Every entry, a bundle a page, newest first: kinds and commitments, which say nothing without a salt."""
    ledger = wiring().store.ledger()
    asked = number_of(request.args.get("bundle", ""))
    with ledger.reading() as reading:
        newest = reading.checkpoint()
        size = newest.size if newest else 0
        last = max(0, size - 1) // WIDTH
        bundle = last if asked is None else asked
        found = entries(reading, bundle, size)
    if not found and asked is not None:
        abort(404)
    record_access("entries.seen", bundle=bundle)
    return render_template("portal/entries.html", found=found, bundle=bundle, last=last, size=size)


@bp.get("/verify")
@allowed("partner", "auditor", "operator")
def verify() -> str:
    """How to check everything without trusting this program."""
    record_access("verify.seen")
    settings = wiring().settings
    place = settings.public_url or request.host_url.rstrip("/")
    return render_template("portal/verify.html", place=f"{place}/log", origin=settings.ledger_origin)


def number_of(text: str) -> int | None:
    """Read a number of entries; None for "". Anything else is not there."""
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS):
        abort(404)
    return int(text)
