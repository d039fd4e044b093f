"""The commands, as an operator types them."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from bot.cli import Commands, signpost
from bot.settings import ROOT
from tests.line import play, sqlite_url


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> CliRunner:
    monkeypatch.setenv("DATABASE_URL", sqlite_url(tmp_path))
    monkeypatch.setenv("ENVIRONMENT", "development")
    return CliRunner()


@pytest.mark.parametrize("command", [*Commands.known, "flow graph", "talk sms", "talk voice", "db upgrade"])
def test_every_command_explains_itself(run: CliRunner, command: str) -> None:
    result = run.invoke(signpost, [*command.split(), "--help"])
    assert result.exit_code == 0
    assert len(result.output.splitlines()) > 3


def test_help_imports_no_database_and_no_twilio() -> None:
    code = (
        "import sys; from bot.cli import signpost\n"
        "try: signpost(['--help'])\n"
        "except SystemExit: pass\n"
        "assert not {'sqlalchemy', 'twilio', 'pydantic', 'flask'} & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stderr
    assert "signpost check" in done.stdout


def test_check_passes_on_what_ships_and_fails_for_production(run: CliRunner) -> None:
    assert run.invoke(signpost, ["check"]).exit_code == 0
    strict = run.invoke(signpost, ["check", "--production"])
    assert strict.exit_code == 1
    assert "services.nrp.assured_on" in strict.output


def test_check_names_every_fault_of_broken_files(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "flows", tmp_path / "flows")
    script = tmp_path / "flows" / "helpline.toml"
    script.write_text(script.read_text("utf-8").replace('goto = "police"', 'goto = "polcie"'), "utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "bot", "check"],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, "FLOWS_DIR": str(tmp_path / "flows")},
        check=False,
    )
    assert done.returncode == 1
    assert "nodes.main.options.1.goto" in done.stderr
    assert "'police'" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(("form", "sign"), [("svg", "<svg"), ("dot", "digraph"), ("mermaid", "flowchart")])
def test_flow_graph_is_drawn(run: CliRunner, tmp_path: Path, form: str, sign: str) -> None:
    output = tmp_path / "flow"
    result = run.invoke(signpost, ["flow", "graph", "--format", form, "--output", str(output)])
    assert result.exit_code == 0
    assert sign in output.read_text("utf-8")


@pytest.mark.parametrize("file", ["services", "lines", "flow", "translation"])
def test_schema_is_json(run: CliRunner, file: str) -> None:
    assert json.loads(run.invoke(signpost, ["schema", file]).output)["type"] == "object"


def test_routings_are_listed_and_filtered(run: CliRunner, tmp_path: Path) -> None:
    line = play(sqlite_url(tmp_path))
    line.texting().send("police")
    line.texting("whatsapp:+447700900124").send("nrp")
    line.wiring.store.close()
    table = run.invoke(signpost, ["routings"]).output
    assert "police-101" in table
    assert "whatsapp" in table
    rows = list(csv.DictReader(io.StringIO(run.invoke(signpost, ["routings", "--format", "csv"]).output)))
    assert [row["service"] for row in rows] == ["nrp", "police-101"]
    only = run.invoke(
        signpost, ["routings", "--format", "jsonl", "--service", "nrp", "--since", "2026-11-24"]
    )
    assert [json.loads(text)["channel"] for text in only.output.splitlines()] == ["whatsapp"]
    assert run.invoke(signpost, ["routings", "--until", "2026-11-24"]).output.startswith("Nobody")


def test_db_upgrade_makes_the_tables_and_can_be_run_again(run: CliRunner) -> None:
    for _ in range(2):
        assert run.invoke(signpost, ["db", "upgrade"]).output == "The database is up to date.\n"


def test_talk_by_text_and_by_voice(run: CliRunner) -> None:
    texted = run.invoke(signpost, ["talk", "sms"], input="GRAVITY\n2\n\n")
    assert "0800 555 111" in texted.output
    rung = run.invoke(signpost, ["talk", "voice", "--other-end", "busy"], input="3\n2\n1\n1\nq\n")
    for words in ("0300 7900 227", "[text to your phone]", "[the transfer: busy]", "The line is busy"):
        assert words in rung.output
    spoken = run.invoke(signpost, ["talk", "voice"], input="crime stoppers\nq\n")
    assert "0800 555 111" in spoken.output


def test_faulty_settings_end_with_their_text_and_no_traceback() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "bot", "run"],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, "ENVIRONMENT": "production", "PORT": "many", "SECRET_KEY": "short-secret"},
        check=False,
    )
    assert done.returncode == 1
    for name in ("TWILIO_AUTH_TOKEN", "PUBLIC_URL", "SECRET_KEY", "PORT"):
        assert name in done.stderr
    assert "Traceback" not in done.stderr
    assert "short-secret" not in done.stderr


def test_fallback_writes_every_number_for_each_line_language_and_channel(
    run: CliRunner, tmp_path: Path
) -> None:
    result = run.invoke(signpost, ["fallback", "export", str(tmp_path / "fallback")])
    assert result.exit_code == 0, result.output
    written = {path.name: path.read_text("utf-8") for path in (tmp_path / "fallback").iterdir()}
    assert {"norfolk.en.text.xml", "norfolk.en.voice.xml"} <= set(written)
    for name, document in written.items():
        spoken = re.sub(r"\W+", " ", re.sub("<[^>]*>", " ", document))
        for number in ("999", "101", "0800 555 111", "0300 7900 227"):
            assert spoken.count(number) == (2 if name.endswith("voice.xml") else 1), name


@pytest.mark.parametrize(
    ("channel", "said"), [("sms", "Call 999 now."), ("speech", "Hang up and call 999 now.")]
)
def test_understand_shows_what_is_answered(run: CliRunner, channel: str, said: str) -> None:
    result = run.invoke(signpost, ["understand", "he is not breathing", "--channel", channel])
    assert result.exit_code == 0, result.output
    assert "label     emergency" in result.output
    assert said in result.output
