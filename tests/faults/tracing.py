"""What a process asks of the kernel, as strace writes it down: when a disk was waited for, and when answered.

strace stops a thread before and after each call that it follows and writes a line each time, so the order of
the lines is the order in which things happened, whatever thread they happened in.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.required import lack

SYNCS = ("fdatasync", "fsync")
READS = ("recvfrom", "recvmsg", "read", "readv")
SENDS = ("sendto", "sendmsg", "write", "writev")
WRITES = ("pwrite64", "pwritev")
ALL = (*SYNCS, *READS, *SENDS, *WRITES)
PAGE = 4200  # bytes of a call's data that are written down: a page of SQLite's, and its header
LAST_LINE_SECONDS = 20.0

_LINE = re.compile(r"(\d+) +(\d+\.\d+) (.*)")
_WHOLE = re.compile(r"(\w+)\((.*)\) += (-?\d+).*?(?:<(\d+\.\d+)>)?$", re.DOTALL)
_BEGUN = re.compile(r"(\w+)\((.*)<unfinished \.\.\.>$", re.DOTALL)
_ENDED = re.compile(r"<\.\.\. (\w+) resumed>(.*)\) += (-?\d+).*$", re.DOTALL)


@dataclass(frozen=True)
class Call:
    """One call that returned: on which lines it began and ended, at which second, and what was said."""

    name: str
    first: int
    last: int
    began: float
    ended: float
    said: str
    result: int


def strace(output: Path, calls: Sequence[str] = ALL, longest: int = PAGE) -> list[str]:
    """Prefix a command so that its calls, and those of all its children, are written into a file.

    -D keeps the command what it would be without: the child of whoever starts it. `longest` is how many
    bytes of a call's data are written down.
    """
    options = ["-D", "-f", "--seccomp-bpf", "-yy", "-ttt", "-T", "-s", str(longest)]
    return ["strace", *options, "-e", f"trace={','.join(calls)}", "-e", "signal=none", "-o", str(output)]


def need_strace() -> None:
    """Skip the test, or fail it where strace is required, if it is missing or may not look at processes."""
    if not shutil.which("strace"):
        lack("strace", "not installed; on Debian: apt-get install strace")
    with tempfile.TemporaryDirectory() as folder:
        command = [*strace(Path(folder) / "trace"), "true"]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)
    if done.returncode:
        lack("strace", f"it may not trace here (ptrace): {done.stderr.strip()}")


def read_trace(lines: Sequence[str]) -> list[Call]:
    """Read what strace wrote; calls that never returned are left out."""
    return sorted(_calls(lines), key=lambda call: call.first)


def _calls(lines: Sequence[str]) -> Iterator[Call]:
    begun: dict[str, tuple[int, float, str]] = {}
    for number, line in enumerate(lines):
        parts = _LINE.fullmatch(line)
        if parts is None:
            continue
        thread, at, rest = parts[1], float(parts[2]), parts[3]
        if half := _BEGUN.fullmatch(rest):
            begun[thread] = number, at, half[2]
        elif (half := _ENDED.fullmatch(rest)) and thread in begun:
            first, began, said = begun.pop(thread)
            yield Call(half[1], first, number, began, at, said + half[2], int(half[3]))
        elif whole := _WHOLE.fullmatch(rest):
            yield Call(whole[1], number, number, at, at + float(whole[4] or 0), whole[2], int(whole[3]))


def finished(output: Path, pid: int) -> list[str]:
    """Give the lines of a trace once it has the end of a process.

    Raises:
        AssertionError: it does not come.
    """
    limit, end = time.monotonic() + LAST_LINE_SECONDS, re.compile(rf"{pid} +\S+ \+\+\+ (exited|killed)")
    while time.monotonic() < limit:
        lines = output.read_text("utf-8", "replace").splitlines() if output.exists() else []
        if any(end.match(line) for line in lines[-20:]):
            return lines
        time.sleep(0.1)
    raise AssertionError(f"strace has not seen the end of process {pid}")
