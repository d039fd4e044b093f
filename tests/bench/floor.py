"""The floor: the least that a Flask app can do for a webhook. It checks the signature with Twilio's own
validator, answers a constant, and remembers nothing.
"""

from __future__ import annotations

import os

from flask import Flask, Response, abort, request
from twilio.request_validator import RequestValidator

ANSWER = '<?xml version="1.0" encoding="UTF-8"?><Response><Message>Hello</Message></Response>'


def create_app(token: str, origin: str) -> Flask:
    """Build it for one auth token and one public address."""
    app = Flask("floor")
    validator = RequestValidator(token)

    @app.post("/twilio/sms")
    @app.post("/twilio/voice")
    @app.post("/twilio/voice/step/<int:turn>")
    def answer(turn: int = 0) -> Response:
        url = f"{origin}{request.full_path.rstrip('?')}"
        if not validator.validate(url, request.form, request.headers.get("X-Twilio-Signature", "")):
            abort(403)
        return Response(ANSWER, mimetype="text/xml")

    return app


def __getattr__(name: str) -> Flask:
    """Build `app` when a server asks for it."""
    if name != "app":
        raise AttributeError(name)
    return create_app(os.environ["TWILIO_AUTH_TOKEN"], os.environ["PUBLIC_URL"])
