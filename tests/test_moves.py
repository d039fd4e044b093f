"""What is remembered of the engine's answers is what it says to everybody, and says nothing of anybody."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.catalogue import load
from bot.core.engine import advance
from bot.core.intent import Intent
from bot.core.session import Channel, HungUp, Inbound, Pressed, Rang, Said, Session, Silence, Spoken
from bot.moves import MOST, Moves
from bot.settings import ROOT

SHIPPED = load(ROOT / "flows", ROOT / "config")
FLOW, DIRECTORY, LINE = SHIPPED.flows["helpline"], SHIPPED.directory, SHIPPED.first_line
NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
INBOUNDS: st.SearchStrategy[Inbound] = st.one_of(
    st.just(Rang()),
    st.just(Silence()),
    st.just(HungUp()),
    st.builds(Pressed, st.sampled_from([*"0123456789*#", "12", "999"])),
    st.builds(Said, st.sampled_from(["1", "2", "menu", "MENU", "POMOC", "back", "police", "my name is Al"])),
    st.builds(Spoken, st.sampled_from(["one", "police", "back"]), st.none() | st.floats(0, 1)),
)
INTENTS = st.none() | st.builds(
    Intent,
    st.sampled_from(["emergency", "police", "recovery", "menu", "unknown"]),
    st.just("model"),
    st.just(0.9),
)
TIMES = st.integers(0, 365 * 24 * 3600).map(lambda seconds: NOW + timedelta(seconds=seconds))


def somebody(name: str, channel: Channel, now: datetime) -> Session:
    """A session of their own."""
    return Session(name, LINE.id, channel, "en", now + timedelta(minutes=30), routing_id=f"last of {name}")


@given(
    st.sampled_from(["sms", "voice"]),
    st.lists(st.tuples(INBOUNDS, INTENTS, st.booleans(), TIMES), max_size=12),
)
def test_everybody_is_told_what_the_engine_says(
    channel: Channel, things: list[tuple[Inbound, Intent | None, bool, datetime]]
) -> None:
    moves = Moves()
    for name in ("anna", "ben"):  # the second meets what the first has left
        session = begun = somebody(name, channel, NOW)
        for inbound, intent, may_connect, now in things:
            given = {"line": LINE, "intent": intent, "may_connect": may_connect}
            wanted = advance(FLOW, DIRECTORY, session, inbound, now, **given)  # type: ignore[arg-type]  # by name
            assert moves.advance(FLOW, DIRECTORY, session, inbound, now, **given) == wanted  # type: ignore[arg-type]  # by name
            session = wanted.session or begun


def test_what_is_common_is_worked_out_once_and_names_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = list[Session]()

    def noted(*given: object, **more: object) -> object:
        asked.append(given[2])  # type: ignore[arg-type]  # the session
        return advance(*given, **more)  # type: ignore[arg-type]  # those of the engine

    monkeypatch.setattr("bot.moves.advance", noted)
    moves = Moves()
    for name in ("anna", "ben"):
        for seconds in (0, 59):
            moves.advance(
                FLOW,
                DIRECTORY,
                somebody(name, "sms", NOW + timedelta(seconds=seconds)),
                Said("2"),
                NOW + timedelta(seconds=seconds),
                line=LINE,
                intent=None,
                may_connect=True,
            )
    [session] = asked
    assert (session.id, session.routing_id) == ("", "")
    assert "anna" not in repr(vars(moves))


def test_what_somebody_wrote_is_not_remembered() -> None:
    moves, kept = Moves(), repr(vars(Moves()))
    for inbound in (Said("my name is Al"), Pressed("07700900123"), Spoken("help me", 0.9)):
        session = somebody("anna", "voice", NOW)
        moves.advance(FLOW, DIRECTORY, session, inbound, NOW, line=LINE, intent=None, may_connect=True)
    assert repr(vars(moves)) == kept


def test_so_many_are_remembered_and_no_more() -> None:
    moves, session = Moves(), somebody("anna", "sms", NOW)
    for turns in range(MOST + 10):
        moves.advance(
            FLOW,
            DIRECTORY,
            replace(session, turns=turns),
            Said("1"),
            NOW,
            line=LINE,
            intent=None,
            may_connect=True,
        )
    assert len(moves) == 10
