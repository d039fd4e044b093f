"""A line, its portal, somebody of a partner; and a portal with two partners' routings in it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from bot.web.wiring import KEY
from tests.line import PlayedLine, play, sqlite_url
from tests.partners import Person, add_account
from tests.web.portal.places import Portal, furnish

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


@pytest.fixture
def portal(tmp_path: Path) -> Iterator[Portal]:
    """Two partners' routings, an auditor, an operator."""
    portal = furnish(tmp_path)
    yield portal
    portal.line.wiring.store.close()
