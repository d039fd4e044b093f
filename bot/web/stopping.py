"""A planned stop: while the operator's switch is on, everybody is told 999, why, and every number.

The switch is looked at every few seconds in each process, in a thread of its own that a request waits
for only briefly: with the database gone, the last that was known counts. An emergency that somebody
writes or says is answered as always, an opt-out counts as always, and a transfer that ends is recorded.
Somebody in distress gets the words and numbers for them, in their language.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from threading import Event, Lock, Thread

from bot.catalogue import Catalogue
from bot.conversation import Conversation, new_session, understood
from bot.core.line import Line
from bot.core.match import is_command
from bot.core.segments import MOST_PARTS, not_gsm, segments
from bot.core.session import Arrival, DialEnded, HungUp, Medium, Said, Spoken, TextFailed
from bot.core.switch import OFF, Switch
from bot.errors import SettingsError, StoreError
from bot.log import NUMBER
from bot.store import Store, switches
from bot.web.safe import distress_answer, stopped_answers, stopped_speeches

KEPT = timedelta(seconds=5)
LONGEST_WAIT_SECONDS = 0.25


def read_switch(store: Store) -> Switch:
    """Give the switch as the database has it.

    Raises:
        StoreError: the database can't be read.
    """
    with store.reading("the switch that stops the line can't be read") as connection:
        return switches.read(connection)


class PlannedStop:
    """What this process knows of the switch, and the answers while it is on."""

    def __init__(
        self, read: Callable[[], Switch], catalogue: Catalogue, clock: Callable[[], datetime]
    ) -> None:
        """Read the switch with `read`, which may raise StoreError; nothing is read yet."""
        self._read, self._catalogue, self._clock = read, catalogue, clock
        self._lock, self._looked_at = Lock(), datetime.min.replace(tzinfo=clock().tzinfo)
        self._looking = False
        self._known, self._answers = OFF, dict[tuple[str, Medium], str]()

    def look(self) -> None:
        """Look at the switch now, however long that takes: when a process starts."""
        self._look(Event())

    def is_due(self) -> bool:
        """Say whether whoever asks next will have to look."""
        return abs(self._clock() - self._looked_at) >= KEPT

    def known(self) -> Switch:
        """Give the switch as it is known now; look first when that was a while ago."""
        now = self._clock()
        with self._lock:
            # A clock may also be set back, and a disk may not answer: one looks at a time.
            due = abs(now - self._looked_at) >= KEPT and not self._looking
            if due:
                self._looked_at, self._looking = now, True
        if due:
            looked = Event()
            Thread(target=self._look, args=(looked,), name="switch", daemon=True).start()
            looked.wait(LONGEST_WAIT_SECONDS)
        return self._known

    def answer(self, line: Line, medium: Medium, distressed: str = "") -> str:
        """Give what is answered on this line while the switch is on; `distressed` is the language of somebody
        in distress, "" where nobody is.
        """
        if not distressed:
            return self._answers[line.id, medium]
        return distress_answer(self._catalogue, line, distressed, medium, self._clock())

    def _look(self, looked: Event) -> None:
        try:
            switch = self._read()
            if switch.on:  # before `_known`, so that nobody meets the one without the other
                self._answers = dict(stopped_answers(self._catalogue, switch.message, self._clock()))
            self._known = switch
        except StoreError:
            pass  # the turn itself tells that the database is gone
        finally:
            self._looking = False
            looked.set()


def goes_on(conversation: Conversation, arrival: Arrival, line: Line, now: datetime) -> bool:
    """Say whether something is answered as always though the line is stopped."""
    inbound = arrival.inbound
    if isinstance(inbound, DialEnded | HungUp | TextFailed):
        return True
    if not isinstance(inbound, Said | Spoken):
        return False
    flow = conversation.flows[line.flow]
    if isinstance(inbound, Said) and (
        inbound.answered
        or any(is_command(inbound.text, "stop", wording) for wording in flow.wordings.values())
    ):
        return True
    session = new_session(conversation, arrival, line, now)
    intent = understood(conversation, flow, session, arrival, line)
    return intent is not None and intent.label == "emergency"


def in_distress(conversation: Conversation, arrival: Arrival, line: Line, now: datetime) -> str:
    """Give the language of somebody who writes or says that they are in distress, "" of anybody else.

    On a call one language is listened for, and nobody remembers which while the line is stopped.
    """
    if not isinstance(arrival.inbound, Said | Spoken):
        return ""
    session = new_session(conversation, arrival, line, now)
    intent = understood(conversation, conversation.flows[line.flow], session, arrival, line)
    if intent is None or intent.label != "distress":
        return ""
    served = conversation.flows[line.flow].wordings
    follows = session.medium == "text" and intent.language in line.languages and intent.language in served
    return intent.language if follows else session.language


def refuse_unfit(message: str, catalogue: Catalogue, now: datetime) -> Mapping[str, int]:
    """See that a message can stand between 999 and the numbers; give each line's parts of a text.

    Raises:
        SettingsError: it can't, with what was found and what to write instead.
    """
    if not message.isprintable():
        raise _unfit("a line break or a control character", "one line of plain letters", "write one line")
    rest = message
    for display in catalogue.directory.displays():
        rest = rest.replace(display, "")
    if NUMBER.search(rest):
        limit = "every number that people are told is in the directory"
        raise _unfit("a number that the directory does not have", limit, "leave it out")
    emergency, parts = catalogue.directory.emergency.phone.display, dict[str, int]()
    for line in catalogue.lines.values():
        says = stopped_speeches(catalogue, line, "text", message, now)
        text = "\n".join(speech.text for speech in says)
        if emergency not in says[0].text:
            raise SettingsError(f"line {line.id} does not begin with {emergency}; correct [phrases.danger]")
        became = segments(text)
        if other := not_gsm(message):
            limit = "GSM-7, for which one part holds 160 characters"
            raise _unfit(other, limit, "write it without accents, curly quotes and emoji")
        if became.parts > MOST_PARTS[became.encoding]:
            limit = f"{MOST_PARTS[became.encoding]} parts with 999 and every number"
            raise _unfit(
                f"{len(message)} characters, {became.parts} parts on line {line.id}", limit, "shorten it"
            )
        parts[line.id] = became.parts
    return parts


def _unfit(found: str, limit: str, cure: str) -> SettingsError:
    return SettingsError(f"--message\n    found: {found}\n    limit: {limit}\n    cure:  {cure}")
