"""The directory as the line tells it, what partners say of their listings, and the operator's answer.

The directory is a file of the operator's, which this program reads and never writes. So confirming an
assurance puts it on record and tells the operator the exact lines for config/services.toml.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from flask import abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from bot.core.directory import END_OF_DAY, Period, Schedule, Service
from bot.store import assurances
from bot.store.assurances import Assurance, Settled, Verdict
from bot.web.portal.access import allowed, record_access, viewer
from bot.web.portal.blueprint import bp
from bot.web.portal.names import moment_text, partner_name, services_of
from bot.web.wiring import wiring

LONGEST_WORDS_CHARS = 500
SETTLED_SHOWN = 50
BAD_REQUEST = 400


@dataclass(frozen=True)
class Listing:
    """A service as the page shows it, and what its partner last said of it."""

    service: Service
    hours: str
    said: Assurance | None
    mine: bool


@bp.get("/directory")
@allowed("partner", "auditor", "operator")
def directory() -> str:
    """A partner's own listings, with a form each; everybody else reads them all."""
    record_access("directory.seen")
    return _page()


@bp.post("/directory/<service_id>")
@allowed("partner")
def assure(service_id: str) -> AnyResponse | tuple[str, int]:
    """Say that a listing is right, or what has changed."""
    who, w = viewer(), wiring()
    if service_id not in services_of(who.partner):
        abort(404)
    verdict = request.form.get("verdict", "")
    words = "\n".join(request.form.get("words", "").split("\r\n")).strip()
    fault = _fault(verdict, words)
    if fault:
        return _page(fault=fault, of=service_id, words=words, verdict=verdict), BAD_REQUEST
    kept: Verdict = "right" if verdict == "right" else "changed"
    revision = w.catalogue.directory.revision
    said = Assurance(0, who.partner, service_id, kept, words, revision, who.name, w.clock())
    with w.store.writing("what you said is not kept") as connection:
        assurances.add(connection, said)
    record_access("directory.assured", service=service_id, verdict=kept)
    return redirect(url_for("portal.directory", said=service_id), 303)


@bp.get("/assurances")
@allowed("operator")
def assurances_page() -> str:
    """What partners said: those that wait first, each with the lines that confirm it."""
    with wiring().store.reading("assurances can't be read") as connection:
        found = assurances.newest(connection, SETTLED_SHOWN)
    record_access("assurances.seen")
    services = wiring().catalogue.directory.services
    return render_template(
        "portal/assurances.html",
        waiting=[one for one in found if not one.settled],
        settled=[one for one in found if one.settled],
        services=services,
        lines={one.id: lines_of(one) for one in found},
        revision=wiring().catalogue.directory.revision,
        moment_text=moment_text,
        partner_name=partner_name,
    )


@bp.post("/assurances/<int:number>")
@allowed("operator")
def settle(number: int) -> AnyResponse:
    """Confirm or decline one. A second answer to the same one changes nothing."""
    who, w = viewer(), wiring()
    answer = request.form.get("answer", "")
    if answer not in ("confirmed", "declined"):
        abort(400)
    kept: Settled = "confirmed" if answer == "confirmed" else "declined"
    with w.store.writing("the answer is not kept") as connection:
        found = assurances.settle(connection, number, kept, who.name, w.clock())
    if found is not None:
        record_access("assurance.settled", assurance=number, service=found.service, answer=kept)
    return redirect(url_for("portal.assurances_page"), 303)


def lines_of(said: Assurance) -> str:
    """The lines that record an assurance in config/services.toml; "" for one that tells of a change."""
    if said.verdict != "right":
        return ""
    by = json.dumps(f"{said.said_by}, {partner_name(said.partner)}", ensure_ascii=False)
    return f"[services.{said.service}]\nassured_on = {said.said_at:%Y-%m-%d}\nassured_by = {by}"


def _page(fault: str = "", of: str = "", words: str = "", verdict: str = "") -> str:
    who, w = viewer(), wiring()
    mine = services_of(who.partner) if who.role == "partner" else {}
    shown = mine or (w.catalogue.directory.services if who.role != "partner" else {})
    said: dict[str, Assurance] = {}
    if mine:
        with w.store.reading("assurances can't be read") as connection:
            said = assurances.of_partner(connection, who.partner)
    return render_template(
        "portal/directory.html",
        listings=[
            Listing(one, hours_text(one.schedule), said.get(one.id), bool(mine)) for one in shown.values()
        ],
        moment_text=moment_text,
        thanked=request.args.get("said", "") if request.method == "GET" else "",
        fault=fault,
        fault_of=of,
        words=words,
        verdict=verdict,
        longest=LONGEST_WORDS_CHARS,
    )


def _fault(verdict: str, words: str) -> str:
    if verdict not in ("right", "changed"):
        return "Choose whether the listing is right or has changed."
    if verdict == "changed" and not words:
        return "Say what has changed: the number, the hours, the name, or who it is for."
    if len(words) > LONGEST_WORDS_CHARS:
        return f"That is {len(words)} characters; at most {LONGEST_WORDS_CHARS} fit. Make it shorter."
    return ""


def hours_text(schedule: Schedule) -> str:
    """When a service answers, in words."""
    if schedule.always:
        return "Day and night, every day"
    if not schedule.periods:
        return "Not known to us"
    told = "; ".join(_period_text(period) for period in schedule.periods)
    holidays = "; ".join(_period_text(period) for period in schedule.bank_holidays) or "closed"
    return f"{told}. Bank holidays: {'as usual' if schedule.bank_holidays == schedule.periods else holidays}"


def _period_text(period: Period) -> str:
    days = ", ".join(day.capitalize() for day in period.byday)
    closes = "24:00" if period.closes_at == END_OF_DAY else f"{period.closes_at:%H:%M}"
    return f"{days} {period.opens_at:%H:%M} to {closes}"
