"""What one call asks of memory: how much at once, and how often."""

from __future__ import annotations

import gc
import sys
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any


def peak_bytes(call: Callable[[], object]) -> int:
    """Say how much more memory Python held during a call than before it, at the most."""
    with _traced():
        before, _ = tracemalloc.get_traced_memory()
        tracemalloc.reset_peak()
        call()
        _, peak = tracemalloc.get_traced_memory()
    return peak - before


def allocations(call: Callable[[], object]) -> int:
    """Count the instructions of a call that take memory and have not given it back when they end.

    tracemalloc itself knows only what is left in the end, which of a good call is nothing but its result; so
    it is asked after each instruction of this thread. What a C function takes and gives back itself is not
    seen, nor what comes out of the interpreter's lists of kept tuples and frames.
    """
    taken = last = 0

    def look(frame: FrameType, _event: str, _value: Any) -> Any:
        nonlocal taken, last
        frame.f_trace_opcodes = True
        now, _ = tracemalloc.get_traced_memory()
        taken += now > last
        last = now
        return look

    with _traced():
        before = sys.gettrace()
        sys.settrace(look)
        try:
            call()
        finally:
            sys.settrace(before)
    return taken


@contextmanager
def _traced() -> Iterator[None]:
    gc.collect()
    gc.disable()
    tracemalloc.start()
    try:
        yield
    finally:
        tracemalloc.stop()
        gc.enable()
