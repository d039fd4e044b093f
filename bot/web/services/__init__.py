"""The directory for everybody: what the line tells people, as Open Referral UK / HSDS 3 has it."""

from __future__ import annotations

import json
from typing import Any

from flask import Blueprint, Response, request

from bot.web.portal.access import problem
from bot.web.services import hsds
from bot.web.wiring import wiring

DEFAULT_SIZE, LARGEST_SIZE = 50, 100
LONGEST_SEARCH_CHARS = 100
LARGEST_PAGE = 1_000_000
BAD_REQUEST, NOT_FOUND = 400, 404

bp = Blueprint("services", __name__)


@bp.get("/services")
def services() -> Response:
    """A page of them. `search` is looked for in names and descriptions."""
    number = _number("page", 1, LARGEST_PAGE)
    size = _number("per_page", DEFAULT_SIZE, LARGEST_SIZE)
    search = request.args.get("search", "").strip().casefold()
    others = set(request.args) - {"page", "per_page", "search"}
    if number is None or size is None or len(search) > LONGEST_SEARCH_CHARS or others:
        # HSDS has more parameters. A filter that is not understood must not give everything.
        limits = (
            f"page from 1, per_page 1 to {LARGEST_SIZE}, search at most {LONGEST_SEARCH_CHARS} characters"
        )
        return problem(BAD_REQUEST, "Can't be read", limits)
    found = [
        one
        for one in wiring().catalogue.directory.services.values()
        if search in f"{one.name} {one.description['text']}".casefold()
    ]
    return _answer(hsds.page(found, number, size))


@bp.get("/services/<service_id>")
def service(service_id: str) -> Response:
    """One of them, with all that hangs from it; found by its UUID or its short name."""
    found = hsds.find(wiring().catalogue.directory, service_id)
    if found is None:
        return problem(NOT_FOUND, "Not found", "there is no service of this id; GET /services lists them")
    return _answer(hsds.full(found, organization_name(found.organization)))


def organization_name(organization: str) -> str:
    """What an organization of the directory is called."""
    return wiring().catalogue.directory.organizations.get(organization, organization)


def _number(name: str, default: int, largest: int) -> int | None:
    """Read a number from 1 on; None when it is none."""
    text = request.args.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(largest))):
        return None
    number = int(text)
    return number if 1 <= number <= largest else None


def _answer(body: dict[str, Any]) -> Response:
    """Answer with JSON that anybody may keep for a few minutes, and any site may read."""
    answer = Response(json.dumps(body, ensure_ascii=False), mimetype="application/json")
    answer.headers["Cache-Control"] = "public, max-age=300"
    answer.headers["Access-Control-Allow-Origin"] = "*"
    answer.add_etag()
    answer.make_conditional(request)
    return answer
