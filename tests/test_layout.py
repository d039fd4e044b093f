"""The layout: who may import whom, how long a module is, what it may be called."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LONGEST_MODULE_LINES = 300

# What each package may import of this project, besides itself. `core` and `errors` know nothing else.
MAY_IMPORT = {
    "bot.core": set[str](),
    "bot.errors": set[str](),
    "bot.understanding": {"bot.core", "bot.errors"},
    "bot.catalogue": {"bot.core", "bot.errors"},
    "bot.channels": {"bot.core", "bot.errors"},
    "bot.ledger": {"bot.core", "bot.errors"},
    "bot.store": {"bot.core", "bot.errors"},
    "bot.carried": {"bot.core", "bot.store"},
    "bot.keyed": {"bot.core"},
    "bot.limiting": {"bot.core", "bot.keyed"},
    "bot.moves": {"bot.core"},
    "bot.variables": set[str](),
    "bot.conversation": {
        "bot.carried",
        "bot.core",
        "bot.keyed",
        "bot.limiting",
        "bot.moves",
        "bot.understanding",
        "bot.store",
        "bot.errors",
    },
    "bot.breaker": {"bot.errors", "bot.log", "bot.metrics"},
    "bot.standby": {
        "bot.carried",
        "bot.conversation",
        "bot.core",
        "bot.store",
        "bot.errors",
        "bot.log",
        "bot.metrics",
    },
    "bot.envelope": {"bot.keyed"},
    "bot.outbox": {
        *("bot.channels", "bot.core", "bot.envelope", "bot.errors", "bot.limiting", "bot.log"),
        *("bot.metrics", "bot.settings", "bot.store"),
    },
    "bot.carrier": {"bot.channels.signature"},
    "bot.delivery": {"bot.core", "bot.errors"},
    "bot.charts": {"bot.core"},
}
# Who may import these libraries; everybody else does without.
LIVES_IN = {
    "flask": {"bot.app", "bot.cli", "bot.web"},
    "twilio": {"bot.channels"},
    "sqlalchemy": {"bot.store"},
    "alembic": {"bot.store"},
    "psycopg": {"bot.store"},
    "prometheus_client": {"bot.metrics"},
    "cryptography": {"bot.envelope", "bot.ledger", "bot.web.portal"},
    "numpy": {"bot.understanding"},
    "jax": {"bot.understanding.encoder", "bot.understanding.tuning"},
    "optax": {"bot.understanding.tuning"},
    "segno": {"bot.poster", "bot.web.portal"},
    "tomlkit": {"bot.catalogue"},
    "argon2": {"bot.web.portal"},
    "pyotp": {"bot.web.portal"},
    "xlsxwriter": {"bot.web.portal"},
}
# What only developers have installed: who needs it, and the one command that says so where it is missing.
OF_DEVELOPERS = {"jax", "optax"}
MODULES_OF_DEVELOPERS = {"bot.understanding.encoder", "bot.understanding.tuning"}
# Packages that need nothing from outside the standard library.
STANDARD_LIBRARY_ALONE = ("bot.core", "bot.errors", "bot.carrier", "bot.log")
MEANINGLESS_NAMES = re.compile(r"util|helper|manager", re.IGNORECASE)


@dataclass(frozen=True)
class Import:
    """One import: which module makes it, of what, on which line, and whether only types are wanted."""

    importer: str
    imported: str
    line: int
    typing_only: bool

    def __str__(self) -> str:
        """Where to look."""
        return f"{self.importer} line {self.line} imports {self.imported}"


def module_name(path: Path) -> str:
    """bot/core/flow.py is bot.core.flow; a package is its folder."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


FILES = {module_name(path): path for path in sorted((ROOT / "bot").rglob("*.py"))}


def within(module: str, package: str) -> bool:
    """Say whether a module is a package or stands in it."""
    return module == package or module.startswith(f"{package}.")


def imports_of(module: str, path: Path) -> list[Import]:
    """Read every import of a module, wherever in it they stand."""
    tree = ast.parse(path.read_text("utf-8"))
    guarded = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING")
        for inner in ast.walk(node)
    }
    found: list[Import] = []
    for node in ast.walk(tree):
        found.extend(
            Import(module, name, getattr(node, "lineno", 0), id(node) in guarded)
            for name in _names(node, module, path)
        )
    return found


def _names(node: ast.AST, module: str, path: Path) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if not isinstance(node, ast.ImportFrom):
        return []
    base = node.module or ""
    if node.level:
        package = module.split(".")[: None if path.stem == "__init__" else -1]
        base = ".".join([*package[: len(package) - node.level + 1], *([base] if base else [])])
    # `from bot.core import flow` imports the module bot.core.flow; `from bot.core.flow import Flow` does not.
    return [f"{base}.{alias.name}" if f"{base}.{alias.name}" in FILES else base for alias in node.names]


IMPORTS = [one for module, path in FILES.items() for one in imports_of(module, path)]


def told(imports: list[Import]) -> str:
    """One line for each, for whoever has to mend them."""
    return "\n".join(str(one) for one in imports)


def test_there_is_something_to_read() -> None:
    assert len(FILES) > 30
    assert any(one.imported == "bot.core.flow" for one in IMPORTS)


@pytest.mark.parametrize("package", MAY_IMPORT)
def test_a_package_imports_only_what_the_table_allows(package: str) -> None:
    allowed = MAY_IMPORT[package] | {package}
    wrong = [
        one
        for one in IMPORTS
        if within(one.importer, package)
        and within(one.imported, "bot")
        and one.imported != "bot"
        and not any(within(one.imported, name) for name in allowed)
    ]
    assert not wrong, told(wrong)


@pytest.mark.parametrize("package", STANDARD_LIBRARY_ALONE)
def test_a_pure_package_needs_the_standard_library_alone(package: str) -> None:
    wrong = [
        one
        for one in IMPORTS
        if within(one.importer, package)
        and one.imported.partition(".")[0] not in {"bot", *sys.stdlib_module_names}
    ]
    assert not wrong, told(wrong)


@pytest.mark.parametrize(
    "module", ["sqlite3", "socket", "urllib.request", "http", "os", "pathlib", "random", "secrets"]
)
def test_core_reaches_for_no_file_network_or_chance(module: str) -> None:
    wrong = [one for one in IMPORTS if within(one.importer, "bot.core") and within(one.imported, module)]
    assert not wrong, told(wrong)


def test_core_reads_no_clock() -> None:
    clocks = re.compile(r"\b(datetime\.(now|utcnow|today)|date\.today|time\.(time|monotonic))\(")
    wrong = [
        name for name in FILES if within(name, "bot.core") and clocks.search(FILES[name].read_text("utf-8"))
    ]
    assert not wrong


@pytest.mark.parametrize("library", LIVES_IN)
def test_a_library_stays_where_it_lives(library: str) -> None:
    wrong = [
        one
        for one in IMPORTS
        if within(one.imported, library) and not any(within(one.importer, home) for home in LIVES_IN[library])
    ]
    assert not wrong, told(wrong)


def test_only_app_wires_the_web_to_the_rest() -> None:
    wrong = [
        one
        for one in IMPORTS
        if within(one.imported, "bot.app")
        and not within(one.importer, "bot.cli")
        and one.importer != "bot.app"
    ]
    assert not wrong, told(wrong)


def test_the_line_never_imports_the_carrier_that_plays_against_it() -> None:
    below = ("bot.core", "bot.catalogue", "bot.channels", "bot.store", "bot.ledger", "bot.conversation")
    wrong = [
        one
        for one in IMPORTS
        if within(one.imported, "bot.carrier") and any(within(one.importer, name) for name in below)
    ]
    assert not wrong, told(wrong)


def test_no_modules_import_each_other_in_a_circle() -> None:
    graph: dict[str, set[str]] = {name: set() for name in FILES}
    for one in IMPORTS:
        if one.imported in FILES and one.imported != one.importer and not one.typing_only:
            graph[one.importer].add(one.imported)
    circles = [circle for name in graph if (circle := way_back(graph, name))]
    assert not circles, "\n".join(" -> ".join(circle) for circle in circles)


def way_back(graph: dict[str, set[str]], start: str) -> list[str]:
    """Find a way from a module back to itself, or none."""
    ways, seen = [[start]], {start}
    while ways:
        way = ways.pop()
        for following in sorted(graph[way[-1]]):
            if following == start:
                return [*way, start]
            if following not in seen:
                seen.add(following)
                ways.append([*way, following])
    return []


def test_no_module_is_longer_than_a_head_holds() -> None:
    lengths = {name: len(path.read_text("utf-8").splitlines()) for name, path in FILES.items()}
    long = [f"{name}: {lines} lines" for name, lines in lengths.items() if lines > LONGEST_MODULE_LINES]
    assert not long, "\n".join(long)


def test_every_module_is_named_for_what_it_holds() -> None:
    wrong = [name for name in FILES if MEANINGLESS_NAMES.search(name.rpartition(".")[2])]
    assert not wrong


def test_no_class_or_function_is_named_for_nothing() -> None:
    named = re.compile(r"utils?$|helpers?$|managers?$|(^|_)(util|helper|manager)(_|$)", re.IGNORECASE)
    wrong = [
        f"{name} line {node.lineno}: {node.name}"
        for name, path in FILES.items()
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and named.search(node.name)
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("folder", ["config", "flows"])
def test_data_folders_hold_no_code(folder: str) -> None:
    assert not list((ROOT / folder).rglob("*.py"))


def test_what_the_app_imports_is_installed_by_make_run() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    installed = {re.split(r"[\[<>=]", name)[0].replace("-", "_") for name in project["dependencies"]}
    # Imported under another name, or part of Flask.
    other_names = {
        "phonenumberslite": {"phonenumbers"},
        "python_dotenv": {"dotenv"},
        "flask": {"click", "markupsafe", "werkzeug"},
        "twilio": {"requests", "urllib3"},
        "argon2_cffi": {"argon2"},
    }
    installed |= {name for package in installed for name in other_names.get(package, set())}
    foreign = {one.imported.partition(".")[0] for one in IMPORTS if not one.imported.startswith("bot")}
    assert foreign - set(sys.stdlib_module_names) - OF_DEVELOPERS <= installed


def test_the_line_starts_without_what_only_developers_have() -> None:
    blocked = "; ".join(f"sys.modules[{name!r}] = None" for name in sorted(OF_DEVELOPERS))
    code = f"import sys; {blocked}; import bot.app, bot.cli; print(*sys.modules, sep='\\n')"
    ran = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False, timeout=60
    )
    assert ran.returncode == 0, ran.stderr
    assert not MODULES_OF_DEVELOPERS & set(ran.stdout.split())
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    named = {re.split(r"[\[<>=]", name)[0] for name in project["dependency-groups"]["dev"]}
    assert named >= OF_DEVELOPERS
