"""Whether the app is alive, whether it is ready, and what it has counted."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import partial
from typing import Any, TypeVar

from flask import Blueprint, Response, abort, jsonify, request

from bot import condition, metrics
from bot.core.directory import Service
from bot.core.limits import Spent
from bot.errors import StoreError
from bot.store import SlowError, digests
from bot.store.redactions import Standing
from bot.web.wiring import Wiring, wiring

bp = Blueprint("ops", __name__)

OLDEST_TEXT = timedelta(minutes=5)
ASKED_SECONDS = 5.0  # longer than a database that says in time that it has failed

Answer = TypeVar("Answer")


@bp.get("/healthz")
def alive() -> Response:
    """The process answers; nothing else is looked at."""
    return Response("ok\n", mimetype="text/plain")


@bp.get("/readyz")
def ready() -> tuple[Response, int]:
    """The database, its migrations and the directory, each with the reason when it is not ready."""
    w = wiring()
    faults, ledger, outbox = _asked(w, partial(_database_reasons, w), lambda late: ([late], [], []))
    checks: dict[str, dict[str, Any]] = {
        "database": {"ok": not faults, "reasons": faults},
        "circuit": {"ok": True, "reasons": _circuit(w)},  # the database's own check decides
        "directory": {
            "ok": True,  # a listing that went stale must not take the line away; it is named instead
            "reasons": [f"{service.id} is not assured; cure: signpost check" for service in _stale(w)],
            "revision": w.catalogue.directory.revision,
            "services": len(w.catalogue.directory.services),
        },
        "journal": {"ok": True, "reasons": condition.journal_reasons(w.standby.journal)},
        "ledger": {
            "ok": True,  # nor must the log
            "reasons": ledger,
        },
        "stop": {"ok": True, "reasons": _stopped(w)},
        "outbox": {"ok": True, "reasons": outbox},  # nor must a text that can't go
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
    up, asked, totals = _asked(w, partial(_counted, w), lambda _late: (False, [], {}))
    gauges = [
        ("signpost_up", float(up)),
        ("signpost_journal_waiting", condition.waiting(w.standby.journal)),
        *_spending(w),
        ("signpost_listings_stale", float(len(_stale(w)))),
        ("signpost_stopped", float(w.stop.known().on)),
        *asked,
    ]
    return Response(metrics.written(gauges, totals), mimetype="text/plain")


def _asked(w: Wiring, ask: Callable[[], Answer], unanswered: Callable[[str], Answer]) -> Answer:
    """Ask the database on a thread that may be lost to a disk that does not answer; this one answers."""
    try:
        return w.hand.do(ask, ASKED_SECONDS)
    except SlowError as fault:
        return unanswered(str(fault))


def _database_reasons(w: Wiring) -> tuple[list[str], list[str], list[str]]:
    """What is wrong with the database, with the ledger and with the outbox: a database that does not answer
    is waited for once.
    """
    faults = w.store.ready()
    if faults:
        return faults, [], []
    return [], condition.ledger_reasons(w.store, w.clock()), _outbox(w)


def _counted(w: Wiring) -> tuple[bool, list[tuple[str, float]], dict[str, Mapping[str, int]]]:
    """Whether the database answers, and if so the numbers that it alone has."""
    if w.store.ready():
        return False, [], {}
    w.sweeper.sweep(w.clock())  # so that an alarm does not wait for the next text
    digests_waiting, digests_given_up = _digests(w)
    gauges = [
        *_texts(w),
        ("signpost_checkpoint_age_seconds", condition.checkpoint_age_seconds(w.store, w.clock())),
        ("signpost_digests_waiting", digests_waiting),
        ("signpost_digests_given_up", digests_given_up),
    ]
    redactions = _redactions(w)
    if redactions is None:
        return True, gauges, {}
    gauges.append(("signpost_redactions_waiting", float(redactions.waiting)))
    return True, gauges, {"signpost_redactions_total": redactions.totals}


def _redactions(w: Wiring) -> Standing | None:
    """What is to be deleted at the carrier; None, and so no number at all, while nobody can say."""
    try:
        return w.store.redactions().standing()
    except StoreError:
        return None


def _stale(w: Wiring) -> list[Service]:
    return condition.stale(w.catalogue.directory, w.clock().date())


def _circuit(w: Wiring) -> list[str]:
    """Whether turns in this process do without the database because it has just failed."""
    if not w.breaker.open:
        return []
    seconds = w.breaker.seconds_left
    return [f"the database has failed; in {seconds:.0f} s the next turn tries it, others do without"]


def _stopped(w: Wiring) -> list[str]:
    """Whether the operator has stopped the line; people are answered all the same."""
    switch = w.stop.known()
    if not switch.on:
        return []
    since = switch.changed_at.isoformat(timespec="seconds") if switch.changed_at else "an unknown time"
    return [f"the line is stopped since {since}; signpost kill-switch off ends it"]


def _digests(w: Wiring) -> tuple[float, float]:
    """How many digests wait, and how many were given up; -1 when the database can't say."""
    try:
        with w.store.reading("the digests can't be counted") as connection:
            return digests.counted(connection)
    except StoreError:
        return -1.0, -1.0


def _spending(w: Wiring) -> list[tuple[str, float]]:
    """What all lines have spent today, and whether one of them may spend no more."""
    lines = w.known.spent_today(w.clock())
    total = sum(lines.values(), Spent())
    stopped = any(spent.is_over(w.settings.limits) for spent in lines.values())
    return [
        ("signpost_texts_today", total.texts),
        ("signpost_texts_abroad_today", total.abroad),
        ("signpost_transfers_today", total.transfers),
        ("signpost_transfer_minutes_today", total.transfer_seconds / 60),
        ("signpost_spending_stopped", float(stopped)),
    ]


def _outbox(w: Wiring) -> list[str]:
    """Whether a text has waited for longer than faults that pass by themselves explain."""
    try:
        standing = w.texts.outbox.standing()
    except StoreError as fault:
        return [str(fault)]
    if standing.oldest is None or w.clock() - standing.oldest <= OLDEST_TEXT:
        return []
    minutes = int((w.clock() - standing.oldest).total_seconds() // 60)
    cure = "signpost outbox says why; start signpost worker, or examine signpost twilio doctor"
    return [f"texts that wait: {standing.waiting}, the oldest for {minutes} minutes; cure: {cure}"]


def _texts(w: Wiring) -> list[tuple[str, float]]:
    """How many texts wait, and how many of the last day did not arrive; -1 when it can't be counted."""
    try:
        standing = w.texts.outbox.standing()
        waiting, lost = standing.waiting, standing.not_arrived
    except StoreError:
        waiting = lost = -1
    return [("signpost_outbox_waiting", waiting), ("signpost_outbox_not_arrived", lost)]
