"""Change listings in the data files as an operator would by hand: comments and order stay.

A change is tried on a copy first, so that files which could not be read afterwards are never left behind.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import phonenumbers
import tomlkit
from tomlkit.items import Table

from bot.catalogue.load import Catalogue, load
from bot.errors import CatalogueError

Document = tomlkit.TOMLDocument


@dataclass(frozen=True)
class Successor:
    """The service that takes over from another: its id, name and telephone."""

    id: str
    name: str
    display: str
    cost: str


def assure(flows_dir: Path, config_dir: Path, service: str, by: str, on: date) -> Catalogue:
    """Record that somebody rang a service and confirmed its listing.

    Args:
        flows_dir, config_dir: where the data files are.
        service: its id.
        by: who rang.
        on: the day.

    Raises:
        CatalogueError: there is no such service, or the files could not be read afterwards.
    """

    def change(flows: Path, config: Path) -> None:
        with _changed(config / "services.toml") as document:
            listing = _listing(document, service)
            listing["assured_on"], listing["assured_by"] = on, by

    return _try_then_keep(flows_dir, config_dir, change)


def replace(flows_dir: Path, config_dir: Path, service: str, new: Successor) -> Catalogue:
    """Send people to another service from now on, wherever the script sent them to this one.

    The old listing stays, as defunct and naming its successor, because routings of the past name
    it. The new one takes over what the old one said of itself, and nobody has assured it yet.

    Raises:
        CatalogueError: there is no such service, the number is none, the new id is taken, or the
            files could not be read afterwards.
    """

    def change(flows: Path, config: Path) -> None:
        with _changed(config / "services.toml") as document:
            _succeed(document, service, new)
        for path in sorted(flows.glob("*.toml")):
            with _changed(path) as document:
                _redirect(document, service, new)

    return _try_then_keep(flows_dir, config_dir, change)


def mentions(flows_dir: Path, names: tuple[str, ...]) -> Iterator[str]:
    """Find the lines of the script that still say one of these names, as `file:line`."""
    for path in sorted(flows_dir.glob("*.toml")):
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
            if any(name in line for name in names) and not line.lstrip().startswith(("#", "words")):
                yield f"{path.parent.name}/{path.name}:{number}"


def _succeed(document: Document, service: str, new: Successor) -> None:
    listing = _listing(document, service)
    services: Any = document["services"]
    if new.id in services:
        raise CatalogueError(f"config/services.toml has services.{new.id} already; choose another id")
    number = _dialled(new.display)
    for old in ("successor", "assured_on", "assured_by"):
        listing.pop(old, None)
    taken = {name: listing[name] for name in ("transfer", "minimum_age", "maximum_age") if name in listing}
    listing["status"], listing["transfer"], listing["successor"] = "defunct", "never", new.name
    successor = tomlkit.table()
    organizations: Any = document["organizations"]
    organizations.setdefault(new.id, new.name)
    successor.update({"organization": new.id, "name": new.name, "status": "active", **taken})
    successor["source"] = f"Takes over from {service}; to be assured by telephone"
    successor["description"] = tomlkit.item(listing["description"].unwrap())
    phone = {"type": "voice", "display": new.display, "number": number, "languages": ["en"], "cost": new.cost}
    phones = tomlkit.aot()
    phones.append(tomlkit.item(phone))
    successor["phones"] = phones
    services[new.id] = successor


def _redirect(document: Document, service: str, new: Successor) -> None:
    """Change one file of words: where its nodes lead, and what a translation says of the service."""
    nodes: Any = document.get("nodes", {})
    for node in nodes.values():
        if node.get("service") == service:
            node["service"] = new.id
        if service in node.get("numbers", ()):
            node["numbers"] = [new.id if one == service else one for one in node["numbers"]]
    services: Any = document.get("services", {})
    if service in services:
        words = services.pop(service).unwrap()  # a translation holds no words for what is never told
        services[new.id] = tomlkit.item({name: words[name] for name in words if name != "name"})


def _listing(document: Document, service: str) -> Table:
    services: Any = document["services"]
    if service not in services:
        known = ", ".join(services)
        raise CatalogueError(f"config/services.toml has no services.{service}; it has {known}")
    listing: Table = services[service]
    return listing


def _dialled(display: str) -> str:
    """Read a number as people write it; E.164 where a machine can dial it, else its digits (101)."""
    try:
        number = phonenumbers.parse(display, "GB")
    except phonenumbers.NumberParseException:
        raise CatalogueError(f"{display!r} is no telephone number; write it as people read it") from None
    if phonenumbers.is_valid_number(number):
        return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return "".join(ch for ch in display if ch.isdigit())


class _changed:  # noqa: N801 - used as a function: `with _changed(path) as document`
    """A file's document, written back at the end."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __enter__(self) -> Document:
        self.document = tomlkit.parse(self.path.read_text("utf-8"))
        return self.document

    def __exit__(self, fault: object, *_: object) -> None:
        if fault is None:
            self.path.write_text(tomlkit.dumps(self.document), "utf-8")


def _try_then_keep(flows_dir: Path, config_dir: Path, change: Callable[[Path, Path], None]) -> Catalogue:
    with tempfile.TemporaryDirectory() as folder:
        flows = Path(shutil.copytree(flows_dir, Path(folder, "flows")))
        config = Path(shutil.copytree(config_dir, Path(folder, "config")))
        change(flows, config)
        catalogue = load(flows, config)
        for copied, kept in ((config, config_dir), (flows, flows_dir)):
            for path in sorted(copied.glob("*.toml")):
                if path.read_bytes() != (kept / path.name).read_bytes():
                    _put_in_place(path, kept / path.name)
    return catalogue


def _put_in_place(path: Path, target: Path) -> None:
    """Write beside the target and rename, so that nobody ever reads half a file."""
    beside = target.with_name(f".{target.name}.new")
    beside.write_bytes(path.read_bytes())
    shutil.copymode(target, beside)
    beside.replace(target)
