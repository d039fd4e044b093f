"""Captions."""

from bot.carrier import caption, read_twiml


def _caption(say: str) -> str:
    return caption(read_twiml(f"<Response>{say}</Response>".encode(), "text/xml", "voice").children[0])


def test_tags_are_stripped_and_white_space_is_squeezed() -> None:
    assert _caption("<Say><p>One.</p><s>Two</s>\n <emphasis>three</emphasis></Say>") == "One. Two three"


def test_a_telephone_number_is_shown_as_its_digits() -> None:
    say = '<Say>Call <say-as interpret-as="telephone">0800 555-111</say-as><break time="1s"/>. Bye</Say>'
    assert _caption(say) == "Call 0800 555 111. Bye"


def test_a_substitute_is_shown_as_it_is_said() -> None:
    assert _caption('<Say>The <sub alias="N R P">NRP</sub> team</Say>') == "The N R P team"
