"""Turns validated models into the frozen types of `bot.core`; decides nothing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, time
from functools import lru_cache

from bot.catalogue import models
from bot.core.directory import DAYS, END_OF_DAY, Directory, Period, Phone, Schedule, Service
from bot.core.flow import Flow, Meanings, Node, Option, Prompt, ServiceWords, Timing, Wording
from bot.core.line import Line, Voice
from bot.core.match import fold
from bot.core.partner import DigestTo, Partner, Witness, WitnessPolicy

FIRST_HOLIDAY_YEAR, LAST_HOLIDAY_YEAR = 2024, 2040


def prompt(model: models.PromptModel) -> Prompt:
    """A prompt without the line breaks that TOML's long strings begin and end with."""
    return Prompt(text=model.text.strip(), voice=model.voice.strip())


def directory(model: models.DirectoryModel, revision: str) -> Directory:
    """The directory, with bank holidays only where a schedule needs them."""
    services = {name: _service(name, one) for name, one in model.services.items()}
    seasonal = any(service.schedule.periods for service in services.values())
    holidays = bank_holidays() if seasonal else frozenset[date]()
    return Directory(services, revision, holidays, dict(model.organizations))


def partners(model: models.PartnersModel, places: models.DirectoryModel) -> dict[str, Partner]:
    """The partners by id; an organization that none lists is one of its own."""
    listed = {
        name: Partner(name, one.name, tuple(one.organizations), _digest(one.digest))
        for name, one in model.partners.items()
    }
    taken = {organization for partner in listed.values() for organization in partner.organizations}
    return listed | {
        organization: Partner(organization, name, (organization,))
        for organization, name in places.organizations.items()
        if organization not in taken
    }


def _digest(model: models.DigestModel | None) -> DigestTo | None:
    if model is None:
        return None
    if model.email is not None:
        return DigestTo("email", model.email)
    return DigestTo("webhook", model.webhook or "", model.secret or "")


def witness_policy(model: models.PartnersModel) -> WitnessPolicy:
    """Who cosigns, and how many have to."""
    witnesses = tuple(Witness(name, one.url, one.vkey) for name, one in model.witnesses.items())
    return WitnessPolicy(witnesses, model.policy.cosignatures)


@lru_cache(maxsize=1)
def bank_holidays() -> frozenset[date]:
    """Bank holidays of England, for years ahead; the library knows the one-off ones too."""
    from holidays import country_holidays  # noqa: PLC0415 - half a second that most starts need not pay

    years = range(FIRST_HOLIDAY_YEAR, LAST_HOLIDAY_YEAR + 1)
    return frozenset(country_holidays("GB", subdiv="ENG", years=years))


def _service(service_id: str, model: models.ServiceModel) -> Service:
    fields = model.model_dump(exclude={"description", "phones", "schedule"})
    return Service(
        id=service_id,
        description={"text": model.description.text, "voice": model.description.voice},
        phones=tuple(
            Phone(phone.display, phone.number, phone.type, tuple(phone.languages), phone.cost)
            for phone in model.phones
        ),
        schedule=_schedule(model.schedule),
        **fields,
    )


def _schedule(model: models.ScheduleModel | None) -> Schedule:
    if model is None:
        return Schedule()
    periods = tuple(_period(period) for period in model.periods)
    match model.bank_holidays:
        case "closed":
            holidays: tuple[Period, ...] = ()
        case "as usual":
            holidays = periods
        case listed:
            holidays = tuple(_period(period) for period in listed)
    return Schedule(always=model.always, periods=periods, bank_holidays=holidays)


def _period(model: models.PeriodModel) -> Period:
    closes = END_OF_DAY if model.closes_at == "24:00" else time.fromisoformat(model.closes_at)
    days = tuple(day for day in DAYS if day in model.byday)
    return Period(days, time.fromisoformat(model.opens_at), closes)


def flow(
    model: models.FlowModel,
    translations: Mapping[str, models.TranslationModel],
    places: Directory,
    revision: str,
) -> Flow:
    """The script with its words in every language, its own language first."""
    source = _wording(model, model.flow.language, "source", "", _source_services(places))
    wordings = {model.flow.language: source}
    for language, translation in translations.items():
        words = {
            service: ServiceWords(
                one.name or places.services[service].name, prompt(one.description), one.cost.strip()
            )
            for service, one in translation.services.items()
        }
        head = translation.flow
        wordings[language] = _wording(translation, language, head.status, head.approved_by, words)
    return Flow(
        id=model.flow.id,
        start=model.flow.start,
        numbers=model.flow.numbers,
        goodbye=model.flow.goodbye,
        nodes={name: _node(name, node) for name, node in model.nodes.items()},
        wordings=wordings,
        command_keys=dict(model.keys),
        action_keys={action: one.key for action, one in model.actions.items()},
        revision=revision,
        meanings=_meanings(model.understanding),
        language_keys={key: language for language, key in model.languages.items()},
        timing=Timing(**model.timing.model_dump()),
    )


def _meanings(model: models.UnderstandingModel) -> Meanings:
    return Meanings(
        sure=model.sure,
        heard=model.heard,
        labels=dict(model.labels),
        between={frozenset(one.labels): one.goto for one in model.between},
        emergencies=dict(model.emergencies),
    )


def _node(node_id: str, model: models.NodeModel) -> Node:
    options = tuple(Option(key, option.goto) for key, option in model.options.items())
    return Node(node_id, options, model.service, tuple(model.numbers), model.end)


def _source_services(places: Directory) -> dict[str, ServiceWords]:
    return {
        service.id: ServiceWords(
            service.name,
            Prompt(service.description["text"], service.description["voice"]),
            service.phone.cost,
        )
        for service in places.services.values()
        if any(phone.type == "voice" for phone in service.phones)
    }


def _wording(
    model: models.FlowModel | models.TranslationModel,
    language: str,
    status: str,
    approved_by: str,
    services: Mapping[str, ServiceWords],
) -> Wording:
    options = {
        (name, key): option for name, node in model.nodes.items() for key, option in node.options.items()
    }
    return Wording(
        language=language,
        status=status,  # type: ignore[arg-type]  # the models allow these three words alone
        approved_by=approved_by,
        prompts={name: prompt(node) for name, node in model.nodes.items()},
        labels={place: prompt(option) for place, option in options.items()},
        option_words={place: tuple(option.words) for place, option in options.items()},
        words={name: tuple(node.words) for name, node in model.nodes.items() if node.words},
        commands={name: tuple(command.words) for name, command in model.commands.items()},
        actions={action: one.voice.strip() for action, one in model.actions.items()},
        phrases={name: prompt(phrase) for name, phrase in model.phrases.items()},
        services=services,
        digits=tuple(model.reading.digits),
        key_words=tuple(fold(word) for word in model.reading.key_words),
        fillers=frozenset(fold(word) for word in model.reading.fillers),
        days=tuple(model.days.names),
        clock_hours=model.days.clock_hours,
        yes=tuple(fold(word) for word in model.reading.yes),
        no=tuple(fold(word) for word in model.reading.no),
        called=tuple(fold(word) for word in model.language.words),
        offer=prompt(model.language),
        plain_text=model.language.plain_text,
    )


def line(line_id: str, model: models.LineModel) -> Line:
    """A line."""
    fields = model.model_dump(exclude={"voices", "languages", "keywords"})
    return Line(
        id=line_id,
        languages=tuple(model.languages),
        keywords=tuple(model.keywords),
        voices={name: Voice(**one.model_dump()) for name, one in model.voices.items()},
        **fields,
    )
