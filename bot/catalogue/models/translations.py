"""flows/helpline.<language>.toml: words alone."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import StrictStr, model_validator

from bot.catalogue.models.base import Key, Model, PromptModel, Text, Words
from bot.catalogue.models.flows import Action, Command, CommandModel, DaysModel, LanguageModel, ReadingModel


class TranslatedOption(PromptModel):
    """An option's label and words in another language."""

    words: Words = []


class TranslatedNode(PromptModel):
    """A node's words in another language."""

    options: dict[Key, TranslatedOption] = {}
    words: Words = []


class TranslatedService(Model):
    """What is said of a service in another language; its name stays as it is unless given."""

    name: StrictStr = ""
    description: PromptModel
    cost: Text


class TranslatedAction(Model):
    """An action's words in another language."""

    voice: Text


class TranslationHead(Model):
    """Which language, and whether a person who speaks it has approved the words."""

    language: StrictStr
    status: Literal["draft", "approved"]
    approved_by: StrictStr = ""

    @model_validator(mode="after")
    def _approved_by_somebody(self) -> Self:
        if (self.status == "approved") != bool(self.approved_by):
            raise ValueError('status = "approved" and approved_by go together; cure: give both or neither')
        return self


class TranslationModel(Model):
    """flows/helpline.<language>.toml: words alone."""

    flow: TranslationHead
    actions: dict[Action, TranslatedAction]
    nodes: dict[str, TranslatedNode]
    commands: dict[Command, CommandModel]
    language: LanguageModel
    reading: ReadingModel
    phrases: dict[str, PromptModel]
    days: DaysModel
    services: dict[str, TranslatedService]
