"""Listings are assured and replaced from the command line, and the files stay readable."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bot.catalogue import Catalogue, load
from bot.cli import signpost
from bot.settings import ROOT

CGL = ("replace", "nrp", "--name", "Change Grow Live Norfolk", "--number", "01603 514096", "--id", "cgl")


class Files:
    """Copies of the data files, and the commands on them."""

    def __init__(self, folder: Path) -> None:
        self.flows, self.config = folder / "flows", folder / "config"
        shutil.copytree(ROOT / "flows", self.flows)
        shutil.copytree(ROOT / "config", self.config)

    def run(self, *words: str) -> Result:
        where = {"FLOWS_DIR": str(self.flows), "CONFIG_DIR": str(self.config), "ENVIRONMENT": "development"}
        return CliRunner().invoke(signpost, ["directory", *words], env=where)

    def read(self) -> Catalogue:
        return load(self.flows, self.config)

    def bytes(self) -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in [*self.flows.iterdir(), *self.config.glob("*.toml")]}


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path)


def test_assurance_has_a_name_and_a_date_and_changes_nothing_else(files: Files) -> None:
    before = files.bytes()["services.toml"].decode()
    result = files.run("assure", "crimestoppers", "--by", "Sam Example", "--on", "2026-11-01")
    assert result.exit_code == 0, result.output
    service = files.read().directory.services["crimestoppers"]
    assert (str(service.assured_on), service.assured_by) == ("2026-11-01", "Sam Example")
    after = files.bytes()["services.toml"].decode()
    assert [
        line for line in after.splitlines() if "assured_" not in line or line in before
    ] == before.splitlines()
    assert "assured by Sam Example on 2026-11-01" in files.run("list").output


@pytest.mark.parametrize(
    "words",
    [
        ("assure", "crimestopers", "--by", "Sam Example"),
        ("assure", "crimestoppers", "--by", "Sam Example", "--on", "2999-01-01"),
        ("assure", "crimestoppers", "--by", " "),
        ("assure", "crimestoppers"),
        ("replace", "nobody", "--name", "Someone New", "--number", "01603 514096"),
        ("replace", "nrp", "--name", "Someone New", "--number", "ring the bell"),
        ("replace", "nrp", "--name", "Someone New", "--number", "0909 8790000"),
        ("replace", "nrp", "--name", "Crimestoppers", "--number", "01603 514096"),
    ],
)
def test_what_can_not_be_is_refused_and_leaves_the_files_alone(files: Files, words: tuple[str, ...]) -> None:
    before = files.bytes()
    result = files.run(*words)
    assert result.exit_code != 0
    assert files.bytes() == before


def test_successor_takes_the_place_of_a_service_everywhere(files: Files) -> None:
    result = files.run(*CGL)
    assert result.exit_code == 0, result.output
    assert "flows/helpline.toml:" in result.output  # where the old name is still said
    catalogue = files.read()
    old, new = (catalogue.directory.services[name] for name in ("nrp", "cgl"))
    assert (old.status, old.successor, old.transfer) == ("defunct", "Change Grow Live Norfolk", "never")
    assert (new.phone.display, new.phone.number) == ("01603 514096", "+441603514096")
    assert (new.minimum_age, new.assured_on, new.phone.cost) == (
        18,
        None,
        "It costs the same as an 01 or 02 call.",
    )
    nodes = catalogue.flows["helpline"].nodes.values()
    assert "nrp" not in {node.service for node in nodes} | {n for node in nodes for n in node.numbers}
    assert "cgl" in {n for node in nodes for n in node.numbers}
    for wording in catalogue.flows["helpline"].wordings.values():
        assert wording.services["cgl"].name == "Change Grow Live Norfolk"


def test_replaced_directory_still_passes_the_check(files: Files) -> None:
    files.run(*CGL)
    where = {"FLOWS_DIR": str(files.flows), "CONFIG_DIR": str(files.config), "ENVIRONMENT": "development"}
    checked = CliRunner().invoke(signpost, ["check"], env=where)
    assert checked.exit_code == 0, checked.output
