"""Carry out voice documents: fetch, speak, listen, dial, report. ``Call`` adds what people do.

Sources: https://www.twilio.com/docs/voice/twiml and its pages; fallback:
https://www.twilio.com/docs/usage/security/availability-reliability
"""

import math
from collections import deque
from typing import Literal
from urllib.parse import urljoin

from bot.carrier.account import Account, Line
from bot.carrier.dialling import BRIDGED, Dial, OtherEnd, Outcome, begin_dial
from bot.carrier.document import Element
from bot.carrier.errors import FetchError, NotPlayedError, TwimlError
from bot.carrier.events import (
    Connected,
    DialEnded,
    Errored,
    Event,
    Heard,
    HungUp,
    Params,
    Paused,
    Purpose,
    Redirected,
    Rejected,
)
from bot.carrier.gathering import Gathering
from bot.carrier.leg import caller_params, dial_report, method_of, moment, progress_params
from bot.carrier.speech import caption
from bot.carrier.transport import Answer, Transport
from bot.carrier.twiml import read_twiml
from bot.carrier.webhook import MAX_REDIRECTS, TOO_MANY_REDIRECTS, Method, Webhook

APOLOGY = "We are sorry, an application error has occurred. Goodbye."

_CHARS_PER_SECOND = 15
_MAX_FAILURES = 2  # a failing document and its fallback; a third without the caller's doing is a loop

State = Literal["new", "running", "listening", "dialling", "endless", "ended"]


class Player:
    """The carrier's side of one call: its state, its documents and its events."""

    def __init__(
        self, transport: Transport, account: Account, line: Line, caller: str, other_end: OtherEnd | None
    ) -> None:
        """Take the way to the app, whose line it is, the caller's number, and who answers what is dialled."""
        self.events: list[Event] = []
        self.extra: list[tuple[str, str]] = []  # sent with every request, such as ForwardedFrom
        self.other_end = other_end
        self.sid = account.sids.new("CA")
        self.status = "ringing"
        self.elapsed_seconds = 0
        self.webhook = Webhook(transport, account.auth_token, account.sids)
        self._account, self._line, self._caller = account, line, caller
        self._state: State = "new"
        self._queue: deque[Element] = deque()
        self._url = line.voice_url
        self._gathering: Gathering | None = None
        self._dial: Dial | None = None
        self._sequence = 0
        self._unattended = 0  # Redirects since the caller last did something
        self._failures = 0
        self._verbs = {
            "Say": self._say,
            "Play": self._say,
            "Pause": self._pause,
            "Gather": self._gather,
            "Dial": self._ring,
            "Redirect": self._redirect,
            "Hangup": self._hang_up,
            "Reject": self._reject,
        }

    # Documents

    def _run(self) -> None:
        """Carry out verbs until somebody has to do something."""
        while self._state == "running":
            if not self._queue:
                self._end("app")
                return
            verb = self._queue.popleft()
            play = self._verbs.get(verb.name)
            if play is None:
                raise NotPlayedError(f"<{verb.name}> is Twilio's but not played here")
            try:
                play(verb)
            except TwimlError as error:
                self._fail(error, self._url)

    def _load(self, method: Method, url: str, params: Params, purpose: Purpose = "document") -> None:
        """Fetch a document and make it the one that is carried out; turn faults into the fallback."""
        self._gathering = self._dial = None
        self._state = "running"
        try:
            url, answer = self._fetch(method, url, params, purpose)
            response = read_twiml(answer.body, answer.content_type, "voice")
        except (FetchError, TwimlError) as error:
            self._fail(error, url)
        else:
            self._url, self._queue = url, deque(response.children)

    def _fetch(self, method: Method, url: str, params: Params, purpose: Purpose) -> tuple[str, Answer]:
        common = caller_params(self._account, self._line, self._caller, self.sid, self.status)
        mark = len(self.webhook.fetched)
        try:
            fetch = self.webhook.fetch(method, url, (*common, *self.extra, *params), purpose)
        finally:
            self.events.extend(self.webhook.fetched[mark:])
        return fetch.url, fetch.answer

    def _fail(self, error: FetchError | TwimlError, url: str) -> None:
        """Show the fault and ask the fallback URL, or apologise and hang up where that has failed as well."""
        self.events.append(Errored(error.code, error.message, url))
        self._failures += 1
        fallback = self._line.voice_fallback_url
        if fallback is None or self._failures >= _MAX_FAILURES:
            self.events.append(Heard(APOLOGY))
            self._end("carrier")
            return
        self._load("POST", fallback, (("ErrorCode", str(error.code)), ("ErrorUrl", url)), "fallback")

    def _answer(self) -> None:
        """Pick up, once: the first verb that makes a sound does it."""
        if self.status == "ringing":
            self.status = "in-progress"
            self._report("answered")

    def _end(self, by: Literal["caller", "app", "carrier"]) -> None:
        self._gathering = self._dial = None
        self._state = "ended"
        if self.status in {"ringing", "in-progress"}:
            self.status = "completed"
        self.events.append(HungUp(by))
        self._report("completed")

    def _report(self, event: str) -> None:
        if self._line.voice_status_url is not None and event in self._line.status_events:
            seconds = self.elapsed_seconds if event == "completed" else None
            self._post_status("POST", self._line.voice_status_url, (), seconds)

    def _report_dial(self, dial: Dial, event: str, outcome: Outcome | None = None) -> None:
        report = dial_report(dial, event, self._account, self.sid, outcome)
        if report is not None:
            seconds = outcome.seconds if outcome is not None and outcome.status in BRIDGED else None
            self._post_status(report.method, urljoin(self._url, report.url), report.params, seconds)

    def _post_status(self, method: Method, url: str, params: Params, seconds: int | None) -> None:
        """Send a status callback; its answer is not carried out, and its failure leaves the call as it is."""
        at = moment(self._account.started_at, self.elapsed_seconds)
        common = params or caller_params(self._account, self._line, self._caller, self.sid, self.status)
        mark = len(self.webhook.fetched)
        error: FetchError | None = None
        try:
            self.webhook.fetch(
                method, url, (*common, *progress_params(at, self._sequence, seconds)), "status"
            )
        except FetchError as failed:
            error = failed
        self._sequence += 1
        self.events.extend(self.webhook.fetched[mark:])
        if error is not None:
            self.events.append(Errored(error.code, error.message, url))

    # Verbs

    def _say(self, verb: Element) -> None:
        self._answer()
        if self._sound(verb, in_gather=False) == 0:
            self._state = "endless"

    def _sound(self, verb: Element, *, in_gather: bool) -> int:
        """Let the caller hear a Say or a Play, and give how often: 0 for without end."""
        times = int(verb.get("loop") or 1)
        if verb.name == "Say":
            text = caption(verb)
            heard = Heard(text, verb.get("voice"), verb.get("language"), times=times, in_gather=in_gather)
            self.elapsed_seconds += times * math.ceil(len(text) / _CHARS_PER_SECOND)
        else:
            url = urljoin(self._url, verb.text) if verb.text else None
            heard = Heard(verb.get("digits"), verb="Play", url=url, times=times, in_gather=in_gather)
        self.events.append(heard)
        return times

    def _pause(self, verb: Element) -> None:
        # No answer here: a Pause in front of everything else is ringing, by Twilio's page on it.
        seconds = int(verb.get("length") or 1)
        self.elapsed_seconds += seconds
        self.events.append(Paused(seconds))

    def _gather(self, verb: Element) -> None:
        self._answer()
        for child in verb.children:
            if child.name == "Pause":
                self._pause(child)
            elif self._sound(child, in_gather=True) == 0:
                break  # what comes after audio without end is never heard
        self._gathering = Gathering(verb)
        self._state = "listening"
        self.events.append(self._gathering.listening())

    def _submit(self, gathering: Gathering, params: Params) -> None:
        """Send what was gathered; without an action it goes to the document's own address."""
        action = urljoin(self._url, gathering.gather.get("action") or self._url)
        self._load(method_of(gathering.gather.get("method")), action, params)

    def _redirect(self, verb: Element) -> None:
        self._unattended += 1
        if self._unattended > MAX_REDIRECTS:
            raise TwimlError(TOO_MANY_REDIRECTS, f"Redirect: found more than {MAX_REDIRECTS} in a row")
        url = urljoin(self._url, verb.text)
        self.events.append(Redirected(url))
        self._load(method_of(verb.get("method")), url, ())

    def _hang_up(self, _verb: Element) -> None:
        self._end("app")

    def _reject(self, verb: Element) -> None:
        reason: Literal["rejected", "busy"] = "busy" if verb.get("reason") == "busy" else "rejected"
        billed = self.status != "ringing"
        if not billed:
            self.status = "busy" if reason == "busy" else "no-answer"
        self.events.append(Rejected(reason, billed))
        self._end("app")

    def _ring(self, verb: Element) -> None:
        allowed = self._account.numbers | {self._line.number}
        dial = begin_dial(verb, self._caller, allowed, self._account.sids.new("CA"))
        if not dial.dialling.answer_on_bridge:
            self._answer()
        self._dial, self._state = dial, "dialling"
        self.events.append(dial.dialling)
        self._report_dial(dial, "initiated")
        self._report_dial(dial, "ringing")
        outcome = self.other_end(dial.dialling) if self.other_end is not None else None
        if outcome is not None:
            self._finish(dial, outcome)

    def _connect(self, dial: Dial) -> None:
        """Let the other end answer."""
        if not dial.connected:
            dial.connected = True
            self._answer()
            self.events.append(Connected(dial.dialling.number))
            self._report_dial(dial, "answered")

    def _finish(self, dial: Dial, outcome: Outcome) -> None:
        """End a Dial: report it, tell the action, and go on unless it was the caller who left."""
        self.elapsed_seconds += dial.rang_seconds(outcome)
        bridged = outcome.status in BRIDGED
        if bridged:
            self._connect(dial)
            self.elapsed_seconds += outcome.seconds
        self._dial, self._state = None, "running"
        self.events.append(DialEnded(outcome.status, outcome.seconds if bridged else None))
        self._report_dial(dial, "completed", outcome)
        action = dial.element.get("action")
        method = method_of(dial.element.get("method"))
        if outcome.caller_left:
            self._leave(method, urljoin(self._url, action) if action else None, dial.result_sent(outcome))
        elif action:
            self._load(method, urljoin(self._url, action), dial.result_sent(outcome))

    def _leave(self, method: Method, action: str | None, params: Params) -> None:
        """Tell the action that the caller has gone: it is asked once more, and its answer plays to nobody."""
        self.status = "completed"
        if action is not None:
            try:
                self._fetch(method, action, params, "document")
            except FetchError as error:
                self.events.append(Errored(error.code, error.message, action))
        self._end("caller")
