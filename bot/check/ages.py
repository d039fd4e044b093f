"""Everything that is said in English is read with ease at nine, or has a reason why not."""

from __future__ import annotations

from collections.abc import Iterator

from bot.check.finding import Age, Finding
from bot.check.reading_age import MOST_YEARS, reading_age
from bot.check.scope import MEDIA, SERVICES_FILE, Scope, Words


def passages(scope: Scope) -> Iterator[Words]:
    """Give what is read or heard as one: a menu with its options, a list of numbers, a phrase.

    A label by itself ("Police, not urgent") is too short for an age that means anything, so it counts
    with its menu; one hard label among easy ones can hide there.
    """
    wording = scope.wording
    for medium in MEDIA:
        for node in scope.flow.nodes.values():
            if node.options:
                labels = [wording.labels[node.id, option.key].on(medium) for option in node.options]
                whole = "\n".join([scope.speaker(medium).prompt(node.id), *labels])
                yield Words(scope.file, f"nodes.{node.id}.{medium}", medium, whole)
            elif node.numbers:
                listed = scope.speaker(medium).numbers(node)
                yield Words(scope.file, f"nodes.{node.id}.{medium}", medium, listed)
            elif node.end or (node.service and scope.speaker(medium).prompt(node.id)):
                yield Words(
                    scope.file, f"nodes.{node.id}.{medium}", medium, scope.speaker(medium).prompt(node.id)
                )
        for phrase, prompt_words in wording.phrases.items():
            yield Words(scope.file, f"phrases.{phrase}.{medium}", medium, prompt_words.on(medium))
        for service in {service.id for _, service in scope.told()}:
            words = wording.services[service].description.on(medium)
            yield Words(SERVICES_FILE, f"services.{service}.description.{medium}", medium, words)
    for service in {service.id for _, service in scope.told()}:
        yield Words(SERVICES_FILE, f"services.{service}.cost", "text", wording.services[service].cost)
    for action, label in wording.actions.items():
        yield Words(scope.file, f"actions.{action}.voice", "voice", label)


def of_scope(scope: Scope) -> tuple[tuple[Age, ...], tuple[Finding, ...]]:
    """Measure every passage of a flow in English; other languages have no measure here."""
    if scope.wording.language.partition("-")[0] != "en":
        return (), ()
    excepted = scope.catalogue.sources[scope.flow.id].reading_age.exceptions
    names = _names(scope)
    ages: dict[str, Age] = {}
    findings: list[Finding] = []
    for passage in passages(scope):
        years = reading_age(passage.words, names)
        if years is None:
            continue
        ages[passage.item] = Age(passage.item, years)
        if years > MOST_YEARS and passage.item not in excepted:
            findings.append(_too_old(scope, passage, years))
    findings.extend(_exceptions(scope, ages))
    return tuple(sorted(ages.values(), key=lambda age: (-age.years, age.item))), tuple(findings)


def _exceptions(scope: Scope, ages: dict[str, Age]) -> Iterator[Finding]:
    for item in scope.catalogue.sources[scope.flow.id].reading_age.exceptions:
        place, age = f"reading_age.exceptions.{item}", ages.get(item)
        if age is None:
            found, limit = f"{item!r}, which is not measured", "an exception names something that is measured"
            yield Finding(
                "warning", scope.source_file, place, found, limit, "correct its spelling or remove it"
            )
        elif age.years <= MOST_YEARS:
            found = f"the reading age of {item} is {age.years:g}"
            limit = f"an exception is for what is above {MOST_YEARS:g}"
            yield Finding("warning", scope.source_file, place, found, limit, "remove it")


def _too_old(scope: Scope, passage: Words, years: float) -> Finding:
    return Finding(
        "fault",
        passage.file,
        passage.item,
        f"reading age {years:g}: {' '.join(passage.words.split())!r}",
        f"at most {MOST_YEARS:g}",
        "use shorter words and sentences, "
        f'or give a reason under [reading_age.exceptions] in {scope.source_file}: "{passage.item}" = "…"',
    )


def _names(scope: Scope) -> set[str]:
    """Names of services and organisations, which nobody can write more plainly."""
    names = {words.name for words in scope.wording.services.values()}
    # Of an organisation the directory keeps the id: "norfolk-constabulary" stands for its name.
    names |= {one.organization.replace("-", " ") for one in scope.directory.services.values()}
    return names | {line.name for line in scope.catalogue.lines.values()}
