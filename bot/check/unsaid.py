"""Words that stand in a script and are never said, and ends that have no words."""

from __future__ import annotations

from collections.abc import Iterator

from bot.check.finding import Finding
from bot.core.flow import Flow


def of_flow(flow: Flow, file: str) -> Iterator[Finding]:
    """Prove that an end has the phrase it says, and name prompts that the engine passes over.

    An end says the phrase that bears its name (`nodes.goodbye` says `phrases.goodbye`); a service is
    told in the words of the directory. Words of their own would be read by an editor and by nobody else.
    """
    for node in flow.nodes.values():
        for wording in flow.wordings.values():
            prompt = wording.prompts.get(node.id)
            written = bool(prompt and (prompt.text or prompt.voice))
            if node.end and node.id not in wording.phrases:
                yield Finding(
                    "fault",
                    file,
                    f"nodes.{node.id}",
                    f"an end without a phrase in {wording.language!r}",
                    "an end says the phrase that bears its name: goodbye, or stopped",
                    "lead to nodes.goodbye in its place",
                )
            elif written and (node.end or node.service):
                said = f"phrases.{node.id}" if node.end else f"services.{node.service}"
                yield Finding(
                    "note",
                    file,
                    f"nodes.{node.id}",
                    f"words that are never said in {wording.language!r}",
                    f"this node is told in the words of {said}",
                    "move what is missing there, and remove text and voice here",
                )
