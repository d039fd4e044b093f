"""One telephone call, played by its caller.

    call = Call(WsgiTransport(app), Account("token"), Line(voice_url="https://line.example/voice"))
    call.start()                        # the events up to the first question
    call.press("1")                     # and so on: press, say, wait, hang_up
    call.say("the police", confidence=0.7)
    call.heard                          # every caption so far
    call.ringing                        # the Dial that rings, or None
    call.finish_dial(Outcome("busy"))   # unless Call(..., other_end=always("busy")) decides by itself
    call.errors                         # what Twilio's debugger would show; a good app leaves it empty

Each step runs the app's documents until the call waits for somebody: a Gather for the caller (``listening``),
a Dial for the other end (``ringing``), or it is over (``ended``). Every step gives the events it caused.

Sources: https://www.twilio.com/docs/voice/twiml and its pages; fallback:
https://www.twilio.com/docs/usage/security/availability-reliability
"""

from datetime import datetime
from typing import Literal

from bot.carrier.account import DRAMA_CALLER, Account, Line
from bot.carrier.dialling import Dial, OtherEnd, Outcome
from bot.carrier.errors import CallEndedError
from bot.carrier.events import Dialling, Errored, Event, Heard, Listening, Pressed, Silent, Spoke
from bot.carrier.gathering import KEYS, Effect, Gathering
from bot.carrier.leg import moment
from bot.carrier.player import Player
from bot.carrier.transport import Transport

ENDLESS_WAITS = 10
"""How often a caller may wait through audio that never ends before the carrier gives up the call."""


class Call(Player):
    """A call as a state machine; see the module for its use."""

    def __init__(
        self,
        transport: Transport,
        account: Account,
        line: Line,
        caller: str = DRAMA_CALLER,
        other_end: OtherEnd | None = None,
    ) -> None:
        """Take the way to the app, whose line it is, the caller's number, and who answers what is dialled.

        ``caller`` may be a word such as ``anonymous``, as Twilio sends for a withheld number.
        """
        super().__init__(transport, account, line, caller, other_end)
        self._waits = 0

    @property
    def ended(self) -> bool:
        """Whether the call is over."""
        return self._state == "ended"

    @property
    def listening(self) -> Listening | None:
        """What the call waits to hear from the caller, or None."""
        return self._gathering.listening() if self._gathering and self._state == "listening" else None

    @property
    def ringing(self) -> Dialling | None:
        """Whom the call has dialled and not yet parted from, or None."""
        return self._dial.dialling if self._dial else None

    @property
    def heard(self) -> list[str]:
        """Every caption so far."""
        return [event.text for event in self.events if isinstance(event, Heard)]

    @property
    def errors(self) -> list[Errored]:
        """What Twilio's debugger would show."""
        return [event for event in self.events if isinstance(event, Errored)]

    @property
    def now(self) -> datetime:
        """The simulated time, aware UTC."""
        return moment(self._account.started_at, self.elapsed_seconds)

    # What people do

    def start(self) -> list[Event]:
        """Ring the line. Raises CallEndedError when the call was already begun."""
        if self._state != "new":
            raise CallEndedError("The call was already started")
        self._state = "running"
        mark = len(self.events)
        self._report("ringing")
        self._load("POST", self._line.voice_url, ())
        return self._since(mark)

    def press(self, keys: str) -> list[Event]:
        """Press keys one after the other, faster than the app answers: those after the last wanted are lost.

        Raises ValueError for what is not a key, CallEndedError when the call is over.
        """
        if not keys or not set(keys) <= KEYS:
            raise ValueError("keys: allowed are 0123456789*#, one or more")
        mark = self._act()
        answering = False
        for key in keys:
            effect = "dropped" if answering else self._press(key)
            self.events.append(Pressed(key, taken=effect != "dropped"))
            answering = answering or effect == "finished"
        if answering:
            self._keys_done()
        return self._since(mark)

    def say(self, words: str, confidence: float | None = 0.9, *, early: bool = False) -> list[Event]:
        """Speak; ``confidence`` from 0 to 1 is the recogniser's, None where it gives none.

        ``early`` is to speak over the nested audio of a Gather. Raises CallEndedError when the call is over.
        """
        mark = self._act()
        gathering = self._gathering if self._state == "listening" else None
        taken = gathering is not None and gathering.hears(early=early)
        self.events.append(Spoke(words, confidence, taken))
        if gathering is not None and taken:
            self._submit(gathering, gathering.speech_sent(words, confidence))
        return self._since(mark)

    def wait(self) -> list[Event]:
        """Do nothing until the time limit of whatever the call waits for.

        A Gather's silence is posted or passed over, or sends the keys pressed so far; a ringing telephone is
        not answered; two who talk reach the Dial's limit. Raises CallEndedError when the call is over.
        """
        mark = self._act()
        if self._dial is not None:
            limit = Outcome("completed", self._dial.time_limit_seconds)
            self._finish(self._dial, limit if self._dial.connected else Outcome("no-answer"))
        elif self._gathering is not None and not (self._gathering.endless and not self._gathering.digits):
            self._time_out(self._gathering)
        else:
            self._waits += 1
            if self._waits >= ENDLESS_WAITS:
                self._end("carrier")
        return self._since(mark)

    def hang_up(self) -> list[Event]:
        """Put the telephone down; nothing happens when the call is over already."""
        mark = len(self.events)
        if self._state in {"new", "ended"}:
            return []
        if self._dial is not None:
            status: Literal["completed", "canceled"] = "completed" if self._dial.connected else "canceled"
            self._finish(self._dial, Outcome(status, caller_left=True))
        else:
            self._end("caller")
        return self.events[mark:]

    def connect(self) -> list[Event]:
        """Let the other end answer. Raises CallEndedError where nothing rings."""
        mark = self._act()
        self._connect(self._need_dial())
        return self.events[mark:]

    def finish_dial(self, outcome: Outcome) -> list[Event]:
        """End the Dial as ``outcome`` says. Raises CallEndedError where nothing rings."""
        mark = self._act()
        self._finish(self._need_dial(), outcome)
        return self._since(mark)

    # What that means for the call

    def _act(self) -> int:
        if self._state in {"new", "ended"}:
            raise CallEndedError("The call has not begun or is over")
        self._unattended = self._failures = 0
        return len(self.events)

    def _since(self, mark: int) -> list[Event]:
        """Go on until the call waits again, and give what happened after ``mark``."""
        self._run()
        return self.events[mark:]

    def _press(self, key: str) -> Effect:
        if self._dial is not None:
            stops = key == "*" and self._dial.connected and self._dial.stops_on_star
            return "finished" if stops else "dropped"
        return self._gathering.press(key) if self._gathering is not None else "dropped"

    def _keys_done(self) -> None:
        if self._dial is not None:
            self._finish(self._dial, Outcome("completed"))
        elif self._gathering is not None:
            self._submit(self._gathering, self._gathering.keys_sent())

    def _time_out(self, gathering: Gathering) -> None:
        self.elapsed_seconds += gathering.timeout_seconds
        self.events.append(Silent(gathering.timeout_seconds))
        if gathering.digits:
            self._submit(gathering, gathering.keys_sent())
        elif gathering.posts_silence:
            self._submit(gathering, gathering.silence_sent())
        else:
            self._gathering, self._state = None, "running"

    def _need_dial(self) -> Dial:
        if self._dial is None:
            raise CallEndedError("No telephone rings")
        return self._dial
