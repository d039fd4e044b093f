"""Where a turn may go: visit a node, go back, read every number, ask again, end.

`bot.core.engine` decides which of these answers what came in; nothing here looks at an Inbound.
"""

from __future__ import annotations

from bot.core.flow import Node
from bot.core.match import Match
from bot.core.session import Chosen, End, Speech, Step, altered
from bot.core.telling import Telling

LONGEST_TRAIL = 8


class Walk(Telling):
    """A turn that moves about the script."""

    def open(self, how: str) -> None:
        """Begin at the start."""
        self.visit(self.flow.start, how)

    def follow(self, match: Match) -> None:
        """Go where a key or word leads."""
        self.session = altered(self.session, misses=0, rounds=0)
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
            case "slower":
                self.slow = self.session.medium == "voice"
                self.tell("slower")
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
        self.offered = ()
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
        self.session = altered(self.session, node=node_id, trail=trail, misses=0, stage="listening")
        if node.service:
            self.chosen = Chosen(node.service, how)
        self.tell(how)

    def back(self) -> None:
        """Go back one menu, or stay at the start."""
        self.offered = ()
        here = self.session.node
        if self.announced:  # back from "we will put you through" is to the service, not from it
            self.tell("back")
            return
        trail = [node for node in self.session.trail if node != here]
        target = trail[-1] if trail else self.flow.start
        self.session = altered(
            self.session, node=target, trail=tuple(trail[:-1]), misses=0, stage="listening"
        )
        self.tell("back")

    def read_numbers(self, how: str, node: Node) -> None:
        """Read a list of numbers, then the menu where they stand."""
        self.steps.append(Step(node.id, how))
        self.says.append(Speech(self.speaker.numbers(node), slow=self.session.medium == "voice"))
        if not self.session.node:
            self.session = altered(self.session, node=self.flow.start)
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
            self.session = altered(self.session, misses=misses, stage="listening")
            self.say(why)
            self.ask_again(why)
            return
        rounds = self.session.rounds + 1 if why == "silence" else 0
        node = self.flow.nodes[self.flow.numbers]
        self.steps.append(Step(node.id, why))
        times = 2 if self.session.medium == "voice" else 1
        self.says.extend([Speech(self.speaker.numbers(node), slow=times > 1)] * times)
        self.offered = ()
        self.session = altered(
            self.session, node=self.flow.start, trail=(), misses=0, rounds=rounds, stage="listening"
        )
        if self.session.medium == "voice" and rounds >= self.flow.timing.rounds:
            self.end("goodbye")
        elif self.session.medium == "voice":
            self.tell("again")

    def ask_again(self, why: str) -> None:
        """Show the menu whose keys count; on a call at a service, its choices or the service again."""
        service, menu = self.service(), self.menu_in_view()
        if self.offered:
            self.tell("again")
            return
        if self.session.medium == "text" and menu:
            self.session = altered(self.session, node=menu.id)
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
        self.session = altered(self.session, stage="listening")
