"""The strict reader: each rule is broken once."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.carrier import TwimlError, read_twiml
from bot.carrier.schema import Channel


def _code(inside: str, channel: Channel = "voice") -> int:
    with pytest.raises(TwimlError) as caught:
        read_twiml(f"<Response>{inside}</Response>".encode(), "text/xml", channel)
    return caught.value.code


GOOD_VOICE = [
    "",
    "<!-- a comment --><Say>Hello</Say>",
    '<Say voice="Polly.Amy-Neural" language="en-GB">Call <say-as interpret-as="telephone">101</say-as></Say>',
    '<Say voice="Google.lt-LT-Standard-A" language="lt-LT" loop="0">Labas<break time="500ms"/></Say>',
    '<Play loop="2">/beep.mp3</Play><Play digits="ww1"/><Play>https://line.example/a.mp3</Play>',
    (
        '<Gather input="dtmf speech" timeout="6" speechTimeout="auto" numDigits="1" finishOnKey="" '
        'actionOnEmptyResult="true" hints="police, drugs" language="en-GB" action="/next?a=1" method="GET">'
        '<Say>Hi</Say><Pause length="1"/><Play>a.mp3</Play></Gather>'
    ),
    (
        '<Dial callerId="+441632960999" timeout="600" record="do-not-record" answerOnBridge="true" '
        'ringTone="uk">+443007900227</Dial>'
    ),
    '<Dial><Number statusCallback="/s" statusCallbackEvent="initiated ringing">+441603514096</Number></Dial>',
    "<Dial><Conference>room</Conference></Dial><Record foo='bar'/>",
    '<Redirect method="POST">../voice</Redirect><Reject reason="busy"/><Hangup/>',
]


@pytest.mark.parametrize("inside", GOOD_VOICE)
def test_documented_voice_twiml_is_read(inside: str) -> None:
    assert read_twiml(f"<Response>{inside}</Response>".encode(), "text/xml", "voice").name == "Response"


@pytest.mark.parametrize(
    ("inside", "code"),
    [
        ("<say>Hello</say>", 12200),
        ("Hello", 12200),
        ("<Message>Hello</Message>", 12200),
        ("<Number>+443007900227</Number>", 12200),
        ("<Say/>", 13520),
        ("<Say> \n </Say>", 13520),
        ("<Say><break/></Say>", 13520),
        ('<Say voice="Amy">Hello</Say>', 13511),
        ('<Say voice="man">Hello <break/></Say>', 13520),
        ('<Say language="english please">Hello</Say>', 13512),
        ('<Say voice="Polly.Ola-Neural" language="en-GB">Hello</Say>', 13512),
        ('<Say voice="Google.lt-LT-Standard-A" language="en-GB">Hello</Say>', 13512),
        ('<Say loop="-1">Hello</Say>', 13510),
        ('<Say loop="twice">Hello</Say>', 13510),
        ('<Say volume="loud">Hello</Say>', 12200),
        ("<Say><b>Hello</b></Say>", 12200),
        ("<Say><say-as>101</say-as></Say>", 12200),
        ('<Say><say-as interpret-as="phone">101</say-as></Say>', 12200),
        ('<Say>Hello<break time="11s"/></Say>', 12200),
        ("<Say>Hello<break>now</break></Say>", 12200),
        ('<Say voice="Polly.Amy">' + "a" * 3001 + "</Say>", 13521),
        ('<Say voice="Google.en-GB-Standard-A">' + "a" * 4501 + "</Say>", 13521),
        ("<Say>" + "ł " * 900 + "</Say>", 13521),
        ("<Play/>", 12200),
        ("<Play>ftp://line.example/a.mp3</Play>", 11100),
        ('<Play loop="x">a.mp3</Play>', 13410),
        ('<Play digits="call me"/>', 12200),
        ('<Pause length="0"/>', 13910),
        ('<Pause length="1.5"/>', 13910),
        ("<Pause>1</Pause>", 12200),
        ('<Gather input="voice"/>', 12200),
        ('<Gather timeout="0"/>', 13313),
        ('<Gather timeout="auto"/>', 13313),
        ('<Gather speechTimeout="soon"/>', 13327),
        ('<Gather numDigits="0"/>', 13314),
        ('<Gather finishOnKey="A"/>', 13310),
        ('<Gather finishOnKey="12"/>', 13310),
        ('<Gather method="PUT"/>', 13312),
        ('<Gather bargeIn="yes"/>', 12200),
        ('<Gather hints="' + "a" * 501 + '"/>', 12200),
        ('<Gather action="javascript:1"/>', 12200),
        ('<Gather speechModel="best"/>', 12200),
        ('<Gather input="speech" language="xx-XX"/>', 13331),
        ('<Gather input="speech" speechModel="phone_call" speechTimeout="auto"/>', 13335),
        ("<Gather><Dial>+443007900227</Dial></Gather>", 13320),
        ("<Gather>Press 1</Gather>", 13320),
        ("<Dial>101</Dial>", 13224),
        ("<Dial>0300 7900 227</Dial>", 13224),
        ("<Dial/>", 13224),
        ("<Dial><Number>999</Number></Dial>", 13224),
        ("<Dial>+443007900227<Number>+443007900227</Number></Dial>", 13215),
        ("<Dial>" + "<Number>+443007900227</Number>" * 11 + "</Dial>", 13215),
        ("<Dial><Say>Hello</Say></Dial>", 13215),
        ('<Dial timeout="4">+443007900227</Dial>', 13212),
        ('<Dial timeout="601">+443007900227</Dial>', 13212),
        ('<Dial callerId="">+443007900227</Dial>', 13214),
        ('<Dial record="yes">+443007900227</Dial>', 12200),
        ('<Dial hangupOnStar="1">+443007900227</Dial>', 13213),
        ('<Dial timeLimit="0">+443007900227</Dial>', 13216),
        ('<Dial><Number sendDigits="x">+443007900227</Number></Dial>', 13222),
        ('<Dial><Number statusCallbackEvent="ringing ringing">+443007900227</Number></Dial>', 12200),
        ("<Redirect/>", 12200),
        ("<Redirect>/a b</Redirect>", 11100),
        ('<Redirect method="HEAD">/a</Redirect>', 13710),
        ('<Reject reason="tired"/>', 12200),
        ('<Hangup now="true"/>', 12200),
    ],
)
def test_voice_twiml_that_twilio_would_refuse_is_refused(inside: str, code: int) -> None:
    assert _code(inside) == code


@pytest.mark.parametrize(
    ("inside", "code"),
    [
        ("<Say>Hello</Say>", 14110),
        ("<Message/>", 14103),
        ("<Message>" + "a" * 1601 + "</Message>", 21617),
        ("<Message><Body>a</Body><Body>b</Body></Message>", 12200),
        ("<Message>a<Body>b</Body></Message>", 12200),
        ("<Message><Media>not a url</Media></Message>", 11100),
        ('<Message to="me">a</Message>', 14101),
        ('<Message from="you!">a</Message>', 14102),
        ('<Message method="PUT">a</Message>', 14104),
        ('<Message statusCallback="ftp://a">a</Message>', 14105),
        ("<Message>a</Message>" * 11, 14109),
    ],
)
def test_message_twiml_that_twilio_would_refuse_is_refused(inside: str, code: int) -> None:
    assert _code(inside, "messaging") == code


@pytest.mark.parametrize(
    "inside",
    ["", "<Message>" + "a" * 1600 + "</Message>", "<Message><Body>a</Body><Media>/b.png</Media></Message>"],
)
def test_documented_message_twiml_is_read(inside: str) -> None:
    assert read_twiml(f"<Response>{inside}</Response>".encode(), "application/xml", "messaging")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", 12100),
        (b"ok", 12100),
        (b"<Response>", 12100),
        (b"<Reply/>", 12100),
        (b"<Response><Say>&</Say></Response>", 12100),
        (b"<Response><Say>\xa3</Say></Response>", 12100),
        (b"\n<?xml version='1.0'?><Response/>", 12100),
        (b"\xef\xbb\xbf<Response/>", 12100),
        (b"<?xml version='1.0' encoding='ISO-8859-1'?><Response/>", 12100),
        (b"<!DOCTYPE Response><Response/>", 12100),
        (b"<!DOCTYPE r [<!ENTITY a 'b'>]><Response><Say>&a;</Say></Response>", 12100),
        (
            b"<Response><Say>" + b"<lang xml:lang='en'>" * 40 + b"a" + b"</lang>" * 40 + b"</Say></Response>",
            12100,
        ),
        (b"<Response>" + b" " * 65536 + b"</Response>", 11750),
    ],
)
def test_what_is_not_a_plain_xml_document_is_refused(body: bytes, code: int) -> None:
    with pytest.raises(TwimlError) as caught:
        read_twiml(body, "text/xml", "voice")
    assert caught.value.code == code


@pytest.mark.parametrize("value", [None, "", "text/html", "application/json", "text/plain; charset=utf-8"])
def test_other_content_types_are_refused(value: str | None) -> None:
    with pytest.raises(TwimlError) as caught:
        read_twiml(b"<Response/>", value, "voice")
    assert caught.value.code == 12300


def test_a_charset_other_than_utf_8_is_refused() -> None:
    with pytest.raises(TwimlError) as caught:
        read_twiml(b"<Response/>", "text/xml; charset=latin-1", "voice")
    assert caught.value.code == 12100


@pytest.mark.parametrize("value", ["text/xml", "application/xml; charset=utf-8", "TEXT/XML;charset=UTF-8"])
def test_xml_content_types_are_accepted(value: str) -> None:
    assert read_twiml(b"<Response/>", value, "voice").children == ()


def test_the_sentence_names_verb_attribute_found_and_allowed() -> None:
    with pytest.raises(TwimlError) as caught:
        read_twiml(b'<Response><Gather numDigits="one"/></Response>', "text/xml", "voice")
    assert str(caught.value) == (
        'Gather numDigits: found "one"; allowed: a whole number of at least 1 (Twilio 13314)'
    )


_TAGS = st.sampled_from(["Response", "Say", "Gather", "Dial", "Number", "Play", "break", "Redirect", "p"])
_DOCUMENTS = st.recursive(
    st.text(max_size=8),
    lambda inner: st.builds(
        lambda tag, attribute, parts: f'<{tag} {attribute}="{parts[:1]}">{"".join(parts)}</{tag}>',
        _TAGS,
        st.sampled_from(["loop", "timeout", "action", "voice", "callerId"]),
        st.lists(inner, max_size=3),
    ),
    max_leaves=12,
)


@given(
    st.binary(max_size=300)
    | _DOCUMENTS.map(lambda text: f"<Response>{text}</Response>".encode("utf-8", "replace"))
)
def test_arbitrary_bytes_raise_nothing_but_twiml_errors(body: bytes) -> None:
    for channel in ("voice", "messaging"):
        try:
            read_twiml(body, "text/xml", "voice" if channel == "voice" else "messaging")
        except TwimlError as error:
            assert error.message  # noqa: PT017  either outcome is good; no other exception is


@given(st.text(max_size=60))
def test_arbitrary_content_types_raise_nothing_but_twiml_errors(value: str) -> None:
    try:
        read_twiml(b"<Response/>", value, "voice")
    except TwimlError as error:
        assert error.code in {12100, 12300}  # noqa: PT017  either outcome is good; no other exception is
