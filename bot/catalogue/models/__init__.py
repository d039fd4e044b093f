"""The data files as pydantic models: what may stand where, and why not otherwise.

Only the edge uses pydantic; the models become the frozen dataclasses of `bot.core`. Their JSON
Schemas (`signpost schema`) let an editor complete and check the files while they are written.
"""

from bot.catalogue.models.base import Model, PromptModel
from bot.catalogue.models.flows import (
    ActionModel,
    ClinicalModel,
    CommandModel,
    DaysModel,
    FlowHead,
    FlowModel,
    LanguageModel,
    NodeModel,
    OptionModel,
    ReadingAgeModel,
    ReadingModel,
    TimingModel,
    UnderstandingModel,
)
from bot.catalogue.models.lines import LineModel, LinesModel, VoiceModel
from bot.catalogue.models.partners import DigestModel, PartnerModel, PartnersModel, PolicyModel, WitnessModel
from bot.catalogue.models.services import DirectoryModel, PeriodModel, PhoneModel, ScheduleModel, ServiceModel
from bot.catalogue.models.translations import (
    TranslatedAction,
    TranslatedNode,
    TranslatedOption,
    TranslatedService,
    TranslationHead,
    TranslationModel,
)

__all__ = [
    "ActionModel",
    "ClinicalModel",
    "CommandModel",
    "DaysModel",
    "DigestModel",
    "DirectoryModel",
    "FlowHead",
    "FlowModel",
    "LanguageModel",
    "LineModel",
    "LinesModel",
    "Model",
    "NodeModel",
    "OptionModel",
    "PartnerModel",
    "PartnersModel",
    "PeriodModel",
    "PhoneModel",
    "PolicyModel",
    "PromptModel",
    "ReadingAgeModel",
    "ReadingModel",
    "ScheduleModel",
    "ServiceModel",
    "TimingModel",
    "TranslatedAction",
    "TranslatedNode",
    "TranslatedOption",
    "TranslatedService",
    "TranslationHead",
    "TranslationModel",
    "UnderstandingModel",
    "VoiceModel",
    "WitnessModel",
]
