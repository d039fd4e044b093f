"""Walks the real engine through every key, word, silence and transfer until nothing new comes up."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from datetime import timedelta

from bot.check import inbounds
from bot.check.finding import Explored, Finding
from bot.check.hours import NEVER, everywhere
from bot.check.scope import Scope
from bot.core.directory import Directory, Schedule
from bot.core.engine import advance
from bot.core.intent import Intent
from bot.core.session import Channel, Connect, End, HungUp, Inbound, Medium, Session, Turn

MOST_STATES = 20_000
MOST_SILENT_TURNS = 60
REMEMBERED = 3
ADULT_YEARS = 18
NEVER_ADULT = ("young", "distress")

State = tuple[str, str, int, int, tuple[str, ...], bool, tuple[str, ...]]


@dataclass
class Walk:
    """The states of one flow in one language and medium, and the turns between them.

    Two sessions are one state when node, stage, misses, rounds, the end of the trail, can_be_texted and
    what was offered agree: the engine decides by nothing else that a session holds.
    """

    scope: Scope
    medium: Medium
    directory: Directory
    states: dict[State, Session] = field(default_factory=dict)
    turns: dict[tuple[object, ...], Turn] = field(default_factory=dict)
    findings: dict[tuple[str, str], Finding] = field(default_factory=dict)
    silence: dict[State, set[State]] = field(default_factory=dict)
    taken: int = 0
    silent_turns: int = 0

    def run(self) -> None:
        """Explore breadth-first from the first message or call, then prove that silence ends a call."""
        channel: Channel = "voice" if self.medium == "voice" else "sms"
        expires = self.scope.noon + timedelta(hours=1)
        waiting: deque[Session] = deque()
        for textable in (True, False) if self.medium == "voice" else (True,):
            new = Session("check", "check", channel, self.scope.wording.language, expires, textable)
            for inbound in inbounds.first(self.scope, self.medium):
                self._step(new, inbound, waiting)
            for inbound, intent in inbounds.meant(self.scope, new) if self.medium == "text" else ():
                self._step(new, inbound, waiting, intent)
        while waiting and len(self.states) <= MOST_STATES:
            session = waiting.popleft()
            for inbound in inbounds.following(self.scope, session):
                self._step(session, inbound, waiting)
            for inbound, intent in inbounds.meant(self.scope, session):
                self._step(session, inbound, waiting, intent)
            self._escape(session)
        if waiting:
            found = f"more than {MOST_STATES} states; the rest was not walked"
            self._found("the walk", found, "a script small enough to be walked to its end")
        lengths: dict[State, int] = {}
        for state in self.states if self.medium == "voice" else ():
            self.silent_turns = max(self.silent_turns, self._silence_from(state, lengths, ()))

    def _step(
        self, session: Session, inbound: Inbound, waiting: deque[Session], intent: Intent | None = None
    ) -> None:
        turn = self._advance(session, inbound, intent)
        if turn is None:
            return
        self.turns.setdefault((turn.steps, turn.says), turn)
        self._judge(session, inbound, turn)
        if intent:
            self._judge_meaning(session, intent, turn)
        after = turn.session
        if after is not None and not isinstance(inbound, HungUp) and state_of(after) not in self.states:
            self.states[state_of(after)] = after
            waiting.append(after)
        if after is not None and self.medium == "voice" and inbound in inbounds.unattended(session):
            self.silence.setdefault(state_of(session), set()).add(state_of(after))

    def _advance(self, session: Session, inbound: Inbound, intent: Intent | None = None) -> Turn | None:
        self.taken += 1
        try:
            return advance(self.scope.flow, self.directory, session, inbound, self.scope.noon, intent=intent)
        except Exception as error:  # noqa: BLE001 - that nothing is raised is what is being proved
            found = f"{inbounds.named(inbound)} breaks the engine ({type(error).__name__}: {error})"
            self._found(_place(session), found, "everything that comes in is answered")
            return None

    def _judge(self, session: Session, inbound: Inbound, turn: Turn) -> None:
        what, limit = inbounds.named(inbound), "everything that comes in is answered"
        if not turn.says and not isinstance(turn.then, Connect | End):
            self._found(_place(session), f"nothing is said after {what}", limit)
        if any(not speech.text.strip() for speech in turn.says):
            self._found(_place(session), f"an empty sentence is said after {what}", limit)
        if isinstance(turn.then, Connect) and turn.then.number not in self.directory.dialable():
            found = f"{what} rings {turn.then.number or 'an empty number'}"
            self._found(_place(session), found, "only numbers of services that offer a transfer are rung")

    def _judge_meaning(self, session: Session, intent: Intent, turn: Turn) -> None:
        what = f"free text that means {intent.label} ({intent.rule})"
        urgent = self.directory.emergency
        if not any(urgent.phone.display in speech.text for speech in turn.says):
            found = f"the answer to {what} does not name {urgent.phone.display}"
            self._found(_place(session), found, f"every answer to free text names {urgent.phone.display}")
        if intent.label == "emergency" and (turn.chosen is None or turn.chosen.service != urgent.id):
            self._found(_place(session), f"{what} leads elsewhere", "an emergency leads to 999, at any point")
        adults = {one.id for one in self.directory.services.values() if (one.minimum_age or 0) >= ADULT_YEARS}
        told = {turn.chosen.service} if turn.chosen else set[str]()
        offered = turn.session.offers if turn.session else ()
        told |= {self.scope.flow.nodes[node].service for node in offered}
        if intent.label in NEVER_ADULT and told & adults:
            limit = f"{' and '.join(NEVER_ADULT)} never lead to a service for adults"
            self._found(_place(session), f"{what} leads to {', '.join(told & adults)}", limit)

    def _escape(self, session: Session) -> None:
        """Prove that MENU leads to a menu in one turn, and going back in one for each menu behind."""
        if session.stage == "dialling":
            return
        for name, most_turns in (("menu", 1), ("back", len(session.trail) + 2)):
            inbound = inbounds.command(self.scope, self.medium, name)
            here: Session | None = session
            for _ in range(most_turns):
                turn = self._advance(here, inbound) if here and inbound else None
                here = turn.session if turn else None
                if here and self.scope.flow.nodes[here.node].options:
                    break
            else:
                found = (
                    f"{name.upper()} leads to no menu" if inbound else f"no word or key for {name.upper()}"
                )
                self._found(_place(session), found, "from every point there is a way back to a menu")

    def _silence_from(self, state: State, lengths: dict[State, int], path: tuple[State, ...]) -> int:
        if state in lengths:
            return lengths[state]
        if state in path or len(path) >= MOST_SILENT_TURNS:
            found = f"silence asks again for ever, or more than {MOST_SILENT_TURNS} times"
            self._found(f"nodes.{state[0]}", found, "a call that nobody answers comes to its end")
            return MOST_SILENT_TURNS
        after = [self._silence_from(one, lengths, (*path, state)) for one in self.silence.get(state, ())]
        lengths[state] = 1 + max(after, default=0)
        return lengths[state]

    def _found(self, item: str, found: str, limit: str) -> None:
        where = f"{item} ({self.scope.wording.language}, {self.medium})"
        cure = "correct this part of the script; if it reads well, the engine is wrong: tell a programmer"
        finding = Finding("fault", self.scope.source_file, where, found, limit, cure)
        self.findings.setdefault((where, found), finding)


def explore(scope: Scope, medium: Medium) -> tuple[list[Turn], list[Finding], Explored]:
    """Walk a flow in one language on one medium.

    Where services have opening hours, the walk is made twice: with all of them open, and with all of
    them closed, for then other keys are offered.

    Returns:
        The turns (one of each kind), the findings, and how far the walk went.
    """
    timed = any(service.schedule.periods for _, service in scope.told())
    schedules = (Schedule(always=True), NEVER) if timed else ()
    directories = [everywhere(scope.directory, schedule) for schedule in schedules] or [scope.directory]
    walks = [Walk(scope, medium, directory) for directory in directories]
    for walk in walks:
        walk.run()
    explored = Explored(
        flow=scope.flow.id,
        language=scope.wording.language,
        medium=medium,
        states=sum(len(walk.states) for walk in walks),
        turns=sum(walk.taken for walk in walks),
        silent_turns=max(walk.silent_turns for walk in walks),
    )
    turns = {key: turn for walk in walks for key, turn in walk.turns.items()}
    found = {key: finding for walk in walks for key, finding in walk.findings.items()}
    return list(turns.values()), list(found.values()), explored


def state_of(session: Session) -> State:
    """Reduce a session to what the engine decides by.

    Of the way back the last REMEMBERED menus count: one turn looks at two of them, and going further
    back is going to a state that was walked when it was ahead. Menus that lead to each other would
    otherwise have a state for every way of wandering between them.
    """
    return (
        session.node,
        session.stage,
        session.misses,
        session.rounds,
        session.trail[-REMEMBERED:],
        session.can_be_texted,
        session.offers,
    )


def _place(session: Session) -> str:
    return f"nodes.{session.node}" if session.node else "the first turn"
