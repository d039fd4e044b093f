"""Waits for what other threads and processes do."""

from __future__ import annotations

from time import monotonic, sleep
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


def wait_until(is_so: Callable[[], object], seconds: float, every: float = 0.01) -> None:
    """Look every so many seconds until something is so; fail when it takes too long."""
    limit = monotonic() + seconds
    while not is_so():
        assert monotonic() < limit
        sleep(every)
