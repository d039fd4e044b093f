"""How much one sender and one line may cause."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.intent import Intent
from bot.core.limits import Limits, Phrases, Spent, carried_on, counted, moderate, verdict
from bot.core.session import Ask, End, Said, Session, Speech, Step, Turn

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
SESSION = Session("s", "norfolk", "sms", "en", NOW + timedelta(hours=1), node="main")
LIMITS = Limits(texts=4, minutes=10, alike=3)
PHRASES = Phrases(LIMITS, "too many, 999", "started, 999", "still stopped, 999")
TURN = Turn(SESSION, (Step("main", "key"),), (Speech("an answer"),), Ask(5))
DANGER = Intent("emergency", "en.overdose", 0.9, "en")


def sent(session: Session, texts: list[str], after: timedelta = timedelta(0)) -> Session:
    """Count these texts, each by its words."""
    for words in texts:
        session = counted(session, NOW + after, words, LIMITS)
    return session


def test_a_few_texts_are_answered_then_one_says_that_they_are_too_many() -> None:
    assert verdict(sent(SESSION, list("abcd")), LIMITS) == "answer"
    over = sent(SESSION, list("abcde"))
    assert verdict(over, LIMITS) == "tell"
    assert verdict(replace(over, told=True), LIMITS) == "quiet"


def test_a_count_ends_with_its_minutes() -> None:
    over = replace(sent(SESSION, list("abcde")), told=True)
    assert verdict(sent(over, ["f"], timedelta(minutes=9, seconds=59)), LIMITS) == "quiet"
    assert verdict(sent(over, ["f"], timedelta(minutes=10)), LIMITS) == "answer"


def test_a_clock_that_was_put_back_begins_a_new_count() -> None:
    over = replace(sent(SESSION, list("abcde")), told=True)
    assert verdict(sent(over, ["f"], -timedelta(hours=1)), LIMITS) == "answer"


def test_the_same_words_are_answered_three_times_and_then_not() -> None:
    limits = replace(LIMITS, texts=100)
    assert verdict(sent(SESSION, ["out of office"] * 3), limits) == "answer"
    assert verdict(sent(SESSION, ["out of office"] * 4), limits) == "quiet"
    assert verdict(sent(SESSION, ["out of office"] * 4 + ["hello"]), limits) == "answer"


def test_a_key_may_be_sent_again_and_again() -> None:
    assert verdict(sent(SESSION, [""] * 4), LIMITS) == "answer"


def test_no_limit_holds_nobody_back() -> None:
    free = Limits(texts=0, alike=0)
    assert verdict(sent(SESSION, ["x"] * 50), free) == "answer"


@given(
    st.lists(st.sampled_from(["a", "b", ""]), max_size=30),
    st.booleans(),
    st.booleans(),
    st.text(max_size=20),
)
def test_an_emergency_is_always_answered(texts: list[str], told: bool, stopped: bool, said: str) -> None:
    before = replace(sent(SESSION, texts), told=told, stopped=stopped)
    if stopped and said in ("start", "unstop", "yes"):
        return
    if before.alike <= LIMITS.alike_in_danger:
        assert moderate(TURN, before, Said(said), DANGER, PHRASES).turn == TURN


def test_the_same_words_are_not_answered_for_ever_even_in_an_emergency() -> None:
    ten, eleven = (sent(SESSION, ["he is not breathing"] * times) for times in (10, 11))
    assert moderate(TURN, ten, Said("he is not breathing"), DANGER, PHRASES).turn == TURN
    assert moderate(TURN, eleven, Said("he is not breathing"), DANGER, PHRASES).turn.says == ()


def test_whoever_has_opted_out_is_told_once_how_to_come_back_and_then_left_alone() -> None:
    stopped = replace(sent(SESSION, ["a"]), stopped=True)
    first = moderate(TURN, stopped, Said("where is my parcel"), None, PHRASES)
    assert [one.text for one in first.turn.says] == ["still stopped, 999"]
    assert first.turn.session is not None
    again = moderate(TURN, first.turn.session, Said("hello?"), None, PHRASES)
    assert (again.turn.says, again.turn.then, again.opt_out) == ((), End(), None)
    assert moderate(TURN, stopped, Said("help"), None, PHRASES).turn == TURN


@pytest.mark.parametrize("word", ["START", "unstop", "Yes."])
def test_an_opt_out_is_taken_back_by_its_word(word: str) -> None:
    stopped = replace(SESSION, stopped=True)
    back = moderate(TURN, stopped, Said(word), None, PHRASES)
    assert (back.opt_out, [one.text for one in back.turn.says]) == (False, ["started, 999"])
    assert moderate(TURN, SESSION, Said(word), None, PHRASES).turn == TURN


def test_an_opt_out_is_seen_by_where_the_turn_led_or_by_what_the_carrier_answered() -> None:
    confirmed = Turn(None, (Step("stopped", "end"),), (Speech("no more texts"),), End())
    assert moderate(confirmed, SESSION, Said("stop"), None, PHRASES) == moderate(
        confirmed, SESSION, Said("stop"), DANGER, PHRASES
    )
    assert moderate(confirmed, SESSION, Said("stop"), None, PHRASES).opt_out is True
    carriers = Turn(None, (Step("main", "carrier"),), (), End())
    assert moderate(carriers, SESSION, Said("stop", answered=True), None, PHRASES).opt_out is True


def test_counts_outlive_the_walk() -> None:
    before = replace(sent(SESSION, ["a", "b"]), stopped=False)
    over = replace(TURN, session=None)
    kept = carried_on(over, replace(SESSION, node=""), before, opt_out=True)
    assert (kept.node, kept.texts, kept.stopped, kept.words) == ("", 2, True, "b")


@pytest.mark.parametrize(
    ("spent", "over"),
    [
        (Spent(), False),
        (Spent(texts=9), False),
        (Spent(texts=10), True),
        (Spent(transfer_seconds=299), False),
        (Spent(transfer_seconds=300), True),
    ],
)
def test_a_line_stops_spending_at_its_limit(spent: Spent, over: bool) -> None:
    assert spent.is_over(Limits(day_texts=10, day_transfer_minutes=5)) is over
    assert not spent.is_over(Limits(day_texts=0, day_transfer_minutes=0))
