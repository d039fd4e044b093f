"""People who text and ring all the time, and what they were told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from threading import Event, Lock, Thread

from bot.carrier import Account, Call, Line, Texting, always, events
from tests.faults.running import Way
from tests.line import ASSURED_CALLS, ASSURED_TEXTS, ORIGIN, TOKEN

PEOPLE = 6
LIMIT_SECONDS = 3.0
# What is written, and which service that leads to with which number.
WORDS = [
    ("police", "police-101", "101"),
    ("crimestoppers", "crimestoppers", "0800 555 111"),
    ("nrp", "nrp", "0300 7900 227"),
]
KEYS = [
    (["1"], "police-101", "101"),
    (["2"], "crimestoppers", "0800 555 111"),
    (["3"], "nrp", "0300 7900 227"),
    (["4", "1", "1"], "childline", "0800 1111"),
]

Told = Counter[tuple[str, str]]


@dataclass
class Crowd:
    """Who is on the line, what they were told, and what went wrong."""

    way: Way
    told: Told = field(default_factory=Counter)
    errors: list[str] = field(default_factory=list)
    _lock: Lock = field(default_factory=Lock)
    _numbers: Iterator[int] = field(default_factory=count)

    def text(self, account: Account, turn: int) -> None:
        """Write a word from a telephone of one's own."""
        words, service, number = WORDS[turn % len(WORDS)]
        line = Line(number=ASSURED_TEXTS, text_url=f"{ORIGIN}/twilio/sms")
        texting = Texting(self.way, account, line, self._person())
        replies = texting.send(words)
        self._heard("sms", service, number, " ".join(reply.body for reply in replies))
        self._fault(texting.errors)

    def ring(self, account: Account, turn: int) -> None:
        """Ring, choose a service and ring off."""
        keys, service, number = KEYS[turn % len(KEYS)]
        line = Line(
            number=ASSURED_CALLS,
            voice_url=f"{ORIGIN}/twilio/voice",
            voice_status_url=f"{ORIGIN}/twilio/status/call",
        )
        call = Call(self.way, account, line, self._person(), always("completed"))
        happened = call.start()
        for key in keys:
            happened = call.press(key)
        said = " ".join(event.text for event in happened if isinstance(event, events.Heard))
        self._heard("voice", service, number, said)
        call.hang_up()
        self._fault(call.errors)

    def live(self, name: str, stop: Event, pause_seconds: float) -> None:
        """Text and ring by turns until somebody says stop."""
        account = Account(TOKEN, numbers=frozenset({ASSURED_TEXTS, ASSURED_CALLS}))
        account.sids._seed = name  # noqa: SLF001 - everybody's ids are their own
        for turn in count():
            if stop.is_set():
                return
            try:
                (self.text if turn % 2 else self.ring)(account, turn // 2)
            except Exception as error:  # noqa: BLE001 - whatever it is, the test is told
                self._note(f"{type(error).__name__}: {error}")
            stop.wait(pause_seconds)

    def _person(self) -> str:
        with self._lock:
            return f"+447700900{next(self._numbers) % 1000:03}"

    def _heard(self, channel: str, service: str, number: str, words: str) -> None:
        if number not in words:
            self._note(f"{channel} {service}: {words}")
        with self._lock:
            self.told[channel, service] += 1

    def _fault(self, errors: list[events.Errored]) -> None:
        for error in errors:
            self._note(str(error))

    def _note(self, error: str) -> None:
        with self._lock:
            self.errors.append(error)

    def were_all_answered(self) -> None:
        """Fail unless each webhook got 200 and TwiML that the carrier takes, in time."""
        assert not self.errors, self.errors[:5]
        assert self.told, "nobody was on the line"
        wrong = [one for one in self.way.answered if one.status != 200 or one.seconds >= LIMIT_SECONDS]
        assert not wrong, f"{len(wrong)} of {len(self.way.answered)}: {wrong[:5]}"


@contextmanager
def crowd(port: int, people: int = PEOPLE, pause_seconds: float = 0.05, name: str = "") -> Iterator[Crowd]:
    """Let people use the line on a port; all of them have ended their call when this ends.

    Two crowds on one line need a `name` each, or the second would be answered like the first.
    """
    gathered = Crowd(Way(port))
    stop = Event()
    threads = [
        Thread(target=gathered.live, args=(f"{port}-{name}-{number}", stop, pause_seconds))
        for number in range(people)
    ]
    for thread in threads:
        thread.start()
    try:
        yield gathered
    finally:
        stop.set()
        for thread in threads:
            thread.join(60)
    assert not any(thread.is_alive() for thread in threads)
