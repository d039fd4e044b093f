"""What every data file's model is made of."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StrictStr

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
