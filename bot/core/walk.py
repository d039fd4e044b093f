"""What can be done in a turn: visit a node, go back, tell it, put a caller through, ask again.

`bot.core.engine` decides which of these answers what came in; nothing here looks at an Inbound.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime

from bot.core.directory import Directory, Service
from bot.core.flow import Action, Flow, Node
from bot.core.match import Match
from bot.core.prompts import Speaker
from bot.core.session import Ask, Chosen, Connect, End, Outcome, Session, Speech, Step, Turn

LONGEST_TRAIL = 8


@dataclass
class Walk:
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

    def open(self, how: str) -> None:
        """Begin at the start."""
        self.visit(self.flow.start, how)

    def follow(self, match: Match) -> None:
        """Go where a key or word leads."""
        self.session = replace(self.session, misses=0, rounds=0)
        if match.kind == "node":
            self.visit(match.target, match.how)
            return
        match match.target:
            case "menu":
                self.visit(self.flow.start, "menu")
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

    def visit(self, node_id: str, how: str) -> None:
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
        if came_from_menu and here != node_id and trail[-1:] != (here,):
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
            self.visit(self.flow.start, "key")
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
        """The menu whose keys count now; none at a service on a call, which has keys of its own.

        By text a service's answer has no keys of its own, so the menu above it in the
        conversation still counts: "1" after an answer means the 1 that can be scrolled to.
        """
        here = self.flow.nodes.get(self.session.node)
        if here is None or here.options:
            return here
        if self.session.medium == "voice":
            return None
        for node_id in reversed(self.session.trail):
            if self.flow.nodes[node_id].options:
                return self.flow.nodes[node_id]
        return self.flow.nodes[self.flow.start]
