"""What `take` and `purge` promise, on both databases alike."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select, text

from bot.core.session import Session
from bot.errors import StoreError
from bot.store import Decision, Taken, open_store, tables, turns, upgrade
from bot.store.decision import Delivery
from bot.store.desk import Desk
from tests.store.samples import (
    LATER,
    NOW,
    ROUTING,
    SESSION,
    count_rows,
    count_turn,
    keep,
    opened,
    seen_by,
    statements_watched,
    take,
)

if TYPE_CHECKING:
    from bot.core.session import Outcome
    from bot.store import Store

INSTANT = timedelta(microseconds=1)


def test_first_turn_finds_no_session(store: Store) -> None:
    assert seen_by(store, "t1") is None


def test_next_turn_finds_the_session_whole(store: Store) -> None:
    kept = Session(
        id=SESSION.id,
        line="norfolk",
        channel="voice",
        language="pl",
        expires_at=LATER,
        can_be_texted=True,
        node="pomóc",
        trail=("main", "help"),
        misses=2,
        rounds=1,
        turns=7,
        stage="dialling",
        routing_id="r1",
        offers=("police", "main"),
        counted_since=1_764_000_000,
        texts=3,
        told=True,
        alike=2,
        words="0a1b2c3d",
        stopped=True,
    )
    untouched = [field.name for field in fields(Session) if getattr(kept, field.name) == field.default]
    assert untouched == []
    take(store, "t1", keep(kept))
    assert seen_by(store, "t2") == kept


def test_session_is_written_over(store: Store) -> None:
    take(store, "t1", count_turn)
    take(store, "t2", count_turn)
    assert seen_by(store, "t3") == replace(SESSION, turns=2)


@pytest.mark.parametrize(("moment", "lives"), [(LATER - INSTANT, True), (LATER, False)])
def test_session_ends_at_the_moment_it_expires(store: Store, moment: datetime, lives: bool) -> None:
    take(store, "t1", keep())
    assert (seen_by(store, "t2", now=moment) is not None) is lives


def test_expired_session_is_begun_again(store: Store) -> None:
    take(store, "t1", count_turn)
    renewed = replace(SESSION, expires_at=LATER + timedelta(minutes=30))
    take(store, "t2", keep(renewed), now=LATER)
    assert seen_by(store, "t3", now=LATER) == renewed


def test_session_that_is_over_is_deleted(store: Store, database_url: str) -> None:
    take(store, "t1", keep())
    take(store, "t2", keep(None))
    assert count_rows(database_url, "sessions") == 0


def test_sessions_do_not_meet(store: Store) -> None:
    take(store, "t1", keep())
    store.take("t2", "another", NOW, LATER, keep(None))
    assert seen_by(store, "t3") == SESSION


def test_session_of_another_delivery_is_refused(store: Store, database_url: str) -> None:
    with pytest.raises(ValueError, match="not the one that the turn belongs to"):
        take(store, "t1", keep(replace(SESSION, id="another"), routing=ROUTING))
    assert [count_rows(database_url, table) for table in ("sessions", "turns", "routings")] == [0, 0, 0]


def test_session_that_cannot_be_read_is_begun_again(store: Store, database_url: str) -> None:
    for state in ("{", "[]", "{}", '{"trail": 5}'):
        take(store, f"before {state}", keep())
        with opened(database_url) as connection:
            connection.execute(text("UPDATE sessions SET state = :state"), {"state": state})
        assert seen_by(store, f"after {state}") is None


def test_session_of_another_release_is_read(store: Store, database_url: str) -> None:
    take(store, "t1", keep())
    state = '{"line": "norfolk", "channel": "sms", "language": "en", "mood": "hopeful"}'
    with opened(database_url) as connection:
        connection.execute(text("UPDATE sessions SET state = :state"), {"state": state})
    assert seen_by(store, "t2") == SESSION


def test_replay_gives_the_first_answer(store: Store) -> None:
    assert take(store, "t1", keep(answer="first", routing=ROUTING)) == Taken("first", replayed=False)
    decided: list[Session | None] = []

    def decide(before: Session | None) -> Decision:
        decided.append(before)
        return Decision("second", None, replace(ROUTING, id="r2"))

    assert take(store, "t1", decide) == Taken("first", replayed=True)
    assert decided == []
    assert list(store.routings()) == [ROUTING]
    assert seen_by(store, "t2") == SESSION


def test_replay_is_known_until_it_is_purged(store: Store) -> None:
    take(store, "t1", keep(None, answer="first"))
    assert take(store, "t1", keep(None, answer="second"), now=LATER) == Taken("first", replayed=True)
    store.purge(LATER)
    assert take(store, "t1", keep(None, answer="third"), now=LATER) == Taken("third", replayed=False)


def test_turn_id_counts_whatever_the_session(store: Store) -> None:
    take(store, "t1", keep(answer="first"))
    assert store.take("t1", "another", NOW, LATER, keep(None)) == Taken("first", replayed=True)


def test_answer_comes_back_as_it_was(store: Store) -> None:
    answer = '<?xml version="1.0"?>\n<Response><Message>\u2019ł 1️⃣ \U0001f198 £</Message></Response>'
    take(store, "t1", keep(answer=answer))
    assert take(store, "t1", keep()).answer == answer


def test_nothing_is_left_when_decide_raises(store: Store, database_url: str) -> None:
    take(store, "t1", keep())

    def fail(before: Session | None) -> Decision:
        raise LookupError(before and before.id)

    with pytest.raises(LookupError, match=SESSION.id):
        take(store, "t2", fail)
    assert count_rows(database_url, "turns") == 1
    assert take(store, "t2", count_turn) == Taken("turn 1", replayed=False)


def test_nothing_is_left_when_a_row_is_refused(store: Store) -> None:
    take(store, "t1", keep(routing=ROUTING))
    with pytest.raises(StoreError, match="the turn is not stored"):
        take(store, "t2", keep(replace(SESSION, turns=9), routing=ROUTING))
    assert seen_by(store, "t2") == SESSION


def test_naive_moment_is_refused(store: Store) -> None:
    with pytest.raises(StoreError, match="no time zone"):
        take(store, "t1", keep(), now=NOW.replace(tzinfo=None))


def test_moments_of_other_zones_are_the_same_moments(store: Store) -> None:
    summer = timezone(timedelta(hours=1))
    take(store, "t1", keep(replace(SESSION, expires_at=LATER.astimezone(summer))))
    found = seen_by(store, "t2", now=(LATER - INSTANT).astimezone(summer))
    assert found is not None
    assert (found.expires_at, found.expires_at.tzinfo) == (LATER, UTC)


def test_outcome_changes_only_the_routing_it_names(store: Store) -> None:
    others = [replace(ROUTING, id="r0"), replace(ROUTING, id="r2")]
    for number, routing in enumerate([others[0], ROUTING, others[1]]):
        take(store, f"t{number}", keep(routing=routing))
    take(store, "ended", keep(outcome=("r1", "connected")))
    assert list(store.routings()) == [others[1], replace(ROUTING, outcome="connected"), others[0]]


def test_outcome_of_a_routing_that_is_not_there_is_let_pass(store: Store) -> None:
    assert not take(store, "t1", keep(outcome=("r9", "connected"))).replayed
    assert list(store.routings()) == []


def test_new_routing_and_outcome_of_an_earlier_one_go_together(store: Store) -> None:
    take(store, "t1", keep(routing=ROUTING))
    take(store, "t2", keep(routing=replace(ROUTING, id="r2"), outcome=("r1", "busy")))
    assert [(routing.id, routing.outcome) for routing in store.routings()] == [
        ("r2", "offered"),
        ("r1", "busy"),
    ]


def test_purge_deletes_what_has_expired_and_nothing_else(store: Store, database_url: str) -> None:
    take(store, "t1", keep(routing=ROUTING))
    store.take(
        "t2",
        "another",
        NOW,
        LATER + INSTANT,
        keep(replace(SESSION, id="another", expires_at=LATER + INSTANT)),
    )
    assert store.purge(LATER - INSTANT) == 0
    assert store.purge(LATER) == 2
    assert [count_rows(database_url, table) for table in ("sessions", "turns", "routings")] == [1, 1, 1]


def test_purge_deletes_a_few_rows_at_a_time(store: Store) -> None:
    for number in range(5):
        take(store, f"t{number}", keep())
    with statements_watched() as watched:
        assert store.purge(LATER, limit=2) == 6
    assert [rows for word, rows in watched if word == "DELETE" and rows] == [1, 2, 2, 1]


def ends(store: Store, *outcomes: Outcome) -> str:
    """Route once, let these things happen in turn, and give the outcome that counts."""
    take(store, "routed", keep(routing=ROUTING))
    for number, outcome in enumerate(outcomes):
        take(store, f"ended {number}", keep(outcome=("r1", outcome)))
    [routing] = store.routings()
    return routing.outcome


@pytest.mark.parametrize(
    ("happened", "counts"),
    [
        (["transfer_started", "connected"], "connected"),
        (["connected", "number_texted"], "connected"),
        (["connected", "number_texted", "offered"], "connected"),
        (["transfer_started", "busy", "transfer_started", "no_answer"], "no_answer"),
        (["busy", "transfer_started"], "busy"),
        (["number_texted", "transfer_started", "abandoned"], "number_texted"),
        (["number_texted", "connected"], "connected"),
        (["number_texted", "offered"], "offered"),
        (["transfer_started", "busy", "number_texted", "offered"], "busy"),
        (["transfer_started", "number_texted", "offered"], "transfer_started"),
        (["offered"], "offered"),
    ],
)
def test_a_weaker_outcome_never_hides_a_stronger(
    store: Store, happened: list[Outcome], counts: Outcome
) -> None:
    assert ends(store, *happened) == counts


def test_every_outcome_is_on_record_with_the_routings_partner(store: Store, database_url: str) -> None:
    take(store, "t1", keep(routing=replace(ROUTING, partner="mine")))
    take(store, "t2", keep(outcome=("r1", "connected")), now=NOW + timedelta(hours=1))
    take(store, "t3", keep(outcome=("r1", "number_texted")), now=NOW + timedelta(hours=1))
    with opened(database_url) as connection:
        rows = connection.execute(
            text("SELECT routing_id, outcome, partner, late, leaf_index FROM outcomes ORDER BY seq")
        ).all()
        hours = connection.execute(select(tables.outcomes.c.hour)).scalars().all()
    assert [tuple(row) for row in rows] == [
        ("r1", "connected", "mine", False, None),
        ("r1", "number_texted", "mine", False, None),
    ]
    assert hours == [ROUTING.hour + timedelta(hours=1)] * 2


def test_each_record_has_a_salt_of_its_own_from_the_source_that_was_given(database_url: str) -> None:
    upgrade(database_url)
    salts = (bytes([number]) * 32 for number in range(1, 9))
    store = open_store(database_url, new_salt=lambda: next(salts))
    take(store, "t1", keep(routing=ROUTING))
    take(store, "t2", keep(routing=replace(ROUTING, id="r2"), outcome=("r1", "busy")))
    store.close()
    with opened(database_url) as connection:
        found = connection.execute(
            text("SELECT salt FROM routings UNION ALL SELECT salt FROM outcomes")
        ).scalars()
        assert sorted(found) == ["01" * 32, "02" * 32, "03" * 32]


class Listening:
    """A cursor that writes down the first word of each statement, and passes it on."""

    def __init__(self, cursor: Any) -> None:
        self.cursor, self.words = cursor, list[str]()

    def execute(self, sql: str, values: Any, /) -> Any:
        self.words.append(sql.split(maxsplit=1)[0])
        return self.cursor.execute(sql, values)

    def executemany(self, sql: str, values: Any, /) -> Any:
        self.words.append(sql.split(maxsplit=1)[0])
        return self.cursor.executemany(sql, values)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.cursor, name)


def test_a_turn_asks_the_database_for_no_more_than_its_answer_and_its_session(
    store: Store, database_url: str
) -> None:
    take(store, "t1", keep(routing=ROUTING))
    decide = keep(replace(SESSION, turns=2), routing=replace(ROUTING, id="r2"), outcome=("r1", "busy"))
    with opened(database_url) as connection:
        listening = Listening(connection.connection.cursor())
        desk = Desk(listening, is_sqlite=database_url.startswith("sqlite"))
        delivery = Delivery("t2", SESSION.id, NOW, LATER, decide)
        _, writes = turns.decide(desk, [delivery], [turns.finds(desk, delivery)], lambda: b"salt")
        desk.run_all(writes)
    assert listening.words == ["SELECT", "INSERT", "INSERT", "UPDATE", "INSERT", "INSERT"]


def report(turn: str, outcome: Outcome, routing_id: str = "r1") -> dict[str, str]:
    """What the journal holds of a transfer's end, and of nothing else."""
    return {
        "turn": turn,
        "answer": "<Response/>",
        "expires_at": LATER.isoformat(),
        "routing": "",
        "outcome_of": routing_id,
        "outcome": outcome,
        "hour": NOW.isoformat(),
    }


@pytest.mark.parametrize(
    ("before", "waited", "counts"),
    [
        (["transfer_started"], ["connected"], "connected"),
        (["transfer_started"], ["busy", "transfer_started", "no_answer"], "no_answer"),
        (["connected"], ["transfer_started", "busy"], "connected"),
        (["number_texted"], ["abandoned"], "number_texted"),
    ],
)
def test_what_the_journal_brings_hides_nothing_stronger_and_counts_once(
    store: Store, database_url: str, before: list[Outcome], waited: list[Outcome], counts: Outcome
) -> None:
    assert ends(store, *before) == before[-1]
    entries = [report(f"late {number}", outcome) for number, outcome in enumerate(waited)]
    for _ in range(2):
        assert store.keep_late([*entries, *entries], NOW) == []
    [routing] = store.routings()
    assert (routing.outcome, routing.late) == (counts, False)
    with opened(database_url) as connection:
        rows = connection.execute(text("SELECT outcome, late FROM outcomes ORDER BY seq")).all()
    assert [tuple(row) for row in rows] == [
        *((one, False) for one in before),
        *((one, True) for one in waited),
    ]


def test_an_end_that_comes_before_its_routing_waits_for_it(store: Store, database_url: str) -> None:
    entry = report("ended", "connected")
    assert store.keep_late([entry], NOW) == [entry]
    assert count_rows(database_url, "turns") == 0
    take(store, "routed", keep(routing=ROUTING))
    assert store.keep_late([entry], NOW) == []
    assert [routing.outcome for routing in store.routings()] == ["connected"]


def test_an_end_whose_routing_never_comes_is_given_up_after_a_day(store: Store, database_url: str) -> None:
    entry = report("ended", "connected", "r9")
    assert store.keep_late([entry], NOW + turns.LONGEST_WAIT - INSTANT) == [entry]
    assert store.keep_late([entry], NOW + turns.LONGEST_WAIT) == []
    assert [count_rows(database_url, table) for table in ("turns", "outcomes")] == [1, 0]
