"""The audited log, served as files: c2sp.org/tlog-tiles.

What is under the last checkpoint never changes, so full tiles may be kept for ever. No key is needed
to serve it, and nothing here says more than a salted hash does.
"""

from __future__ import annotations

from flask import Blueprint, Response

from bot.errors import LedgerError
from bot.ledger.tiles import WIDTH, Tile, cut_to, read_path
from bot.web.wiring import wiring

bp = Blueprint("log", __name__, url_prefix="/log")

FOR_EVER = "public, max-age=31536000, immutable"
FOR_A_MINUTE = "public, max-age=60"
NOT_AT_ALL = "no-store"


@bp.get("/checkpoint")
def checkpoint() -> Response:
    """The newest checkpoint with as many cosignatures as the policy asks for, or the newest of all."""
    w = wiring()
    with w.store.ledger().reading() as log:
        found = log.checkpoint(w.catalogue.witness_policy.needed) or log.checkpoint()
    if found is None:
        return _nothing("nothing has been signed yet\n")
    return _answer(found.served, "text/plain; charset=utf-8", NOT_AT_ALL)


@bp.get("/tile/<path:path>")
def tile(path: str) -> Response:
    """A tile of hashes, or a bundle of entries, at the path that the specification gives it."""
    asked = read_path(f"tile/{path}")
    if asked is None:  # no tile has such a path: the database need not be asked
        return _nothing()
    with wiring().store.ledger().reading() as log:
        data = log.tile(Tile(asked.level, asked.number).path)
    try:
        found = None if data is None else cut_to(asked, data)
    except LedgerError:  # it has not grown that wide
        found = None
    if found is None:
        return _nothing()
    kept = FOR_EVER if asked.width == WIDTH else FOR_A_MINUTE
    return _answer(found, "application/octet-stream", kept)


def _answer(body: str | bytes, mimetype: str, kept: str) -> Response:
    response = Response(body, content_type=mimetype)
    response.headers["Cache-Control"] = kept
    response.headers["Access-Control-Allow-Origin"] = "*"  # for verifiers that run in a browser
    return response


def _nothing(told: str = "there is no such tile\n") -> Response:
    response = _answer(told, "text/plain; charset=utf-8", NOT_AT_ALL)
    response.status_code = 404
    return response
