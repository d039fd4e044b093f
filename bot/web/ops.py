"""Whether the app is alive, whether it is ready, and what it has counted."""

from __future__ import annotations

import hmac
from datetime import timedelta

from flask import Blueprint, Response, abort, jsonify, request

from bot import metrics
from bot.check.listings import FRESH_DAYS
from bot.web.wiring import Wiring, wiring

bp = Blueprint("ops", __name__)


@bp.get("/healthz")
def alive() -> Response:
    """The process answers; nothing else is looked at."""
    return Response("ok\n", mimetype="text/plain")


@bp.get("/readyz")
def ready() -> tuple[Response, int]:
    """The database, its migrations and the directory, each with the reason when it is not ready."""
    w = wiring()
    faults = w.store.ready()
    checks = {
        "database": {"ok": not faults, "reasons": faults},
        "directory": {
            "ok": True,  # a listing that went stale must not take the line away; it is named instead
            "reasons": [f"{service} is not assured; cure: signpost check" for service in _stale(w)],
            "revision": w.catalogue.directory.revision,
            "services": len(w.catalogue.directory.services),
        },
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
    gauges = [("signpost_up", float(not w.store.ready())), ("signpost_listings_stale", float(len(_stale(w))))]
    return Response(metrics.written(gauges), mimetype="text/plain")


def _stale(w: Wiring) -> list[str]:
    """Active listings that nobody has confirmed within a year."""
    oldest = w.clock().date() - timedelta(days=FRESH_DAYS)
    active = (service for service in w.catalogue.directory.services.values() if service.status == "active")
    return [service.id for service in active if service.assured_on is None or service.assured_on < oldest]
