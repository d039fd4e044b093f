"""What messages are taken to mean, and what no message can do."""

from __future__ import annotations

import time
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.intent import LABELS
from bot.understanding import load, understand
from bot.understanding.understanding import FLOWS

PLAIN_EMERGENCIES = [
    ("he isn't breathing and his lips are blue", "en"),
    ("they have just stabbed my brother", "en"),
    ("nie oddycha, proszę karetkę", "pl"),
    ("jis nekvepuoja", "lt"),
    ("ele não respira", "pt"),
    ("nu respira, trimiteti ambulanta", "ro"),
    ("он не дышит", "ru"),
    ("він не дихає", "uk"),
]
UNDER_18 = [
    "im 15 and i want to stop drinking",
    "I am in year 11 and can't stop smoking weed",
    "my son is sixteen and takes ketamine, where is the recovery service",
    "fourteen and addicted to codeine, need detox",
    "mam 15 lat i chcę przestać pić",
    "am 16 ani, vreau sa ma las de iarba",
    "мне 15 лет, хочу бросить пить",
]


@pytest.mark.parametrize(("text", "language"), PLAIN_EMERGENCIES)
@pytest.mark.parametrize("session", ["en", "pl", "uk"])
def test_danger_is_heard_in_every_language_whatever_the_session_speaks(
    text: str, language: str, session: str
) -> None:
    intent = understand(text, "sms", (session,))
    assert intent.label == "emergency"
    assert intent.language == language


@pytest.mark.parametrize(
    "text",
    [
        "hes not breathing",
        "HES NOT BREATHING",
        "he's  not\n breathing!!!",
        "he\u2019s not breathing",
        "hes nt brething",
        "HE IS NOT BR3ATHING",
        "heees not breathinggg",
        "hesnotbreathing",
        "😭 hes not breathing 🙏",
        "he's not braving",
    ],
)
def test_danger_is_heard_however_it_is_spelt(text: str) -> None:
    assert understand(text).label == "emergency"


@pytest.mark.parametrize(
    "text",
    [
        "I overdosed in March. I'm alright now but I want to stop",
        "nobody has been stabbed, I just want to report a noise",
        "this traffic is killing me",
        "my phone is about to die",
        "what counts as an emergency",
        "I read in the paper about that shooting",
        "my dog had a seizure, which vet is open",
    ],
)
def test_what_only_sounds_like_danger_is_none(text: str) -> None:
    assert understand(text).label != "emergency"


def test_danger_in_one_sentence_is_not_talked_away_by_another() -> None:
    assert understand("I want help with my drinking. My husband has collapsed and won't wake up").label == (
        "emergency"
    )


@pytest.mark.parametrize("text", UNDER_18)
def test_somebody_under_18_never_gets_the_adult_service(text: str) -> None:
    intent = understand(text)
    assert intent.label != "recovery"
    assert intent.second != "recovery"


@pytest.mark.parametrize("text", ["STOP", "stop", " Stop. ", "S T O P", "unsubscribe", "STOPALL"])
def test_an_opt_out_word_is_an_opt_out(text: str) -> None:
    assert understand(text).label == "stop"


@pytest.mark.parametrize("text", ["stop him hes going to kill her", "i cant stop drinking"])
def test_stop_in_a_sentence_is_no_opt_out(text: str) -> None:
    assert understand(text).label != "stop"


@pytest.mark.parametrize("text", ["", " ", "\x00", "...", "\u200b", "́"])
def test_nothing_said_is_no_fault(text: str) -> None:
    assert understand(text).label in LABELS


@given(st.text(max_size=300), st.sampled_from(["sms", "speech"]))
@settings(deadline=None, max_examples=150)
def test_no_text_raises_and_the_same_text_means_the_same(text: str, channel: str) -> None:
    first = understand(text, channel)
    assert first == understand(text, channel)
    assert first.label in LABELS
    assert 0.0 <= first.score <= 1.0
    assert first.rule


@given(st.binary(max_size=400))
@settings(deadline=None, max_examples=100)
def test_no_bytes_raise(raw: bytes) -> None:
    for text in (
        raw.decode("latin-1"),
        raw.decode("utf-8", "surrogateescape"),
        raw.decode("utf-16", "replace"),
    ):
        assert understand(text).label in LABELS


@given(
    st.sampled_from([text for text, _ in PLAIN_EMERGENCIES]),
    st.sampled_from([str.upper, str.title, str.swapcase]),
    st.sampled_from(["", "  ", "\n\n", "\t"]),
    st.sampled_from(["", "!!!", " 🙏", " 😭😭", "..."]),
)
@settings(deadline=None, max_examples=60)
def test_dress_does_not_hide_danger(text: str, case: object, before: str, after: str) -> None:
    assert callable(case)
    assert understand(f"{before}{case(text)}{after}").label == "emergency"


def test_a_message_takes_little_time_next_to_folding_a_dictionary() -> None:
    """A ratio, as machines differ: reading the rules takes about 100 times one message."""
    load.cache_clear()
    started = time.perf_counter()
    understanding = load(FLOWS)
    reading = time.perf_counter() - started
    text = "i used to drink a lot but now my brother has passed out on the sofa and he is snoring oddly"
    spent = []
    for _ in range(21):
        started = time.perf_counter()
        understanding.understand(text)
        spent.append(time.perf_counter() - started)
    assert sorted(spent)[10] < reading / 8


def test_the_rules_and_the_model_fit_in_little_memory() -> None:
    tracemalloc.start()
    try:
        load.__wrapped__(FLOWS)
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert kept < 60_000_000
