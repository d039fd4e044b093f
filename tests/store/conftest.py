"""The same empty store on SQLite and on PostgreSQL."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bot.store import open_store, upgrade

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bot.store import Store


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Give the address of an empty database, once of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/var/signpost.db"
    return str(request.getfixturevalue("postgres_database"))


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    """Open a migrated store; close it at the end."""
    upgrade(database_url)
    store = open_store(database_url)
    yield store
    store.close()


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """Give the address of a migrated SQLite database."""
    url = f"sqlite:///{tmp_path}/signpost.db"
    upgrade(url)
    return url
