"""Puts the app together: the only place where parts meet."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from secrets import token_hex
from urllib.parse import urlsplit

from flask import Flask, Response, redirect, render_template
from werkzeug.exceptions import HTTPException, InternalServerError
from werkzeug.wrappers import Response as AnyResponse

import bot
from bot.breaker import Breaker
from bot.catalogue import Catalogue, load
from bot.channels.rest import Messages
from bot.conversation import Conversation, Understand
from bot.errors import CatalogueError, StoreError
from bot.log import REQUEST_ID_BYTES, configure, event, request_id
from bot.outbox import make_rules, make_sender, opted_out_by_text
from bot.settings import Settings
from bot.standby import Standby
from bot.store import Journal, Known, Store, open_store, upgrade
from bot.store.hand import Hand
from bot.understanding import load as load_understanding
from bot.web import log, ops, portal, services, webhooks
from bot.web.mounted import Mounted
from bot.web.overdue import Overdue
from bot.web.proxies import TrustedProxies
from bot.web.ranges import Ranges
from bot.web.safe import safe_answers
from bot.web.stopping import PlannedStop, read_switch
from bot.web.texts import Texts
from bot.web.turning import SUBMIT
from bot.web.wiring import KEY, Sweeper, Wiring

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "font-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    ),
}


def utc_now() -> datetime:
    """The present, aware."""
    return datetime.now(UTC)


def create_app(  # noqa: PLR0913 - what may be given in the place of what the settings name
    settings: Settings,
    *,
    catalogue: Catalogue | None = None,
    store: Store | None = None,
    messages: Messages | None = None,
    understand: Understand | None = None,
    clock: Callable[[], datetime] = utc_now,
    seconds: Callable[[], float] = time.monotonic,
) -> Flask:
    """Build the application.

    Args:
        settings: from `Settings.from_env()`.
        catalogue: as `read_catalogue` gave it, where it has been read.
        store, messages, understand, clock, seconds: instead of those that the settings name or the system
            gives, for tests.

    Raises:
        CatalogueError: the data files are not fit to be used; in production that includes
            listings that nobody has assured and the example numbers.
    """
    configure(settings.log_level, "json" if settings.production else "plain")
    catalogue = catalogue or read_catalogue(settings, clock())
    store = store or _open(settings)
    app = Flask("bot.web")
    # No SECRET_KEY: Flask keeps no session here.
    app.config.update(MAX_CONTENT_LENGTH=webhooks.LARGEST_BODY_BYTES)
    known = Known(store)
    known.refresh(clock())
    conversation = Conversation(
        flows=catalogue.flows,
        directory=catalogue.directory,
        secret=settings.secret_key.encode(),
        session_minutes=settings.session_minutes,
        code_version=bot.__version__,
        understand=understand or load_understanding(settings.flows_dir).understand,
        partner_of=catalogue.partner_of,
        limits=settings.limits,
        opted_out=known.opted_out,
        spent_of=known.spent_of,
        redact_after=settings.redact_after,
    )
    journal, breaker = _journal(settings), Breaker(seconds)
    ranges = Ranges(store, settings.secret_key.encode())
    stop = PlannedStop(partial(read_switch, store), catalogue, clock)
    stop.look()
    app.extensions[KEY] = Wiring(
        settings=settings,
        catalogue=catalogue,
        store=store,
        conversation=conversation,
        standby=Standby(conversation, journal),
        breaker=breaker,
        hand=Hand("the database"),
        sweeper=Sweeper(store, journal, known, ranges, breaker),
        stop=stop,
        known=known,
        ranges=ranges,
        overdue=Overdue(),
        clock=clock,
        texts=_texts(settings, catalogue, store, messages, clock),
        safe=safe_answers(catalogue, clock()),
        displays=catalogue.directory.displays(),
        base=urlsplit(settings.public_url).path.rstrip("/"),
    )
    if settings.public_url:  # else the scheme counts, which gunicorn's own reading of a request tells
        app.extensions[SUBMIT] = store.submit
    app.register_blueprint(ops.bp)
    app.register_blueprint(log.bp)
    app.register_blueprint(portal.bp)
    app.register_blueprint(portal.api)
    app.register_blueprint(services.bp)
    if settings.simulator:
        _add_simulator(app)
    _add_pages(app)
    app.wsgi_app = webhooks.Webhooks(app)  # type: ignore[method-assign]  # Flask's documented way to wrap the app
    app.wsgi_app = Mounted(app.wsgi_app, urlsplit(settings.public_url).path.rstrip("/"))  # type: ignore[method-assign]  # Flask's documented way to wrap the app
    app.wsgi_app = TrustedProxies(app.wsgi_app, settings.trusted_proxies)  # type: ignore[method-assign]  # Flask's documented way to wrap the app
    return app


def read_catalogue(settings: Settings, now: datetime) -> Catalogue:
    """Read the data files as they are served.

    Raises:
        CatalogueError: they are not fit to be used; see `create_app`.
    """
    catalogue = load(settings.flows_dir, settings.config_dir)
    if settings.production:
        _refuse_unfit(catalogue, now)
        _refuse_unknown(settings, catalogue)
        catalogue = catalogue.serving(settings.draft_languages)
    return catalogue


def _refuse_unfit(catalogue: Catalogue, now: datetime) -> None:
    from bot.check import check, render  # noqa: PLC0415 - only a production start is held to it

    report = check(catalogue, now.date(), production=True, walked=False)  # quick; `signpost check` walks
    if report.faults:
        raise CatalogueError(render(report))


def _refuse_unknown(settings: Settings, catalogue: Catalogue) -> None:
    known = {language for flow in catalogue.flows.values() for language in flow.wordings}
    for language in settings.draft_languages:
        if language not in known:
            raise CatalogueError(
                f"DRAFT_LANGUAGES\n    found: {language}\n    limit: {', '.join(sorted(known))}\n"
                "    cure:  write a language that a file in flows/ has, or leave it out"
            )


def _open(settings: Settings) -> Store:
    """Open the database. In development it is made and migrated; in production it may be down:
    people are answered all the same, and /readyz says what is wrong.
    """
    if not settings.production:
        upgrade(settings.database_url)
    store = open_store(settings.database_url)
    try:
        store.assert_durable()
    except StoreError as error:
        if not settings.production:
            raise
        event("store.unfit", logging.ERROR, error=error)
    return store


def _journal(settings: Settings) -> Journal | None:
    """Make room for what the database may not take; without it people are answered all the same."""
    if settings.journal_path is None:
        return None
    journal = Journal(settings.journal_path)
    try:
        journal.prepare()
    except StoreError as error:
        event("journal.unfit", logging.ERROR, error=error)
    return journal


def _texts(
    settings: Settings,
    catalogue: Catalogue,
    store: Store,
    messages: Messages | None,
    clock: Callable[[], datetime],
) -> Texts:
    """Put together what promises and sends texts; without an account none is offered."""
    opted_out = opted_out_by_text(store, settings.secret_key.encode(), catalogue.lines)
    rules = make_rules(settings, store.outbox(), opted_out)
    return Texts(catalogue, rules, make_sender(settings, rules, clock, messages))


def _add_simulator(app: Flask) -> None:
    from bot.web.simulator import bp  # noqa: PLC0415 - never even imported in production

    app.register_blueprint(bp)

    @app.get("/")
    def front() -> AnyResponse:
        return redirect("/simulator")


def _add_pages(app: Flask) -> None:
    @app.before_request
    def begin() -> None:
        request_id.set(token_hex(REQUEST_ID_BYTES))

    @app.teardown_request
    def end(_error: BaseException | None) -> None:
        request_id.set("")

    @app.after_request
    def harden(response: Response) -> Response:
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        return response

    @app.errorhandler(HTTPException)
    def refused(error: HTTPException) -> tuple[str, int] | Response:
        if portal.is_api():
            return portal.api_refused(error)
        return render_template("error.html", code=error.code, name=error.name), error.code or 500

    @app.errorhandler(Exception)
    def broken(error: Exception) -> tuple[str, int] | Response:
        event("page.failed", logging.ERROR, error=error)
        return refused(InternalServerError())
