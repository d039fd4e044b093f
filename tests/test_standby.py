"""While the database is gone people are answered, and what has to be on record is there afterwards, once."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from bot.carrier import Call, Outcome, events
from bot.channels.signature import sign
from bot.channels.voice import read_carried
from bot.store import Journal
from tests.line import MOBILE, PlayedLine, play, sqlite_url
from tests.test_metrics import value

Gone = Callable[[], AbstractContextManager[None]]
NUMBERS = ("999", "101", "0800 555 111", "0300 7900 227")


@pytest.fixture
def line(tmp_path: Path) -> Iterator[PlayedLine]:
    made = play(sqlite_url(tmp_path), journal_path=tmp_path / "journal")
    yield made
    made.wiring.store.close()


@pytest.fixture
def gone(line: PlayedLine) -> Gone:
    """The database's file is away for a while, and a folder is in its place."""

    @contextmanager
    def away() -> Iterator[None]:
        line.lose_database()
        yield
        line.find_database()

    return away


def heard(happened: Sequence[events.Event]) -> str:
    return " ".join(event.text for event in happened if isinstance(event, events.Heard))


def journal_of(line: PlayedLine) -> Journal:
    journal = line.wiring.standby.journal
    assert journal is not None
    return journal


def back(line: PlayedLine) -> None:
    """A minute passes, and somebody else uses the line."""
    line.pass_time(2)
    line.texting("+447700900555").send("MENU")


@pytest.mark.parametrize("words", ["GRAVITY", "2", "", "someone sells drugs next door, no name please"])
def test_text_is_answered_with_every_number(line: PlayedLine, gone: Gone, words: str) -> None:
    with gone():
        replies = line.texting().send(words)
    assert len(replies) == 1
    for number in NUMBERS:
        assert number in replies[0].body


def test_routing_by_words_is_on_record_afterwards_marked_late_and_once(line: PlayedLine, gone: Gone) -> None:
    with gone():
        reply = line.texting().send("crimestoppers")[0]
        assert reply.body.startswith("Call 0800 555 111")
        counts = line.app.test_client().get("/metrics").text
        assert value(counts, "signpost_routings_total", channel="sms", service="crimestoppers") >= 1
        assert journal_of(line).waiting() == 1
    back(line)
    back(line)
    assert [(one.service, one.late, one.outcome) for one in line.routings()] == [
        ("crimestoppers", True, "offered")
    ]
    assert journal_of(line).waiting() == 0


def test_call_goes_on_from_key_to_key_and_its_end_is_on_record(line: PlayedLine, gone: Gone) -> None:
    with gone():
        call = line.call()
        assert "press 2" in heard(call.start())
        assert "0800 555 111" in heard(call.press("2"))
        call.press("1")
        call.wait()
        assert not call.errors
    back(line)
    found = {one.service: one for one in line.routings()}
    assert found["crimestoppers"].outcome == "connected"
    assert found["crimestoppers"].late


def test_call_that_loses_the_database_goes_on_where_it_was(line: PlayedLine, gone: Gone) -> None:
    call: Call = line.call()
    call.start()
    call.press("4")
    with gone():
        assert "For SafeCall" in heard(call.press("1"))
        assert "0800 1111" in heard(call.press("1"))
    assert not call.errors
    back(line)
    assert [(one.service, one.late) for one in line.routings()] == [("childline", True)]


def test_call_that_went_on_without_the_database_is_not_put_back_by_it(line: PlayedLine, gone: Gone) -> None:
    call = line.call()
    call.start()
    call.press("4")
    with gone():
        call.press("1")
        assert "To tell the police" in heard(call.press("4"))
    line.pass_time(0.05)
    call.press("1")  # by what the database kept this would be the young people's menu
    assert not call.errors
    assert [one.service for one in line.routings()] == ["police-101"]


def test_address_that_comes_late_does_not_put_a_call_back(line: PlayedLine) -> None:
    call = line.call()
    call.start()
    call.press("4")
    early = call.webhook.last_request
    call.press("1")
    fields = [(name, "1" if name == "Digits" else value) for name, value in early.params]
    url = early.url.replace("/step/1", "/step/7")  # as if nobody had answered it yet
    signed = {"X-Twilio-Signature": sign(line.account.auth_token, url, fields)}
    line.transport().post(url, fields, signed)
    assert [one.service for one in line.routings()] == ["childline"]  # by the address it would be 101


def test_key_for_a_text_is_answered_with_the_number_when_none_can_be_sent(
    line: PlayedLine, gone: Gone
) -> None:
    call = line.call()
    call.start()
    call.press("2")
    with gone():
        said = heard(call.press("2"))
        assert "the text did not go" in said
        assert "0800 555 111" in said
        assert "press 2" not in said
    back(line)
    assert [one.outcome for one in line.routings()] == ["offered"]
    assert line.sent.bodies == []


def test_address_of_a_call_names_no_record_and_no_person(line: PlayedLine) -> None:
    call = line.call()
    call.start()
    call.press("2")
    call.press("1")
    [routing] = line.routings()
    brought = [
        read_carried(query["s"][0])
        for one in call.webhook.exchanges
        if (query := parse_qs(urlsplit(one.request.url).query))
    ]
    assert len(brought) == 2
    for state in brought:
        assert json.loads(state)["node"]
        for secret in (routing.id, MOBILE, MOBILE[3:], call.sid):
            assert secret not in state
    assert max(len(one.request.url) for one in call.webhook.exchanges) < 1000


def test_address_hides_the_record_of_a_routing_that_the_database_lacks(line: PlayedLine, gone: Gone) -> None:
    call = line.call()
    with gone():
        call.start()
        call.press("2")
        call.press("1")
        call.wait()
        call.hang_up()
    back(line)
    [routing] = [one for one in line.routings() if one.service == "crimestoppers"]
    assert routing.outcome == "connected"  # so the id came back
    asked = [parse_qs(urlsplit(one.request.url).query) for one in call.webhook.exchanges]
    states = [json.loads(read_carried(query["s"][0])) for query in asked if query]
    assert any(state.get("routing_id") for state in states)
    assert not any(routing.id in json.dumps(state) for state in states)


def test_call_whose_address_brings_nothing_hears_the_menu_and_never_a_wrong_number(
    line: PlayedLine, gone: Gone
) -> None:
    call = line.call()
    call.start()
    call.press("4")
    step = call.webhook.last_request
    fields = [(name, "1" if name == "Digits" else value) for name, value in step.params]
    url = step.url.partition("?")[0].replace("/step/1", "/step/2")
    with gone():
        signed = {"X-Twilio-Signature": sign(line.account.auth_token, url, fields)}
        said = line.transport().post(url, fields, signed).body.decode()
    assert "call <say-as" in said
    assert "To tell the police" in said


def test_call_that_began_without_the_database_goes_on_with_it(line: PlayedLine, gone: Gone) -> None:
    call = line.call()
    with gone():
        call.start()
        call.press("4")
    assert "Childline" in heard(call.press("1"))


def test_text_that_is_delivered_twice_meanwhile_is_on_record_once(line: PlayedLine, gone: Gone) -> None:
    texting = line.texting()
    texting.webhook.duplicate_next()
    with gone():
        texting.send("nrp")
        assert journal_of(line).waiting() == 2
    back(line)
    assert [one.service for one in line.routings()] == ["nrp"]


def test_what_not_even_the_journal_takes_is_answered_and_counted(
    tmp_path: Path, gone: Gone, line: PlayedLine
) -> None:
    journal = journal_of(line).path
    journal.unlink()
    journal.mkdir()
    client = line.app.test_client()
    with gone():
        assert "0300 7900 227" in line.texting().send("nrp")[0].body
    assert value(client.get("/metrics").text, "signpost_routings_lost_total") >= 1
    assert "JOURNAL_PATH" in str(client.get("/readyz").get_json()["checks"]["journal"]["reasons"])


def test_database_that_failed_is_left_alone_and_that_is_shown(line: PlayedLine, gone: Gone) -> None:
    client = line.app.test_client()
    with gone():
        line.texting().send("police")
        assert "the next turn tries it" in client.get("/readyz").get_json()["checks"]["circuit"]["reasons"][0]
        assert value(client.get("/metrics").text, "signpost_store_circuit") == 1
    line.texting().send("nrp")  # at the same moment: the database is not tried yet
    assert journal_of(line).waiting() == 2
    line.pass_time(0.05)
    line.texting().send("crimestoppers")
    assert [one.service for one in line.routings() if not one.late] == ["crimestoppers"]
    assert value(client.get("/metrics").text, "signpost_store_circuit") == 0
    assert client.get("/readyz").get_json()["checks"]["circuit"]["reasons"] == []


@pytest.mark.parametrize("hours", [1, -1])
def test_clock_that_is_moved_stops_nothing(line: PlayedLine, gone: Gone, hours: int) -> None:
    line.texting().send("MENU")
    with gone():
        line.texting().send("police")
    line.pass_time(60 * hours)
    for _ in range(2):
        line.pass_time(0.1)
        line.texting("+447700900555").send("MENU")
    assert [(one.service, one.late) for one in line.routings()] == [("police-101", True)]
    assert journal_of(line).waiting() == 0


def test_readiness_says_what_waits(line: PlayedLine, gone: Gone) -> None:
    client = line.app.test_client()
    with gone():
        line.texting().send("police")
        checks = client.get("/readyz").get_json()["checks"]
    assert "1 entries wait for the database" in checks["journal"]["reasons"][0]
    assert not checks["database"]["ok"]


def test_what_is_to_be_deleted_at_twilio_outlives_the_database(
    tmp_path: Path,
) -> None:
    line = play(sqlite_url(tmp_path), journal_path=tmp_path / "journal", account_sid="AC" + "0" * 32)
    file, kept = tmp_path / "line.db", tmp_path / "kept.db"
    line.wiring.store.close()
    file.rename(kept)
    file.mkdir()
    texting = line.texting()
    texting.send("crimestoppers")
    file.rmdir()
    kept.rename(file)
    assert line.wiring.store.redactions().standing().waiting == 0
    back(line)
    line.wiring.sweeper.sweep(line.now)
    due = line.wiring.store.redactions().claim(line.now + timedelta(hours=24), "one")
    line.wiring.store.close()
    assert due is not None
    assert due.sid == texting.last_sid


def test_transfer_of_a_routing_from_before_ends_without_the_database_and_that_is_on_record(
    line: PlayedLine, gone: Gone
) -> None:
    call = line.call(other_end=lambda _: None)
    call.start()
    call.press("2")
    call.press("1")
    call.wait()
    assert call.ringing
    with gone():
        call.finish_dial(Outcome("busy"))
    back(line)
    back(line)
    assert [(one.service, one.outcome, one.late) for one in line.routings()] == [
        ("crimestoppers", "busy", False)
    ]
    assert not call.errors


def test_transfer_begun_without_the_database_ends_with_it_before_the_journal_is_empty(
    line: PlayedLine, gone: Gone
) -> None:
    call = line.call(other_end=lambda _: None)
    with gone():
        call.start()
        call.press("2")
        call.press("1")
        call.wait()
        assert call.ringing
    line.pass_time(0.1)  # the very turn that finds the database again tells how the transfer ended
    call.finish_dial(Outcome("busy"))
    back(line)
    assert [(one.service, one.outcome, one.late) for one in line.routings()] == [
        ("crimestoppers", "busy", True)
    ]
    assert not call.errors


def test_journal_is_emptied_as_soon_as_the_database_works_again(line: PlayedLine, gone: Gone) -> None:
    line.texting().send("MENU")
    with gone():
        line.texting().send("police")
        line.texting().send("nrp")
    line.pass_time(0.1)  # far less than the minute between two looks
    line.texting("+447700900555").send("MENU")
    assert journal_of(line).waiting() == 0
    assert sorted(one.service for one in line.routings()) == ["nrp", "police-101"]
