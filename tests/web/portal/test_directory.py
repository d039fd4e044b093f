"""Listings: what a partner says of its own, and what the operator makes of it."""

from __future__ import annotations

import tomllib

import pytest

from tests.web.portal.places import AUDITOR, OPERATOR, SAM, Portal


def say(portal: Portal, verdict: str, words: str = "") -> str:
    answer = portal.person(SAM).post(
        "/directory/crimestoppers", page="/directory", verdict=verdict, words=words
    )
    return answer.text if answer.status_code != 303 else portal.person(SAM).client.get(answer.location).text


def test_a_partner_sees_its_own_listing_as_people_are_told_it(portal: Portal) -> None:
    page = portal.person(SAM).get("/directory").text
    assert "0800 555 111" in page
    assert "Norfolk Constabulary" not in page
    assert "Norfolk Constabulary" in portal.person(AUDITOR).get("/directory").text


def test_this_is_right_becomes_lines_for_the_operators_file(portal: Portal) -> None:
    assert "The operator of the line has been told" in say(portal, "right")
    page = portal.person(OPERATOR).get("/assurances").text
    lines = page.split('<pre tabindex="0">')[1].split("</pre>")[0].replace("&#34;", '"')
    written = tomllib.loads(lines)["services"]["crimestoppers"]
    assert f"{written['assured_on']}" == "2026-11-24"
    assert written["assured_by"].startswith("Sam, ")
    portal.person(OPERATOR).post("/assurances/1", page="/assurances", answer="confirmed")
    assert "confirmed by Robin" in portal.person(OPERATOR).get("/assurances").text
    assert "confirmed" in portal.person(SAM).get("/directory").text


def test_this_has_changed_reaches_the_operator_in_the_partners_words(portal: Portal) -> None:
    say(portal, "changed", "We have <b>moved</b> to 0800 555 112.")
    page = portal.person(OPERATOR).get("/assurances").text
    assert "We have &lt;b&gt;moved&lt;/b&gt; to 0800 555 112." in page
    assert "assured_on" not in page


@pytest.mark.parametrize(
    ("verdict", "words", "told"),
    [
        ("", "", "Choose whether"),
        ("maybe", "", "Choose whether"),
        ("changed", "  ", "Say what has changed"),
        ("changed", "x" * 501, "That is 501 characters"),
    ],
)
def test_what_can_not_be_kept_is_told_and_nothing_typed_is_lost(
    portal: Portal, verdict: str, words: str, told: str
) -> None:
    page = say(portal, verdict, words)
    assert told in page
    assert not words.strip() or words in page
    assert "Nothing is waiting" in portal.person(OPERATOR).get("/assurances").text


def test_500_characters_fit_whatever_their_line_ends(portal: Portal) -> None:
    assert "has been told" in say(portal, "changed", "\r\n".join(["é" * 99] * 5))


def test_a_second_answer_changes_nothing(portal: Portal) -> None:
    say(portal, "right")
    robin = portal.person(OPERATOR)
    robin.post("/assurances/1", page="/assurances", answer="confirmed")
    say(portal, "right")  # so that there is a form again
    robin.post("/assurances/1", page="/assurances", answer="declined")
    page = robin.get("/assurances").text
    assert "confirmed by Robin" in page
    assert "declined by" not in page
    assert robin.post("/assurances/2", page="/assurances", answer="perhaps").status_code == 400
