"""Whether the app is alive, whether it is ready, and what it has counted."""

from __future__ import annotations

import hmac
import logging
import math
from datetime import timedelta
from typing import Any

from flask import Blueprint, Response, abort, jsonify, request

from bot import metrics
from bot.check.listings import FRESH_DAYS
from bot.errors import StoreError
from bot.log import event
from bot.web.wiring import Wiring, wiring

bp = Blueprint("ops", __name__)

OLDEST_CHECKPOINT = timedelta(minutes=11)  # a heartbeat comes after ten minutes of silence


@bp.get("/healthz")
def alive() -> Response:
    """The process answers; nothing else is looked at."""
    return Response("ok\n", mimetype="text/plain")


@bp.get("/readyz")
def ready() -> tuple[Response, int]:
    """The database, its migrations and the directory, each with the reason when it is not ready."""
    w = wiring()
    faults = w.store.ready()
    checks: dict[str, dict[str, Any]] = {
        "database": {"ok": not faults, "reasons": faults},
        "directory": {
            "ok": True,  # a listing that went stale must not take the line away; it is named instead
            "reasons": [f"{service} is not assured; cure: signpost check" for service in _stale(w)],
            "revision": w.catalogue.directory.revision,
            "services": len(w.catalogue.directory.services),
        },
        "journal": _journal(w),
        "ledger": {"ok": True, "reasons": [] if faults else _ledger(w)},  # nor must the log
        "flows": {"ok": True, "revisions": {name: flow.revision for name, flow in w.catalogue.flows.items()}},
    }
    healthy = all(check["ok"] for check in checks.values())
    return jsonify({"ready": healthy, "checks": checks}), 200 if healthy else 503


@bp.get("/metrics")
def counts() -> Response:
    """Every count, for Prometheus; with METRICS_TOKEN for whoever has it, without it in development alone."""
    w = wiring()
    token = w.settings.metrics_token
    given = request.authorization.token if request.authorization else None
    if not token and w.settings.production:
        abort(404)
    if token and not hmac.compare_digest((given or "").encode(), token.encode()):
        abort(401)
    gauges = [
        ("signpost_up", float(not w.store.ready())),
        ("signpost_journal_waiting", _waiting(w)),
        ("signpost_listings_stale", float(len(_stale(w)))),
        ("signpost_checkpoint_age_seconds", _checkpoint_age_seconds(w)),
    ]
    return Response(metrics.written(gauges), mimetype="text/plain")


def _journal(w: Wiring) -> dict[str, Any]:
    """What waits in the journal for the database, and whether it can be used at all."""
    waiting = _waiting(w)
    if math.isnan(waiting):
        return {"ok": True, "reasons": ["the journal can't be read; make room there or correct JOURNAL_PATH"]}
    waits = f"{waiting:.0f} entries wait for the database; they are kept by themselves once it works"
    return {"ok": True, "reasons": [waits] if waiting else []}


def _waiting(w: Wiring) -> float:
    """How many entries of the journal wait; not a number when it can't be read."""
    try:
        return w.standby.journal.waiting() if w.standby.journal else 0
    except StoreError as error:
        event("journal.unreadable", logging.ERROR, error=error)
        return math.nan


def _ledger(w: Wiring) -> list[str]:
    """What stops the audited log, and whether its newest checkpoint is older than a heartbeat allows."""
    try:
        with w.store.ledger().reading() as log:
            alarm, _, newest = log.standing()
    except StoreError as fault:
        return [str(fault)]
    reasons = [alarm] if alarm else []
    if newest is None:
        reasons.append("nothing has been signed yet; cure: start signpost worker")
    elif w.clock() - newest.signed_at > OLDEST_CHECKPOINT:
        at = newest.signed_at.isoformat(timespec="seconds")
        reasons.append(f"the newest checkpoint is of {at}; cure: start signpost worker, or read what it logs")
    return reasons


def _checkpoint_age_seconds(w: Wiring) -> float:
    """How old the newest checkpoint is; -1 when there is none, or it can't be read."""
    try:
        with w.store.ledger().reading() as log:
            newest = log.checkpoint()
    except StoreError:
        return -1.0
    return (w.clock() - newest.signed_at).total_seconds() if newest else -1.0


def _stale(w: Wiring) -> list[str]:
    """Active listings that nobody has confirmed within a year."""
    oldest = w.clock().date() - timedelta(days=FRESH_DAYS)
    active = (service for service in w.catalogue.directory.services.values() if service.status == "active")
    return [service.id for service in active if service.assured_on is None or service.assured_on < oldest]
