"""One flow in one language, with everything that the proofs of it need at hand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING

from bot.core.flow import Flow, Node, Wording
from bot.core.prompts import Speaker
from bot.core.session import Medium

if TYPE_CHECKING:
    from bot.catalogue import Catalogue
    from bot.core.directory import Directory, Service

SERVICES_FILE = "config/services.toml"
LINES_FILE = "config/lines.toml"
MEDIA: tuple[Medium, ...] = ("text", "voice")


@dataclass(frozen=True)
class Words:
    """Words as they stand in a data file: which file, which item, on which medium, and the words."""

    file: str
    item: str
    medium: Medium
    words: str


@dataclass(frozen=True)
class Scope:
    """A flow in one language on one day."""

    catalogue: Catalogue
    flow: Flow
    wording: Wording
    today: date

    @property
    def directory(self) -> Directory:
        """The services that the flow names."""
        return self.catalogue.directory

    @property
    def source_file(self) -> str:
        """The file that holds the graph (by convention a flow's file bears its id)."""
        return f"flows/{self.flow.id}.toml"

    @property
    def file(self) -> str:
        """The file that holds the words in this language."""
        if self.wording.status == "source":
            return self.source_file
        return f"flows/{self.flow.id}.{self.wording.language}.toml"

    @property
    def service_file(self) -> str:
        """The file that holds what is said of services in this language."""
        return SERVICES_FILE if self.wording.status == "source" else self.file

    def speaker(self, medium: Medium) -> Speaker:
        """Puts words together as the engine would at noon of the day."""
        return Speaker(self.flow, self.directory, self.wording, medium, self.noon)

    @property
    def noon(self) -> datetime:
        """Noon of the day, UTC."""
        return datetime.combine(self.today, time(12), UTC)

    def told(self) -> Iterator[tuple[Node, Service]]:
        """Every node that tells a service, with the service."""
        for node in self.flow.nodes.values():
            if node.service:
                yield node, self.directory.services[node.service]

    def words(self) -> Iterator[Words]:
        """Everything that may be read or heard, piece by piece, with the fields left open."""
        wording = self.wording
        for medium in MEDIA:
            for node, prompt in wording.prompts.items():
                yield Words(self.file, f"nodes.{node}.{medium}", medium, prompt.on(medium))
            for (node, key), label in wording.labels.items():
                yield Words(self.file, f"nodes.{node}.options.{key}.{medium}", medium, label.on(medium))
            for phrase, prompt in wording.phrases.items():
                yield Words(self.file, f"phrases.{phrase}.{medium}", medium, prompt.on(medium))
            for _, service in self.told():
                words, item = wording.services[service.id], f"services.{service.id}"
                yield Words(self.service_file, f"{item}.name", medium, words.name)
                described = words.description.on(medium)
                yield Words(self.service_file, f"{item}.description.{medium}", medium, described)
                yield Words(self.service_file, f"{item}.cost", medium, words.cost)
        for action, label_text in wording.actions.items():
            yield Words(self.file, f"actions.{action}.voice", "voice", label_text)
