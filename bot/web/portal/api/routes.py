"""What programs can ask for: a partner's routings, figures, the directory. Every fault is problem+json."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, Response, jsonify, request
from werkzeug.exceptions import HTTPException

from bot.errors import StoreError
from bot.log import event
from bot.store import reports
from bot.store.reports import COLUMNS
from bot.web.portal import figures, periods
from bot.web.portal.access import API, allowed, problem, record_access, viewer
from bot.web.portal.api.openapi import document
from bot.web.portal.blueprint import finish
from bot.web.portal.names import services_of
from bot.web.portal.queries import NAMES, QueryError, read_place, read_query, refuse_others, write_place
from bot.web.services import hsds, organization_name
from bot.web.wiring import wiring

DEFAULT_LIMIT, LARGEST_LIMIT = 100, 1000
BAD_REQUEST, UNAVAILABLE = 400, 503

api = Blueprint("api", __name__, url_prefix=API)


@api.get("/routings")
@allowed("partner")
def routings() -> Response:
    """A partner's own routings, newest hour first; `next` is the cursor for those after them."""
    who = viewer()
    try:
        refuse_others(request.args, *NAMES, "after", "limit")
        query = read_query(request.args)
        after = read_place(request.args.get("after", ""))
        limit = _limit(request.args.get("limit"))
    except QueryError as error:
        return problem(BAD_REQUEST, "Can't be read", str(error))
    record_access("api.routings", after=request.args.get("after", "")[:40], limit=limit, **query.given)
    with wiring().store.reading("routings can't be read") as connection:
        found = reports.rows(connection, who.partner, query.wanted, after, limit + 1)
    shown = found[:limit]
    following = write_place(shown[-1][0], shown[-1][-1]) if len(found) > limit else None
    return jsonify({"routings": [_routing(row) for row in shown], "next": following})


@api.get("/summary")
@allowed("partner", "auditor", "operator")
def summary() -> Response:
    """Figures of a period: a partner's own exactly, the whole line's by the rule."""
    who, now = viewer(), wiring().clock()
    whole, text = who.role != "partner", request.args.get("period", "")
    try:
        refuse_others(request.args, "period")
    except QueryError as error:
        return problem(BAD_REQUEST, "Can't be read", str(error))
    period = (periods.others if whole else periods.own)(text, now)
    if period is None:
        kinds = "a month that is over, as 2026-10" if whole else "a month as 2026-10 or a year as 2026"
        return problem(BAD_REQUEST, "Can't be read", f"period: {kinds}")
    with wiring().store.reading("figures can't be read") as connection:
        counts = reports.counts(connection, period.since, period.until, None if whole else who.partner)
    record_access("api.summary", period=period.value)
    body = {"period": period.value, "exact": not whole, "partner": who.partner or None}
    return jsonify(body | figures.as_json(counts, period, by_the_rule=whole))


@api.get("/directory")
@allowed("partner", "auditor", "operator")
def directory() -> Response:
    """Listings as HSDS 3 has them: a partner's own, everybody's for auditors and operators."""
    who, held = viewer(), wiring().catalogue.directory
    shown = services_of(who.partner) if who.role == "partner" else held.services
    record_access("api.directory")
    listings = [hsds.full(one, organization_name(one.organization)) for one in shown.values()]
    return jsonify({"revision": held.revision, "services": listings})


@api.get("/openapi.json")
def openapi() -> Response:
    """The description of all this; it holds nothing that is not public."""
    return Response(json.dumps(document(), indent=1), mimetype="application/json")


@api.after_request
def finish_answer(response: Response) -> Response:
    """Write the access log before the answer leaves, as for a page."""
    return finish(response)


@api.errorhandler(HTTPException)
def api_refused(error: HTTPException) -> Response:
    """Say what is wrong to a program; also for addresses under /api/v1 that do not exist."""
    answer = problem(error.code or 500, error.name, "see /api/v1/openapi.json for what can be asked")
    for name, value in error.get_headers(None):
        if name.lower() == "allow":
            answer.headers[name] = value
    return answer


@api.errorhandler(StoreError)
def unavailable(error: StoreError) -> Response:
    """Say that the database is down."""
    event("portal.unavailable", logging.ERROR, error=error)
    return problem(
        UNAVAILABLE, "Not available", "the records can't be reached just now; try again in a minute"
    )


def _limit(text: str | None) -> int:
    if text is None:
        return DEFAULT_LIMIT
    if text.isascii() and text.isdigit() and len(text) <= len(str(LARGEST_LIMIT)):
        number = int(text)
        if 1 <= number <= LARGEST_LIMIT:
            return number
    raise QueryError(f"limit: a number from 1 to {LARGEST_LIMIT}")


def _routing(row: Sequence[Any]) -> dict[str, Any]:
    hour: datetime = row[0]
    return dict(zip(COLUMNS, row, strict=False)) | {"hour": f"{hour.astimezone(UTC):%Y-%m-%dT%H:00:00Z}"}
