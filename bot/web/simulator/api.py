"""What the page asks for. Every answer is the phone's whole state."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from flask import Blueprint, Response, current_app, jsonify, request
from pydantic import ValidationError
from werkzeug.exceptions import HTTPException

from bot.web.simulator.forms import ChoicesForm, Form, KeysForm, NoForm, SpeechForm, TextForm
from bot.web.simulator.guard import is_own_page
from bot.web.simulator.phone import Choices, Phone, RefusedError
from bot.web.simulator.switchboard import Switchboard
from bot.web.simulator.view import known_routings, view
from bot.web.wiring import wiring

SWITCHBOARD = "signpost.switchboard"

api = Blueprint("api", __name__, url_prefix="/api")
F = TypeVar("F", bound=Form)


class MissingError(Exception):
    """The phone is no longer there."""


def switchboard() -> Switchboard:
    """The present app's switchboard."""
    found: Switchboard = current_app.extensions[SWITCHBOARD]
    return found


@api.before_request
def only_own_page() -> tuple[Response, int] | None:
    """Turn away what another site sends."""
    if is_own_page(request, switchboard().token):
        return None
    return jsonify(error="Only the simulator's own page may do this. Load the page again."), 403


@api.after_request
def keep_nothing(response: Response) -> Response:
    """Let no cache keep a conversation."""
    response.headers["Cache-Control"] = "no-store"
    return response


@api.errorhandler(RefusedError)
def refused(error: RefusedError) -> tuple[Response, int]:
    """Say why not."""
    return jsonify(error=str(error)), 409


@api.errorhandler(MissingError)
def missing(_error: MissingError) -> tuple[Response, int]:
    """Tell the page to begin anew."""
    return jsonify(error="This phone is no longer there."), 404


@api.errorhandler(ValidationError)
def unread(error: ValidationError) -> tuple[Response, int]:
    """Say which field could not be read; never what it held."""
    fields = ", ".join(".".join(map(str, fault["loc"])) or "the form" for fault in error.errors())
    return jsonify(error=f"This can't be read: {fields}."), 400


@api.errorhandler(HTTPException)
def http_error(error: HTTPException) -> tuple[Response, int]:
    """Answer in JSON whatever else is wrong with a request."""
    return jsonify(error=f"{error.name}."), error.code or 500


@api.post("/phones")
def begin() -> tuple[Response, int]:
    """Make a phone for a new person."""
    form = _form(ChoicesForm)
    return jsonify(view(_begin(_chosen(Choices(wiring().catalogue.first_line), form)))), 201


@api.post("/phones/<phone_id>/start-again")
def start_again(phone_id: str) -> tuple[Response, int]:
    """Forget this phone and make one for a new person, with the same choices."""
    _form(NoForm)
    phone = _phone(phone_id)
    with phone.lock:
        if phone.on_call:
            phone.hang_up()
    switchboard().drop(phone_id)
    return jsonify(view(_begin(phone.choices))), 201


@api.post("/phones/<phone_id>/state")
def state(phone_id: str) -> Response:
    """Look again."""
    return _done(phone_id, NoForm, lambda _phone, _form: None)


@api.post("/phones/<phone_id>/choices")
def choose(phone_id: str) -> Response:
    """Change the line, the caller, what the far end does, or the time."""
    return _done(phone_id, ChoicesForm, lambda phone, form: phone.choose(_chosen(phone.choices, form)))


@api.post("/phones/<phone_id>/text")
def text(phone_id: str) -> Response:
    """Send a text."""
    return _done(phone_id, TextForm, lambda phone, form: phone.text(form.body, form.pictures))


@api.post("/phones/<phone_id>/ring")
def ring(phone_id: str) -> Response:
    """Ring the line."""
    return _done(phone_id, NoForm, lambda phone, _form: phone.ring())


@api.post("/phones/<phone_id>/keys")
def keys(phone_id: str) -> Response:
    """Press keys."""
    return _done(phone_id, KeysForm, lambda phone, form: phone.press(form.keys))


@api.post("/phones/<phone_id>/speech")
def speech(phone_id: str) -> Response:
    """Say something."""
    return _done(phone_id, SpeechForm, lambda phone, form: phone.speak(form.words, form.confidence))


@api.post("/phones/<phone_id>/wait")
def wait(phone_id: str) -> Response:
    """Stay silent."""
    return _done(phone_id, NoForm, lambda phone, _form: phone.wait())


@api.post("/phones/<phone_id>/hang-up")
def hang_up(phone_id: str) -> Response:
    """Put the phone down."""
    return _done(phone_id, NoForm, lambda phone, _form: phone.hang_up())


@api.post("/phones/<phone_id>/far-end")
def far_end(phone_id: str) -> Response:
    """Let the telephone that was dialled do the next thing."""
    return _done(phone_id, NoForm, lambda phone, _form: phone.far_end_acts())


def _done(phone_id: str, form: type[F], act: Callable[[Phone, F], None]) -> Response:
    phone = _phone(phone_id)
    act(phone, _form(form))
    return jsonify(view(phone))


def _form(form: type[F]) -> F:
    return form.model_validate_json(request.get_data() or b"{}")


def _phone(phone_id: str) -> Phone:
    phone = switchboard().find(phone_id)
    if phone is None:
        raise MissingError
    return phone


def _begin(choices: Choices) -> Phone:
    phone = switchboard().add(current_app._get_current_object(), choices)  # type: ignore[attr-defined]  # noqa: SLF001 - Flask's own name for it
    phone.known_routings = known_routings(phone)
    return phone


def _chosen(choices: Choices, form: ChoicesForm) -> Choices:
    if form.line is not None:
        line = wiring().catalogue.lines.get(form.line)
        if line is None:
            raise RefusedError("There is no such line.")
        choices = replace(choices, line=line)
    if form.at is not None:
        choices = replace(choices, at=form.moment)
    return replace(choices, caller=form.caller or choices.caller, far_end=form.far_end or choices.far_end)
