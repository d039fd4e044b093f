"""Sends the texts that people asked for: each once, and none to somebody who must not get it.

    claim ─► asked before? ask the carrier whether it has it ─► may it go? ─► send ─► note what came of it

A request is on record before it leaves. Whatever stops a sender, the next one finds that and asks the
carrier first, since a second request would be a second text.
"""

from __future__ import annotations

import logging
import random
import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Event, Thread

from bot import metrics
from bot.channels.addresses import person_by_text
from bot.channels.callers import caller_from
from bot.channels.rest import Messages, TwilioMessages
from bot.envelope import Envelope, Letter
from bot.errors import StoreError, TextError, TextRefusedError, TextUnknownError
from bot.limiting import opt_out_key
from bot.log import event
from bot.settings import Settings
from bot.store import Claim, Outbox, Store, has_opted_out

PAUSE_SECONDS = 1.0
MOST_A_DAY = 3  # to one number
MOST_TRIES = 10
# After that nobody waits for it any more, and somebody else may be holding the phone.
LATEST = timedelta(minutes=30)
FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=2), timedelta(minutes=5)
# A request that got no answer may still be on its way into the carrier's list.
SETTLED = timedelta(seconds=30)
# Between the claim and the request a machine may have slept; by then another sender may have the text.
STALE = timedelta(minutes=1)

# Why a text does not go, by rules of ours.
TOO_MANY, OPTED_OUT, NO_MOBILE = "three a day", "opted out", "not a mobile"
TOO_LATE, UNREADABLE = "too late", "sealed under another SECRET_KEY"

OptedOut = Callable[[str], bool]


def nobody(_number: str) -> bool:
    """Say that no number has opted out."""
    return False


@dataclass(frozen=True)
class Rules:
    """Who may be texted. `abroad` lets numbers of other countries in; `opted_out` knows who said STOP."""

    outbox: Outbox
    envelope: Envelope
    abroad: bool = False
    opted_out: OptedOut = nobody

    def reaches(self, number: str | None) -> bool:
        """Say whether this is a kind of number that is texted: a UK mobile, or perhaps one abroad."""
        caller = caller_from(number)
        return caller.can_be_texted or (self.abroad and caller.kind == "foreign")

    def against(self, number: str, text_id: str, asked_at: datetime) -> str:
        """Say why this text, asked for then, may not go to this number, or ""."""
        if not self.reaches(number):
            return NO_MOBILE
        if self.opted_out(number):
            return OPTED_OUT
        earlier = self.outbox.asked_before(self.envelope.recipient(number), text_id, asked_at)
        return TOO_MANY if earlier >= MOST_A_DAY else ""


@dataclass
class Sender:
    """Sends what is due. Several may run, in any process; `status_url` is where the carrier reports to."""

    rules: Rules
    messages: Messages
    status_url: str
    clock: Callable[[], datetime]
    jitter: Callable[[], float] = random.random  # from 0 to 1
    new_lease: Callable[[], str] = lambda: secrets.token_hex(8)
    _told: str = field(default="", init=False)

    @property
    def outbox(self) -> Outbox:
        """Where the texts are."""
        return self.rules.outbox

    @property
    def envelope(self) -> Envelope:
        """What opens them."""
        return self.rules.envelope

    def start(self, stop: Event) -> Thread:
        """Send in a thread until somebody sets `stop`: a slow carrier must not hold up the audited log."""
        thread = Thread(target=self.run, args=(stop,), name="outbox", daemon=True)
        thread.start()
        return thread

    def run(self, stop: Event) -> None:
        """Send until somebody sets `stop`."""
        while not stop.is_set():
            self.step()
            stop.wait(PAUSE_SECONDS)

    def step(self, most: int = 100) -> int:
        """Send what is due; give how many were looked at. A fault is told once, and tried again."""
        try:
            done = self._send_due(most)
        except Exception as fault:  # noqa: BLE001 - a fault nobody thought of must not end the sender
            told = str(fault) if isinstance(fault, StoreError) else type(fault).__name__
            if told != self._told:
                self._told = told
                event("outbox.failed", logging.ERROR, error=fault)
            return 0
        if self._told:
            self._told = ""
            event("outbox.mended", logging.WARNING)
        return done

    def _send_due(self, most: int) -> int:
        if not self.outbox.is_due(self.clock()):
            return 0
        for done in range(most):
            claim = self.outbox.claim(self.clock(), self.new_lease())
            if claim is None:
                return done
            self._send(claim)
        return most

    def _send(self, claim: Claim) -> None:
        """Do the next thing with one text."""
        letter = self.envelope.open(claim.id, claim.sealed)
        if letter is None:  # by a process with another key, as in development: the right one may be along
            self._again(claim, UNREADABLE, unknown=claim.attempted_at is not None)
            return
        if claim.attempted_at is not None and self._settled(claim, letter, claim.attempted_at):
            return
        why = self._against(claim, letter)
        if why:
            self._end(claim, "refused", why)
            return
        if self.clock() - claim.claimed_at > STALE:
            self.outbox.later(claim, self.clock(), "", unknown=False)
            return
        self._hand_over(claim, letter)

    def _settled(self, claim: Claim, letter: Letter, since: datetime) -> bool:
        """Ask the carrier whether an earlier request reached it; True when no more can be done now."""
        try:
            sids = self.messages.sent_since(to=letter.to, from_=letter.from_, body=letter.body, since=since)
        except TextError as fault:
            self._again(claim, str(fault), unknown=True)
            return True
        hashes = [self.envelope.sid(sid) for sid in sids]
        others = self.outbox.known(hashes)
        # Oldest first: of two that are alike it is the one that was made first.
        found = next((one for one in reversed(hashes) if one not in others), None)
        if found is not None:
            self._handed(claim, found)
        elif claim.tries > MOST_TRIES:
            self._end(claim, "failed", "tried too often")
            return True
        return found is not None

    def _against(self, claim: Claim, letter: Letter) -> str:
        if self.clock() - claim.asked_at > LATEST:
            return TOO_LATE
        return self.rules.against(letter.to, claim.id, claim.asked_at)

    def _hand_over(self, claim: Claim, letter: Letter) -> None:
        reports_to = f"{self.status_url}?t={claim.id}" if self.status_url else ""
        try:
            sid = self.messages.send(
                to=letter.to, from_=letter.from_, body=letter.body, status_url=reports_to
            )
        except TextRefusedError as fault:
            self._end(claim, "refused", str(fault))
        except TextUnknownError as fault:
            self._again(claim, str(fault), unknown=True)
        except TextError as fault:
            self._again(claim, str(fault), unknown=False)
        else:
            self._handed(claim, self.envelope.sid(sid))

    def _handed(self, claim: Claim, sid: str) -> None:
        self.outbox.handed(claim, sid)
        event("text.sent", tries=claim.tries)
        metrics.count("signpost_texts_total", result="sent")

    def _again(self, claim: Claim, reason: str, *, unknown: bool) -> None:
        """Try again later, for longer each time, or give up. What may have left is asked about once more."""
        now = self.clock()
        late = now - claim.asked_at > LATEST
        if late or (claim.tries >= MOST_TRIES and not unknown):
            self._end(claim, "unknown" if unknown else "failed", reason)
            return
        wait = min(FIRST_WAIT * 2 ** (claim.tries - 1), LONGEST_WAIT) * (0.5 + self.jitter() / 2)
        due_at = now + (max(wait, SETTLED) if unknown else wait)
        self.outbox.later(claim, due_at, reason, unknown=unknown)
        event("text.waits", logging.WARNING, reason=reason, tries=claim.tries)

    def _end(self, claim: Claim, status: str, reason: str) -> None:
        if self.outbox.end(claim, status, reason, self.clock()):
            event("text.ended", logging.WARNING, status=status, reason=reason, tries=claim.tries)
            metrics.count("signpost_texts_total", result=status)


def opted_out_by_text(store: Store, secret: bytes, lines: Iterable[str]) -> OptedOut:
    """Make what says whether a number has opted out of any of these lines, by text."""
    names = tuple(lines)

    def opted_out(number: str) -> bool:
        keys = [opt_out_key(secret, person_by_text(line, "sms", number)) for line in names]
        with store.reading("opt-outs can't be read") as connection:
            return has_opted_out(connection, keys)

    return opted_out


def make_rules(settings: Settings, outbox: Outbox, opted_out: OptedOut = nobody) -> Rules:
    """Make the rules of this line, the same for who promises a text and for who sends it."""
    return Rules(outbox, Envelope(settings.secret_key.encode()), settings.text_abroad, opted_out)


def make_sender(
    settings: Settings, rules: Rules, clock: Callable[[], datetime], messages: Messages | None = None
) -> Sender | None:
    """Make the sender of an account, or of `messages` instead; None when there is no account."""
    if messages is None and settings.account_sid:
        messages = TwilioMessages(settings.account_sid, settings.auth_tokens[0])
    if messages is None:
        return None
    status_url = f"{settings.public_url}/twilio/status/message" if settings.public_url else ""
    return Sender(rules, messages, status_url, clock)
