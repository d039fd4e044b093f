"""The data files as pydantic models: what may stand where, and why not otherwise.

Only the edge uses pydantic; the models become the frozen dataclasses of `bot.core`. Their JSON
Schemas (`signpost schema`) let an editor complete and check the files while they are written.
"""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StrictStr, model_validator

E164 = re.compile(r"\+[1-9]\d{6,14}")
SHORT_NUMBER = re.compile(r"\d{3,11}")
CLOCK = re.compile(r"([01]\d|2[0-3]):[0-5]\d|24:00")


def _number(value: str) -> str:
    if not (E164.fullmatch(value) or SHORT_NUMBER.fullmatch(value)):
        raise ValueError(
            "a number is digits alone, or + and the country code without spaces; "
            'cure: write "+443007900227" or "101"'
        )
    return value


def _clock(value: str) -> str:
    if not CLOCK.fullmatch(value):
        raise ValueError('a time has four digits and a colon, to "24:00"; cure: write "09:00"')
    return value


Text = Annotated[StrictStr, Field(max_length=3000)]
Number = Annotated[StrictStr, AfterValidator(_number)]
Clock = Annotated[StrictStr, AfterValidator(_clock)]
Key = Annotated[StrictStr, Field(pattern=r"^[0-9*#]$")]
Words = list[Annotated[StrictStr, Field(min_length=1, max_length=60)]]
Day = Literal["MO", "TU", "WE", "TH", "FR", "SA", "SU"]


class Model(BaseModel):
    """Unknown keys are faults: a misspelt key must never be silently ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class PromptModel(Model):
    """Words for one thing on each channel."""

    text: Text = ""
    voice: Text = ""


# -- config/services.toml ------------------------------------------------------------------------


class PhoneModel(Model):
    """HSDS phone: how the number is shown and dialled, and what it costs."""

    type: Literal["voice", "textphone", "text"] = "voice"
    display: Annotated[StrictStr, Field(pattern=r"^[0-9][0-9 ]{1,15}$")]
    number: Number
    languages: list[StrictStr] = ["en"]
    cost: Text


class PeriodModel(Model):
    """HSDS schedule: the days, and from when to when (London time)."""

    byday: Annotated[list[Day], Field(min_length=1)]
    opens_at: Clock
    closes_at: Clock


class ScheduleModel(Model):
    """Either `always`, or periods; and what holds on bank holidays."""

    always: bool = False
    timezone: Literal["Europe/London"] = "Europe/London"
    periods: list[PeriodModel] = []
    bank_holidays: Literal["closed", "as usual"] | list[PeriodModel] = "closed"

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if self.always == bool(self.periods):
            raise ValueError(
                "a schedule is either always = true or a list of periods; cure: keep one of them"
            )
        return self


class ServiceModel(Model):
    """HSDS service."""

    organization: StrictStr
    name: Annotated[StrictStr, Field(min_length=2, max_length=40)]
    status: Literal["active", "inactive", "defunct", "temporarily closed"]
    description: PromptModel
    phones: list[PhoneModel] = []
    schedule: ScheduleModel | None = None
    transfer: Literal["offer", "never"] = "never"
    transfer_to: Literal[""] | Number = ""
    emergency: bool = False
    minimum_age: Annotated[int, Field(ge=0, le=120)] | None = None
    maximum_age: Annotated[int, Field(ge=0, le=120)] | None = None
    interpreters: bool | None = None
    assured_on: date | None = None
    assured_by: StrictStr = ""
    source: StrictStr = ""
    successor: StrictStr = ""
    notes: StrictStr = ""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        voice = [phone for phone in self.phones if phone.type == "voice"]
        if self.status == "active" and not voice:
            raise ValueError("an active service has a phone of type voice; cure: add one, or set status")
        dialled = self.transfer_to or (voice[0].number if voice else "")
        if self.transfer == "offer" and not dialled.startswith("+"):
            raise ValueError(
                "a transfer needs a number that a cloud line can dial (+44…); "
                'cure: enter transfer_to, or set transfer = "never"'
            )
        if self.transfer == "offer" and self.emergency:
            raise ValueError('we never dial 999 for anyone; cure: set transfer = "never"')
        if bool(self.assured_on) != bool(self.assured_by):
            raise ValueError("an assurance has a date and a name; cure: give both or neither")
        if (self.minimum_age or 0) > (self.maximum_age or 120):
            raise ValueError("minimum_age is above maximum_age; cure: correct one of them")
        return self


class DirectoryModel(Model):
    """config/services.toml."""

    organizations: dict[str, StrictStr]
    services: dict[str, ServiceModel]


# -- flows/helpline.toml and flows/helpline.<language>.toml ---------------------------------------


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


class DaysModel(Model):
    """Names of the days, Monday first, and how hours are counted."""

    names: Annotated[list[StrictStr], Field(min_length=7, max_length=7)]
    clock_hours: Literal[12, 24] = 24


class ReadingAgeModel(Model):
    """Prompts whose reading age may be above the limit, each with its reason."""

    exceptions: dict[str, Annotated[StrictStr, Field(min_length=10)]] = {}


Command = Literal["menu", "back", "repeat", "help", "numbers", "stop"]
Action = Literal["connect", "text", "repeat", "menu"]


class FlowModel(Model):
    """A script: graph and words in the language it was written in."""

    flow: FlowHead
    clinical: ClinicalModel = ClinicalModel()
    timing: TimingModel = TimingModel()
    keys: dict[Key, Command]
    actions: dict[Action, ActionModel]
    nodes: dict[Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]*$")], NodeModel]
    commands: dict[Command, CommandModel]
    reading: ReadingModel
    phrases: dict[str, PromptModel]
    days: DaysModel
    reading_age: ReadingAgeModel = ReadingAgeModel()


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
    reading: ReadingModel
    phrases: dict[str, PromptModel]
    days: DaysModel
    services: dict[str, TranslatedService]


# -- config/lines.toml ---------------------------------------------------------------------------


class VoiceModel(Model):
    """The voice that speaks a language on calls, by Twilio's names."""

    voice: StrictStr
    language: StrictStr


class LineModel(Model):
    """A line: its numbers, its script and its voices."""

    name: Annotated[StrictStr, Field(min_length=1, max_length=60)]
    flow: StrictStr
    languages: Annotated[list[StrictStr], Field(min_length=1)]
    keywords: Words = []
    short_code: Annotated[StrictStr, Field(pattern=r"^(\d{5,6})?$")] = ""
    text_number: Literal[""] | Number = ""
    voice_number: Literal[""] | Number = ""
    example: bool = False
    voices: dict[str, VoiceModel]

    @model_validator(mode="after")
    def _reachable(self) -> Self:
        if not (self.short_code or self.text_number or self.voice_number):
            raise ValueError("a line has a number or a short code; cure: give at least one")
        for language in self.languages:
            if self.voice_number and language not in self.voices:
                raise ValueError(f"no voice speaks {language!r}; cure: add [lines.<id>.voices.{language}]")
        return self


class LinesModel(Model):
    """config/lines.toml."""

    lines: Annotated[
        dict[Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]*$")], LineModel], Field(min_length=1)
    ]
