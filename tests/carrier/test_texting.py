"""Texts against small apps: each behaviour that Twilio documents for messages."""

import pytest

from bot.carrier import Account, Line, NotPlayedError, Texting, WsgiTransport
from bot.carrier.events import Redirected, Texted
from tests.carrier.apps import FakeApp, Page, Seen, twiml

LINE = Line(text_url="https://line.example/sms", text_fallback_url="https://line.example/fallback")


def _texting(
    page: Page, person: str = "+447700900123", line: Line = LINE, **pages: Page
) -> tuple[Texting, FakeApp]:
    app = FakeApp({"/sms": page, **{f"/{name}": other for name, other in pages.items()}})
    return Texting(WsgiTransport(app), Account("token"), line, person), app


def test_a_message_says_who_writes_what_to_whom() -> None:
    texting, app = _texting(twiml(""))
    assert texting.send("Hi") == []
    form = app.seen[0].form
    assert (form["From"], form["To"], form["Body"]) == ("+447700900123", "+441632960999", "Hi")
    assert form["MessageSid"] == form["SmsSid"] == form["SmsMessageSid"] == texting.last_sid
    assert (form["NumMedia"], form["NumSegments"], form["SmsStatus"]) == ("0", "1", "received")
    assert (form["FromCountry"], form["ToCountry"], form["ApiVersion"]) == ("GB", "GB", "2010-04-01")
    assert "MessagingServiceSid" not in form
    assert texting.events[0] == Texted("Hi")


def test_a_reply_goes_to_the_person_from_the_line() -> None:
    texting, _ = _texting(
        twiml("<Message>One</Message><Message><Body>Two</Body><Media>/a.png</Media></Message>")
    )
    one, two = texting.send("Hi")
    assert (one.body, one.to, one.sender, one.media) == ("One", "+447700900123", "+441632960999", ())
    assert (two.body, two.media) == ("Two", ("https://line.example/a.png",))
    assert one.sid.startswith("SM")
    assert two.sid.startswith("MM")
    assert texting.replies == [one, two]


def test_a_reply_may_name_both_ends() -> None:
    texting, _ = _texting(twiml('<Message to="+447700900456" from="61016">Hi</Message>'))
    assert [(reply.to, reply.sender) for reply in texting.send("Hi")] == [("+447700900456", "61016")]


def test_pictures_are_counted_and_addressed() -> None:
    texting, app = _texting(twiml(""))
    texting.send("", media=2)
    form = app.seen[0].form
    assert (form["NumMedia"], form["MediaContentType1"], form["Body"]) == ("2", "image/jpeg", "")
    assert "/Media/ME" in form["MediaUrl0"]
    assert form["MessageSid"].startswith("MM")


def test_a_whatsapp_message_carries_its_own_parameters() -> None:
    texting, app = _texting(twiml("<Message>Hi</Message>"), "whatsapp:+447700900123")
    reply = texting.send("Police", button="police")[0]
    form = app.seen[0].form
    assert (form["WaId"], form["ProfileName"]) == ("447700900123", "Someone")
    assert (form["ButtonText"], form["ButtonPayload"]) == ("Police", "police")
    assert (reply.sender, reply.to) == ("whatsapp:+441632960999", "whatsapp:+447700900123")


def test_an_rcs_message_comes_to_an_rcs_address() -> None:
    texting, app = _texting(twiml(""), "rcs:+447700900123")
    texting.send("Hi")
    assert app.seen[0].form["To"] == "rcs:+441632960999"


def test_advanced_opt_out_is_marked() -> None:
    line = Line(text_url=LINE.text_url, messaging_service_sid="MG1")
    texting, app = _texting(twiml(""), line=line)
    texting.send("STOP", opt_out="STOP")
    assert (app.seen[0].form["OptOutType"], app.seen[0].form["MessagingServiceSid"]) == ("STOP", "MG1")


def test_a_long_message_is_sent_whole() -> None:
    texting, app = _texting(twiml(""))
    texting.send("a" * 1600)
    assert (len(app.seen[0].form["Body"]), app.seen[0].form["NumSegments"]) == (1600, "11")


def test_a_redirect_carries_the_message_on() -> None:
    texting, app = _texting(
        twiml("<Message>One</Message><Redirect>/next</Redirect><Message>Never</Message>"),
        next=twiml("<Message>Two</Message>"),
    )
    assert [reply.body for reply in texting.send("Hi")] == ["One", "Two"]
    assert app.at("/next")[0].form["Body"] == "Hi"
    assert Redirected("https://line.example/next") in texting.events


def test_redirects_without_end_are_an_error() -> None:
    texting, _ = _texting(twiml("<Redirect>/sms</Redirect>"), line=Line(text_url=LINE.text_url))
    texting.send("Hi")
    assert [error.code for error in texting.errors] == [11215]


def test_a_fault_goes_to_the_fallback_with_the_message() -> None:
    texting, app = _texting(Page("oops"), fallback=twiml("<Message>Call 999</Message>"))
    assert [reply.body for reply in texting.send("Help me")] == ["Call 999"]
    form = app.at("/fallback")[0].form
    assert (form["ErrorCode"], form["ErrorUrl"], form["Body"]) == ("12100", LINE.text_url, "Help me")


def test_a_fallback_that_fails_leaves_silence() -> None:
    texting, app = _texting(Page("", "500 Internal Server Error"), fallback=Page("oops"))
    assert texting.send("Hi") == []
    assert [error.code for error in texting.errors] == [11217, 12100]
    assert len(app.seen) == 2


def test_status_callbacks_come_in_any_order() -> None:
    page = twiml('<Message action="/status">Hi</Message><Message>Quiet</Message>')
    texting, app = _texting(page, status=Page("", "204 No Content", None))
    asked, quiet = texting.send("Hi")
    assert texting.report(asked, "delivered")
    assert texting.report(asked, "sent")
    assert texting.report(asked, "failed")
    assert not texting.report(quiet, "sent")
    forms = [seen.form for seen in app.at("/status")]
    assert [form["MessageStatus"] for form in forms] == ["delivered", "sent", "failed"]
    assert {form["MessageSid"] for form in forms} == {asked.sid}
    assert [form.get("ErrorCode") for form in forms] == [None, None, "30004"]


def test_a_duplicate_is_the_same_message() -> None:
    texting, app = _texting(twiml("<Message>Hi</Message>"))
    texting.webhook.duplicate_next(at_once=True)
    assert len(texting.send("Hi")) == 1
    assert app.seen[0].params == app.seen[1].params
    assert len(texting.webhook.exchanges) == 2


def test_an_old_verb_is_not_played() -> None:
    texting, _ = _texting(twiml("<Sms>Hi</Sms>"))
    with pytest.raises(NotPlayedError):
        texting.send("Hi")


def test_an_app_may_answer_by_what_it_was_sent() -> None:
    def echo(seen: Seen) -> Page:
        return twiml(f"<Message>{seen.form['Body']}</Message>")

    app = FakeApp({"/sms": echo})
    assert Texting(WsgiTransport(app), Account("token"), LINE).send("one")[0].body == "one"
