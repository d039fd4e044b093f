"""Take turns in four threads until somebody kills this: `python -m tests.store.writer URL`.

Each turn's number is printed once it has been taken. The print comes after `take` has returned, so what is
printed has been acknowledged.
"""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import count

from bot.store import Decision, open_store
from tests.store.samples import LATER, NOW, ROUTING, SESSION

THREADS = 4


def write(url: str) -> None:
    """Take turns for ever."""
    store = open_store(url)

    def run(first: int) -> None:
        for number in count(first, THREADS):
            name = str(number)
            decision = Decision(name, replace(SESSION, id=name), replace(ROUTING, id=name))
            store.take(name, name, NOW, LATER, lambda _before, decision=decision: decision)  # type: ignore[misc]
            sys.stdout.write(f"{name}\n")
            sys.stdout.flush()

    with ThreadPoolExecutor(THREADS) as threads:
        for done in [threads.submit(run, number) for number in range(THREADS)]:
            done.result()


if __name__ == "__main__":
    write(sys.argv[1])
