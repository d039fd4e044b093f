"""The bench of several machines, for some seconds, so that it cannot rot."""

from __future__ import annotations

from tests.bench.machines import measure
from tests.postgres import PostgresUnavailableError, run_postgres
from tests.required import lack


def test_what_a_turn_takes_of_a_machine_and_of_postgresql() -> None:
    try:
        with run_postgres(fsync="on") as server:
            found = measure(server, machines=2, rounds=1, seconds=3)
    except PostgresUnavailableError as fault:
        lack("postgres", str(fault))
    assert found.rate > 0
    assert 0 < found.postgres_micros < found.machine_micros
    assert (
        found.together > 0.5
    )  # a second's edges: a turn may be counted on one side and its sync on the other
