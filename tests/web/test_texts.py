"""A caller asks for a number by text: what they hear, what goes, what Twilio reports, what is on record."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import pytest
from click.testing import CliRunner
from werkzeug.test import TestResponse

from bot.carrier import Call, WsgiTransport
from bot.channels import signature
from bot.cli import signpost
from bot.errors import StoreError, TextError
from bot.web.wiring import SIMULATION, Simulation
from tests.line import CALLS, MOBILE, ORIGIN, TEXTS, TOKEN, PlayedLine, play, sqlite_url
from tests.test_metrics import value

BODY = "The number you asked for is 0800 555 111."
FORM = "application/x-www-form-urlencoded"


@pytest.fixture
def line(tmp_path: Path) -> Iterator[PlayedLine]:
    played = play(sqlite_url(tmp_path))
    yield played
    played.wiring.store.close()


def asks(line: PlayedLine, caller: str = MOBILE) -> Call:
    """Somebody rings and asks for Crimestoppers' number by text."""
    call = line.call(caller)
    call.start()
    call.press("2")
    call.press("2")
    assert not call.errors
    return call


def reports(line: PlayedLine, status: str, sid: str = f"SM{1:032x}", code: str = "") -> TestResponse:
    """Twilio reports on the first text, to the address that it was given."""
    url = line.sent.status_urls[0]
    fields = [("MessageSid", sid), ("MessageStatus", status), ("To", MOBILE), ("From", TEXTS)]
    fields += [("ErrorCode", code)] if code else []
    target = urlsplit(url)
    return line.app.test_client().post(
        f"{target.path}?{target.query}",
        data=urlencode(fields),
        content_type=FORM,
        headers={"X-Twilio-Signature": signature.sign(TOKEN, url, fields)},
    )


def outcome(line: PlayedLine) -> str:
    [routing] = line.routings()
    return routing.outcome


def ended(line: PlayedLine) -> dict[tuple[str, str], int]:
    return line.wiring.texts.outbox.standing().counts


class Down:
    """A carrier that takes nothing now."""

    def send(self, **_: str) -> str:
        raise TextError("HTTP 429")

    def sent_since(self, **_: object) -> list[str]:
        return []


def test_the_text_goes_after_the_answer_and_its_reports_are_followed(line: PlayedLine) -> None:
    call = asks(line)
    assert "try to send you a text with this number: 0800 555 111" in call.heard[-2]
    assert line.sent.bodies == [(MOBILE, BODY)]
    for status in ("delivered", "sent"):
        assert reports(line, status).status_code == 200
    assert ended(line) == {("delivered", ""): 1}
    assert outcome(line) == "number_texted"


def test_a_text_that_did_not_arrive_is_on_record_with_the_carriers_code(line: PlayedLine) -> None:
    asks(line)
    reports(line, "sent")
    reports(line, "undelivered", code="30006")
    assert ended(line) == {("undelivered", "30006"): 1}
    assert outcome(line) == "offered"


@pytest.mark.parametrize("code", [MOBILE, MOBILE[1:], "30006 ", "x"])
def test_a_code_that_is_no_code_is_not_kept(line: PlayedLine, code: str) -> None:
    asks(line)
    reports(line, "undelivered", code=code)
    assert ended(line) == {("undelivered", ""): 1}


def test_an_unsigned_report_changes_nothing(line: PlayedLine) -> None:
    asks(line)
    target = urlsplit(line.sent.status_urls[0])
    fields = {"MessageSid": f"SM{1:032x}", "MessageStatus": "undelivered"}
    answer = line.app.test_client().post(f"{target.path}?{target.query}", data=fields)
    assert answer.status_code == 403
    assert ended(line) == {("queued", ""): 1}


def test_a_carrier_that_is_down_keeps_no_caller_waiting_and_is_tried_again(line: PlayedLine) -> None:
    sender = line.wiring.texts.sender
    assert sender is not None
    sender.messages, kept = Down(), sender.messages
    call = asks(line)
    assert "0800 555 111" in call.heard[-2]
    assert ended(line) == {("waiting", "HTTP 429"): 1}
    sender.messages = kept
    line.pass_time(1)
    line.texting("+447700900555").send("MENU")
    assert line.sent.bodies == [(MOBILE, BODY)]
    assert outcome(line) == "number_texted"


def test_who_has_opted_out_hears_the_number_and_is_not_texted(line: PlayedLine) -> None:
    texts = line.wiring.texts
    texts.rules = replace(texts.rules, opted_out={MOBILE}.__contains__)
    call = asks(line)
    assert call.heard[-3] == "Sorry, the text did not go. Here is the number again."
    assert "0800 555 111" in call.heard[-2]
    assert line.sent.bodies == []
    assert ended(line) == {("refused", "opted out"): 1}
    assert outcome(line) == "offered"


def test_a_refusal_that_is_delivered_again_is_heard_again(line: PlayedLine) -> None:
    texts = line.wiring.texts
    texts.rules = replace(texts.rules, opted_out={MOBILE}.__contains__)
    call = line.call()
    call.start()
    call.press("2")
    call.webhook.duplicate_next()
    call.press("2")
    first, second = (one.answer.body for one in call.webhook.exchanges[-2:])
    assert first == second
    assert b"the text did not go" in first


def test_without_an_account_no_text_is_offered(line: PlayedLine) -> None:
    line.wiring.texts.sender = None
    call = asks(line)
    assert not any("by text" in words for words in call.heard)
    assert "We can't text it to this phone" in call.heard[-3]
    assert ended(line) == {}


@pytest.mark.parametrize(("abroad", "texted"), [(False, []), (True, [("+33612345678", BODY)])])
def test_mobiles_abroad_are_a_setting(tmp_path: Path, *, abroad: bool, texted: list[tuple[str, str]]) -> None:
    line = play(sqlite_url(tmp_path), text_abroad=abroad)
    asks(line, "+33612345678")
    assert line.sent.bodies == texted
    line.wiring.store.close()


def test_a_database_that_fails_after_the_promise_leaves_it_to_whoever_sends(line: PlayedLine) -> None:
    def broken(_number: str) -> bool:
        raise StoreError("the disk is full")

    texts = line.wiring.texts
    texts.rules = replace(texts.rules, opted_out=broken)
    call = asks(line)
    assert "try to send you a text" in call.heard[-2]
    assert ended(line) == {("queued", ""): 1}


@dataclass
class Phone:
    """A simulated phone, or one that takes nothing."""

    bodies: list[str] = field(default_factory=list)
    fails: bool = False

    def send(self, *, to: str, from_: str, body: str, status_url: str) -> None:
        if self.fails:
            raise ValueError(f"{from_} to {to}: not mine, {status_url}")
        self.bodies.append(body)


@pytest.mark.parametrize("fails", [False, True])
def test_a_simulated_call_shows_its_text_and_never_sends_one(line: PlayedLine, *, fails: bool) -> None:
    phone = Phone(fails=fails)
    call = line.call()
    simulated = {SIMULATION: Simulation(None, phone)}
    call.webhook.transport = WsgiTransport(line.app.wsgi_app, simulated)
    call.start()
    call.press("2")
    call.press("2")
    assert phone.bodies == ([] if fails else [BODY])
    assert ("Sorry, the text did not go. Here is the number again." in call.heard) is fails
    assert (line.sent.bodies, ended(line)) == ([], {})


def test_texts_that_wait_too_long_show_for_the_operator(
    line: PlayedLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sender = line.wiring.texts.sender
    assert sender is not None
    sender.messages = Down()
    client = line.app.test_client()
    asks(line)
    assert client.get("/readyz").get_json()["checks"]["outbox"] == {"ok": True, "reasons": []}
    line.pass_time(6)
    [reason] = client.get("/readyz").get_json()["checks"]["outbox"]["reasons"]
    assert reason.startswith("texts that wait: 1, the oldest for 6 minutes; cure: ")
    told = client.get("/metrics").text
    assert (value(told, "signpost_outbox_waiting"), value(told, "signpost_outbox_not_arrived")) == (1, 0)
    monkeypatch.setenv("DATABASE_URL", sqlite_url(tmp_path))
    shown = CliRunner().invoke(signpost, ["outbox"])
    assert "1  waiting     HTTP 429" in shown.output
    assert MOBILE[1:] not in shown.output + told
    line.pass_time(25)
    line.texting("+447700900555").send("MENU")
    assert value(client.get("/metrics").text, "signpost_outbox_not_arrived") == 1
    assert outcome_of_the_call(line) == "offered"


def outcome_of_the_call(line: PlayedLine) -> str:
    """The outcome of the routing by telephone."""
    return next(routing.outcome for routing in line.routings() if routing.channel == "voice")


def test_a_database_without_texts_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    play(sqlite_url(tmp_path)).wiring.store.close()
    monkeypatch.setenv("DATABASE_URL", sqlite_url(tmp_path))
    assert CliRunner().invoke(signpost, ["outbox"]).output == "Nobody has asked for a text within a day.\n"


def test_the_calls_number_is_the_lines_own_for_texts(line: PlayedLine) -> None:
    assert TEXTS != CALLS
    seen: list[str] = []

    class Watching(Down):
        def send(self, **given: str) -> str:
            seen.extend((given["from_"], given["status_url"]))
            return "SM1"

    sender = line.wiring.texts.sender
    assert sender is not None
    sender.messages = Watching()
    asks(line)
    assert seen[0] == TEXTS
    assert seen[1].startswith(f"{ORIGIN}/twilio/status/message?t=")
