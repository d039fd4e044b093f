"""Moves one person one turn through a flow. Pure: the same arguments give the same Turn."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from bot.core.directory import Directory
from bot.core.flow import Flow
from bot.core.match import is_command, key_in, match_key, match_words
from bot.core.session import (
    DialEnded,
    End,
    HungUp,
    Inbound,
    Outcome,
    Pressed,
    Rang,
    Said,
    Session,
    Silence,
    Speech,
    Spoken,
    Step,
    TextFailed,
    Turn,
)
from bot.core.walk import Walk

DIAL_OUTCOMES: dict[str, Outcome] = {
    "completed": "connected",
    "answered": "connected",
    "busy": "busy",
    "no-answer": "no_answer",
    "failed": "failed",
    "canceled": "failed",
}


def advance(flow: Flow, directory: Directory, session: Session, inbound: Inbound, now: datetime) -> Turn:
    """Take what came in and decide everything that follows from it.

    Args:
        flow: the script, with its words.
        directory: the services that the script names.
        session: the walk so far; a new one has no node yet.
        inbound: what the person did, or what the carrier reports.
        now: aware; decides opening hours.

    Returns:
        A Turn with the session as it is to be kept, or None in its place when the walk is over.
    """
    walk = _Answering(flow, directory, _known_places(flow, session), now)
    match inbound:
        case Rang():
            walk.open("call")
        case Said():
            walk.read(inbound)
        case Spoken():
            walk.hear(inbound)
        case Pressed():
            walk.press(inbound.digits)
        case Silence():
            walk.wait()
        case DialEnded():
            walk.dial_ended(inbound)
        case TextFailed():
            walk.text_failed()
        case HungUp():
            walk.hung_up()
    return walk.turn()


def _known_places(flow: Flow, session: Session) -> Session:
    """The session at its next turn; one that stands where the script has no node any more begins anew."""
    node = session.node if session.node in flow.nodes else ""
    trail = tuple(place for place in session.trail if place in flow.nodes) if node else ()
    return replace(session, turns=session.turns + 1, node=node, trail=trail)


class _Answering(Walk):
    """Chooses what each kind of Inbound leads to."""

    def read(self, said: Said) -> None:
        """Answer a text message."""
        if said.answered:
            self.steps.append(Step(self.session.node, "carrier"))
            self.then, self.over = End(), is_command(said.text, "stop", self.speaker.wording)
            return
        menu = self.menu_in_view()
        match = match_words(said.text, self.flow, menu, self.speaker.wording)
        if match is None and not self.session.node:
            # Nothing was asked yet: a keyword, "hi" or a whole story meets the menu, without blame.
            self.open("message")
        elif match is None:
            self.miss("picture" if said.media and not said.text.strip() else "not_understood")
        else:
            self.follow(match)

    def hear(self, spoken: Spoken) -> None:
        """Answer words on a call; at a service its own keys count, as when they are pressed."""
        self.listen()
        key = key_in(spoken.text, self.speaker.wording)
        if key and self.act(key):
            return
        match = match_words(spoken.text, self.flow, self.menu_in_view(), self.speaker.wording)
        if match:
            self.follow(match)
        else:
            self.miss("not_understood")

    def press(self, digits: str) -> None:
        """Answer a key on a call."""
        self.listen()
        self.session = replace(self.session, rounds=0)
        if self.act(digits):
            return
        match = match_key(digits, self.flow, self.menu_in_view())
        if match:
            self.follow(match)
        else:
            self.miss("wrong_key")

    def wait(self) -> None:
        """Answer silence on a call."""
        service = self.service()
        if service and self.announced:
            self.dial(service)
        elif service and self.session.stage == "returned":
            self.end("goodbye")
        elif service and self.session.misses + 1 >= self.flow.timing.misses:
            # They have heard their number three times: they have it, or they have gone.
            self.end("goodbye")
        else:
            self.miss("silence")

    def dial_ended(self, dialled: DialEnded) -> None:
        """Answer the end of a transfer: it ends well, or the number is said and the next step offered."""
        service = self.service()
        self.outcome = "abandoned" if dialled.caller_left else DIAL_OUTCOMES[dialled.status]
        if dialled.caller_left and dialled.status in ("completed", "answered"):
            self.outcome = "connected"
        if dialled.caller_left:
            self.end("goodbye")
            return
        if service is None:  # the session was lost meanwhile: start again rather than hang up
            self.outcome = None
            self.open("lost")
            return
        connected = self.outcome == "connected"
        self.session = replace(self.session, stage="returned" if connected else "listening", misses=0)
        if connected:
            self.say("call_ended")
        else:
            self.say({"busy": "busy", "no_answer": "no_answer"}.get(self.outcome, "failed"))
            self.says.append(Speech(self.speaker.number(service)))
        self.offer(service)

    def text_failed(self) -> None:
        """Say that no text went out, and the number once more."""
        self.listen()
        service = self.service()
        if service is None:
            self.open("lost")
            return
        self.outcome = "offered"
        self.say("text_failed")
        self.says.append(Speech(self.speaker.number(service), slow=True))
        self.offer(service)

    def hung_up(self) -> None:
        """Close the walk. A transfer that has not reported back counts as abandoned, and the walk
        is kept: its DialEnded may come after this report, and then it knows better.
        """
        self.then = End()
        if self.session.stage == "dialling":
            self.outcome = "abandoned"
        else:
            self.over = True
