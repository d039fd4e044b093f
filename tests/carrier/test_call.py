"""A call against small apps: each behaviour that Twilio documents for voice."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from bot.carrier import Account, Call, CallEndedError, Line, NotPlayedError, Outcome, WsgiTransport, always
from bot.carrier.events import (
    DialEnded,
    Dialling,
    Errored,
    Fetched,
    Heard,
    HungUp,
    Listening,
    Paused,
    Pressed,
    Rejected,
    Silent,
    Spoke,
)
from tests.carrier.apps import FakeApp, Page, Seen, twiml

LINE = Line(voice_url="https://line.example/voice")
MENU = '<Gather numDigits="1" action="/menu"><Say>Press 1</Say></Gather><Say>Nothing came</Say>'
DIAL = '<Dial callerId="+441632960999" action="/after">+443007900227</Dial>'


def _call(voice: str, line: Line = LINE, **pages: Page | Callable[[Seen], Page]) -> tuple[Call, FakeApp]:
    """Start a call whose other pages are named without their slash."""
    app = FakeApp({"/voice": twiml(voice), **{f"/{name}": page for name, page in pages.items()}})
    call = Call(WsgiTransport(app), Account("token"), line)
    call.start()
    return call, app


def _last(call: Call) -> object:
    return call.events[-1]


def test_the_first_request_says_who_calls_whom() -> None:
    call, app = _call("<Hangup/>")
    form = app.seen[0].form
    assert form["CallSid"] == call.sid
    assert (form["From"], form["To"]) == ("+447700900123", "+441632960999")
    assert (form["Caller"], form["Called"]) == (form["From"], form["To"])
    assert (form["CallStatus"], form["Direction"]) == ("ringing", "inbound")
    assert (form["ApiVersion"], form["CallerCountry"], form["FromCity"]) == ("2010-04-01", "GB", "")
    assert form["AccountSid"].startswith("AC")


def test_a_withheld_number_has_no_country() -> None:
    app = FakeApp({"/voice": twiml("<Hangup/>")})
    call = Call(WsgiTransport(app), Account("token"), LINE, "anonymous")
    call.extra.append(("ForwardedFrom", "+441603000000"))
    call.start()
    form = app.seen[0].form
    assert (form["From"], form["ForwardedFrom"]) == ("anonymous", "+441603000000")
    assert "FromCountry" not in form


def test_the_end_of_the_document_hangs_up() -> None:
    call, _ = _call(
        '<Say voice="Polly.Amy" language="en-GB">Hello</Say><Pause length="2"/><Play>a.mp3</Play>'
    )
    assert call.events[1:] == [
        Heard("Hello", "Polly.Amy", "en-GB"),
        Paused(2),
        Heard("", verb="Play", url="https://line.example/a.mp3"),
        HungUp("app"),
    ]
    assert call.ended


def test_a_gather_listens_once_its_nested_audio_was_heard() -> None:
    call, _ = _call(MENU)
    assert call.events[1:] == [
        Heard("Press 1", in_gather=True),
        Listening("dtmf", 5, 1, "#", action_on_empty_result=False, language="en-US", hints=""),
    ]
    assert call.listening == _last(call)


def test_the_last_wanted_key_sends_them_and_later_ones_are_lost() -> None:
    call, app = _call(MENU, menu=twiml(MENU))
    events = call.press("12")
    assert events[:2] == [Pressed("1", taken=True), Pressed("2", taken=False)]
    form = app.at("/menu")[0].form
    assert (form["Digits"], form["FinishedOnKey"], form["CallStatus"]) == ("1", "", "in-progress")
    assert call.listening is not None


def test_the_finishing_key_sends_the_keys_before_it_and_not_itself() -> None:
    call, app = _call('<Gather action="/menu"/>', menu=twiml("<Hangup/>"))
    call.press("1")
    assert call.listening is not None
    call.press("2#")
    assert (app.at("/menu")[0].form["Digits"], app.at("/menu")[0].form["FinishedOnKey"]) == ("12", "#")


def test_the_finishing_key_alone_does_nothing() -> None:
    call, app = _call('<Gather action="/menu"/>')
    assert call.press("#") == [Pressed("#", taken=False)]
    assert not app.at("/menu")


def test_without_a_finishing_key_every_key_is_an_answer() -> None:
    call, app = _call('<Gather numDigits="1" finishOnKey="" action="/menu"/>', menu=twiml("<Hangup/>"))
    call.press("#")
    assert app.at("/menu")[0].form["Digits"] == "#"


def test_keys_are_sent_when_no_more_come() -> None:
    call, app = _call('<Gather timeout="7" action="/menu"/>', menu=twiml("<Hangup/>"))
    call.press("123")
    assert call.wait()[0] == Silent(7)
    assert app.at("/menu")[0].form["Digits"] == "123"


def test_silence_falls_through_to_the_next_verb() -> None:
    call, app = _call(MENU)
    assert call.wait() == [Silent(5), Heard("Nothing came"), HungUp("app")]
    assert not app.at("/menu")


def test_silence_posts_when_action_on_empty_result_is_set() -> None:
    voice = '<Gather actionOnEmptyResult="true" action="/menu"/><Say>Never</Say>'
    call, app = _call(voice, menu=twiml("<Hangup/>"))
    call.wait()
    assert app.at("/menu")[0].form["Digits"] == ""
    assert call.heard == []


def test_speech_is_sent_with_its_confidence_where_there_is_one() -> None:
    voice = '<Gather input="dtmf speech" language="en-GB" action="/voice"/>'
    call, app = _call(voice)
    call.say("the police", confidence=0.5)
    call.say("drugs", confidence=None)
    said, unsure = app.seen[1].form, app.seen[2].form
    assert (said["SpeechResult"], said["Confidence"], said["Language"]) == ("the police", "0.5", "en-GB")
    assert "Confidence" not in unsure
    assert "Digits" not in said


def test_speech_is_lost_on_a_gather_for_keys() -> None:
    call, app = _call(MENU)
    assert call.say("one") == [Spoke("one", 0.9, taken=False)]
    assert len(app.seen) == 1


def test_speech_over_audio_is_lost_without_barge_in() -> None:
    call, app = _call('<Gather input="speech" bargeIn="false"><Say>Listen</Say></Gather>')
    call.say("hello", early=True)
    assert len(app.seen) == 1
    call.say("hello")
    assert len(app.seen) == 2


def test_keys_win_over_speech_once_one_was_pressed() -> None:
    call, _ = _call('<Gather input="dtmf speech"/>')
    call.press("1")
    assert call.say("two")[0] == Spoke("two", 0.9, taken=False)


def test_without_an_action_the_document_is_asked_again_with_its_method() -> None:
    voice = "<Redirect>/menu/a?x=1</Redirect>"
    call, app = _call(voice, LINE, **{"menu/a": twiml('<Gather numDigits="1" method="GET"/>')})
    call.press("5")
    assert (app.seen[2].method, app.seen[2].environ["PATH_INFO"]) == ("GET", "/menu/a")
    assert (app.seen[2].form["x"], app.seen[2].form["Digits"]) == ("1", "5")


def test_relative_addresses_start_from_the_document() -> None:
    call, app = _call(
        "<Redirect>/en/voice</Redirect>", LINE, **{"en/voice": twiml("<Redirect>menu</Redirect>")}
    )
    assert app.seen[-1].environ["PATH_INFO"] == "/en/menu"
    assert call.errors[0].code == 11217


def test_a_redirect_by_status_loses_the_keys() -> None:
    moved = Page("", "302 Found", None, "/other")
    call, app = _call(MENU, menu=moved, other=twiml("<Hangup/>"))
    call.press("1")
    assert (app.seen[-1].method, app.seen[-1].params) == ("GET", ())


def test_more_than_ten_redirects_in_a_row_are_an_error() -> None:
    call, app = _call("<Redirect>/voice</Redirect>")
    assert [error.code for error in call.errors] == [11215]
    assert len(app.seen) == 11
    assert _last(call) == HungUp("carrier")


def test_a_caller_who_acts_starts_the_count_of_redirects_anew() -> None:
    call, _ = _call("<Gather/><Redirect>/voice</Redirect>")
    for _ in range(30):
        call.wait()
    assert not call.errors


def test_audio_without_end_stops_for_nothing_but_hanging_up() -> None:
    call, app = _call('<Say loop="0">Music</Say><Redirect>/never</Redirect>')
    assert call.press("1") == [Pressed("1", taken=False)]
    assert call.wait() == []
    assert call.hang_up() == [HungUp("caller")]
    assert len(app.seen) == 1


def test_audio_without_end_in_a_gather_is_cut_short_by_a_key_alone() -> None:
    call, app = _call(
        '<Gather numDigits="1" action="/menu"><Say loop="0">Press</Say></Gather>', menu=twiml("<Hangup/>")
    )
    assert call.wait() == []
    call.press("1")
    assert app.at("/menu")


def test_the_carrier_gives_up_a_call_that_waits_for_ever() -> None:
    call, _ = _call('<Say loop="0">Music</Say>')
    while not call.ended:
        call.wait()
    assert _last(call) == HungUp("carrier")


@pytest.mark.parametrize(("reason", "status"), [("busy", "busy"), ("rejected", "no-answer")])
def test_reject_first_is_not_billed(reason: str, status: str) -> None:
    call, _ = _call(f'<Reject reason="{reason}"/>')
    rejected = call.events[1]
    assert isinstance(rejected, Rejected)
    assert (rejected.reason, rejected.billed, call.status) == (reason, False, status)


def test_reject_after_speech_is_billed() -> None:
    call, _ = _call("<Say>Hello</Say><Reject/>")
    assert Rejected("rejected", billed=True) in call.events


@pytest.mark.parametrize(
    "verb", ["<Record/>", "<Enqueue>a</Enqueue>", "<Dial><Conference>a</Conference></Dial>"]
)
def test_what_is_twilios_and_not_played_says_so(verb: str) -> None:
    with pytest.raises(NotPlayedError, match="not played here"):
        _call(verb)


# Dial


def _dial(voice: str, outcome: Outcome | None, **pages: Page) -> tuple[Call, FakeApp]:
    app = FakeApp({"/voice": twiml(voice), **{f"/{name}": page for name, page in pages.items()}})
    call = Call(WsgiTransport(app), Account("token"), LINE, other_end=lambda _dialling: outcome)
    call.start()
    return call, app


def test_a_dial_that_is_answered_tells_its_action_how_long() -> None:
    call, app = _dial(DIAL, Outcome("completed", 42), after=twiml("<Say>Bye</Say>"))
    form = app.at("/after")[0].form
    assert (form["DialCallStatus"], form["DialCallDuration"]) == ("completed", "42")
    assert form["DialCallSid"].startswith("CA")
    assert form["DialCallSid"] != form["CallSid"]
    assert DialEnded("completed", 42) in call.events
    assert call.heard == ["Bye"]


@pytest.mark.parametrize("status", ["busy", "no-answer", "failed", "canceled"])
def test_a_dial_that_is_not_answered_has_no_duration(status: str) -> None:
    app = FakeApp({"/voice": twiml(DIAL), "/after": twiml("<Say>Next</Say>")})
    outcomes = {name: always(name) for name in ("busy", "no-answer", "failed", "canceled")}
    call = Call(WsgiTransport(app), Account("token"), LINE, other_end=outcomes[status])
    call.start()
    form = app.at("/after")[0].form
    assert form["DialCallStatus"] == status
    assert "DialCallDuration" not in form
    assert call.heard == ["Next"]


def test_a_dial_without_action_goes_on_with_the_next_verb() -> None:
    call, app = _dial("<Dial>+443007900227</Dial><Say>Still here</Say>", Outcome("busy"))
    assert call.heard == ["Still here"]
    assert len(app.seen) == 1


def test_a_dial_shows_what_it_rings_and_as_whom() -> None:
    call, _ = _dial('<Dial callerId="+441632960999" timeout="20">+443007900227</Dial>', None)
    ringing = call.ringing
    assert isinstance(ringing, Dialling)
    assert (ringing.number, ringing.caller_id) == ("+443007900227", "+441632960999")
    assert (ringing.record, ringing.timeout_seconds) == ("do-not-record", 20)


def test_a_dial_without_caller_id_shows_the_caller() -> None:
    call, _ = _dial("<Dial>+443007900227</Dial>", None)
    assert call.ringing is not None
    assert call.ringing.caller_id == "+447700900123"


def test_a_caller_id_of_somebody_else_is_refused() -> None:
    call, _ = _dial('<Dial callerId="+441603000000">+443007900227</Dial>', Outcome("busy"))
    assert [error.code for error in call.errors] == [13214]


def test_another_number_of_the_account_may_be_shown() -> None:
    app = FakeApp({"/voice": twiml('<Dial callerId="+441603000000">+443007900227</Dial>')})
    call = Call(WsgiTransport(app), Account("token", numbers=frozenset({"+441603000000"})), LINE)
    call.start()
    assert call.ringing is not None


def test_a_dial_waits_until_it_is_told_how_it_ends() -> None:
    call, app = _dial(DIAL, None, after=twiml(MENU))
    assert call.press("1") == [Pressed("1", taken=False)]
    call.connect()
    call.finish_dial(Outcome("completed", 5))
    assert app.at("/after")[0].form["DialCallDuration"] == "5"
    assert call.ringing is None
    with pytest.raises(CallEndedError):
        call.finish_dial(Outcome("busy"))


def test_waiting_lets_it_ring_out() -> None:
    call, app = _dial(DIAL, None, after=twiml(""))
    call.wait()
    assert app.at("/after")[0].form["DialCallStatus"] == "no-answer"


def test_a_caller_who_leaves_while_it_rings_is_told_to_the_action_alone() -> None:
    call, app = _dial(DIAL, None, after=twiml("<Say>Nobody hears this</Say>"))
    call.hang_up()
    form = app.at("/after")[0].form
    assert (form["DialCallStatus"], form["CallStatus"]) == ("canceled", "completed")
    assert call.heard == []
    assert _last(call) == HungUp("caller")


def test_a_star_ends_the_conversation_where_the_dial_says_so() -> None:
    call, app = _dial('<Dial hangupOnStar="true" action="/after">+443007900227</Dial>', None, after=twiml(""))
    call.press("*")
    assert call.ringing is not None
    call.connect()
    call.press("*")
    assert app.at("/after")[0].form["DialCallStatus"] == "completed"


def test_an_unanswered_bridge_leaves_the_call_ringing() -> None:
    _, app = _dial(DIAL.replace("action", 'answerOnBridge="true" action'), Outcome("busy"), after=twiml(""))
    assert app.at("/after")[0].form["CallStatus"] == "ringing"


def test_a_number_reports_the_events_it_was_asked_for() -> None:
    voice = (
        '<Dial><Number statusCallback="/s" statusCallbackEvent="initiated ringing answered completed">'
        "+443007900227</Number></Dial>"
    )
    call, app = _dial(voice, Outcome("completed", 9), s=Page("", "204 No Content", None))
    forms = [seen.form for seen in app.at("/s")]
    assert [form["CallStatus"] for form in forms] == ["initiated", "ringing", "in-progress", "completed"]
    assert [form["SequenceNumber"] for form in forms] == ["0", "1", "2", "3"]
    assert {form["ParentCallSid"] for form in forms} == {call.sid}
    assert forms[-1]["CallDuration"] == "9"
    assert not call.errors


# Faults and reports

FALLBACK = replace(LINE, voice_fallback_url="https://line.example/fallback")


@pytest.mark.parametrize(
    ("page", "code"),
    [
        (Page("no", "500 Internal Server Error"), "11217"),
        (Page("no"), "12100"),
        (Page("<Response/>", content_type="text/html"), "12300"),
        (Page("<Response><Dial>101</Dial></Response>"), "13224"),
    ],
)
def test_a_fault_goes_to_the_fallback_with_its_code(page: Page, code: str) -> None:
    app = FakeApp({"/voice": page, "/fallback": twiml("<Say>Call 999</Say>")})
    call = Call(WsgiTransport(app), Account("token"), FALLBACK)
    call.start()
    form = app.at("/fallback")[0].form
    assert (form["ErrorCode"], form["ErrorUrl"]) == (code, LINE.voice_url)
    assert call.heard == ["Call 999"]
    assert [event.purpose for event in call.events if isinstance(event, Fetched)] == ["document", "fallback"]


def test_a_fault_without_fallback_ends_the_call_with_an_apology() -> None:
    call, _ = _call("<Bogus/>")
    assert isinstance(call.events[1], Errored)
    assert "application error" in call.heard[0]
    assert _last(call) == HungUp("carrier")


def test_a_fallback_that_fails_ends_the_call() -> None:
    call, app = _call("<Bogus/>", FALLBACK, fallback=twiml("<Redirect>/voice</Redirect>"))
    assert [error.code for error in call.errors] == [12200, 12200]
    assert len(app.seen) == 3


def test_a_finished_call_is_reported_with_its_length() -> None:
    line = replace(LINE, voice_status_url="https://line.example/status")
    call, app = _call('<Pause length="61"/>', line, status=Page("", "204 No Content", None))
    form = app.at("/status")[0].form
    assert (form["CallStatus"], form["CallDuration"], form["Duration"]) == ("completed", "61", "2")
    assert form["Timestamp"] == "Mon, 05 Jan 2026 12:01:01 +0000"
    assert not call.errors


def test_other_events_are_reported_to_who_subscribed() -> None:
    events = frozenset({"ringing", "answered", "completed"})
    line = replace(LINE, voice_status_url="https://line.example/status", status_events=events)
    _, app = _call("<Say>Hello</Say>", line, status=Page(""))
    assert [seen.form["CallStatus"] for seen in app.at("/status")] == ["ringing", "in-progress", "completed"]


def test_hanging_up_is_reported_and_final() -> None:
    line = replace(LINE, voice_status_url="https://line.example/status")
    call, app = _call(MENU, line)
    call.hang_up()
    assert app.at("/status")[0].form["CallStatus"] == "completed"
    assert call.errors[0].code == 11217
    assert call.hang_up() == []
    with pytest.raises(CallEndedError):
        call.press("1")


def test_only_keys_can_be_pressed() -> None:
    call, _ = _call(MENU)
    for keys in ("", "A", "1 2"):
        with pytest.raises(ValueError, match="keys"):
            call.press(keys)


def test_two_calls_with_one_seed_are_the_same_call() -> None:
    one, other = _call(MENU), _call(MENU)
    assert one[1].seen[0].params == other[1].seen[0].params
    assert one[0].now == other[0].now
