"""Faults that only show where two parts of the data files meet: a goto without a node, and the like."""

from __future__ import annotations

import difflib
import string
from collections.abc import Iterable, Iterator, Mapping

from bot.catalogue import models
from bot.catalogue.faults import Fault, shown
from bot.catalogue.phrases import PHRASES
from bot.core.flow import ACTIONS, COMMANDS
from bot.core.intent import LABELS


def of_directory(file: str, model: models.DirectoryModel) -> Iterator[Fault]:
    """Organizations that are not listed, and anything but one emergency service."""
    for name, service in model.services.items():
        item = f"services.{name}"
        if service.organization not in model.organizations:
            yield _unknown(file, f"{item}.organization", service.organization, model.organizations)
        if service.description.text == "" or service.description.voice == "":
            yield Fault(file, f"{item}.description", "no words", "both text and voice", "write what it is")
    urgent = [name for name, service in model.services.items() if service.emergency]
    if len(urgent) != 1:
        yield Fault(
            file,
            "services",
            f"{len(urgent)} services with emergency = true",
            "exactly one comes before all others",
            "set emergency = true on 999 alone",
        )


def of_partners(file: str, model: models.PartnersModel, places: models.DirectoryModel) -> Iterator[Fault]:
    """Organizations that are not listed, that two partners list, or whose id another partner has taken."""
    owners: dict[str, str] = {}
    for name, partner in model.partners.items():
        item = f"partners.{name}.organizations"
        for organization in partner.organizations:
            if organization not in places.organizations:
                yield _unknown(file, item, organization, places.organizations)
            elif owners.setdefault(organization, name) != name:
                limit = "one partner for each organization"
                found = f"{organization}, which {owners[organization]} lists as well"
                yield Fault(file, item, found, limit, "remove it from one of them")
    for name in model.partners:
        if name in places.organizations and name not in owners:
            limit = "an organization that no partner lists is a partner of its own, under its id"
            found = "the id of an organization that it does not list"
            yield Fault(file, f"partners.{name}", found, limit, "list that organization too, or rename it")


def of_flow(file: str, model: models.FlowModel, places: models.DirectoryModel) -> Iterator[Fault]:
    """Ways that lead nowhere, services that can't be told, phrases and keys that are missing."""
    yield from _of_places(file, model)
    active = {name for name, service in places.services.items() if service.status == "active"}
    for name, node in model.nodes.items():
        for key, option in node.options.items():
            if option.goto not in model.nodes:
                yield _unknown(file, f"nodes.{name}.options.{key}.goto", option.goto, model.nodes)
        for service in [*node.numbers, *([node.service] if node.service else [])]:
            if service not in active:
                yield _unknown(file, f"nodes.{name}", service, active, "an active service of the directory")
    for name in model.clinical.nodes:
        if name not in model.nodes:
            yield _unknown(file, "clinical.nodes", name, model.nodes)
    for name in model.clinical.services:
        if name not in places.services:
            yield _unknown(file, "clinical.services", name, places.services)
    yield from _of_meanings(file, model)
    yield from _of_words(file, model)


def of_translation(file: str, model: models.TranslationModel, source: models.FlowModel) -> Iterator[Fault]:
    """Words that the source has and the translation lacks, or the other way round."""
    for name, node in source.nodes.items():
        theirs = model.nodes.get(name)
        if theirs:
            yield from _of_node(file, name, node, theirs)
        elif node.text or node.voice or node.options:
            yield _absent(file, f"nodes.{name}")
    for name in set(model.nodes) - set(source.nodes):
        yield _unknown(file, "nodes", name, source.nodes)
    told = {node.service for node in source.nodes.values() if node.service}
    for service in sorted(told - set(model.services)):
        yield _absent(file, f"services.{service}")
    for service in sorted(set(model.services) - told):
        yield _unknown(file, "services", service, told)
    yield from _of_words(file, model)


def _of_meanings(file: str, model: models.FlowModel) -> Iterator[Fault]:
    """Meanings that lead nowhere or are missing, and language keys that mean two things."""
    meanings = model.understanding
    for label in sorted(set(LABELS) - set(meanings.labels) - {"stop", "unknown"}):
        yield _absent(file, f"understanding.labels.{label}")
    led = {f"labels.{label}": goto for label, goto in meanings.labels.items()}
    led |= {f"between.{'-'.join(one.labels)}": one.goto for one in meanings.between}
    led |= {f"emergencies.{kind}": goto for kind, goto in meanings.emergencies.items()}
    for item, goto in led.items():
        if goto not in model.nodes:
            yield _unknown(file, f"understanding.{item}", goto, model.nodes)
    # "#" may be one of them: when they are offered there is nothing yet to go back to.
    taken = {key for node in model.nodes.values() for key in node.options}
    taken |= {one.key for one in model.actions.values()} | {key for key in model.keys if key != "#"}
    for language, key in model.languages.items():
        if key in taken:
            yield Fault(file, f"languages.{language}", key, "a key with no other meaning", "choose another")
        taken.add(key)


def _of_places(file: str, model: models.FlowModel) -> Iterator[Fault]:
    """The nodes that the flow's head names, and keys that mean two things."""
    nodes = model.nodes
    kinds = {"start": "options", "numbers": "numbers", "goodbye": "end"}
    for place, kind in kinds.items():
        name = getattr(model.flow, place)
        if name not in nodes:
            yield _unknown(file, f"flow.{place}", name, nodes)
        elif not getattr(nodes[name], kind):
            yield Fault(file, f"flow.{place}", shown(name), f"a node with {kind}", "name such a node")
    keys = [one.key for one in model.actions.values()]
    if len(set(keys)) != len(keys) or set(keys) & set(model.keys):
        yield Fault(file, "actions", ", ".join(keys), "each key means one thing", "give each its own key")


def _of_node(file: str, name: str, node: models.NodeModel, theirs: models.TranslatedNode) -> Iterator[Fault]:
    for medium in ("text", "voice"):
        if getattr(node, medium) and not getattr(theirs, medium):
            yield _absent(file, f"nodes.{name}.{medium}")
    for key in node.options:
        option = theirs.options.get(key)
        if option is None or not option.text or not option.voice:
            yield _absent(file, f"nodes.{name}.options.{key}")
    for key in set(theirs.options) - set(node.options):
        yield _unknown(file, f"nodes.{name}.options", key, node.options)


def of_lines(file: str, model: models.LinesModel, flows: Mapping[str, Iterable[str]]) -> Iterator[Fault]:
    """Lines whose script or language does not exist, and numbers that two lines claim."""
    claimed: dict[str, str] = {}
    for name, line in model.lines.items():
        if line.flow not in flows:
            yield _unknown(file, f"lines.{name}.flow", line.flow, flows)
        for language in line.languages:
            if line.flow in flows and language not in flows[line.flow]:
                yield _unknown(file, f"lines.{name}.languages", language, flows[line.flow])
        for number in filter(None, (line.short_code, line.text_number, line.voice_number)):
            if claimed.setdefault(number, name) != name:
                cure = "give each its own"
                yield Fault(file, f"lines.{name}", number, f"lines.{claimed[number]} has it", cure)


def _of_words(file: str, model: models.FlowModel | models.TranslationModel) -> Iterator[Fault]:
    for command in COMMANDS:
        if command not in model.commands:
            yield _absent(file, f"commands.{command}")
    for action in ACTIONS:
        if action not in model.actions:
            yield _absent(file, f"actions.{action}")
    for medium in ("text", "voice"):
        if not getattr(model.language, medium).strip():
            yield _absent(file, f"language.{medium}")
        yield from _of_fields(file, f"language.{medium}", getattr(model.language, medium), {"key"})
    yield from _of_phrases(file, model)


def _of_phrases(file: str, model: models.FlowModel | models.TranslationModel) -> Iterator[Fault]:
    for name in set(model.phrases) - set(PHRASES):
        yield _unknown(file, "phrases", name, PHRASES)
    for name, (fields, media) in PHRASES.items():
        phrase = model.phrases.get(name)
        if phrase is None:
            yield _absent(file, f"phrases.{name}")
            continue
        for medium in ("text", "voice"):
            words = getattr(phrase, medium)
            if medium in media and not words.strip():
                yield _absent(file, f"phrases.{name}.{medium}")
            yield from _of_fields(file, f"phrases.{name}.{medium}", words, fields)


def _of_fields(file: str, item: str, words: str, fields: Iterable[str]) -> Iterator[Fault]:
    known = sorted(fields)
    try:
        used = {name for _, name, _, _ in string.Formatter().parse(words) if name is not None}
    except ValueError as error:
        yield Fault(file, item, shown(words), str(error), "write {{ and }} for a brace that is meant")
        return
    for name in sorted(used - set(known)):
        limit = f"fields here: {', '.join(known) or 'none'}"
        yield Fault(file, item, f"{{{name}}}", limit, "use one of them")


def _unknown(file: str, item: str, found: str, known: Iterable[str], what: str = "one of") -> Fault:
    names = sorted(known)
    near = difflib.get_close_matches(found, names, n=1)
    limit = f"{what}: {', '.join(names)}" if names else what
    return Fault(file, item, shown(found), limit, f"write {near[0]!r}" if near else "correct or remove it")


def _absent(file: str, item: str) -> Fault:
    return Fault(file, item, "nothing", "this is needed", f"add {item}")
