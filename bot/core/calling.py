"""What can be done at a service on a call: be put through, get its number by text, hear it again."""

from __future__ import annotations

from bot.core.directory import Service
from bot.core.flow import Action
from bot.core.session import Ask, Connect, Speech, Step, altered
from bot.core.walk import Walk


class Calling(Walk):
    """A walk whose caller stands at a service."""

    def act(self, key: str) -> bool:
        """Do what a key means at a service on a call; False when it means nothing here."""
        service = self.service()
        action = self.action(key)
        if service is None or action is None:
            return False
        self.session = altered(self.session, misses=0)
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
        self.session = altered(self.session, stage="announced")
        words = self.speaker.wording.services[service.id]
        self.say("connecting", name=words.name, number=service.phone.display)
        self.then = Ask(self.flow.timing.announce_seconds)

    def dial(self, service: Service) -> None:
        """Ring the service."""
        self.steps.append(Step(self.session.node, "connect"))
        self.session = altered(self.session, stage="dialling", misses=0)
        self.outcome = "transfer_started"
        self.then = Connect(service.transfer_number, self.flow.timing.ring_seconds)

    def text_number(self, service: Service) -> None:
        """Promise the number by text."""
        self.steps.append(Step(self.session.node, "text"))
        self.outcome = "number_texted"
        self.text_service = service.id
        self.say("texted", number=service.phone.display)
        self.offer(service)
