"""Downloads: a partner's routings in three forms, its figures, and how many rows a sheet may have."""

from __future__ import annotations

from itertools import chain, islice

from flask import Response, abort, render_template, request

from bot.store import Store, reports
from bot.store.reports import COLUMNS, Place
from bot.store.wanted import Wanted
from bot.web.portal import figures, files, periods
from bot.web.portal.access import allowed, record_access, viewer
from bot.web.portal.blueprint import bp, told
from bot.web.portal.queries import QueryError, read_query
from bot.web.wiring import wiring

ROWS_AT_ONCE = 4000
# A workbook leaves when it is whole; this many take six seconds, and a proxy may wait for no more than 14.
MOST_XLSX_ROWS = 100_000
BAD_REQUEST, UNPROCESSABLE = 400, 422
TYPES = {
    "csv": "text/csv; charset=utf-8",
    "jsonl": "application/jsonl",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
WRITERS = {"csv": files.csv_file, "jsonl": files.jsonl_file, "xlsx": files.xlsx_file}


@bp.get("/downloads")
@allowed("partner", "auditor", "operator")
def downloads() -> str:
    """What can be taken away, and in which form."""
    now, who = wiring().clock(), viewer()
    whole = who.role != "partner"
    with wiring().store.reading("the periods can't be read") as connection:
        first = reports.first_day(connection, None if whole else who.partner)
    choices = periods.months(first, now, whole=whole)
    record_access("downloads.seen")
    return render_template("portal/downloads.html", periods=choices, most=MOST_XLSX_ROWS)


@bp.get("/downloads/routings.<form>")
@allowed("partner")
def export(form: str) -> Response | tuple[str, int]:
    """A partner's routings, by the same filters as the list."""
    if form not in WRITERS:
        abort(404)
    who, store = viewer(), wiring().store
    try:
        query = read_query(request.args)
    except QueryError as error:
        return told(BAD_REQUEST, "Not downloaded", str(error))
    if form == "xlsx":
        with store.reading("routings can't be counted") as connection:
            many = reports.count(connection, who.partner, query.wanted)
        if many > MOST_XLSX_ROWS:
            why = f"{many:,} rows are more than a spreadsheet takes well ({MOST_XLSX_ROWS:,})."
            return told(UNPROCESSABLE, "Too many rows", f"{why} Choose fewer days, or CSV.")
    record_access("routings.exported", form=form, **query.given)
    return as_file(form, f"routings.{form}", COLUMNS, pages_of(store, who.partner, query.wanted))


@bp.get("/downloads/figures.<form>")
@allowed("partner", "auditor", "operator")
def figures_export(form: str) -> Response:
    """The figures of a period: a partner's own exactly, the whole line's by the rule."""
    if form not in WRITERS:
        abort(404)
    who, now = viewer(), wiring().clock()
    text, whole = request.args.get("period", ""), who.role != "partner"
    period = (periods.others if whole else periods.own)(text, now) or abort(404)
    with wiring().store.reading("figures can't be read") as connection:
        counts = reports.counts(connection, period.since, period.until, None if whole else who.partner)
    record_access("figures.exported", form=form, period=period.value)
    page = list(zip(*figures.rows(counts, period, by_the_rule=whole), strict=True))
    return as_file(form, f"figures-{period.value}.{form}", figures.COLUMNS, iter([page]))


def pages_of(store: Store, partner: str, wanted: Wanted) -> files.Pages:
    """Give a partner's rows a page at a time, by columns; no connection is held in between."""
    after: Place | None = None
    while True:
        with store.reading("routings can't be read") as connection:
            page = reports.columns(connection, partner, wanted, after, ROWS_AT_ONCE)
        *told, numbers = page
        if numbers:
            after = Place(told[0][-1], numbers[-1])
            yield told
        if len(numbers) < ROWS_AT_ONCE:
            return


def as_file(form: str, name: str, columns: tuple[str, ...], pages: files.Pages) -> Response:
    """Answer with a file. The first page is read now, so that a database that is down is told as such."""
    first = list(islice(pages, 1))
    pieces = WRITERS[form](columns, chain(first, pages))
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(pieces, content_type=TYPES[form], headers=headers)
