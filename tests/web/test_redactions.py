"""Whoever is sent to a service leaves something to be deleted at Twilio; nobody else does."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from bot.store.redactions import Redactions
from tests.channels.twilio_rest import SID
from tests.line import PlayedLine, play, sqlite_url
from tests.store.samples import opened

DAY = timedelta(hours=24)


@pytest.fixture
def line(tmp_path: Path) -> Iterator[PlayedLine]:
    """A line with an account at Twilio."""
    line = play(sqlite_url(tmp_path), account_sid=SID, journal_path=tmp_path / "journal")
    yield line
    line.wiring.store.close()


def rows(tmp_path: Path) -> list[tuple[str, str]]:
    with opened(sqlite_url(tmp_path)) as connection:
        return [(row.sid, row.kind) for row in connection.execute(text("SELECT sid, kind FROM redactions"))]


def redactions(line: PlayedLine) -> Redactions:
    return line.wiring.store.redactions()


def test_a_text_that_leads_to_a_service_is_to_be_deleted(line: PlayedLine, tmp_path: Path) -> None:
    texting = line.texting()
    texting.send("GRAVITY")
    assert rows(tmp_path) == []
    texting.send("crimestoppers")
    assert rows(tmp_path) == [(texting.last_sid, "message")]
    assert redactions(line).claim(line.now + DAY - timedelta(seconds=1), "one") is None
    assert redactions(line).claim(line.now + DAY, "one") is not None


def test_a_call_that_leads_to_services_is_to_be_deleted_once(line: PlayedLine, tmp_path: Path) -> None:
    call = line.call()
    call.start()
    assert rows(tmp_path) == []
    call.press("2")
    [(sid, kind)] = rows(tmp_path)
    assert kind == "call"
    assert sid.startswith("CA")


@pytest.mark.parametrize("changes", [{"account_sid": ""}, {"account_sid": SID, "redact_after_hours": 0}])
def test_nothing_is_noted_where_nothing_is_deleted(tmp_path: Path, changes: dict[str, object]) -> None:
    line = play(sqlite_url(tmp_path), **changes)
    line.texting().send("crimestoppers")
    assert len(line.routings()) == 1
    assert rows(tmp_path) == []
    line.wiring.store.close()


def test_metrics_say_how_much_waits_and_what_was_done(line: PlayedLine) -> None:
    client = line.app.test_client()
    assert "signpost_redactions_waiting 0.0" in client.get("/metrics").text
    for person in ("+447700900001", "+447700900002"):
        line.texting(person).send("crimestoppers")
    due = redactions(line).claim(line.now + DAY, "one")
    assert due is not None
    redactions(line).done(due, "done")
    told = client.get("/metrics").text
    assert "signpost_redactions_waiting 1.0" in told
    assert 'signpost_redactions_total{result="done"} 1.0' in told
    assert due.sid not in told
