"""Keeps a process small: gives back what loading took and running does without."""

from __future__ import annotations

import ctypes
import gc

ARENAS = -8  # M_ARENA_MAX of glibc's malloc.h; each thread that has one of its own keeps megabytes in it


def settle() -> None:
    """Call once a process has loaded everything, before it answers. Without glibc it does less."""
    gc.collect()
    gc.freeze()  # what was loaded stays; it need not be looked through again
    system = ctypes.CDLL(None)
    if hasattr(system, "malloc_trim"):
        system.mallopt(ARENAS, 1)
        system.malloc_trim(0)
