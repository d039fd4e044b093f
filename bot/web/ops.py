"""Whether the app is alive, and whether it is ready."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify

from bot.web.wiring import wiring

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
            "ok": True,
            "revision": w.catalogue.directory.revision,
            "services": len(w.catalogue.directory.services),
        },
        "flows": {"ok": True, "revisions": {name: flow.revision for name, flow in w.catalogue.flows.items()}},
    }
    healthy = all(check["ok"] for check in checks.values())
    return jsonify({"ready": healthy, "checks": checks}), 200 if healthy else 503
