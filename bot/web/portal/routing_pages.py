"""A partner's own routings: the list with its filters, and each one with what became of it."""

from __future__ import annotations

from flask import abort, render_template, request

from bot.store import reports
from bot.store.reports import PAGE_ROWS
from bot.store.wanted import Wanted
from bot.web.portal.access import allowed, record_access, viewer
from bot.web.portal.blueprint import bp
from bot.web.portal.log_view import last_checkpoint
from bot.web.portal.names import TITLES, hour_text, label
from bot.web.portal.queries import Query, QueryError, read_place, read_query, write_place
from bot.web.wiring import wiring

BAD_REQUEST = 400


@bp.get("/routings")
@allowed("partner")
def routings() -> str | tuple[str, int]:
    """A page of them, newest hour first."""
    who, fault = viewer(), ""
    try:
        query, after = read_query(request.args), read_place(request.args.get("after", ""))
    except QueryError as error:
        query, after, fault = Query({}, Wanted()), None, str(error)
    record_access("routings.listed", after=request.args.get("after", "")[:40], **query.given)
    with wiring().store.reading("routings can't be read") as connection:
        found = reports.page(connection, who.partner, query.wanted, after, PAGE_ROWS + 1)
        total = reports.count(connection, who.partner, query.wanted)
        choices = reports.values(connection, who.partner)
    rows = found[:PAGE_ROWS]
    older = write_place(rows[-1]["hour"], rows[-1]["seq"]) if len(found) > PAGE_ROWS else ""
    page = render_template(
        "portal/routings.html",
        rows=rows,
        total=total,
        query=query,
        choices={name: _with_chosen(options, query.given.get(name)) for name, options in choices.items()},
        titles=TITLES,
        label=label,
        after=after,
        older=older,
        fault=fault,
    )
    return (page, BAD_REQUEST) if fault else page


@bp.get("/routings/<routing_id>")
@allowed("partner")
def routing(routing_id: str) -> str:
    """One of them; another partner's is not there."""
    who = viewer()
    with wiring().store.reading("the routing can't be read") as connection:
        row = reports.one(connection, who.partner, routing_id) or abort(404)
        outcomes = reports.outcomes_of(connection, who.partner, routing_id)
        newest = last_checkpoint(connection)
    record_access("routing.seen", routing=row["id"])
    return render_template(
        "portal/routing.html",
        row=row,
        outcomes=outcomes,
        titles=TITLES,
        label=label,
        hour_text=hour_text,
        covered=newest.size if newest else 0,
    )


def _with_chosen(options: list[str], chosen: str | None) -> list[str]:
    """The options of a filter, and what was asked for even if no routing has it."""
    return options if not chosen or chosen in options else [*options, chosen]
