"""The first page after signing in."""

from __future__ import annotations

from flask import render_template

from bot.web.portal.access import allowed, record_access
from bot.web.portal.blueprint import bp


@bp.get("")
@allowed("partner", "auditor", "operator")
def overview() -> str:
    """Where to begin."""
    record_access("overview.seen")
    return render_template("portal/overview.html")
