"""The audited log as it is served: what a partner's own program reads, and how long it may keep it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from bot.ledger.guard import Guard
from bot.ledger.integrator import Integrator
from bot.ledger.proving import disclosure
from bot.ledger.signing import Signing
from bot.ledger.verifier import Trust, verify
from bot.store import Store
from tests.ledger.kept import SIGNER
from tests.line import TUESDAY_MORNING, PlayedLine, play, sqlite_url
from tests.store.samples import ROUTING


class Served:
    """A log's files, as the app serves them."""

    def __init__(self, client: FlaskClient) -> None:
        self._client = client

    def file(self, path: str) -> bytes | None:
        """Fetch a file."""
        answer = self._client.get(f"/log/{path}")
        return answer.data if answer.status_code == 200 else None


@pytest.fixture
def line(tmp_path: Path) -> PlayedLine:
    """Give a line with its log not begun."""
    return play(sqlite_url(tmp_path))


def signed(line: PlayedLine, guard: Path) -> None:
    """Let the worker's two steps happen."""
    store, catalogue = line.wiring.store, line.wiring.catalogue
    log = store.ledger()
    Integrator(log, tuple(catalogue.partners), catalogue.partner_of, lambda: bytes(32)).grow(line.now)
    Signing(log, SIGNER.name, [SIGNER], Guard(guard)).sign(line.now)


def fill(store: Store, count: int) -> None:
    """Keep made-up routings."""
    hour = TUESDAY_MORNING.replace(minute=0)
    rows = [(replace(ROUTING, id=f"r{at}", partner="mine", hour=hour), "ab" * 32, ()) for at in range(count)]
    store.keep_made_up(rows)


def test_what_people_did_is_in_the_log_that_is_served(line: PlayedLine, tmp_path: Path) -> None:
    texting = line.texting()
    texting.send("GRAVITY")
    texting.send("crimestoppers")
    signed(line, tmp_path / "guard")
    records = [disclosure(row) for row in line.wiring.store.ledger().records("crimestoppers", 99)]
    found = verify(Served(line.app.test_client()), Trust([SIGNER.verifier]), records=iter(records))
    assert found.kinds == {"heartbeat": 1, "route": 1}
    [record] = [one.record for one in records]
    [routing] = line.routings()
    assert (record["id"], record["service"], record["hour"]) == (
        routing.id,
        "crimestoppers",
        "2026-11-24T10:00:00Z",
    )


def test_full_tiles_are_kept_for_ever_and_others_are_not(line: PlayedLine, tmp_path: Path) -> None:
    fill(line.wiring.store, 300)
    signed(line, tmp_path / "guard")
    client = line.app.test_client()
    kept = {
        path: client.get(f"/log/{path}").headers["Cache-Control"]
        for path in ("tile/0/000", "tile/entries/000", "tile/0/001.p/45", "tile/1/000.p/1", "checkpoint")
    }
    assert kept == {
        "tile/0/000": "public, max-age=31536000, immutable",
        "tile/entries/000": "public, max-age=31536000, immutable",
        "tile/0/001.p/45": "public, max-age=60",
        "tile/1/000.p/1": "public, max-age=60",
        "checkpoint": "no-store",
    }
    assert client.get("/log/tile/0/000").content_type == "application/octet-stream"
    assert client.get("/log/checkpoint").content_type == "text/plain; charset=utf-8"
    # A narrower form of what has grown since, as an earlier checkpoint asks for it.
    assert client.get("/log/tile/0/000.p/7").data == client.get("/log/tile/0/000").data[: 7 * 32]


@pytest.mark.parametrize(
    "path",
    [
        *("tile/0/001", "tile/0/001.p/46", "tile/0/002.p/1", "tile/2/000", "tile/63/000", "tile/64/000"),
        *("tile/0/1", "tile/0/000.p/0", "tile/0/000.p/256", "tile/entries/x000/000", "tile/0/../0/000"),
        *("tile/-1/000", "tile/0/000/", "tile/", "tile/0/%00"),
    ],
)
def test_what_is_no_tile_is_not_found_and_said_briefly(line: PlayedLine, tmp_path: Path, path: str) -> None:
    fill(line.wiring.store, 300)
    signed(line, tmp_path / "guard")
    answer = line.app.test_client().get(f"/log/{path}")
    assert answer.status_code == 404
    assert "immutable" not in answer.headers.get("Cache-Control", "")


def test_nothing_is_served_before_something_is_signed(line: PlayedLine) -> None:
    answer = line.app.test_client().get("/log/checkpoint")
    assert (answer.status_code, answer.text) == (404, "nothing has been signed yet\n")


def ledger_reasons(line: PlayedLine) -> list[str]:
    """What /readyz says of the log; the line itself is ready all the time."""
    answer = line.app.test_client().get("/readyz")
    assert answer.status_code == 200
    reasons: list[str] = answer.get_json()["checks"]["ledger"]["reasons"]
    return reasons


def test_ready_tells_what_stops_the_log_and_the_line_stays_up(line: PlayedLine, tmp_path: Path) -> None:
    assert ledger_reasons(line) == ["nothing has been signed yet; cure: start signpost worker"]
    signed(line, tmp_path / "guard")
    assert ledger_reasons(line) == []
    line.wiring.store.ledger().raise_alarm("the guard can't be written")
    assert ledger_reasons(line) == ["the guard can't be written"]
    line.wiring.store.ledger().raise_alarm("")
    line.now += timedelta(minutes=12)
    [old] = ledger_reasons(line)
    assert old.startswith(
        "the newest checkpoint is of 2026-11-24T10:30:00+00:00; cure: start signpost worker"
    )


def test_the_age_of_the_checkpoint_is_measured(line: PlayedLine, tmp_path: Path) -> None:
    client = line.app.test_client()
    assert "signpost_checkpoint_age_seconds -1.0\n" in client.get("/metrics").text
    signed(line, tmp_path / "guard")
    line.pass_time(2)
    assert "signpost_checkpoint_age_seconds 120.0\n" in client.get("/metrics").text
