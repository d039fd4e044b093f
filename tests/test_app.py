"""The app as a whole: what it refuses to start with, and what it says of itself."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from bot.app import create_app
from bot.errors import CatalogueError
from bot.settings import ROOT, Settings
from bot.web.wiring import KEY, Wiring
from tests.line import TOKEN, assure, play, sqlite_url


def production(tmp_path: Path, config_dir: Path) -> Settings:
    return Settings(
        environment="production",
        account_sid="AC" + "0" * 32,
        auth_tokens=(TOKEN,),
        secret_key="k" * 64,
        public_url="https://line.example",
        database_url=sqlite_url(tmp_path),
        log_level="CRITICAL",
        config_dir=config_dir,
    )


@pytest.fixture
def assured_config(tmp_path: Path) -> Path:
    """The shipped data files with assurances and numbers that are nobody's example."""
    return assure(tmp_path / "config")


def test_production_refuses_the_shipped_listings_and_numbers(tmp_path: Path) -> None:
    with pytest.raises(CatalogueError) as refused:
        create_app(production(tmp_path, ROOT / "config"))
    for item in ("services.nrp.assured_on", "+447700900000", "lines.norfolk.example"):
        assert item in str(refused.value)


def test_production_without_a_token_has_no_metrics(tmp_path: Path, assured_config: Path) -> None:
    client = create_app(production(tmp_path, assured_config)).test_client()
    assert client.get("/metrics").status_code == 404


def test_production_starts_once_the_data_is_fit(tmp_path: Path, assured_config: Path) -> None:
    app = create_app(production(tmp_path, assured_config))
    client = app.test_client()
    assert client.get("/healthz").text == "ok\n"
    not_ready = client.get("/readyz")
    assert not_ready.status_code == 503
    assert "signpost db upgrade" in not_ready.get_json()["checks"]["database"]["reasons"][0]
    assert client.get("/simulator").status_code == 404
    assert client.get("/").status_code == 404


def test_production_serves_only_the_drafts_that_are_named(tmp_path: Path, assured_config: Path) -> None:
    settings = production(tmp_path, assured_config)
    for drafts in ((), ("pl", "uk")):
        app = create_app(replace(settings, draft_languages=drafts))
        wiring: Wiring = app.extensions[KEY]
        flow = wiring.conversation.flows["helpline"]
        assert set(flow.wordings) == {"en", *drafts}
    with pytest.raises(CatalogueError, match="DRAFT_LANGUAGES\n    found: cy"):
        create_app(replace(settings, draft_languages=("cy",)))


def test_production_starts_while_the_database_is_away(tmp_path: Path, assured_config: Path) -> None:
    away = "postgresql://signpost:hunter2@127.0.0.1:1/signpost"
    settings = production(tmp_path, assured_config)
    app = create_app(Settings(**{**vars(settings), "database_url": away}))
    answer = app.test_client().get("/readyz")
    assert answer.status_code == 503
    assert "hunter2" not in answer.text


def test_ready_says_that_it_is_and_with_which_data(tmp_path: Path) -> None:
    line = play(sqlite_url(tmp_path))
    answer = line.app.test_client().get("/readyz").get_json()
    assert answer["ready"] is True
    directory = answer["checks"]["directory"]
    assert directory["revision"] == line.wiring.catalogue.directory.revision
    assert "nrp is not assured; cure: signpost check" in directory["reasons"]


def test_unknown_page_shows_the_error_page_with_999(tmp_path: Path) -> None:
    answer = play(sqlite_url(tmp_path)).app.test_client().get("/nowhere")
    assert answer.status_code == 404
    assert "999" in answer.text
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")


@pytest.mark.parametrize("path", ["/twilio/nowhere", "/twilio/sms"])
def test_wrong_path_or_method_of_a_webhook_is_refused_in_plain_text(tmp_path: Path, path: str) -> None:
    answer = play(sqlite_url(tmp_path)).app.test_client().get(path)
    assert answer.status_code in (404, 405)
    assert answer.mimetype == "text/plain"


def test_line_works_on_postgresql(postgres_database: str) -> None:
    line = play(postgres_database)
    call = line.call()
    call.start()
    call.press("3")
    call.press("1")
    call.wait()
    replies = line.texting().send("crime stoppers")
    assert "0800 555 111" in replies[0].body
    assert [(r.service, r.outcome) for r in line.routings()] == [
        ("nrp", "connected"),
        ("crimestoppers", "offered"),
    ]
    line.wiring.store.close()
