"""How a small piece is measured: its time by pytest-benchmark, and its memory beside it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeVar

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from tests.bench.micro.memory import allocations, peak_bytes

ROUNDS = 20  # of what has to be set up anew for each call
T = TypeVar("T")


class Measure(Protocol):
    """Measure a call that does `per` things at once, and give its result."""

    def __call__(
        self,
        call: Callable[[], T],
        *,
        per: int = 1,
        setup: Callable[[], None] | None = None,
        memory: bool = True,
    ) -> T: ...


@pytest.fixture
def measure(benchmark: BenchmarkFixture, request: pytest.FixtureRequest) -> Measure:
    """Measure: `per` and what is found of memory stand in `extra_info`. In `make test` run it once, untimed.

    `setup` is run before each call and not counted; `memory` says whether memory is looked at.
    """
    timed = request.config.getoption("benchmark_enable")

    def run(
        call: Callable[[], T],
        *,
        per: int = 1,
        setup: Callable[[], None] | None = None,
        memory: bool = True,
    ) -> T:
        prepare = setup or (lambda: None)
        benchmark.extra_info["per"] = per
        if timed:
            prepare()
            call()  # fills the caches: what is measured is every call but the first
        if timed and memory:
            for name, count in (("peak_bytes", peak_bytes), ("allocations", allocations)):
                prepare()
                benchmark.extra_info[name] = count(call)
        if setup is None:
            once: T = benchmark(call)
            return once
        rounds = ROUNDS if timed else 1
        last: T = benchmark.pedantic(call, setup=prepare, rounds=rounds)  # type: ignore[no-untyped-call]  # it has no types
        return last

    return run
