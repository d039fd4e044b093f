"""Moves one person one turn through a flow. Pure: the same arguments give the same Turn."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime

from bot.core.directory import Directory, Service
from bot.core.flow import Action, Flow, Node
from bot.core.match import Match, is_command, key_in, match_key, match_words
from bot.core.prompts import Speaker
from bot.core.session import (
    Ask,
    Chosen,
    Connect,
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

LONGEST_TRAIL = 8

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
    walk = _Walk(flow, directory, _known_places(flow, session), now)
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


@dataclass
class _Walk:
    """One turn while it is being decided."""

    flow: Flow
    directory: Directory
    session: Session
    now: datetime
    steps: list[Step] = field(default_factory=list)
    says: list[Speech] = field(default_factory=list)
    then: Ask | Connect | End | None = None
    chosen: Chosen | None = None
    outcome: Outcome | None = None
    text_service: str | None = None
    over: bool = False

    def __post_init__(self) -> None:
        # Only what comes straight after "we will put you through" may put them through.
        self.announced = self.session.stage == "announced"
        self.speaker = Speaker(
            self.flow,
            self.directory,
            self.flow.wording(self.session.language),
            self.session.medium,
            self.now,
        )

    def turn(self) -> Turn:
        """Close the turn."""
        return Turn(
            session=None if self.over else self.session,
            steps=tuple(self.steps),
            says=tuple(self.says),
            then=self.then or Ask(self.flow.timing.answer_seconds),
            chosen=self.chosen,
            outcome=self.outcome,
            text_service=self.text_service,
        )

    # -- what came in ------------------------------------------------------------------------

    def open(self, how: str) -> None:
        """Begin at the start."""
        self.visit(self.flow.start, how)

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
        menu = None if self.service() else self.menu_in_view()
        match = match_words(spoken.text, self.flow, menu, self.speaker.wording)
        if match:
            self.follow(match)
        else:
            self.miss("not_understood")

    def press(self, digits: str) -> None:
        """Answer a key on a call."""
        self.listen()
        self.session = replace(self.session, rounds=0)
        service = self.service()
        if self.act(digits):
            return
        match = match_key(digits, self.flow, None if service else self.menu_in_view())
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
        self.session = replace(self.session, stage="returned", misses=0)
        if self.outcome == "connected":
            self.say("call_ended")
        else:
            self.say({"busy": "busy", "no_answer": "no_answer"}.get(self.outcome, "failed"))
            self.says.append(Speech(self.speaker.number(service)))
            self.session = replace(self.session, stage="listening")
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

    # -- what is done about it ---------------------------------------------------------------

    def follow(self, match: Match) -> None:
        """Go where a key or word leads."""
        self.session = replace(self.session, misses=0, rounds=0)
        if match.kind == "node":
            self.visit(match.target, match.how)
            return
        match match.target:
            case "menu":
                self.session = replace(self.session, trail=())
                self.visit(self.flow.start, "menu", keep_trail=False)
            case "back":
                self.back()
            case "repeat":
                self.tell("repeat")
            case "help":
                self.steps.append(Step("help", match.how))
                self.say("help")
                self.again_by_voice()
            case "numbers":
                self.read_numbers(match.how, self.flow.nodes[self.flow.numbers])
            case "stop":
                self.end("stopped")

    def visit(self, node_id: str, how: str, *, keep_trail: bool = True) -> None:
        """Go to a node, remember the way back, and tell it."""
        node = self.flow.nodes[node_id]
        if node.end:
            self.end(node.id)
            return
        if node.numbers:
            self.read_numbers(how, node)
            return
        here = self.session.node
        trail = self.session.trail
        came_from_menu = bool(here) and bool(self.flow.nodes[here].options)
        if keep_trail and came_from_menu and here != node_id and trail[-1:] != (here,):
            trail = (*trail, here)[-LONGEST_TRAIL:]
        if node_id == self.flow.start:
            trail = ()
        self.session = replace(self.session, node=node_id, trail=trail, misses=0, stage="listening")
        if node.service:
            self.chosen = Chosen(node.service, how)
        self.tell(how)

    def back(self) -> None:
        """Go back one menu, or stay at the start."""
        here = self.session.node
        if self.announced:  # back from "we will put you through" is to the service, not from it
            self.tell("back")
            return
        trail = [node for node in self.session.trail if node != here]
        target = trail[-1] if trail else self.flow.start
        self.session = replace(
            self.session, node=target, trail=tuple(trail[:-1]), misses=0, stage="listening"
        )
        self.tell("back")

    def tell(self, how: str) -> None:
        """Tell the present node, and ask what is next."""
        if not self.session.node:
            self.open(how)
            return
        node = self.flow.nodes[self.session.node]
        self.steps.append(Step(node.id, how))
        service = self.service()
        if service is None:
            self.says.append(Speech(self.speaker.menu(node)))
            return
        self.session = replace(self.session, stage="listening")
        self.says.append(Speech(self.speaker.service(service)))
        self.offer(service)

    def offer(self, service: Service) -> None:
        """On a call, say what can be done now; a text carries that in its own words."""
        if self.session.medium == "voice":
            self.says.append(Speech(self.speaker.action_menu(service, self.session)))

    def act(self, key: str) -> bool:
        """Do what a key means at a service on a call; False when it means nothing here."""
        service = self.service()
        action = self.action(key)
        if service is None or action is None:
            return False
        self.session = replace(self.session, misses=0)
        if self.announced and action == "connect":
            self.dial(service)
        elif action == "repeat":
            self.tell("repeat")
        elif action == "menu":
            self.session = replace(self.session, trail=())
            self.visit(self.flow.start, "key", keep_trail=False)
        elif action not in self.speaker.actions(service, self.session):
            self.refuse(service, action)
        elif action == "connect":
            self.announce(service)
        else:
            self.text_number(service)
        return True

    def action(self, key: str) -> Action | None:
        """The action on this key."""
        return next((action for action, its in self.flow.action_keys.items() if its == key), None)

    def refuse(self, service: Service, action: Action) -> None:
        """Say why it can't be done from this phone or now, and give the number again."""
        self.say("cannot_text" if action == "text" else "cannot_connect")
        self.says.append(Speech(self.speaker.number(service), slow=True))
        self.offer(service)

    def announce(self, service: Service) -> None:
        """Before a transfer: whose number is shown, and the way that leaves no trace."""
        self.steps.append(Step(self.session.node, "announce"))
        self.session = replace(self.session, stage="announced")
        words = self.speaker.wording.services[service.id]
        self.say("connecting", name=words.name, number=service.phone.display)
        self.then = Ask(self.flow.timing.announce_seconds)

    def dial(self, service: Service) -> None:
        """Ring the service."""
        self.steps.append(Step(self.session.node, "connect"))
        self.session = replace(self.session, stage="dialling", misses=0)
        self.outcome = "transfer_started"
        self.then = Connect(service.transfer_number, self.flow.timing.ring_seconds)

    def text_number(self, service: Service) -> None:
        """Promise the number by text."""
        self.steps.append(Step(self.session.node, "text"))
        self.outcome = "number_texted"
        self.text_service = service.id
        self.say("texted", number=service.phone.display)
        self.offer(service)

    def read_numbers(self, how: str, node: Node) -> None:
        """Read a list of numbers, then the menu where they stand."""
        self.steps.append(Step(node.id, how))
        self.says.append(Speech(self.speaker.numbers(node), slow=self.session.medium == "voice"))
        if not self.session.node:
            self.session = replace(self.session, node=self.flow.start)
        self.again_by_voice()

    def again_by_voice(self) -> None:
        """On a call the choices are said again: nobody can scroll back."""
        if self.session.medium == "text":
            return
        service = self.service()
        if service:
            self.offer(service)
        else:
            self.tell("again")

    def miss(self, why: str) -> None:
        """Say what went wrong and ask again; after three, read every number slowly, twice."""
        misses = self.session.misses + 1
        if misses < self.flow.timing.misses:
            self.session = replace(self.session, misses=misses, stage="listening")
            self.say(why)
            self.ask_again(why)
            return
        rounds = self.session.rounds + 1 if why == "silence" else 0
        node = self.flow.nodes[self.flow.numbers]
        self.steps.append(Step(node.id, why))
        times = 2 if self.session.medium == "voice" else 1
        self.says.extend([Speech(self.speaker.numbers(node), slow=times > 1)] * times)
        self.session = replace(
            self.session, node=self.flow.start, trail=(), misses=0, rounds=rounds, stage="listening"
        )
        if self.session.medium == "voice" and rounds >= self.flow.timing.rounds:
            self.end("goodbye")
        elif self.session.medium == "voice":
            self.tell("again")

    def ask_again(self, why: str) -> None:
        """Show the menu whose keys count; on a call at a service, its choices or the service again."""
        service, menu = self.service(), self.menu_in_view()
        if self.session.medium == "text" and menu:
            self.session = replace(self.session, node=menu.id)
        elif service and why != "silence":
            self.steps.append(Step(self.session.node, "again"))
            self.offer(service)
            return
        self.tell("again")

    def end(self, name: str) -> None:
        """Say a last word, a node's own or one of the flow's phrases, and finish."""
        self.steps.append(Step(name, "end"))
        own = self.speaker.prompt(name)
        if own:
            self.says.append(Speech(own))
        else:
            self.say(name if name in self.speaker.wording.phrases else "goodbye")
        self.then, self.over = End(), True

    def listen(self) -> None:
        """Whatever was announced is off, unless what came in asks for it again."""
        self.session = replace(self.session, stage="listening")

    # -- small things ------------------------------------------------------------------------

    def say(self, phrase: str, /, **fields: str) -> None:
        """Add one of the flow's phrases."""
        words = self.speaker.phrase(phrase, **fields)
        if words:
            self.says.append(Speech(words))

    def service(self) -> Service | None:
        """The service at which the person stands."""
        node = self.flow.nodes.get(self.session.node)
        return self.directory.services[node.service] if node and node.service else None

    def menu_in_view(self) -> Node | None:
        """The menu whose keys count now.

        By text a service's answer has no keys of its own, so the menu above it in the
        conversation still counts: "1" after an answer means the 1 that can be scrolled to.
        """
        here = self.flow.nodes.get(self.session.node)
        if here is None or here.options:
            return here
        for node_id in reversed(self.session.trail):
            if self.flow.nodes[node_id].options:
                return self.flow.nodes[node_id]
        return self.flow.nodes[self.flow.start] if self.session.medium == "text" else None
