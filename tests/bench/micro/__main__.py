"""`make bench-micro`: what each piece of a turn costs alone, in one table.

    python -m tests.bench.micro [--json micro.json] [options of pytest, such as -k twiml]

Nothing else should run. A call that does several things counts as that many; the peak is the whole call's.
`memory.py` says what is counted as an allocation: of one thread, so what several share has none.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from bot.settings import ROOT

OPTIONS = ("--benchmark-enable", "--benchmark-only", "--benchmark-quiet", "-p", "no:xdist")
SECONDS_EACH = 1.0


def main() -> int:
    """Run them, print the table, and give pytest's exit code."""
    parser = argparse.ArgumentParser(description="What each piece of a turn costs alone.")
    parser.add_argument("--json", type=Path, help="write everything that pytest-benchmark found, too")
    asked, more = parser.parse_known_args()
    with tempfile.TemporaryDirectory() as folder:
        found = asked.json or Path(folder) / "micro.json"
        command = [sys.executable, "-m", "pytest", str(Path(__file__).parent), *OPTIONS, *more]
        command += [f"--benchmark-max-time={SECONDS_EACH}", f"--benchmark-json={found}"]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        if done.returncode:
            sys.stderr.write(done.stdout + done.stderr)
            return done.returncode
        sys.stdout.write(table(json.loads(found.read_text("utf-8"))["benchmarks"]))
    return 0


def table(measured: list[dict[str, Any]]) -> str:
    """Write a line for each piece: of one thing where a call does several."""
    lines = [f"{'':34}{'median us':>10}{'fastest us':>11}{'a second':>10}{'allocs':>8}{'peak kB':>9}"]
    for one in measured:
        per, stats, memory = one["extra_info"]["per"], one["stats"], ""
        median, fastest = (stats[name] * 1e6 / per for name in ("median", "min"))
        if "allocations" in one["extra_info"]:
            allocs, peak = one["extra_info"]["allocations"] / per, one["extra_info"]["peak_bytes"] / 1000
            memory = f"{allocs:8.0f}{peak:9.1f}"
        speed = f"{median:10.1f}{fastest:11.1f}{1e6 / median:10,.0f}"
        lines.append(f"{named(one['name']):34}{speed}{memory}")
    return "\n".join(lines) + "\n"


def named(test: str) -> str:
    """Make words of a test's name: test_understanding[short message] is understanding, short message."""
    return test.removeprefix("test_").replace("_", " ").replace("[", ", ").rstrip("]")


if __name__ == "__main__":
    sys.exit(main())
