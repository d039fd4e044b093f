"""The simulator: a phone in the browser, to try the line and to show it. No text or call is made.

What is done on the page goes through the app's own webhooks, signed as Twilio signs them and
carried out as Twilio would (`bot.carrier`). It exists in development alone: in production
`bot.app` does not import this package.

    people, door     who rings, and how the carrier reaches the app
    phone            one phone: what can be done with it, and what happened
    entries, telling what the page shows of that, in words
    switchboard      every phone of the process
    guard, forms, api, view   the page's side: who may ask, what for, and the answer
"""

from __future__ import annotations

import re

from flask import Blueprint, Response, abort, render_template, request
from flask.blueprints import BlueprintSetupState

from bot.graph import draw_svg
from bot.graph.style import stylesheet
from bot.web.simulator.api import SWITCHBOARD, api, switchboard
from bot.web.simulator.forms import LONGEST_TEXT_CHARS
from bot.web.simulator.guard import is_own_host
from bot.web.simulator.switchboard import Switchboard
from bot.web.wiring import wiring

STYLE_ELEMENT = re.compile(r"<style>.*?</style>", re.DOTALL)

bp = Blueprint(
    "simulator",
    __name__,
    url_prefix="/simulator",
    template_folder="templates",
    static_folder="static",
)
bp.register_blueprint(api)


@bp.record
def add_switchboard(state: BlueprintSetupState) -> None:
    """Give each app phones of its own."""
    state.app.extensions[SWITCHBOARD] = Switchboard()


@bp.before_request
def only_own_host() -> tuple[str, int] | None:
    """Turn away a browser that was led here under somebody else's name."""
    if is_own_host(request, wiring().settings):
        return None
    return render_template("simulator/elsewhere.html"), 403


@bp.get("")
def page() -> Response:
    """The phone."""
    lines = wiring().catalogue.lines.values()
    html = render_template(
        "simulator/page.html", lines=lines, token=switchboard().token, longest=LONGEST_TEXT_CHARS
    )
    return Response(html, headers={"Cache-Control": "no-store"})


@bp.get("/flow/<line_id>.svg")
def flow(line_id: str) -> Response:
    """The script of a line, drawn; its style is in `flow_style`, as the page's policy allows none within."""
    catalogue = wiring().catalogue
    line = catalogue.lines.get(line_id) or abort(404)
    script = catalogue.flows[line.flow]
    drawn = draw_svg(script, catalogue.directory, script.wording(line.languages[0]))
    bare = STYLE_ELEMENT.sub("", drawn)
    return Response(bare, mimetype="image/svg+xml", headers={"Cache-Control": "no-store"})


@bp.get("/flow.css")
def flow_style() -> Response:
    """The style of the drawing."""
    return Response(stylesheet(), mimetype="text/css", headers={"Cache-Control": "no-store"})
