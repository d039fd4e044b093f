"""What the first page says to the operator beside the figures."""

from __future__ import annotations

from datetime import timedelta

from bot.core.redaction import redaction_of
from tests.web.portal.places import AUDITOR, OPERATOR, Portal

HEAD = "To be deleted at Twilio"


def test_an_operator_sees_what_is_still_to_be_deleted_at_twilio(portal: Portal) -> None:
    line, redactions = portal.line, portal.line.wiring.store.redactions()
    for letter in "abc":
        redaction = redaction_of(f"SM{letter * 32}", line.now + timedelta(hours=24))
        assert redaction is not None
        redactions.keep(redaction, line.now)
    due = redactions.claim(line.now + timedelta(hours=24), "one")
    assert due is not None
    redactions.done(due, "done")
    page = portal.person(OPERATOR).get("").text
    assert HEAD in page
    assert "2 waiting" in page
    assert "the oldest since 24 Nov 2026" in page
    assert "1 deleted so far" in page
    assert "it is switched off" in page  # the tests' line has no account
    assert due.sid not in page
    assert HEAD not in portal.person(AUDITOR).get("").text
