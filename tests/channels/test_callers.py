"""Who Twilio's From says it is, and whether they can be sent a text. Numbers are Ofcom's for drama."""

from __future__ import annotations

import dataclasses

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st
from phonenumbers import PhoneNumberType

from bot.channels.callers import Caller, Kind, caller_from, channel_of

MOBILE = "+447700900123"
KEYPAD = dict(zip("abcdefghijklmnopqrstuvwxyz", "22233344455566677778889999", strict=True))
WORDS = ["anonymous", "unknown", "restricted", "unavailable", "blocked", "private", "withheld"]


@pytest.mark.parametrize(
    ("raw", "kind"),
    [
        (MOBILE, "mobile"),
        ("+447700900000", "mobile"),
        ("+447700900999", "mobile"),
        ("+447400123456", "mobile"),
        ("+447624123456", "mobile"),  # Isle of Man
        ("+447797712345", "mobile"),  # Jersey
        ("+447781123456", "mobile"),  # Guernsey
        ("+441632960123", "landline"),
        ("+442079460123", "landline"),
        ("+441481960123", "landline"),
        ("+441697712345", "landline"),
        ("+44169772345", "landline"),
        ("+447012345678", "other"),  # personal numbering
        ("+447640123456", "other"),  # pager
        ("+449098790123", "other"),  # premium
        ("+448081570123", "other"),
        ("+443069990123", "other"),
        ("+445612345678", "other"),
        ("+44770090012", "other"),
        ("+4477009001234", "other"),
        ("+12025550123", "foreign"),
        ("+35315550123", "foreign"),
        ("60006", "other"),
        ("07700900123", "other"),
        ("447700900123", "other"),
        ("+44 7700 900123", "other"),
        ("+0447700900123", "other"),
        ("+1234567890123456", "other"),
        ("+123456", "other"),
        ("+44770090012٣", "other"),
        ("NHS", "other"),
    ],
)
def test_the_kind_follows_the_numbering_plan(raw: str, kind: Kind) -> None:
    caller = caller_from(raw)
    assert (caller.kind, caller.address) == (kind, raw)
    assert caller.can_be_texted == (kind == "mobile")


@pytest.mark.parametrize("word", WORDS)
@pytest.mark.parametrize("shape", ["{}", "+{}", " {} ", "whatsapp:{}", "client:{}", "sip:{}@{}.invalid"])
@pytest.mark.parametrize("case", [str.lower, str.upper, str.capitalize])
def test_a_withheld_number_is_withheld_however_it_is_said(word: str, shape: str, case: type[str]) -> None:
    caller = caller_from(shape.format(case(word), word))
    assert caller == Caller("withheld")
    assert caller.address is None
    assert caller.number is None
    assert not caller.can_be_texted


@pytest.mark.parametrize("raw", [None, "", " ", "+", "whatsapp:", "sip:", "sip:@example.org", "client: "])
def test_nothing_at_all_is_withheld(raw: str | None) -> None:
    assert caller_from(raw) == Caller("withheld")


@pytest.mark.parametrize(
    ("digits", "word"),
    [
        ("266696687", "anonymous"),
        ("7378742833", "restricted"),
        ("86282452253", "unavailable"),
        ("8656696", "unknown"),
        ("2562533", "blocked"),
    ],
)
@pytest.mark.parametrize("shape", ["+{}", "{}", "sip:+{}@example.org", "whatsapp:+{}"])
def test_a_word_typed_on_the_keys_is_no_number(digits: str, word: str, shape: str) -> None:
    assert "".join(KEYPAD[letter] for letter in word) == digits
    assert caller_from(shape.format(digits)) == Caller("withheld")


@pytest.mark.parametrize("digits", ["2666966870", "73787428331", "25625330"])
def test_a_number_that_only_begins_like_a_word_is_a_number(digits: str) -> None:
    assert caller_from(f"+{digits}").kind == "foreign"


@pytest.mark.parametrize("prefix", ["", "whatsapp:", "rcs:", "WhatsApp:", "whatsapp: "])
def test_a_channels_prefix_is_not_part_of_the_number(prefix: str) -> None:
    assert caller_from(prefix + MOBILE) == Caller("mobile", MOBILE)


@pytest.mark.parametrize(
    ("raw", "address"),
    [
        ("whatsapp:GB.1234567890", "GB.1234567890"),
        ("rcs:agent_abc", "agent_abc"),
        ("sip:alice@example.org", "sip:alice@example.org"),
        ("sips:alice@example.org", "sip:alice@example.org"),
        ("client:alice", "client:alice"),
        ("tel:+447700900123", "tel:+447700900123"),
    ],
)
def test_an_id_without_a_phone_is_an_address_and_no_number(raw: str, address: str) -> None:
    caller = caller_from(raw)
    assert (caller.kind, caller.address, caller.number) == ("other", address, None)
    assert not caller.can_be_texted


@pytest.mark.parametrize("raw", [f"sip:{MOBILE}@elsewhere.example", f"client:{MOBILE}", f"sip:{MOBILE}"])
def test_a_number_that_its_caller_chose_is_nobodys_number(raw: str) -> None:
    caller = caller_from(raw)
    assert caller.number is None
    assert not caller.can_be_texted
    assert caller != caller_from(MOBILE)


def test_numbers_are_known_as_numbers() -> None:
    assert caller_from(MOBILE).number == MOBILE
    assert caller_from("+12025550123").number == "+12025550123"
    assert caller_from("60006").number is None


def test_a_caller_prints_without_the_number() -> None:
    caller = caller_from(f"whatsapp:{MOBILE}")
    assert repr(caller) == str(caller) == f"{caller}" == "Caller(kind='mobile')"


def test_a_caller_cannot_be_changed() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        caller_from(MOBILE).kind = "landline"  # type: ignore[misc]


@pytest.mark.parametrize(
    ("raw", "channel"),
    [
        (MOBILE, "sms"),
        ("60006", "sms"),
        ("", "sms"),
        (None, "sms"),
        (f"whatsapp:{MOBILE}", "whatsapp"),
        ("WHATSAPP:GB.1", "whatsapp"),
        (f"rcs:{MOBILE}", "rcs"),
        ("whatsapp", "sms"),
    ],
)
def test_the_channel_is_in_the_prefix(raw: str | None, channel: str) -> None:
    assert channel_of(raw) == channel


@given(st.integers(10**9, 10**10 - 1))
def test_agrees_with_the_published_number_ranges(national: int) -> None:
    parsed = phonenumbers.PhoneNumber(country_code=44, national_number=national)
    kind = caller_from(f"+44{national}").kind
    match phonenumbers.number_type(parsed):
        case PhoneNumberType.MOBILE:
            assert kind == "mobile"
        case PhoneNumberType.FIXED_LINE:
            assert kind == "landline"
        case PhoneNumberType.UNKNOWN:  # not in use, or kept for drama
            assert kind in ("mobile", "landline", "other")
        case _:
            assert kind == "other"


@given(st.integers(70 * 10**8, 80 * 10**8 - 1))
def test_everything_under_07_that_is_in_use_agrees_with_the_published_ranges(national: int) -> None:
    published = phonenumbers.number_type(phonenumbers.PhoneNumber(country_code=44, national_number=national))
    if published != PhoneNumberType.UNKNOWN:
        assert caller_from(f"+44{national}").can_be_texted == (published == PhoneNumberType.MOBILE)


@given(st.none() | st.text(st.characters(exclude_categories=()), max_size=30))
def test_any_text_gives_a_caller(raw: str | None) -> None:
    caller = caller_from(raw)
    assert (caller.address is None) == (caller.kind == "withheld")
    assert channel_of(raw) in ("sms", "whatsapp", "rcs")
