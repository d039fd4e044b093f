"""The first page: a partner's own figures, or the whole line's by the rule for numbers about others."""

from __future__ import annotations

from typing import Any

from flask import abort, render_template, request

from bot.store import reports
from bot.store.reports import Counts
from bot.web.portal import figures, periods
from bot.web.portal.access import allowed, record_access, viewer
from bot.web.portal.blueprint import bp
from bot.web.portal.log_view import last_checkpoint
from bot.web.portal.names import moment_text, partner_name
from bot.web.portal.periods import Period
from bot.web.wiring import wiring


@bp.get("")
@allowed("partner", "auditor", "operator")
def overview() -> str:
    """Figures of a month or a year."""
    who, now = viewer(), wiring().clock()
    text = request.args.get("period", "")
    whole_line = who.role != "partner"
    period = (periods.others if whole_line else periods.own)(text, now) or abort(404)
    record_access("overview.seen", period=period.value)
    if whole_line:
        return render_template("portal/overview.html", **line_figures(period))
    with wiring().store.reading("figures can't be read") as connection:
        counts = reports.counts(connection, period.since, period.until, who.partner)
        first = reports.first_day(connection, who.partner)
        completeness = reports.completeness(connection, who.partner)
        checkpoint = last_checkpoint(connection)
    return render_template(
        "portal/overview.html",
        period=period,
        periods=[*periods.months(first, now, whole=False), *periods.years(first, now)],
        partner_name=partner_name(who.partner),
        figures=figures.own(counts, period),
        completeness=completeness,
        checkpoint=checkpoint,
    )


def line_figures(period: Period) -> dict[str, Any]:
    """The whole line's figures, for a page; by the rule."""
    now = wiring().clock()
    with wiring().store.reading("figures can't be read") as connection:
        counts: Counts = reports.counts(connection, period.since, period.until)
        first = reports.first_day(connection)
        checkpoint = last_checkpoint(connection)
    redactions = wiring().store.redactions().standing() if viewer().role == "operator" else None
    return {
        "redactions": redactions,
        "moment_text": moment_text,
        "redacts": wiring().settings.redact_after is not None,
        "whole_line": True,
        "period": period,
        "periods": periods.months(first, now, whole=True) or [period],
        "figures": figures.of_others(counts, period),
        "checkpoint": checkpoint,
    }
