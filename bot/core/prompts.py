"""Puts the words of a turn together: menus, services, opening hours, lists of numbers.

Every sentence comes from the flow's wording; this module only fills its fields. A line break
is a pause on a call and a new line in a text.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.core.directory import LONDON, Directory, Service
from bot.core.flow import ACTIONS, Action, Flow, Node, Wording
from bot.core.segments import plain
from bot.core.session import Medium, Session


@dataclass(frozen=True)
class Speaker:
    """Words of one flow for one language and medium, at one moment."""

    flow: Flow
    directory: Directory
    wording: Wording
    medium: Medium
    now: datetime
    may_connect: bool = True

    def phrase(self, name: str, /, **fields: str) -> str:
        """Fill one of the flow's phrases."""
        return self._sent(self.wording.phrases[name].on(self.medium).format(**fields))

    def prompt(self, node: str) -> str:
        """The prompt of a node without its options."""
        prompt = self.wording.prompts.get(node)
        return self._sent(prompt.on(self.medium)) if prompt else ""

    def menu(self, node: Node) -> str:
        """The prompt of a menu and its options: the destination, then the key."""
        lines = [self.prompt(node.id)]
        lines += [self.option(option.key, (node.id, option.key)) for option in node.options]
        return "\n".join(line for line in lines if line)

    def offer(self, key: str) -> str:
        """How this language is offered to people who are in another one."""
        return self._sent(self.wording.offer.on(self.medium).format(key=key))

    def option(self, key: str, label: tuple[str, str]) -> str:
        """One way out: the label of a menu's option, under this key."""
        return self.phrase("option", label=self.wording.labels[label].on(self.medium), key=key)

    def service(self, service: Service, node: str = "", more: str = "more") -> str:
        """What a service is, its number, its cost and whether it is open now.

        Args:
            service: the service.
            node: the node that tells it; its own words take the place of the description.
            more: the phrase by which a text ends: how to come back.
        """
        words = self.wording.services[service.id]
        filled = self.phrase(
            "emergency" if service.emergency else "service",
            name=words.name,
            number=service.phone.display,
            description=self.prompt(node) or words.description.on(self.medium),
            cost=words.cost,
            hours=self.hours(service),
            languages=self.languages(service),
            more=self.phrase(more) if self.medium == "text" else "",
        )
        return "\n".join(line.rstrip() for line in filled.splitlines())

    def languages(self, service: Service) -> str:
        """Whether this language is spoken there, or interpreters help; "" where nobody knows."""
        language = self.wording.language
        if language == self.flow.source.language:
            return ""
        if language in service.phone.languages:
            return self.phrase("speaks")
        known = {True: "interpreters", False: "no_interpreters"}
        return self.phrase(known[service.interpreters]) if service.interpreters is not None else ""

    def number(self, service: Service) -> str:
        """The number again, in one sentence."""
        return self.phrase(
            "number", name=self.wording.services[service.id].name, number=service.phone.display
        )

    def numbers(self, node: Node, *, bare: bool = False) -> str:
        """Every number of a list, one to a line; `bare` without the prompt above it."""
        listed = [self.number(self.directory.services[service]) for service in node.numbers]
        return "\n".join([*([] if bare else [self.prompt(node.id)]), *listed]).strip()

    def actions(self, service: Service, session: Session) -> tuple[Action, ...]:
        """What can be done at a service on a call, in the flow's fixed order."""
        closed = self.directory.hours(service, self.now).closed
        possible = {
            "connect": self.may_connect and bool(service.transfer_number) and not closed,
            "text": session.can_be_texted and not service.emergency,
            "repeat": True,
            "menu": True,
        }
        return tuple(action for action in ACTIONS if possible[action] and action in self.flow.action_keys)

    def action_menu(self, service: Service, session: Session) -> str:
        """The choices after a service has been told on a call."""
        return "\n".join(
            self.phrase("option", label=self.wording.actions[action], key=self.flow.action_keys[action])
            for action in self.actions(service, session)
        )

    def hours(self, service: Service) -> str:
        """Say whether the service is open now, until when, or when it opens next."""
        hours = self.directory.hours(service, self.now)
        if hours.state == "open" and hours.until:
            return self.phrase("hours_open", time=self.clock(hours.until))
        if hours.state == "closed" and hours.opens:
            days = (hours.opens.date() - self.now.astimezone(LONDON).date()) // timedelta(days=1)
            name = {0: "hours_opens_today", 1: "hours_opens_tomorrow"}.get(days, "hours_opens_on")
            day = self.wording.days[hours.opens.weekday()]
            return self.phrase(name, time=self.clock(hours.opens), day=day)
        return self.phrase(
            {"always": "hours_always", "closed": "hours_closed"}.get(hours.state, "hours_unknown")
        )

    def clock(self, at: datetime) -> str:
        """A London time as people say it: 9am, 5.30pm; 09:00 and 17:30 where a day has 24 hours."""
        if self.wording.clock_hours == 24:  # noqa: PLR2004 - the two ways of counting hours
            return f"{at:%H:%M}"
        if (at.hour, at.minute) in ((0, 0), (12, 0)):
            return self.phrase("midnight" if at.hour == 0 else "noon")
        minutes = f".{at.minute:02d}" if at.minute else ""
        return f"{(at.hour - 1) % 12 + 1}{minutes}{'am' if at.hour < 12 else 'pm'}"  # noqa: PLR2004 - noon

    def _sent(self, words: str) -> str:
        """Words as they go out: a text without accents where the language's script says so."""
        return plain(words) if self.medium == "text" and self.wording.plain_text else words
