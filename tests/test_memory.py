"""What keeps a process small and its start short leaves it as any other."""

from __future__ import annotations

import gc

import pytest

from bot.memory import loading


def test_nothing_is_looked_for_while_something_is_loaded() -> None:
    with loading():
        assert not gc.isenabled()
    assert gc.isenabled()


def test_a_start_that_fails_leaves_the_process_looking_again() -> None:
    with pytest.raises(ValueError, match="a fault"), loading():
        raise ValueError("a fault")
    assert gc.isenabled()
