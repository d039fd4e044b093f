"""One turn while it is being decided: who is in it, what is told, and how it is closed."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal

from bot.core.directory import Directory, Service
from bot.core.flow import Flow, Node, Option
from bot.core.hints import likely_words
from bot.core.intent import Intent
from bot.core.line import Line
from bot.core.prompts import Speaker
from bot.core.session import Ask, Chosen, Connect, End, Outcome, Session, Speech, Step, Turn, altered

OFFERS = "offers"  # the menu that is made of what was offered in answer to free text


@dataclass
class Telling:
    """One turn while it is being decided."""

    flow: Flow
    directory: Directory
    session: Session
    now: datetime
    line: Line | None = None
    intent: Intent | None = None
    may_connect: bool = True
    steps: list[Step] = field(default_factory=list)
    says: list[Speech] = field(default_factory=list)
    then: Ask | Connect | End | None = None
    chosen: Chosen | None = None
    outcome: Outcome | None = None
    text_service: str | None = None
    over: bool = False
    slow: bool = False
    more: Literal["more", "not_meant"] = "more"
    warned: bool = False  # whether this answer must name 999
    met: bool = False  # whether the language was found by understanding what was written

    def __post_init__(self) -> None:
        # Only what comes straight after "we will put you through" may put them through, and only
        # what comes straight after "which do you mean?" answers it.
        self.announced = self.session.stage == "announced"
        self.offered = self.session.offers
        self.session = altered(self.session, offers=())
        self.speak(self.session.language)

    def speak(self, language: str) -> None:
        """Go on in this language."""
        self.session = altered(self.session, language=language)
        self.speaker = self.speaker_of(language)

    def speaker_of(self, language: str) -> Speaker:
        """Who puts words together in a language."""
        wording = self.flow.wording(language)
        return Speaker(
            self.flow, self.directory, wording, self.session.medium, self.now, may_connect=self.may_connect
        )

    def turn(self) -> Turn:
        """Close the turn."""
        says = self.warn() if self.warned else self.says
        if self.slow:
            says = [replace(speech, slow=True) for speech in says]
        return Turn(
            session=None if self.over else self.session,
            steps=tuple(self.steps),
            says=tuple(says),
            then=self.then or self.ask(),
            chosen=self.chosen,
            outcome=self.outcome,
            text_service=self.text_service,
            language=self.session.language,
        )

    def ask(self) -> Ask:
        """Wait for an answer; on a call, say which words are likely."""
        hints: tuple[str, ...] = ()
        if self.session.medium == "voice":
            hints = likely_words(self.flow, self.menu_in_view(), self.speaker.wording)
        return Ask(self.flow.timing.answer_seconds, hints)

    def warn(self) -> list[Speech]:
        """See that an answer to somebody's words names 999: first on a call, last in a text."""
        if not self.says or any(self.directory.emergency.phone.display in one.text for one in self.says):
            return self.says
        danger = Speech(self.speaker.phrase("danger"))
        return [danger, *self.says] if self.session.medium == "voice" else [*self.says, danger]

    def tell(self, how: str) -> None:
        """Tell the present node, and ask what is next."""
        self.session = altered(self.session, node=self.session.node or self.flow.start)
        if self.offered:
            self.tell_offers(how)
            return
        node = self.flow.nodes[self.session.node]
        self.steps.append(Step(node.id, how))
        service = self.service()
        if service is None:
            self.says.append(Speech(self.speaker.menu(node)))
            self.tell_not_meant(node)
            return
        self.session = altered(self.session, stage="listening")
        if service.emergency:
            self.tell_emergency(node, service)
        else:
            self.says.append(Speech(self.speaker.service(service, node.id, self.more)))
            self.tell_not_meant(node)
        self.offer(service)

    def tell_emergency(self, node: Node, service: Service) -> None:
        """999, and what to do until they come. Heard twice: nobody in a panic keeps it all the first time.

        Words that nobody who speaks the language has approved do not stand alone: English follows.
        """
        told = [Speech(self.speaker.service(service, node.id))]
        source = self.flow.source
        if self.speaker.wording.status == "draft":
            urgent = self.speaker_of(source.language).phrase("urgent", number=service.phone.display)
            told.append(Speech(urgent, language=source.language))
        if self.session.medium == "voice":
            told += [replace(speech, slow=True) for speech in told]
        self.says += told

    def tell_not_meant(self, node: Node) -> None:
        """After an answer to free text, tell the way out of it; a service's text has that already."""
        if self.more != "not_meant":
            return
        if self.session.medium == "voice":
            first = next((one.key for one in node.options if one.goto == self.flow.start), "")
            key = self.flow.action_keys["menu"] if node.service else first
            if key:
                self.say("not_meant", key=key)
        elif not node.service:
            self.say("not_meant", key="")

    def tell_offers(self, how: str) -> None:
        """Tell the choices that were offered in answer to free text, and keep them in view."""
        self.session = altered(self.session, offers=self.offered, stage="listening")
        self.steps.append(Step(OFFERS, how))
        labels = [self.flow.label_of(target) for target in self.offered]
        told = [self.speaker.option(str(key), label) for key, label in enumerate(labels, 1)]
        self.says.append(Speech("\n".join(told)))

    def offer(self, service: Service) -> None:
        """On a call, say what can be done now; a text carries that in its own words."""
        if self.session.medium == "voice":
            self.says.append(Speech(self.speaker.action_menu(service, self.session)))

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
        conversation still counts: "1" after an answer means the 1 that can be scrolled to. What was
        offered in answer to free text comes before all.
        """
        if self.offered:
            keyed = enumerate(self.offered, 1)
            return Node(OFFERS, tuple(Option(str(key), target) for key, target in keyed))
        here = self.flow.nodes.get(self.session.node)
        if here is None or here.options:
            return here
        if self.session.medium == "voice":
            return None
        for node_id in reversed(self.session.trail):
            if self.flow.nodes[node_id].options:
                return self.flow.nodes[node_id]
        return self.flow.nodes[self.flow.start]
