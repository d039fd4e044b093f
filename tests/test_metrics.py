"""What is counted can be read by whoever may, adds up over processes, and says nothing of a person."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from bot.settings import ROOT
from tests.line import MOBILE, play, sqlite_url

TOKEN = "a-token-for-prometheus"


def value(text: str, name: str, **labels: str) -> float:
    """One series' value; 0 where there is none yet."""
    for line in text.splitlines():
        found = re.fullmatch(rf"{name}(?:\{{(.*)\}})? (\S+)", line)
        if found and dict(re.findall(r'(\w+)="([^"]*)"', found[1] or "")) == labels:
            return float(found[2])
    return 0.0


def test_turns_and_routings_are_counted_and_nobody_is_named(tmp_path: Path) -> None:
    line = play(sqlite_url(tmp_path))
    client = line.app.test_client()
    before = client.get("/metrics").text
    texting = line.texting()
    texting.send("GRAVITY")
    texting.send("crimestoppers")
    client.post("/twilio/sms", data={"From": MOBILE})
    after = client.get("/metrics").text

    def added(name: str, **labels: str) -> float:
        return value(after, name, **labels) - value(before, name, **labels)

    assert added("signpost_turns_total", channel="sms", inbound="Said", replayed="no") == 2
    assert added("signpost_routings_total", channel="sms", service="crimestoppers") == 1
    assert added("signpost_turn_seconds_count", channel="sms") == 2
    assert added("signpost_webhooks_refused_total") == 1
    assert value(after, "signpost_up") == 1
    assert value(after, "signpost_listings_stale") > 0
    assert MOBILE[1:] not in after


@pytest.mark.parametrize(
    ("given", "status"), [(None, 401), ("Bearer wrong", 401), (f"Bearer {TOKEN}", 200), ("Basic eA==", 401)]
)
def test_token_is_asked_for(tmp_path: Path, given: str | None, status: int) -> None:
    client = play(sqlite_url(tmp_path), metrics_token=TOKEN).app.test_client()
    headers = {"Authorization": given} if given else {}
    assert client.get("/metrics", headers=headers).status_code == status


def test_counts_of_several_processes_add_up_and_outlive_them(tmp_path: Path) -> None:
    code = (
        "from bot import metrics; import os\n"
        "metrics.count('signpost_webhooks_failed_total')\n"
        "metrics.observe('signpost_turn_seconds', 0.02, channel='voice')\n"
        "metrics.gone(os.getpid())"
    )
    read = "from bot import metrics; print(metrics.written([('signpost_up', 1.0)]).decode())"
    environment = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(tmp_path)}
    for _ in range(3):
        subprocess.run([sys.executable, "-c", code], env=environment, cwd=ROOT, check=True)
    told = subprocess.run(
        [sys.executable, "-c", read], env=environment, cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout
    assert value(told, "signpost_webhooks_failed_total") == 3
    assert value(told, "signpost_turn_seconds_bucket", channel="voice", le="0.025") == 3
    assert value(told, "signpost_up") == 1


def test_first_two_who_count_at_once_make_one_counter() -> None:
    code = """
import sys
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from bot import metrics
sys.setswitchinterval(1e-6)
for name in metrics.COUNTERS:
    start = Barrier(8)
    labels = {label: "x" for label in metrics.COUNTERS[name][1]}
    def one(_):
        start.wait(10)
        metrics.count(name, **labels)
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(one, range(8)))
text = metrics.written([]).decode()
lines = [line for line in text.splitlines() if line.split(" ")[0].split("{")[0] in metrics.COUNTERS]
assert len(lines) == len(metrics.COUNTERS) and all(line.endswith(" 8.0") for line in lines), text
"""
    environment = {name: value for name, value in os.environ.items() if name != "PROMETHEUS_MULTIPROC_DIR"}
    subprocess.run([sys.executable, "-c", code], env=environment, cwd=ROOT, check=True)
