"""A line in production, its portal, and somebody of a partner."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from bot.web.wiring import KEY
from tests.line import PlayedLine, play, sqlite_url
from tests.partners import Person, add_account

EMAIL = "anna@example.org"


@pytest.fixture
def line(tmp_path: Path) -> Iterator[PlayedLine]:
    """A line in development, which lets the portal be seen over plain http."""
    line = play(sqlite_url(tmp_path))
    yield line
    line.wiring.store.close()


@pytest.fixture
def strict(line: PlayedLine) -> PlayedLine:
    """The same line, told that it is in production; the data that ships is not fit for a start there."""
    line.app.extensions[KEY] = replace(
        line.wiring, settings=replace(line.wiring.settings, environment="production")
    )
    return line


@pytest.fixture
def anna(line: PlayedLine) -> Person:
    """Somebody of a partner, with a code app, not yet signed in."""
    add_account(line, EMAIL)
    return Person(line, EMAIL)
