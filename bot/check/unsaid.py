"""Words that stand in a script and are never said."""

from __future__ import annotations

from collections.abc import Iterator

from bot.check.finding import Finding
from bot.core.flow import Flow


def of_flow(flow: Flow, file: str) -> Iterator[Finding]:
    """Name prompts that the engine passes over: a service is told in the words of the directory.

    An editor would read them and correct them, and nobody else would ever know of them.
    """
    for node in flow.nodes.values():
        for wording in flow.wordings.values():
            prompt = wording.prompts.get(node.id)
            if node.service and prompt and (prompt.text or prompt.voice):
                yield Finding(
                    "note",
                    file,
                    f"nodes.{node.id}",
                    f"words that are never said in {wording.language!r}",
                    f"this node is told in the words of services.{node.service}",
                    "move what is missing there, and remove text and voice here",
                )
