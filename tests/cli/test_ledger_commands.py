"""The commands of the audited log, as an operator and a partner type them."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bot.cli import signpost
from bot.errors import LedgerError, SettingsError, StoreError
from bot.ledger.note import read_signer
from bot.ledger.proof import read_proof
from bot.ledger.record import committed_entry, read_disclosure
from bot.settings import ROOT
from tests.line import play, sqlite_url

SEED = ["demo", "seed", "--routings", "400", "--seed", "7", "--until", "2026-11-24"]
WAIT_SECONDS = 60


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a folder with settings that name a database in it."""
    monkeypatch.setenv("DATABASE_URL", sqlite_url(tmp_path))
    monkeypatch.setenv("ENVIRONMENT", "development")
    return tmp_path


def run(*arguments: str) -> Result:
    """Run a command that ends well."""
    result = CliRunner().invoke(signpost, [*arguments])
    assert result.exit_code == 0, result.output + repr(result.exception)
    return result


def refused(*arguments: str) -> BaseException:
    """Run a command that is refused; give what it says."""
    result = CliRunner().invoke(signpost, [*arguments])
    assert result.exception is not None
    return result.exception


def key(folder: Path) -> str:
    """Give the verifier key of the log in a folder."""
    return str(read_signer((folder / "line.db.ledger-key").read_text("utf-8")).verifier)


def test_made_up_records_are_in_a_log_that_a_partner_verifies(folder: Path) -> None:
    assert "400 routings made up" in run(*SEED).output
    run("log", "export", str(folder / "out"))
    records = run("log", "records", "crimestoppers").output
    (folder / "records.jsonl").write_text(records, "utf-8")
    proved = run(
        *("log", "verify", str(folder / "out"), "--key", key(folder)),
        *("--records", str(folder / "records.jsonl")),
    ).output
    told = f"Your {len(records.splitlines())} records are in it, unaltered, in order and without a gap"
    assert told in proved
    kinds = {json.loads(line)["record"]["kind"] for line in records.splitlines()}
    assert kinds == {"route", "outcome", "tally"}
    assert all(not json.loads(line)["record"].get("late") for line in records.splitlines())


def test_the_same_seed_makes_the_same_records(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run(*SEED)
    first = run("routings", "--format", "csv").output
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{folder}/other.db")
    run(*SEED)
    assert run("routings", "--format", "csv").output == first
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{folder}/third.db")
    run(*SEED[:-4], "--seed", "8", *SEED[-2:])
    assert run("routings", "--format", "csv").output != first


def test_made_up_records_look_like_a_year(folder: Path) -> None:
    run("demo", "seed", "--routings", "3000", "--until", "2026-11-24")
    rows = [json.loads(line) for line in run("routings", "--format", "jsonl").output.splitlines()]
    assert len(rows) == 3000
    first, last = min(row["hour"] for row in rows), max(row["hour"] for row in rows)
    assert "2025-11-24" <= first < "2025-11-26"
    assert "2026-11-22" <= last < "2026-11-24"
    hours = [int(row["hour"][11:13]) for row in rows]
    evening, night = sum(17 <= hour <= 20 for hour in hours), sum(2 <= hour <= 5 for hour in hours)
    assert evening > 5 * night > 0
    assert {row["channel"] for row in rows} == {"sms", "whatsapp", "voice", "rcs"}
    assert {row["outcome"] for row in rows if row["channel"] == "sms"} == {"offered"}
    assert {"connected", "number_texted", "busy"} <= {
        row["outcome"] for row in rows if row["channel"] == "voice"
    }
    assert not [
        row for row in rows if row["service"] in ("police-101", "emergency") and row["outcome"] == "connected"
    ]


def test_made_up_records_are_refused_in_production_and_beside_real_ones(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = play(sqlite_url(folder))
    line.texting().send("GRAVITY")
    texting = line.texting()
    texting.send("GRAVITY")
    texting.send("crimestoppers")
    fault = refused(*SEED)
    assert isinstance(fault, StoreError)
    assert "--beside-real" in str(fault)
    run(*SEED, "--beside-real")
    monkeypatch.setenv("ENVIRONMENT", "production")
    for name, value in {
        "TWILIO_ACCOUNT_SID": "AC" + "0" * 32,
        "TWILIO_AUTH_TOKEN": "0" * 32,
        "PUBLIC_URL": "https://line.example.org",
        "SECRET_KEY": "k" * 64,
    }.items():
        monkeypatch.setenv(name, value)
    assert isinstance(refused(*SEED), SettingsError)


def test_a_proof_of_one_routing_stands_alone(folder: Path) -> None:
    run(*SEED)
    routing = json.loads(run("routings", "--format", "jsonl", "--limit", "1").output)["id"]
    run("log", "prove", routing, "--output", str(folder / "proof.txt"))
    written = (folder / "proof.txt").read_text("utf-8")
    assert run("log", "prove", routing).output == written
    proof = read_proof(written)
    given = read_disclosure(proof.extra.decode())
    assert given.record["id"] == routing
    signer = read_signer((folder / "line.db.ledger-key").read_text("utf-8"))
    proof.verify(committed_entry(given.salt, given.record), [signer.verifier])


def test_what_is_not_there_is_told(folder: Path) -> None:
    run(*SEED)
    assert "signpost routings lists them" in str(refused("log", "prove", "nothing")).replace("`", "")
    assert "the log has no partner nobody; it has: crimestoppers" in str(refused("log", "records", "nobody"))
    (folder / "line.db").unlink()
    assert isinstance(refused("log", "export", str(folder / "out")), StoreError)


def test_nothing_is_exported_before_something_is_signed(folder: Path) -> None:
    run("db", "upgrade")
    fault = refused("log", "export", str(folder / "out"))
    assert isinstance(fault, LedgerError)
    assert "nothing has been signed yet" in str(fault)


def test_purging_by_hand_leaves_a_log_that_verifies(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run(*SEED)
    monkeypatch.setenv("RETENTION_MONTHS", "2")
    said = run("purge").output
    gone = int(said.splitlines()[1].split()[0])
    assert gone > 100
    left = len(run("routings", "--format", "jsonl").output.splitlines())
    assert 0 < left < 200
    assert "0 records from before" in run("purge").output
    shutil.copy(folder / "line.db.guard", folder / "guard")
    run("log", "export", str(folder / "out"))
    run("log", "verify", str(folder / "out"), "--key", key(folder))


def test_purging_is_refused_on_a_database_that_is_not_the_signed_one(folder: Path) -> None:
    run(*SEED)
    (folder / "line.db.guard").unlink()
    assert "is missing, though" in str(refused("purge"))


def test_the_worker_runs_as_a_process_and_ends_when_told(folder: Path) -> None:
    line = play(sqlite_url(folder))
    texting = line.texting()
    texting.send("GRAVITY")
    texting.send("crimestoppers")
    environment = {**os.environ, "DATABASE_URL": sqlite_url(folder), "PYTHONUNBUFFERED": "1"}
    command = [sys.executable, "-m", "bot", "worker"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT, env=environment) as worker:
        assert worker.stdout is not None
        try:
            assert "localhost/log" in worker.stdout.readline()
            assert worker.stdout.readline().strip() == key(folder)
            while not (folder / "line.db.guard").exists():
                assert worker.poll() is None
        finally:
            worker.send_signal(signal.SIGTERM)
        assert worker.wait(WAIT_SECONDS) == 0
    assert len(run("log", "records", "crimestoppers").output.splitlines()) >= 1


def test_the_web_process_loads_no_key_and_no_integrator(folder: Path) -> None:
    code = (
        "import sys; from bot.app import create_app; from bot.settings import Settings\n"
        f"app = create_app(Settings(database_url={sqlite_url(folder)!r}, secret_key='k' * 64))\n"
        "print(app.test_client().get('/log/checkpoint').status_code)\n"
        "heavy = {'bot.custody', 'bot.worker', 'bot.ledger.integrator', 'bot.ledger.note'}\n"
        "print(*sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout.split() == ["404"]
