"""Data files: the shipped ones load, and a broken one is refused with every fault and its cure."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from bot.catalogue import Catalogue, Fault, load, models, report
from bot.core.directory import END_OF_DAY
from bot.errors import CatalogueError

ROOT = Path(__file__).parents[2]
LANGUAGES = 'languages = ["en", "pl", "lt", "pt", "ro", "ru", "uk"]'
FILES = ("flows/helpline.toml", "config/services.toml", "config/lines.toml", "config/partners.toml")

TRANSLATION_HEAD = """
[flow]
language = "pl"
status = "draft"
"""


class Folder:
    """A copy of the shipped data that a test may spoil."""

    def __init__(self, root: Path) -> None:
        self.root = root
        for name in FILES:
            (root / name).parent.mkdir(exist_ok=True)
            (root / name).write_bytes((ROOT / name).read_bytes())

    def replace(self, name: str, old: str, new: str) -> None:
        """Replace the first place where these words stand; they must stand there."""
        path = self.root / name
        text = path.read_text("utf-8")
        assert old in text
        path.write_text(text.replace(old, new, 1), "utf-8")

    def append(self, name: str, text: str) -> None:
        """Add to the end of a file, or make it."""
        path = self.root / name
        before = path.read_text("utf-8") if path.exists() else ""
        path.write_text(before + text, "utf-8")

    def load(self) -> Catalogue:
        """Load it."""
        return load(self.root / "flows", self.root / "config")

    def faults(self) -> list[Fault]:
        """Load it, expect to be refused, and read the faults back out of the operator's text."""
        with pytest.raises(CatalogueError) as caught:
            self.load()
        told = re.findall(
            r"^(\S[^\n]*?): ([^\n]+)\n    found: (.*?)\n    limit: (.*?)\n    cure:  ([^\n]*)",
            str(caught.value),
            re.MULTILINE | re.DOTALL,
        )
        faults = [Fault(*one) for one in told]
        assert str(caught.value) == report(faults)
        return faults

    def fault(self) -> Fault:
        """Expect exactly one fault."""
        faults = self.faults()
        assert len(faults) == 1, report(faults)
        return faults[0]


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """Give a copy of the shipped data, in English alone: translations have tests of their own."""
    english = Folder(tmp_path)
    for path in (tmp_path / "flows").glob("*.*.toml"):
        path.unlink()
    english.replace("config/lines.toml", LANGUAGES, 'languages = ["en"]')
    return english


# -- what is shipped -------------------------------------------------------------------------------


def test_the_shipped_files_load(folder: Folder) -> None:
    catalogue = folder.load()
    assert list(catalogue.flows) == ["helpline"]
    assert catalogue.directory.emergency.phone.display == "999"
    assert catalogue.first_line.id == "norfolk"
    assert catalogue.line_of("60163") is catalogue.first_line
    assert catalogue.line_of("+447700900000") is catalogue.first_line
    assert catalogue.line_of("+447700900001") is None
    assert catalogue.line_of("") is None


def test_every_number_that_can_be_dialled_is_in_the_directory_and_offered() -> None:
    directory = load(ROOT / "flows", ROOT / "config").directory
    assert directory.dialable() == {"+44800555111", "+443007900227"}


def test_the_shipped_languages_load_and_production_serves_drafts_by_name_alone() -> None:
    catalogue = load(ROOT / "flows", ROOT / "config")
    known = {"en", "pl", "lt", "pt", "ro", "ru", "uk"}
    assert set(catalogue.flows["helpline"].wordings) == set(catalogue.first_line.languages) == known
    assert set(catalogue.serving(()).flows["helpline"].wordings) == {"en"}
    assert set(catalogue.serving(("lt", "pl")).flows["helpline"].wordings) == {"en", "lt", "pl"}


def test_the_revision_changes_with_a_word_and_with_nothing_else(folder: Folder) -> None:
    before = folder.load()
    again = folder.load()
    assert before.flows["helpline"].revision == again.flows["helpline"].revision
    folder.replace("flows/helpline.toml", "Police, not urgent", "Police, when not urgent")
    after = folder.load()
    assert before.flows["helpline"].revision != after.flows["helpline"].revision
    assert before.directory.revision == after.directory.revision


def test_a_schedule_becomes_periods_with_its_bank_holidays(folder: Folder) -> None:
    folder.append(
        "config/services.toml",
        """
[services.nrp.schedule]
periods = [{ byday = ["TU", "MO"], opens_at = "20:00", closes_at = "24:00" }]
bank_holidays = "as usual"
""",
    )
    directory = folder.load().directory
    schedule = directory.services["nrp"].schedule
    assert schedule.periods[0].byday == ("MO", "TU")
    assert schedule.periods[0].closes_at == END_OF_DAY
    assert schedule.bank_holidays == schedule.periods
    assert directory.bank_holidays


# -- one fault, told so that it can be mended ------------------------------------------------------

FLOW, SERVICES, LINES, PARTNERS = FILES


@pytest.mark.parametrize(
    ("file", "old", "new", "item", "found", "limit", "cure"),
    [
        (SERVICES, "emergency = true", "emergancy = true", None, "'emergancy'", "", "'emergency'"),
        (
            *(SERVICES, 'source = "Operation', 'sauce = "Operation'),
            *("services.police-101.sauce", "unknown key 'sauce'", "known here: ", "write 'source'"),
        ),
        (
            *(SERVICES, 'display = "101"', 'displai = "101"'),
            *(None, "unknown key 'displai'", "display", "write 'display'"),
        ),
        (FLOW, 'words = ["signpost"]', 'wordz = ["x"]', "nodes.main.wordz", "'wordz'", "words", "'words'"),
        (FLOW, "[timing]", "[timming]", "timming", "unknown key 'timming'", "timing", "write 'timing'"),
        (
            FLOW,
            "ring_seconds",
            "ring_secs",
            "timing.ring_secs",
            "ring_secs",
            "ring_seconds",
            "'ring_seconds'",
        ),
        (
            FLOW,
            '[phrases.busy]\ntext = ""',
            '[phrases.busy]\ntxt = ""',
            "phrases.busy.txt",
            "txt",
            "text",
            "'text'",
        ),
        (LINES, "short_code", "shortcode", "lines.norfolk.shortcode", "", "short_code", "'short_code'"),
        (
            SERVICES,
            'number = "101"',
            "number = 101",
            "services.police-101.phones.0.number",
            "101",
            "string",
            "",
        ),
        (
            *(SERVICES, 'number = "+44800555111"', 'number = "0800 555 111"'),
            *("services.crimestoppers.phones.0.number", "'0800 555 111'", "without spaces", "+443007900227"),
        ),
        (
            SERVICES,
            'display = "101"',
            "display = 101",
            "services.police-101.phones.0.display",
            "101",
            "string",
            "",
        ),
        (LINES, '"60163"', "60163", "lines.norfolk.short_code", "60163", "string", ""),
        (LINES, '"60163"', '"6016"', "lines.norfolk.short_code", "'6016'", "", ""),
        (LINES, '"+447700900000"', '"07700 900000"', "lines.norfolk.text_number", "'07700 900000'", "", ""),
        (
            LINES,
            'flow = "helpline"',
            'flow = "helplin"',
            "lines.norfolk.flow",
            "'helplin'",
            "helpline",
            "'helpline'",
        ),
        (LINES, '["en"]', '["en", "cy"]', "lines.norfolk", None, "no voice speaks 'cy'", "voices.cy"),
        (FLOW, 'start = "main"', 'start = "mian"', "flow.start", "'mian'", "main", "write 'main'"),
        (FLOW, 'start = "main"', 'start = "police"', "flow.start", "'police'", "options", "name such a node"),
        (
            FLOW,
            'numbers = "numbers"',
            'numbers = "main"',
            "flow.numbers",
            "'main'",
            "numbers",
            "name such a node",
        ),
        (
            FLOW,
            'goodbye = "goodbye"',
            'goodbye = "main"',
            "flow.goodbye",
            "'main'",
            "end",
            "name such a node",
        ),
        (
            *(FLOW, 'goto = "police"', 'goto = "polise"'),
            *("nodes.main.options.1.goto", "'polise'", "police", "write 'police'"),
        ),
        (FLOW, 'service = "nrp"', 'service = "npr"', "nodes.recovery", "'npr'", "active", "write 'nrp'"),
        (FLOW, 'service = "nrp"', 'service = "unity"', "nodes.recovery", "'unity'", "active", ""),
        (
            FLOW,
            'numbers = ["emergency"',
            'numbers = ["emergencies"',
            "nodes.numbers",
            "'emergencies'",
            "",
            "'emergency'",
        ),
        (
            FLOW,
            'service = "nrp"',
            'service = "nrp"\nend = true',
            "nodes.recovery",
            None,
            "one of",
            "exactly one",
        ),
        (FLOW, '"*" = "repeat"', '"**" = "repeat"', None, "", "", ""),
        (FLOW, '"*" = "repeat"', '"*" = "reepat"', "keys.*", "'reepat'", "repeat", ""),
        (
            FLOW,
            '[actions.text]\nkey = "2"',
            '[actions.text]\nkey = "1"',
            "actions",
            "1, 1, 3, 4",
            "one thing",
            "its own",
        ),
        (
            FLOW,
            '[actions.text]\nkey = "2"',
            '[actions.text]\nkey = "0"',
            "actions",
            "1, 0, 3, 4",
            "one thing",
            "its own",
        ),
        (
            FLOW,
            "The number is {number}.",
            "The number is {nubmer}.",
            "phrases.service.voice",
            "{nubmer}",
            "number",
            "",
        ),
        (FLOW, "The number is {number}.", "The number is {number.", "phrases.service.voice", None, "", "{{"),
        (FLOW, "The number is {number}.", "The number is {}.", "phrases.service.voice", "{}", "number", ""),
        (
            FLOW,
            '"The line is busy. You can try again, or note the number."',
            '""',
            "phrases.busy.voice",
            "nothing",
            "needed",
            "",
        ),
        (FLOW, "answer_seconds = 8", 'answer_seconds = "8s"', "timing.answer_seconds", "'8s'", "integer", ""),
        (FLOW, "answer_seconds = 8", "answer_seconds = 300", "timing.answer_seconds", "300", "30", ""),
        (FLOW, "misses = 3", "misses = 0", "timing.misses", "0", "1", ""),
        (FLOW, '"nine"]', '"nine", "ten"]', "reading.digits", None, "10", ""),
        (FLOW, '"Sunday"]', "]", "days.names", None, "7", ""),
        (FLOW, 'nodes = ["distress"', 'nodes = ["distres"', "clinical.nodes", "'distres'", "", "'distress'"),
        (SERVICES, 'organization = "nhs"', 'organization = "nsh"', None, "'nsh'", "nhs", "'nhs'"),
        (
            SERVICES,
            'status = "active"',
            'status = "aktive"',
            "services.emergency.status",
            "'aktive'",
            "active",
            "",
        ),
        (
            *(SERVICES, 'transfer = "never"              # 101', 'transfer = "offer" # 101'),
            *("services.police-101", None, "+44", "transfer_to"),
        ),
        (
            *(
                SERVICES,
                'transfer = "never"              # we',
                'transfer = "offer"\ntransfer_to = "+441603000000" #',
            ),
            *("services.emergency", None, "never dial 999", '"never"'),
        ),
        (SERVICES, "minimum_age = 18", "minimum_age = 130", "services.nrp.minimum_age", "130", "120", ""),
        (
            SERVICES,
            "minimum_age = 18",
            "minimum_age = 18\nmaximum_age = 17",
            "services.nrp",
            None,
            "above",
            "correct",
        ),
        (
            SERVICES,
            "minimum_age = 18",
            "assured_on = 2026-11-24",
            "services.nrp",
            None,
            "a name",
            "both or neither",
        ),
        (
            SERVICES,
            "minimum_age = 18",
            'assured_on = "yesterday"',
            "services.nrp.assured_on",
            "'yesterday'",
            "",
            "",
        ),
        (
            SERVICES,
            '"Help with drugs or drink if you are 18 or over."',
            '""',
            "services.nrp.description",
            "no words",
            "both",
            "",
        ),
        # What YAML would have guessed at, TOML keeps, and the loader refuses.
        (
            SERVICES,
            "always = true",
            'always = "maybe"',
            "services.emergency.schedule.always",
            "'maybe'",
            "boolean",
            "",
        ),
        (
            SERVICES,
            "always = true",
            "periods = []",
            "services.emergency.schedule",
            None,
            "either",
            "keep one",
        ),
        (SERVICES, 'name = "Emergency"', "name = 999", "services.emergency.name", "999", "string", ""),
        (SERVICES, 'languages = ["en"]', 'languages = "en"', None, "'en'", "list", ""),
        (FLOW, 'words = ["signpost"]', 'words = "signpost"', "nodes.main.words", "'signpost'", "list", ""),
        (FLOW, 'words = ["signpost"]', "words = [101]", "nodes.main.words.0", "101", "string", ""),
        (FLOW, 'language = "en"', "language = false", "flow.language", "False", "string", ""),
    ],
)
def test_a_fault_names_file_item_found_limit_and_cure(
    folder: Folder,
    file: str,
    old: str,
    new: str,
    item: str | None,
    found: str | None,
    limit: str,
    cure: str,
) -> None:
    folder.replace(file, old, new)
    faults = [
        fault for fault in folder.faults() if item in (None, fault.item) and (found or "") in fault.found
    ]
    assert faults, report(folder.faults())
    fault = faults[0]
    assert fault.file == file
    assert limit in fault.limit
    assert cure in fault.cure
    assert all((fault.found, fault.limit, fault.cure))


def test_a_missing_command_or_phrase_says_what_to_add(folder: Folder) -> None:
    folder.replace("flows/helpline.toml", "[phrases.busy]", "[phrases.bussy]")
    found = {(fault.item, fault.found): fault.cure for fault in folder.faults()}
    assert found == {
        ("phrases", "'bussy'"): "write 'busy'",
        ("phrases.busy", "nothing"): "add phrases.busy",
    }


def test_an_unknown_command_is_named(folder: Folder) -> None:
    folder.replace("flows/helpline.toml", "[commands.stop]", "[commands.stopp]")
    assert any(fault.item.startswith("commands.stopp") for fault in folder.faults())


def test_a_line_may_do_without_a_text_number(folder: Folder) -> None:
    folder.replace("config/lines.toml", '"+447700900000"', '""')
    assert folder.load().first_line.numbers == ("60163", "+441632960000")


@pytest.mark.parametrize(("flags", "count"), [((True, True), "2"), ((False, False), "0")])
def test_there_is_exactly_one_emergency_service(folder: Folder, flags: tuple[bool, bool], count: str) -> None:
    first, second = flags
    folder.replace("config/services.toml", "emergency = true", f"emergency = {str(first).lower()}")
    folder.replace(
        "config/services.toml", "minimum_age = 18", f'emergency = {str(second).lower()}\ntransfer_to = ""'
    )
    if second:
        folder.replace("config/services.toml", 'transfer = "offer"', 'transfer = "never"')
        folder.replace("config/services.toml", 'transfer = "offer"', 'transfer = "never"')
    fault = folder.fault()
    assert (fault.file, fault.item) == ("config/services.toml", "services")
    assert fault.found == f"{count} services with emergency = true"
    assert "999" in fault.cure


def test_an_offered_transfer_without_any_phone_is_a_fault_and_not_a_crash(folder: Folder) -> None:
    folder.replace(
        "config/services.toml",
        'status = "inactive"             # not told to anyone until its number is found\ntransfer = "never"',
        'status = "inactive"\ntransfer = "offer"',
    )
    assert folder.fault().item == "services.unity"


def test_two_lines_may_not_have_the_same_number(folder: Folder) -> None:
    folder.append(
        "config/lines.toml",
        """
[lines.suffolk]
name = "Signpost Suffolk"
flow = "helpline"
languages = ["en"]
short_code = "60163"
voices = {}
""",
    )
    fault = folder.fault()
    assert (fault.item, fault.found, fault.limit) == ("lines.suffolk", "60163", "lines.norfolk has it")


# -- files that cannot be read at all --------------------------------------------------------------


@pytest.mark.parametrize("name", ["config/services.toml", "config/lines.toml"])
def test_a_missing_file_is_named(folder: Folder, name: str) -> None:
    (folder.root / name).unlink()
    fault = folder.fault()
    assert (fault.file, fault.item, fault.found) == (name, "the file", "nothing")


def test_a_folder_without_a_script_is_a_fault(folder: Folder) -> None:
    (folder.root / "flows/helpline.toml").unlink()
    fault = folder.fault()
    assert (fault.file, fault.found) == ("flows", "no script")


def test_files_beside_the_script_that_are_no_scripts_are_left_alone(folder: Folder) -> None:
    folder.append("flows/understanding.en.toml", "x = 1\n")
    folder.append("flows/emergency.en.toml", "x = 1\n")
    folder.append("flows/NOTES.txt", "no script")
    assert list(folder.load().flows) == ["helpline"]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("[flow\n", "line 1"),
        ("a = 1\na = 2\n", "line 2"),
        ("start: main\n", "line 1"),
        ("number = 0800\n", "line 1"),
    ],
)
def test_bad_toml_says_where(folder: Folder, text: str, place: str) -> None:
    (folder.root / "config/lines.toml").write_text(text, "utf-8")
    fault = folder.fault()
    assert fault.file == "config/lines.toml"
    assert place in fault.found
    assert fault.limit == "TOML"


def test_bad_utf_8_says_at_which_byte(folder: Folder) -> None:
    (folder.root / "config/lines.toml").write_bytes(b'name = "caf\xe9"\n')
    fault = folder.fault()
    assert (fault.file, fault.item, fault.limit) == ("config/lines.toml", "byte 11", "UTF-8 text")


def test_a_byte_order_mark_is_a_fault_and_not_a_crash(folder: Folder) -> None:
    path = folder.root / "config/lines.toml"
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert folder.fault().file == "config/lines.toml"


# -- every fault at once ---------------------------------------------------------------------------


def test_every_fault_of_every_file_is_told_at_once(folder: Folder) -> None:
    folder.replace("config/services.toml", 'organization = "nhs"', 'organization = "nsh"')
    folder.replace("flows/helpline.toml", 'goto = "police"', 'goto = "polise"')
    folder.replace("flows/helpline.toml", 'goto = "anonymous"', 'goto = "nowhere-at-all"')
    folder.replace("config/lines.toml", 'flow = "helpline"', 'flow = "line"')
    folder.replace(PARTNERS, '["crimestoppers-trust"]', '["crimestopper"]')
    faults = folder.faults()
    assert {fault.file for fault in faults} == set(FILES)
    assert len(faults) == 5
    assert report(faults).startswith("5 faults in the data files:\n")


def test_every_fault_within_one_file_is_told_at_once(folder: Folder) -> None:
    folder.replace("config/services.toml", 'number = "101"', "number = 101")
    folder.replace("config/services.toml", 'display = "999"', "display = 999")
    folder.replace("config/services.toml", "minimum_age", "minimum_ages")
    assert len(folder.faults()) == 3


def test_one_fault_is_counted_as_one() -> None:
    fault = Fault("config/lines.toml", "the file", "nothing", "it has to be there", "restore it")
    assert report([fault]).splitlines()[0] == "1 fault in the data files:"


def test_a_long_value_is_cut_short(folder: Folder) -> None:
    folder.replace("config/services.toml", 'display = "101"', f'display = "{"x" * 500}"')
    assert len(folder.fault().found) < 80


# -- translations ----------------------------------------------------------------------------------


def test_a_translation_that_lacks_words_says_which(folder: Folder) -> None:
    text = (folder.root / "flows/helpline.toml").read_text("utf-8")
    reading = "".join(
        text[text.index(table) : text.index("# ----", text.index(table))]
        for table in ("\n[language]\n", "\n[reading]\n")
    )
    folder.append(
        "flows/helpline.pl.toml",
        TRANSLATION_HEAD
        + reading
        + """
[actions]
[commands]
[phrases]
[services]

[days]
names = ["a", "b", "c", "d", "e", "f", "g"]

[nodes.main]
text = "Linia"
options.1 = { text = "Policja", voice = "Policja" }
options.7 = { text = "Nic", voice = "Nic" }

[nodes.nowhere]
text = "Nic"
""",
    )
    faults = folder.faults()
    assert {fault.file for fault in faults} == {"flows/helpline.pl.toml"}
    items = {fault.item for fault in faults}
    assert {
        "nodes.main.voice",
        "nodes.main.options.2",
        "nodes.other",
        "phrases.busy",
        "actions.connect",
        "commands.stop",
        "services.nrp",
    } <= items
    assert "nodes.main.text" not in items
    assert {("nodes", "'nowhere'"), ("nodes.main.options", "'7'")} <= {
        (one.item, one.found) for one in faults
    }


@pytest.mark.parametrize(("status", "by"), [("approved", ""), ("draft", "Anna")])
def test_an_approved_translation_names_who_approved_it(status: str, by: str) -> None:
    with pytest.raises(ValidationError, match="go together"):
        models.TranslationHead(language="pl", status=status, approved_by=by)  # type: ignore[arg-type]


# -- the JSON Schemas that editors use -------------------------------------------------------------

MODELS: dict[str, type[models.Model]] = {
    "flows/helpline.toml": models.FlowModel,
    "config/services.toml": models.DirectoryModel,
    "config/lines.toml": models.LinesModel,
    PARTNERS: models.PartnersModel,
}
TYPES: dict[str, type | tuple[type, ...]] = {
    "object": dict,
    "array": list,
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "null": type(None),
}


def fits(value: Any, schema: dict[str, Any], root: dict[str, Any]) -> bool:
    """Hold a value against the parts of JSON Schema that pydantic writes for these models."""
    if "$ref" in schema:
        return fits(value, root["$defs"][schema["$ref"].rsplit("/", 1)[-1]], root)
    if "anyOf" in schema:
        return any(fits(value, one, root) for one in schema["anyOf"])
    if "const" in schema or "enum" in schema:
        return value in schema.get("enum", [schema.get("const")])
    kind = schema.get("type")
    if schema.get("format") == "date":
        value = str(value)
    if kind and (not isinstance(value, TYPES[kind]) or (kind == "integer" and isinstance(value, bool))):
        return False
    if isinstance(value, dict):
        return _fits_object(value, schema, root)
    if isinstance(value, list):
        return all(fits(one, schema.get("items", {}), root) for one in value)
    return not isinstance(value, str) or re.search(schema.get("pattern", ""), value) is not None


def _fits_object(value: dict[str, Any], schema: dict[str, Any], root: dict[str, Any]) -> bool:
    known, others = schema.get("properties", {}), schema.get("additionalProperties", True)
    if not set(schema.get("required", [])) <= set(value):
        return False
    patterns = schema.get("patternProperties", {})
    names = schema.get("propertyNames", {})
    for name, one in value.items():
        matching = [its for pattern, its in patterns.items() if re.search(pattern, name)]
        its = known.get(name) or (matching[0] if matching else others)
        if (
            its is False
            or not fits(name, names, root)
            or (isinstance(its, dict) and not fits(one, its, root))
        ):
            return False
    return True


@pytest.mark.parametrize("name", FILES)
def test_the_json_schema_allows_what_is_shipped(name: str) -> None:
    data = tomllib.loads((ROOT / name).read_text("utf-8"))
    schema = MODELS[name].model_json_schema()
    MODELS[name].model_validate(data)
    assert fits(data, schema, schema)


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        (FLOW, "[timing]", "[timming]"),
        (FLOW, '"*" = "repeat"', '"*" = "reepat"'),
        (FLOW, "answer_seconds = 8", 'answer_seconds = "8s"'),
        (SERVICES, 'number = "101"', "number = 101"),
        (SERVICES, 'status = "active"', 'status = "aktive"'),
        (SERVICES, 'display = "101"', 'displai = "101"'),
        (LINES, '"60163"', '"6016"'),
        (LINES, 'name = "Signpost Norfolk"', ""),
    ],
)
def test_the_json_schema_refuses_what_the_models_refuse(name: str, old: str, new: str) -> None:
    data = tomllib.loads((ROOT / name).read_text("utf-8").replace(old, new, 1))
    schema = MODELS[name].model_json_schema()
    with pytest.raises(ValidationError):
        MODELS[name].model_validate(data)
    assert not fits(data, schema, schema)


def test_every_service_has_a_partner(folder: Folder) -> None:
    catalogue = folder.load()
    assert catalogue.partner_of("crimestoppers") == "crimestoppers"
    assert catalogue.partner_of("police-101") == "norfolk-constabulary"
    assert catalogue.partner_of("samaritans") == "samaritans"  # listed by nobody: a partner of its own
    assert {catalogue.partner_of(service) for service in catalogue.directory.services} <= set(
        catalogue.partners
    )


def test_a_service_that_left_the_directory_is_nobody_elses(folder: Folder) -> None:
    assert folder.load().partner_of("closed-long-ago") == "closed-long-ago"


@pytest.mark.parametrize(
    ("old", "new", "item", "found"),
    [
        (
            '["crimestoppers-trust"]',
            '["crimestopper-trust"]',
            "partners.crimestoppers.organizations",
            "'crimestopper-trust'",
        ),
        (
            '["crimestoppers-trust"]',
            '["norfolk-constabulary"]',
            "partners.crimestoppers.organizations",
            "norfolk-constabulary, which norfolk-constabulary lists as well",
        ),
        (
            "[partners.crimestoppers]",
            "[partners.nhs]",
            "partners.nhs",
            "the id of an organization that it does not list",
        ),
        ("cosignatures = 0", "cosignatures = 1", "the file", ""),
    ],
)
def test_partners_that_do_not_fit_the_directory_are_refused(
    folder: Folder, old: str, new: str, item: str, found: str
) -> None:
    folder.replace(PARTNERS, old, new)
    fault = folder.fault()
    assert (fault.file, fault.item) == ("config/partners.toml", item)
    assert found in fault.found


PLACE = "[partners.crimestoppers.digest]\n"


@pytest.mark.parametrize(
    ("written", "way", "secret"),
    [
        ('email = "anna@example.org"', "email", ""),
        ('webhook = "https://hooks.example.org/a"\nsecret = "HOOK_SECRET"', "webhook", "HOOK_SECRET"),
    ],
)
def test_a_partner_may_be_sent_a_digest(folder: Folder, written: str, way: str, secret: str) -> None:
    folder.replace(PARTNERS, "[policy]", f"{PLACE}{written}\n\n[policy]")
    partners = folder.load().partners
    to = partners["crimestoppers"].digest
    assert to is not None
    assert (to.way, to.secret) == (way, secret)
    assert partners["norfolk-constabulary"].digest is None


@pytest.mark.parametrize(
    "written",
    [
        "",
        'email = "anna"',
        'email = "Anna <anna@example.org>"',
        'email = "anna@example.org, olga@example.org"',
        'email = "anna@example.org"\nsecret = "HOOK_SECRET"',
        'email = "anna@example.org"\nwebhook = "https://hooks.example.org"\nsecret = "S"',
        'webhook = "https://hooks.example.org/a"',
        'webhook = "ftp://hooks.example.org/a"\nsecret = "HOOK_SECRET"',
        'webhook = "https://hooks.example.org/a"\nsecret = "whsec_AAAA"',
    ],
)
def test_a_digest_that_leads_nowhere_or_holds_its_secret_is_refused(folder: Folder, written: str) -> None:
    folder.replace(PARTNERS, "[policy]", f"{PLACE}{written}\n\n[policy]")
    fault = folder.fault()
    assert fault.file == "config/partners.toml"
    assert "whsec_AAAA" not in str(fault)
