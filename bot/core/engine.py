"""Moves one person one turn through a flow. Pure: the same arguments give the same Turn."""

from __future__ import annotations

from datetime import datetime

from bot.core.directory import Directory
from bot.core.flow import Flow
from bot.core.intent import Intent
from bot.core.line import Line
from bot.core.match import Match, is_command, key_in, match_key
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
    altered,
)
from bot.core.understood import Understood

DIAL_OUTCOMES: dict[str, Outcome] = {
    "completed": "connected",
    "answered": "connected",
    "busy": "busy",
    "no-answer": "no_answer",
    "failed": "failed",
    "canceled": "failed",
}


def advance(  # noqa: PLR0913 - the last two are what a line and free text add
    flow: Flow,
    directory: Directory,
    session: Session,
    inbound: Inbound,
    now: datetime,
    *,
    line: Line | None = None,
    intent: Intent | None = None,
    may_connect: bool = True,
) -> Turn:
    """Take what came in and decide everything that follows from it.

    Args:
        flow: the script, with its words.
        directory: the services that the script names.
        session: the walk so far; a new one has no node yet.
        inbound: what the person did, or what the carrier reports.
        now: aware; decides opening hours.
        line: whose languages are served; None serves the session's alone.
        intent: what the words of `inbound` were understood to mean, if anybody looked.
        may_connect: whether a call may be put through; else its number is given.

    Returns:
        A Turn with the session as it is to be kept, or None in its place when the walk is over.
    """
    walk = _Answering(flow, directory, _known_places(flow, session), now, line, intent, may_connect)
    match inbound:
        case Rang():
            walk.open("call")
            walk.offer_languages()
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
    offers = session.offers if set(session.offers) <= set(flow.nodes) else ()
    # A language may be taken out of service while somebody is in it.
    language = session.language if session.language in flow.wordings else flow.source.language
    turns = session.turns + 1
    return altered(session, turns=turns, node=node, trail=trail, offers=offers, language=language)


class _Answering(Understood):
    """Chooses what each kind of Inbound leads to."""

    def read(self, said: Said) -> None:
        """Answer a text message: an opt-out, an emergency, keys and words, and then what it means."""
        if said.answered:
            self.steps.append(Step(self.session.node, "carrier"))
            self.then, self.over = End(), self.is_stop(said.text)
            return
        self.warned = True
        if self.is_stop(said.text):
            self.follow(Match("command", "stop", "word"))
        elif not (self.emergency() or self.language_called(said.text) or self.by_word(said.text, None)):
            # Words of the present language come before another one's: MENU is MENU in all of them.
            self.follow_language()
            if not (self.met and self.by_word(said.text, None)):
                self.by_meaning("picture" if said.media and not said.text.strip() else "not_understood")
            self.tell_way_back()

    def hear(self, spoken: Spoken) -> None:
        """Answer words on a call; at a service its own keys count, as when they are pressed."""
        self.listen()
        if self.is_stop(spoken.text):
            self.follow(Match("command", "stop", "word"))
            return
        if self.emergency() or self.language_called(spoken.text):
            return
        key = key_in(spoken.text, self.speaker.wording)
        if key and not self.offered and self.act(key):
            return
        if not self.by_word(spoken.text, spoken.confidence):
            self.warned = True
            meant = self.meant() if self.is_doubted(spoken.confidence) else ""
            if meant:
                self.confirm(meant)
            else:
                self.by_meaning("not_understood")

    def by_meaning(self, why: str) -> None:
        """Answer by what free text means; where nobody knows, say so and ask again."""
        if self.understood():
            return
        if self.intent:  # another story, and no answer to what was asked
            self.offered = ()
        if not self.session.node:
            # Nothing was asked yet: a keyword, "hi" or a whole story meets the menu, without blame.
            self.open("message")
        else:
            self.miss(why)

    def is_stop(self, text: str) -> bool:
        """Whether all of a text is an opt-out, in the present language or the line's first."""
        wordings = (self.speaker.wording, self.flow.source)
        return any(is_command(text, "stop", wording) for wording in wordings)

    def press(self, digits: str) -> None:
        """Answer a key on a call."""
        opening = self.session.stage == "opening"
        self.listen()
        self.session = altered(self.session, rounds=0)
        if opening and self.language_key(digits, opening=True):
            return
        if not self.offered and self.act(digits):
            return
        match = match_key(digits, self.flow, self.menu_in_view())
        if match:
            self.follow(match)
        elif not self.language_key(digits, opening=False):
            self.miss("wrong_key")

    def wait(self) -> None:
        """Answer silence on a call."""
        service = self.service()
        if self.offered:
            self.miss("silence")
        elif service and self.announced:
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
        self.session = altered(self.session, stage="returned" if connected else "listening", misses=0)
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
