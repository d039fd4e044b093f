"""config/services.toml."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal, Self

from pydantic import Field, StrictStr, model_validator

from bot.catalogue.models.base import Clock, Day, Model, Number, PromptModel, Text


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
