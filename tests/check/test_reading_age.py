"""Syllables are counted right for everyday words, and hard sentences come out older than plain ones."""

from __future__ import annotations

import pytest

from bot.check.reading_age import reading_age, syllables

BY_COUNT = {
    1: "age aged asked calls called can't change child closed code crime don't drugs fire friend here hours "
    "lines made phone place please press rate safe speak stopped they're through used voice we'll whole "
    "young yours",
    2: "able answer being body business choices clinic connect couldn't county create danger dealer describe "
    "didn't eighteen employed every fuel going goodbye happened homeless isn't judges listen little lonely "
    "machine menu mobile money needed nineteen number online people pictures places poem police power "
    "question quiet react reason reply safely safer science service someone something sometimes started "
    "table trouble under urgent wanted weapon Wednesday worried",
    3: "alcohol ambulance anyone area charity dangerous everyone family hospital idea officer period "
    "radio serious services service's suicide usual various violence",
    4: "automatic confidential emergency experience information recovery",
}


@pytest.mark.parametrize(
    ("word", "count"),
    [(word, count) for count, words in BY_COUNT.items() for word in words.split()],
)
def test_syllables_are_counted_from_spelling(word: str, count: int) -> None:
    assert syllables(word) == count


def test_a_word_has_at_least_one_syllable() -> None:
    assert [syllables(word) for word in ("hm", "nhs", "e", "-", "tv-set")] == [1, 1, 1, 1, 2]


def test_the_age_is_the_flesch_kincaid_grade_plus_five() -> None:
    # 6 words, 1 sentence, 6 syllables: 0.39 * 6 + 11.8 * 1 - 15.59 + 5
    assert reading_age("The cat sat on the mat.") == pytest.approx(3.6)
    # 10 words, 2 sentences, 14 syllables: 0.39 * 5 + 11.8 * 1.4 - 15.59 + 5
    assert reading_age("People listen to you there. They do not judge anyone.") == pytest.approx(7.9)


def test_a_line_break_ends_a_sentence() -> None:
    assert reading_age("tell the police\ntell a friend") == reading_age("Tell the police. Tell a friend.")


def test_names_numbers_and_fields_count_as_one_syllable() -> None:
    plain = reading_age("You can call Jo on one now.")
    assert (
        reading_age("You can call Norfolk Constabulary on 0800 555 111 now.", ["Norfolk Constabulary"])
        == plain
    )
    assert reading_age("You can call {name} on {number} now.") == plain


def test_hard_words_are_older_than_plain_ones() -> None:
    hard = reading_age("Confidential advisory professionals facilitate appropriate interventions.")
    assert hard is not None
    assert hard > 20


def test_too_few_words_have_no_age() -> None:
    assert reading_age("midnight") is None
    assert reading_age("") is None
