"""A fault in a data file, told so that it can be mended: file, item, found, limit, cure."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pydantic import BaseModel, ValidationError

FOUND_CHARS = 60
FORM = re.compile(r"[\[(]|^literal$")


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong in a data file."""

    file: str
    item: str
    found: str
    limit: str
    cure: str

    def __str__(self) -> str:
        """One paragraph for the operator."""
        told = f"    found: {self.found}\n    limit: {self.limit}\n    cure:  {self.cure}"
        return f"{self.file}: {self.item}\n{told}"


def report(faults: Sequence[Fault]) -> str:
    """All faults as one text, counted."""
    count = "1 fault" if len(faults) == 1 else f"{len(faults)} faults"
    return "\n".join([f"{count} in the data files:", *(str(fault) for fault in faults)])


def shown(value: object) -> str:
    """A value as it is shown in a fault, cut short."""
    text = "a webhook's secret" if "whsec_" in repr(value) else repr(value)
    return text if len(text) <= FOUND_CHARS else f"{text[:FOUND_CHARS]}…"


def from_validation(file: str, model: type[BaseModel], error: ValidationError) -> list[Fault]:
    """Turn pydantic's errors into faults."""
    faults: dict[tuple[str, str], Fault] = {}
    for one in error.errors(include_url=False):
        # Where several forms are allowed, pydantic adds the form's name to the place: "function-after[…]".
        location = [str(part) for part in one["loc"] if not FORM.search(str(part))]
        kind, message = one["type"], one["msg"].removeprefix("Value error, ")
        if kind == "extra_forbidden":
            known = _fields_at(model, one["loc"][:-1])
            near = difflib.get_close_matches(location[-1], known, n=1)
            limit = f"known here: {', '.join(known)}" if known else "this key is not known here"
            cure = f"write {near[0]!r}" if near else "remove it or correct its spelling"
            found = f"unknown key {location[-1]!r}"
        elif kind == "missing":
            found, limit, cure = "nothing", "this key is needed", f"add {location[-1]} = …"
        else:
            limit, _, cure = message.partition("; cure: ")
            found, cure = shown(one["input"]), cure or "change it to what the limit says"
        item = ".".join(location) or "the file"
        faults[item, found] = Fault(file, item, found, limit, cure)  # of several forms, the last tells most
    return list(faults.values())


def _fields_at(model: type[BaseModel], path: Iterable[int | str]) -> list[str]:
    """The keys that a model knows at a path, as far as the path can be followed."""
    schema = model.model_json_schema()
    definitions, here = schema.get("$defs", {}), schema
    for part in path:
        following = here.get("properties", {}).get(part) if isinstance(part, str) else None
        by_pattern = next(iter(here.get("patternProperties", {}).values()), None)
        following = following or by_pattern or here.get("additionalProperties") or here.get("items")
        if not isinstance(following, dict):
            return []
        for choice in [following, *following.get("anyOf", [])]:
            if "$ref" in choice:
                following = definitions[choice["$ref"].rsplit("/", 1)[-1]]
                break
        here = following
    return sorted(here.get("properties", {}))
