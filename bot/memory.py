"""Keeps a process small and its start short: what loading makes stays, and need not be looked through."""

from __future__ import annotations

import ctypes
import gc
from collections.abc import Iterator
from contextlib import contextmanager

ARENAS = -8  # M_ARENA_MAX of glibc's malloc.h; each thread that has one of its own keeps megabytes in it


@contextmanager
def loading() -> Iterator[None]:
    """Look for nothing to give back: a start would spend a seventh of its time on that, and find little."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def settle() -> None:
    """Call once a process has loaded everything, before it answers. Without glibc it does less."""
    gc.collect()
    gc.freeze()  # what was loaded stays; it need not be looked through again
    system = ctypes.CDLL(None)
    if hasattr(system, "malloc_trim"):
        system.mallopt(ARENAS, 1)
        system.malloc_trim(0)
