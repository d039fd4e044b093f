"""Which addresses are taken, and that no fault tells a password."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from bot.errors import StoreError
from bot.store import open_store, upgrade
from bot.store.address import read_address
from tests.store.samples import keep, take

if TYPE_CHECKING:
    pass


@pytest.fixture
def closed_port() -> int:
    """Find a port on this machine where nobody listens."""
    import socket  # noqa: PLC0415

    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg"])
def test_postgresql_is_reached_through_psycopg(scheme: str) -> None:
    assert read_address(f"{scheme}://u:p@h/d").drivername == "postgresql+psycopg"


@pytest.mark.parametrize(
    "url",
    [
        "",
        "hunter2",
        "mysql://user:hunter2@host/name",
        "postgresql+asyncpg://user:hunter2@host/name",
        "postgresql://user:hunter2@host:port/name",
        "sqlite://",
        "sqlite:///:memory:",
        "sqlite:///file:hunter2?mode=memory&uri=true",
    ],
)
def test_other_addresses_are_refused_without_repeating_them(url: str) -> None:
    with pytest.raises(StoreError, match="write sqlite:///") as caught:
        open_store(url)
    assert "hunter2" not in str(caught.value)
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


def test_database_that_does_not_answer_is_told_without_secrets(closed_port: int) -> None:
    url = f"postgresql://somebody:hunter2@127.0.0.1:{closed_port}/signpost"
    store = open_store(url)
    [fault] = store.ready()
    assert fault.startswith(f"PostgreSQL 127.0.0.1:{closed_port}/signpost can't be reached (")
    assert "refused" in fault
    assert fault.endswith("; start it or correct DATABASE_URL")
    told = [fault]
    for attempt in (
        store.assert_durable,
        lambda: upgrade(url),
        lambda: take(store, "t1", keep()),
        lambda: list(store.routings()),
    ):
        with pytest.raises(StoreError) as caught:
            attempt()
        told.append(str(caught.value))
    assert all("\n" not in each and "hunter2" not in each and "somebody" not in each for each in told)


def test_importing_the_store_loads_no_driver_and_no_alembic() -> None:
    script = "import sys, bot.store; print(*sorted({'alembic', 'psycopg', 'sqlite3'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    assert done.stdout.split() == []
