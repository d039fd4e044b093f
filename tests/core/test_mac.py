"""HMAC begun once for each key gives what the standard library gives."""

from __future__ import annotations

import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.mac import BLOCK_BYTES, mac


@given(st.binary(max_size=2 * BLOCK_BYTES + 1), st.binary(max_size=300), st.sampled_from(["sha1", "sha256"]))
def test_gives_what_the_standard_library_gives(key: bytes, data: bytes, name: str) -> None:
    assert mac(key, data, name) == hmac.digest(key, data, name)  # type: ignore[arg-type]  # one of the two


@pytest.mark.parametrize("chars", [0, BLOCK_BYTES - 1, BLOCK_BYTES, BLOCK_BYTES + 1])
def test_keys_around_the_length_of_a_block(chars: int) -> None:
    assert mac(b"k" * chars, b"data", "sha256") == hmac.digest(b"k" * chars, b"data", "sha256")


def test_one_key_is_used_again_and_gives_the_same() -> None:
    assert [mac(b"key", b"a", "sha1"), mac(b"key", b"b", "sha1"), mac(b"key", b"a", "sha1")] == [
        hmac.digest(b"key", data, "sha1") for data in (b"a", b"b", b"a")
    ]
