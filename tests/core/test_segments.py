"""Parts of a text: against the standard's tables, and against the calculator Twilio publishes.

segments_oracle.json holds what the npm package sms-segments-calculator 1.3.0 (encoding "auto", smart encoding
off) answers for each text: `encodingName`, `segmentsCount`, and `messageSize` in units of 7 or 16 bits. Texts
are written as [piece, repeats] pairs. To make it anew, join each text's pieces, give them to
`new SegmentedMessage(text)` and write those three answers back.
"""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.core.segments import Segments, not_gsm, plain, segments

ORACLE = json.loads((Path(__file__).parent / "segments_oracle.json").read_text(encoding="utf-8"))

GSM_TEXT = st.text(st.sampled_from("ab 1£éàÇ@\n€[]{}~^|\\"), max_size=400)
ANY_TEXT = st.text(max_size=300)
WITH_SURROGATES = st.text(st.characters(exclude_categories=()), max_size=200)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", Segments("GSM-7", 0, 0)),
        ("a", Segments("GSM-7", 1, 1)),
        ("a" * 160, Segments("GSM-7", 1, 160)),
        ("a" * 161, Segments("GSM-7", 2, 161)),
        ("a" * 306, Segments("GSM-7", 2, 306)),
        ("a" * 307, Segments("GSM-7", 3, 307)),
        ("€" * 80, Segments("GSM-7", 1, 160)),
        ("€" * 81, Segments("GSM-7", 2, 162)),
        # 152 septets and a euro do not share a part of 153: the euro moves over and a septet stays empty.
        ("a" * 152 + "€" + "a" * 152, Segments("GSM-7", 3, 306)),
        ("a" * 151 + "€" + "a" * 153, Segments("GSM-7", 2, 306)),
        ("\f", Segments("GSM-7", 1, 2)),
        ("\u2019", Segments("UCS-2", 1, 1)),
        ("\u2019" * 70, Segments("UCS-2", 1, 70)),
        ("\u2019" * 71, Segments("UCS-2", 2, 71)),
        ("\u2019" * 134, Segments("UCS-2", 2, 134)),
        ("\u2019" * 135, Segments("UCS-2", 3, 135)),
        ("😀" * 35, Segments("UCS-2", 1, 70)),
        # 67 is odd: a part holds 33 emoji, so the 67th opens a third one.
        ("😀" * 66, Segments("UCS-2", 2, 132)),
        ("😀" * 67, Segments("UCS-2", 3, 134)),
        # In UCS-2 the extension table has no meaning: a euro is one unit again.
        ("€\u2019", Segments("UCS-2", 1, 2)),
        ("\ud83d", Segments("UCS-2", 1, 1)),
    ],
)
def test_parts_and_units_follow_the_standard(text: str, expected: Segments) -> None:
    assert segments(text) == expected


@pytest.mark.parametrize("row", ORACLE, ids=lambda row: json.dumps(row["text"])[:40])
def test_agrees_with_the_calculator_that_twilio_publishes(
    row: dict[str, str | int | list[tuple[str, int]]],
) -> None:
    assert isinstance(row["text"], list)
    text = "".join(piece * repeats for piece, repeats in row["text"])
    assert dataclasses.asdict(segments(text)) == {key: row[key] for key in ("encoding", "parts", "units")}


def test_the_calculators_answers_cover_both_encodings_and_many_parts() -> None:
    assert len(ORACLE) > 200
    assert {row["encoding"] for row in ORACLE} == {"GSM-7", "UCS-2"}
    assert max(row["parts"] for row in ORACLE) > 9


def test_a_family_emoji_may_be_divided_at_its_seams() -> None:
    # The one known difference: the calculator keeps this family's eight units together and answers 3 parts.
    family = "👨\u200d👩\u200d👧"
    text = "ł" * 64 + family + "ł" * 62
    assert segments(text) == Segments("UCS-2", 2, 134)


@pytest.mark.parametrize("character", "£éàÇñüß@_ΔΩ€[]{}~^|\\\n\r\f")
def test_these_keep_a_text_in_gsm(character: str) -> None:
    assert not_gsm(character) == ""


@pytest.mark.parametrize("character", "çłŵáíóúąęėșț“”\u2018\u2019\u2013—…`\t\u00a0Жї😀\x1b")
def test_these_force_ucs2(character: str) -> None:
    assert not_gsm(f"Call 101 {character}") == character


def test_not_gsm_names_each_character_once_in_order_of_appearance() -> None:
    assert not_gsm("“Łódź\u2019s” — “ok”") == "“Łóź\u2019”—"


def test_not_gsm_names_the_accent_of_a_decomposed_letter() -> None:
    assert not_gsm("cafe\u0301") == "\u0301"
    assert not_gsm("café") == ""


def test_smart_encoding_is_not_applied() -> None:
    assert segments("It\u2019s 101").encoding == "UCS-2"


def test_an_answer_cannot_be_changed() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        segments("a").parts = 2  # type: ignore[misc]


@given(ANY_TEXT)
def test_the_encoding_is_gsm_exactly_when_nothing_forces_ucs2(text: str) -> None:
    assert (segments(text).encoding == "GSM-7") == (not_gsm(text) == "")


@given(ANY_TEXT.filter(not_gsm))
def test_ucs2_units_are_utf16_code_units(text: str) -> None:
    assert segments(text).units == len(text.encode("utf-16-le")) // 2


@given(GSM_TEXT)
def test_gsm_units_count_an_extension_character_twice(text: str) -> None:
    assert segments(text).units == len(text) + sum(text.count(character) for character in "€[]{}~^|\\")


@given(WITH_SURROGATES)
@example("\ud800\udc00" * 40)
def test_parts_are_enough_and_never_wasteful(text: str) -> None:
    answer = segments(text)
    single, multi = (160, 153) if answer.encoding == "GSM-7" else (70, 67)
    if answer.parts <= 1:
        assert answer.units <= single
    else:
        assert answer.units > single
        # A part is left with at most one unit unused, where a character of two did not fit.
        assert (multi - 1) * (answer.parts - 1) < answer.units <= multi * answer.parts


@given(ANY_TEXT, ANY_TEXT)
def test_adding_words_never_takes_fewer_parts(text: str, more: str) -> None:
    assert segments(text + more).parts >= segments(text).parts


@pytest.mark.parametrize(
    ("text", "sent"),
    [
        ("Zażółć gęślą jaźń", "Zazolc gesla jazn"),
        ("Ąžuolas, šešėlis", "Azuolas, seselis"),
        ("mașină, țară", "masina, tara"),
        ("café £5", "café £5"),  # in GSM-7 already
        ("„tak” – ‘nie’", "\"tak\" - 'nie'"),  # noqa: RUF001 - the marks that are made plain
        ("Привіт", "Привіт"),  # no plain form
    ],
)
def test_plain_takes_away_only_what_forces_ucs2(text: str, sent: str) -> None:
    assert plain(text) == sent


@given(st.text())
def test_plain_never_makes_a_text_longer_in_parts_or_changes_it_twice(text: str) -> None:
    once = plain(text)
    assert plain(once) == once
    assert set(not_gsm(once)) <= set(not_gsm(text))
