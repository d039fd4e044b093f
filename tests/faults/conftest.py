"""A line on each database, and for how long a fault lasts."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from bot.store import upgrade

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="session")
def fault_seconds() -> float:
    """How long a database is away: six seconds, or what SIGNPOST_FAULT_SECONDS says."""
    return float(os.environ.get("SIGNPOST_FAULT_SECONDS", "6"))


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Give the address of a migrated database, once of each kind."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path}/signpost.db"
    else:
        url = str(request.getfixturevalue("postgres_database"))
    upgrade(url)
    return url
