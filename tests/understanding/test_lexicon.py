"""Words in little memory: what a table of them all would say."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bot.understanding.lexicon import Lexicon, Near, one_out

WORDS = st.text("abcé", min_size=1, max_size=6)


@given(st.sets(WORDS), WORDS)
def test_a_lexicon_has_the_words_that_it_was_given_and_no_other(words: set[str], asked: str) -> None:
    lexicon = Lexicon.of(words)
    assert bool(lexicon) is bool(words)
    assert all(word in lexicon for word in words)
    assert (asked in lexicon) is (asked in words)
    assert "" not in lexicon


@given(st.sets(WORDS), WORDS)
def test_a_word_with_a_slip_leads_to_the_first_word_of_the_alphabet_that_is_near(
    words: set[str], asked: str
) -> None:
    table: dict[str, str] = {}
    for word in sorted(words):
        for form in one_out(word):
            table.setdefault(form, word)
    expected = next((table[form] for form in one_out(asked) if form in table), None)
    assert Near.of(words).meant(asked) == expected


def test_two_forms_of_one_checksum_are_told_apart() -> None:
    # CRC-32 gives both the same.
    assert Near.of(["plumless"]).meant("buckeroo") is None
    assert Near.of(["buckeroo", "plumless"]).meant("plumless") == "plumless"
    assert Near.of(["buckeroo", "plumless"]).meant("buckeroo") == "buckeroo"
