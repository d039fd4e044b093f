"""flows/helpline.toml: graph and words in the language it was written in."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, StrictStr, model_validator

from bot.catalogue.models.base import Key, Model, PromptModel, Text, Words
from bot.core.intent import Label


class OptionModel(PromptModel):
    """A way out of a menu, with its label on each channel."""

    goto: StrictStr
    words: Words = []


class NodeModel(PromptModel):
    """A state: a menu (`options`), a service, a list of numbers, or an end."""

    options: Annotated[dict[Key, OptionModel], Field(max_length=9)] = {}
    service: StrictStr = ""
    numbers: list[StrictStr] = []
    end: bool = False
    words: Words = []

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        kinds = [bool(self.options), bool(self.service), bool(self.numbers), self.end]
        if sum(kinds) != 1:
            raise ValueError("a node is one of: options, service, numbers, end; cure: keep exactly one")
        return self


class CommandModel(Model):
    """Words that mean a command at any point."""

    words: Words


class ActionModel(Model):
    """What can be done at a service on a call."""

    key: Key
    voice: Text


class FlowHead(Model):
    """What the script is, and where it begins."""

    id: Annotated[StrictStr, Field(pattern=r"^[a-z][a-z0-9-]*$")]
    language: StrictStr
    status: Literal["source"]
    start: StrictStr
    numbers: StrictStr
    goodbye: StrictStr


class ClinicalModel(Model):
    """Wording that a clinician has to approve; a draft until `approved_by` names who did."""

    nodes: list[StrictStr] = []
    services: list[StrictStr] = []
    approved_by: StrictStr = ""


class TimingModel(Model):
    """How long a call waits, in seconds, and how often it asks again."""

    answer_seconds: Annotated[int, Field(ge=3, le=30)] = 8
    announce_seconds: Annotated[int, Field(ge=2, le=15)] = 4
    ring_seconds: Annotated[int, Field(ge=5, le=600)] = 40
    misses: Annotated[int, Field(ge=1, le=5)] = 3
    rounds: Annotated[int, Field(ge=1, le=10)] = 3


class ReadingModel(Model):
    """How people write keys in this language."""

    digits: Annotated[list[StrictStr], Field(min_length=10, max_length=10)]
    key_words: Words = []
    fillers: Words = []
    yes: Words = []
    no: Words = []


class DaysModel(Model):
    """Names of the days, Monday first, and how hours are counted."""

    names: Annotated[list[StrictStr], Field(min_length=7, max_length=7)]
    clock_hours: Literal[12, 24] = 24


class LanguageModel(PromptModel):
    """How a language is asked for (`words`), and offered to people who are in another one."""

    words: Annotated[Words, Field(min_length=1)]
    plain_text: bool = False


class BetweenModel(Model):
    """Two meanings that people are not asked to choose between: a node takes the question's place."""

    labels: Annotated[list[Label], Field(min_length=2, max_length=2)]
    goto: StrictStr


class UnderstandingModel(Model):
    """What follows from free text: how sure it must be, and where each meaning leads."""

    sure: Annotated[float, Field(ge=0, le=1)] = 0.6
    heard: Annotated[float, Field(ge=0, le=1)] = 0.45
    labels: dict[Label, StrictStr]
    between: list[BetweenModel] = []
    emergencies: dict[Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]*$")], StrictStr] = {}


class ReadingAgeModel(Model):
    """Prompts whose reading age may be above the limit, each with its reason."""

    exceptions: dict[str, Annotated[StrictStr, Field(min_length=10)]] = {}


Command = Literal["menu", "back", "repeat", "slower", "help", "numbers", "stop"]
Action = Literal["connect", "text", "repeat", "menu"]


class FlowModel(Model):
    """A script: graph and words in the language it was written in."""

    flow: FlowHead
    clinical: ClinicalModel = ClinicalModel()
    timing: TimingModel = TimingModel()
    understanding: UnderstandingModel
    languages: dict[Annotated[str, Field(pattern=r"^[a-z]{2,3}$")], Key] = {}
    keys: dict[Key, Command]
    actions: dict[Action, ActionModel]
    nodes: dict[Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]*$")], NodeModel]
    commands: dict[Command, CommandModel]
    language: LanguageModel
    reading: ReadingModel
    phrases: dict[str, PromptModel]
    days: DaysModel
    reading_age: ReadingAgeModel = ReadingAgeModel()
