"""Reads flows/ and config/ into a Catalogue, or raises CatalogueError with every fault at once."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from bot.catalogue import build, crossings, models
from bot.catalogue.faults import Fault, from_validation, report
from bot.core.directory import Directory
from bot.core.flow import Flow
from bot.core.line import Line
from bot.core.partner import Partner, WitnessPolicy
from bot.errors import CatalogueError

REVISION_CHARS = 12
# Files in flows/ that are no script: they belong to `bot.understanding`.
OF_UNDERSTANDING = ("understanding", "emergency", "topics", "ages")
M = TypeVar("M", bound=models.Model)


@dataclass(frozen=True)
class Catalogue:
    """Everything that is data: the directory, the flows by id, the lines by id in file order.

    `sources` are the models as they were read, for checks that need what the core does not.
    """

    directory: Directory
    flows: Mapping[str, Flow]
    lines: Mapping[str, Line]
    sources: Mapping[str, models.FlowModel]
    partners: Mapping[str, Partner]
    witness_policy: WitnessPolicy

    def partner_of(self, service_id: str) -> str:
        """The id of the partner that a service belongs to.

        A service that the directory no longer lists stands for itself: its routings are not another's.
        """
        service = self.directory.services.get(service_id)
        if service is None:
            return service_id
        return next(one.id for one in self.partners.values() if service.organization in one.organizations)

    def line_of(self, number: str) -> Line | None:
        """The line that lists this number or short code."""
        return next((line for line in self.lines.values() if number in line.numbers), None)

    def serving(self, drafts: Container[str]) -> Catalogue:
        """The same, without the languages that are drafts and not among these."""
        flows = {
            name: replace(
                flow,
                wordings={
                    language: wording
                    for language, wording in flow.wordings.items()
                    if wording.status != "draft" or language in drafts
                },
            )
            for name, flow in self.flows.items()
        }
        return replace(self, flows=flows)

    @property
    def first_line(self) -> Line:
        """The line that serves numbers which no line lists."""
        return next(iter(self.lines.values()))


def load(flows_dir: Path, config_dir: Path) -> Catalogue:
    """Read and validate all data files.

    Raises:
        CatalogueError: with every fault found, as file, item, found, limit and cure.
    """
    return _Reader(flows_dir, config_dir).read()


class _Reader:
    """Collects faults while it reads, so that the operator mends them in one go."""

    def __init__(self, flows_dir: Path, config_dir: Path) -> None:
        self.flows_dir, self.config_dir = flows_dir, config_dir
        self.faults: list[Fault] = []

    def read(self) -> Catalogue:
        """Read everything, or raise."""
        services = self._directory()
        lines, lines_file = self._model(self.config_dir / "lines.toml", models.LinesModel)
        flows = self._flows(services)
        if lines and flows:
            known = {name: [source.flow.language, *others] for name, (source, others, _) in flows.items()}
            self.faults.extend(crossings.of_lines(lines_file, lines, known))
        partners, partners_file = self._model(self.config_dir / "partners.toml", models.PartnersModel)
        if partners and services:
            self.faults.extend(crossings.of_partners(partners_file, partners, services))
        if self.faults or services is None or lines is None or partners is None:
            raise CatalogueError(report(self.faults))
        directory = build.directory(services, self._revision([self.config_dir / "services.toml"]))
        return Catalogue(
            directory,
            {
                name: build.flow(source, others, directory, self._revision(paths))
                for name, (source, others, paths) in flows.items()
            },
            {name: build.line(name, line) for name, line in lines.lines.items()},
            {name: source for name, (source, _, _) in flows.items()},
            build.partners(partners, services),
            build.witness_policy(partners),
        )

    def _directory(self) -> models.DirectoryModel | None:
        model, file = self._model(self.config_dir / "services.toml", models.DirectoryModel)
        if model:
            self.faults.extend(crossings.of_directory(file, model))
        return model

    def _flows(
        self, services: models.DirectoryModel | None
    ) -> dict[str, tuple[models.FlowModel, dict[str, models.TranslationModel], list[Path]]]:
        flows = {}
        sources = [
            path
            for path in sorted(self.flows_dir.glob("*.toml"))
            if "." not in path.stem and not path.stem.startswith(OF_UNDERSTANDING)
        ]
        if not sources:
            where = self.flows_dir.name
            self.faults.append(Fault(where, "the folder", "no script", "at least one", "add helpline.toml"))
        for path in sources:
            source, file = self._model(path, models.FlowModel)
            if source is None:
                continue
            if services:
                self.faults.extend(crossings.of_flow(file, source, services))
            paths, others = [path], {}
            for other in sorted(self.flows_dir.glob(f"{path.stem}.*.toml")):
                translation, name = self._model(other, models.TranslationModel)
                paths.append(other)
                if translation:
                    self.faults.extend(crossings.of_translation(name, translation, source))
                    others[translation.flow.language] = translation
            flows[source.flow.id] = (source, others, paths)
        return flows

    def _model(self, path: Path, model: type[M]) -> tuple[M | None, str]:
        file = f"{path.parent.name}/{path.name}"
        try:
            return model.model_validate(tomllib.loads(path.read_text("utf-8"))), file
        except FileNotFoundError:
            self.faults.append(Fault(file, "the file", "nothing", "it has to be there", "restore it"))
        except UnicodeDecodeError as error:
            limit = "UTF-8 text"
            self.faults.append(Fault(file, f"byte {error.start}", "not UTF-8", limit, "save it as UTF-8"))
        except tomllib.TOMLDecodeError as error:
            self.faults.append(Fault(file, "the file", str(error), "TOML", "correct that place"))
        except ValidationError as error:
            self.faults.extend(from_validation(file, model, error))
        return None, file

    @staticmethod
    def _revision(paths: Sequence[Path]) -> str:
        """A fingerprint of the files, so that a record says which words were in force."""
        digest = hashlib.sha256()
        for path in paths:
            digest.update(path.name.encode() + b"\0" + path.read_bytes())
        return digest.hexdigest()[:REVISION_CHARS]
