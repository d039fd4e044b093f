"""Twilio's forms and addresses."""

from __future__ import annotations

from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.addresses import read_form


@given(st.binary(max_size=300) | st.text("ab=&+%20é;\x00", max_size=60).map(lambda text: text.encode()))
def test_a_form_is_read_as_the_standard_library_reads_it(raw: bytes) -> None:
    read = parse_qsl(raw.decode("utf-8", "replace"), keep_blank_values=True)
    assert read_form(raw, 500) == read


def test_a_form_of_too_many_fields_is_refused() -> None:
    assert len(read_form(b"&".join([b"a=1"] * 5), 5)) == 5
    with pytest.raises(ValueError, match="more than 5 fields"):
        read_form(b"&".join([b"a=1"] * 6), 5)
