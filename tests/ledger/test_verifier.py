"""Whoever alters, drops, adds, swaps, renumbers or back-dates anything is found, and named."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.cli import signpost
from bot.errors import LedgerError
from bot.ledger import merkle, tiles
from bot.ledger.note import Note, Signer, read_note
from bot.ledger.record import Disclosure, purge_entry
from bot.ledger.source import Folder, Web, open_source
from bot.ledger.tiles import ENTRIES, Tile
from bot.ledger.verifier import Trust, Verified, verify
from bot.settings import ROOT
from tests.ledger.played import BEGAN, MINE, SIGNER, PlayedLog, altered, lines, played, put, salt_of
from tests.ledger.test_witness import VERIFIER as WITNESS
from tests.ledger.test_witness import cosignature
from tests.server import serve

TRUST = Trust([SIGNER.verifier])
Records = list[Disclosure]


@pytest.fixture
def log() -> PlayedLog:
    return played()


def checked(folder: Path, records: Records | None = None, since: str | None = None) -> Verified:
    return verify(Folder(folder), TRUST, records=records, since=since)


def test_log_holds_with_its_records_and_its_past(log: PlayedLog, tmp_path: Path) -> None:
    past = PlayedLog(log.entries[:300]).write(tmp_path / "past") / "checkpoint"
    found = checked(log.write(tmp_path / "log"), log.mine, past.read_text("utf-8"))
    assert found.checkpoint.size == len(log.entries)
    assert (found.records, found.grown_from) == (len(log.mine), 300)
    assert found.kinds == {"heartbeat": 7, "route": 700, "tally": 2}


@pytest.mark.parametrize("size", [0, 1, 2, 255, 256, 257, 65_535, 65_536, 65_537])
def test_logs_of_every_shape_hold(tmp_path: Path, size: int) -> None:
    log = PlayedLog()
    for number in range(size):
        log.beat(BEGAN + timedelta(seconds=number))
    for past in {0, min(1, size), size // 2, size}:
        kept = PlayedLog(log.entries[:past]).write(tmp_path / "past") / "checkpoint"
        assert checked(log.write(tmp_path / "log"), since=kept.read_text("utf-8")).checkpoint.size == size


def swapped(log: PlayedLog) -> None:
    log.entries[10], log.entries[11] = log.entries[11], log.entries[10]


REWRITES: dict[str, Callable[[PlayedLog], object]] = {
    "altered": lambda log: log.entries.__setitem__(
        10, log.entries[10].replace(b'"c":"', b'"c":"0')[:-1] + b"}"
    ),
    "dropped": lambda log: log.entries.pop(10),
    "added": lambda log: log.entries.insert(10, log.entries[10]),
    "swapped": swapped,
    "cut off": lambda log: log.entries.__delitem__(slice(290, None)),
}


@pytest.mark.parametrize("rewrite", REWRITES)
def test_past_that_is_rewritten_and_signed_again_is_found(
    log: PlayedLog, tmp_path: Path, rewrite: str
) -> None:
    kept = PlayedLog(log.entries[:300]).write(tmp_path / "past") / "checkpoint"
    REWRITES[rewrite](log)
    with pytest.raises(
        LedgerError, match=r"first 300 leaves are not those|has shrunk|no entry of this log|entry 10"
    ):
        checked(log.write(tmp_path / "log"), since=kept.read_text("utf-8"))


@pytest.mark.parametrize("rewrite", [name for name in REWRITES if name != "altered"])
def test_rewriting_is_found_by_a_partner_without_an_earlier_checkpoint(
    log: PlayedLog, tmp_path: Path, rewrite: str
) -> None:
    mine = list(log.mine)
    REWRITES[rewrite](log)
    with pytest.raises(LedgerError, match="the record of leaf"):
        checked(log.write(tmp_path / "log"), mine)


def test_two_logs_shown_to_two_partners_are_found_when_one_keeps_a_checkpoint(
    log: PlayedLog, tmp_path: Path
) -> None:
    shown = log.write(tmp_path / "one") / "checkpoint"
    other = PlayedLog([*log.entries[:10], log.entries[11], *log.entries[11:]])
    other.write(tmp_path / "other")
    with pytest.raises(LedgerError, match="two people were shown two logs"):
        checked(tmp_path / "other", since=shown.read_text("utf-8"))


ENTRIES_0, LEAVES_0, LEVEL_1 = Tile(ENTRIES, 0), Tile(0, 0), Tile(1, 0, 2)


def damaged(folder: Path, tile: Tile, change: Callable[[bytes], bytes]) -> None:
    put(folder, tile, change((folder / tile.path).read_bytes()))


DAMAGE: dict[str, tuple[Tile, Callable[[bytes], bytes], str]] = {
    "an entry": (
        ENTRIES_0,
        lambda data: data.replace(b'"k":"route"', b'"k":"tally"', 1),
        "tile/0/000 does not fit the entries",
    ),
    "a leaf's hash": (LEAVES_0, lambda data: b"\0" + data[1:], "tile/0/000 does not fit the entries"),
    "a hash above": (LEVEL_1, lambda data: data[:-1] + b"\0", r"tile/1/000\.p/2 does not fit the tiles"),
    "a bundle cut short": (
        ENTRIES_0,
        lambda data: data[:-1],
        "tile/entries/000 ends in the middle of entry 255",
    ),
    "an entry missing": (
        ENTRIES_0,
        lambda data: tiles.join_entries(tiles.split_entries(data)[:-1]),
        "has 255 entries, not 256",
    ),
    "bytes after the last": (ENTRIES_0, lambda data: data + b"\0\1x", "has more after its last entry, 255"),
    "a tile too wide": (LEVEL_1, lambda data: data + data, r"tile/1/000\.p/2 does not fit"),
}


@pytest.mark.parametrize("what", DAMAGE)
def test_damage_is_named_by_the_file_it_is_in(log: PlayedLog, tmp_path: Path, what: str) -> None:
    tile, change, said = DAMAGE[what]
    damaged(log.write(tmp_path), tile, change)
    with pytest.raises(LedgerError, match=said):
        checked(tmp_path)


@pytest.mark.parametrize("tile", [ENTRIES_0, LEAVES_0, LEVEL_1])
def test_file_that_is_missing_is_named(log: PlayedLog, tmp_path: Path, tile: Tile) -> None:
    (log.write(tmp_path) / tile.path).unlink()
    with pytest.raises(LedgerError, match=rf"{tile.path} is missing"):
        checked(tmp_path)


def test_tile_that_has_filled_since_serves_for_the_narrower_one(log: PlayedLog, tmp_path: Path) -> None:
    folder, edge = log.write(tmp_path), Tile(ENTRIES, 2, len(log.entries) - 512)
    fuller = (folder / edge.path).read_bytes() + tiles.join_entries([b"x"] * (256 - edge.width))
    (folder / edge.path).unlink()
    put(folder, Tile(ENTRIES, 2), fuller)
    assert checked(folder).checkpoint.size == len(log.entries)


def test_wrong_root_size_origin_key_and_no_signature_are_told_apart(log: PlayedLog, tmp_path: Path) -> None:
    folder = log.write(tmp_path)
    log.sign(folder, bytes(32))
    with pytest.raises(LedgerError, match="root is not that of the leaves"):
        checked(folder)
    PlayedLog(log.entries[:-1]).sign(folder, log.root())
    with pytest.raises(LedgerError, match=r"has more after its last entry|is missing|root is not"):
        checked(folder)
    log.sign(folder, log.root(), origin="another.example/log")
    with pytest.raises(LedgerError, match=r"is of the log another\.example/log"):
        checked(folder)
    log.sign(folder, log.root(), [Signer(SIGNER.name, bytes(32))])
    with pytest.raises(LedgerError, match="not signed by any of the given keys"):
        checked(folder)
    text = (log.write(tmp_path) / "checkpoint").read_text("utf-8")
    (folder / "checkpoint").write_text(text.replace(str(len(log.entries)), "708"), "utf-8")
    with pytest.raises(LedgerError, match="does not fit what is signed"):
        checked(folder)
    (folder / "checkpoint").unlink()
    with pytest.raises(LedgerError, match="no checkpoint"):
        checked(folder)


def at(records: Records, index: int, changed: Disclosure) -> Records:
    return [*records[:index], changed, *records[index + 1 :]]


RECORDS: dict[str, tuple[Callable[[Records], Records], str]] = {
    "altered": (
        lambda mine: at(mine, 5, altered(mine[5], service="nrp")),
        "is not what the log is committed to",
    ),
    "with another salt": (
        lambda mine: at(mine, 5, replace(mine[5], salt=salt_of(0))),
        "is not what the log is committed to",
    ),
    "missing": (lambda mine: [*mine[:5], *mine[6:]], "after 5 comes 7, so a record is missing"),
    "given twice": (lambda mine: [*mine[:5], mine[5], *mine[5:]], "given twice or out of order"),
    "swapped": (lambda mine: [*mine[:5], mine[6], mine[5], *mine[7:]], "after 5 comes 7"),
    "moved": (
        lambda mine: at(mine, 5, replace(mine[5], leaf_index=mine[6].leaf_index)),
        "is not what the log",
    ),
    "of a longer log": (
        lambda mine: [*mine, replace(mine[-1], leaf_index=10_000)],
        "the log, which ends before it",
    ),
}


@pytest.mark.parametrize("what", RECORDS)
def test_records_that_are_not_those_of_the_log_are_found(log: PlayedLog, tmp_path: Path, what: str) -> None:
    change, said = RECORDS[what]
    with pytest.raises(LedgerError, match=said):
        checked(log.write(tmp_path), change(log.mine))


def test_tally_that_is_left_out_between_others_is_found(tmp_path: Path) -> None:
    log = grown(beat(5), *[tally(None, None, 0)] * 3)
    with pytest.raises(LedgerError, match="a day is missing, or given twice"):
        checked(log.write(tmp_path), [log.mine[0], log.mine[2]])


def test_how_far_the_records_reach_is_told(log: PlayedLog, tmp_path: Path) -> None:
    folder = log.write(tmp_path)
    found = checked(folder, log.mine)
    assert (found.numbers, f"{found.tallied_to}") == ((1, log.numbers[MINE]), "2026-11-25")
    without = [one for one in log.mine if one.record["kind"] != "tally"][5:-5]
    found = checked(folder, without)
    assert (found.numbers, found.tallied_to) == ((6, log.numbers[MINE] - 5), None)
    assert checked(folder, []).numbers is None


def test_one_witness_is_one_however_often_it_is_named(log: PlayedLog, tmp_path: Path) -> None:
    folder = log.write(tmp_path)
    note = read_note((folder / "checkpoint").read_text("utf-8"))
    witnessed = Note(note.text, (*note.signatures, cosignature(note.text)))
    (folder / "checkpoint").write_text(str(witnessed), "utf-8")
    found = verify(Folder(folder), Trust([SIGNER.verifier], [WITNESS], 1), since=str(note))
    assert (found.witnessed_by, found.grown_from) == ((WITNESS,), len(log.entries))
    with pytest.raises(LedgerError, match="vouched for by 1 witnesses, not by 2"):
        verify(Folder(folder), Trust([SIGNER.verifier], [WITNESS, WITNESS], 2))
    (folder / "checkpoint").write_text(str(note), "utf-8")
    with pytest.raises(LedgerError, match="vouched for by 0 witnesses, not by 1"):
        verify(Folder(folder), Trust([SIGNER.verifier], [WITNESS], 1))


@pytest.mark.parametrize("option", ["--records", "--since"])
@pytest.mark.parametrize(
    "content",
    [
        b"\xff\xfe\n",
        b"[" * 100_000,
        b'{"leaf_index":1,"salt":"00","record":{"a":"\\ud800"}}',
        b'{"leaf_index":1,"salt":"\xc3\xa9","record":{}}',
        b'{"leaf_index":true,"salt":"00","record":{}}',
        b"\n",
    ],
)
def test_file_that_is_something_else_is_told_in_one_sentence(
    log: PlayedLog, tmp_path: Path, option: str, content: bytes
) -> None:
    folder, file = log.write(tmp_path / "log"), tmp_path / "given"
    file.write_bytes(content)
    words = ["log", "verify", str(folder), "--key", str(SIGNER.verifier), option, str(file)]
    assert isinstance(CliRunner().invoke(signpost, words).exception, LedgerError)


def test_empty_records_are_not_called_proved(log: PlayedLog, tmp_path: Path) -> None:
    folder, file = log.write(tmp_path / "log"), tmp_path / "given"
    file.write_bytes(b"")
    words = ["log", "verify", str(folder), "--key", str(SIGNER.verifier), "--records", str(file)]
    assert "nothing of yours was checked" in CliRunner().invoke(signpost, words).output


def test_part_of_the_records_may_be_checked(log: PlayedLog, tmp_path: Path) -> None:
    assert checked(log.write(tmp_path), log.mine[40:90]).records == 50


def grown(*steps: Callable[[PlayedLog], None]) -> PlayedLog:
    log = PlayedLog()
    for step in steps:
        step(log)
    return log


def beat(hours: float) -> Callable[[PlayedLog], None]:
    return lambda log: log.beat(BEGAN + timedelta(hours=hours))


def route(hours: int, partner: str = MINE, **changes: object) -> Callable[[PlayedLog], None]:
    return lambda log: log.record(partner, BEGAN + timedelta(hours=hours), **changes)


def tally(first: int | None, last: int | None, count: int) -> Callable[[PlayedLog], None]:
    return lambda log: log.tally(MINE, first, last, count)


WRITTEN_WRONG: dict[str, tuple[PlayedLog, str]] = {
    "back-dated": (grown(beat(5), route(2)), "is back-dated"),
    "from the future": (grown(beat(5), route(6)), "an hour that had not come"),
    "before any heartbeat": (grown(route(5), beat(5)), "before the first heartbeat"),
    "heartbeat back-dated": (grown(beat(5), beat(4.5)), "heartbeat from before"),
    "number left out": (grown(beat(5), route(5), route(5, partner_seq=3)), "after 1 comes 3"),
    "number given twice": (grown(beat(5), route(5), route(5, partner_seq=1)), "after 1 comes 1"),
    "number that is none": (grown(beat(5), route(5, partner_seq="2")), "not numbered"),
    "tally too high": (grown(beat(5), route(5), tally(1, 2, 2)), "the records say 1 to 1"),
    "tally of nothing": (grown(beat(5), route(5), tally(None, None, 0)), "the records say 1 to 1"),
    "tally of another day's": (grown(beat(5), route(5), tally(1, 1, 1), tally(1, 1, 1)), "say None to None"),
}


def skip_a_day(log: PlayedLog) -> None:
    log.tallies[MINE] += 1


WRITTEN_WRONG |= {
    "tally of a day left out": (
        grown(beat(5), route(5), tally(1, 1, 1), skip_a_day, tally(None, None, 0)),
        "is the tally of 2026-11-26, and the one before it of 2026-11-24",
    ),
}


@pytest.mark.parametrize("what", WRITTEN_WRONG)
def test_log_that_was_written_wrong_is_found_by_its_partner(tmp_path: Path, what: str) -> None:
    log, said = WRITTEN_WRONG[what]
    with pytest.raises(LedgerError, match=said):
        checked(log.write(tmp_path), log.mine)


def test_late_records_say_so_and_are_let_in(tmp_path: Path) -> None:
    log = grown(
        beat(5), route(5), route(4), route(1, late=True), tally(1, 3, 3), beat(6), tally(None, None, 0)
    )
    assert checked(log.write(tmp_path), log.mine).records == 5


def test_record_of_another_partner_is_none_of_mine(tmp_path: Path) -> None:
    log = grown(beat(5), route(5), route(5, "nrp"))
    theirs = Disclosure(
        2, salt_of(2), {**log.mine[0].record, "id": f"{2:032x}", "service": "nrp", "partner": "nrp"}
    )
    with pytest.raises(LedgerError, match="belongs to nrp"):
        checked(log.write(tmp_path), [log.mine[0], theirs])


def test_log_with_a_purge_still_holds(tmp_path: Path) -> None:
    log = grown(beat(5), route(5))
    log.entries.append(purge_entry(BEGAN + timedelta(hours=5), BEGAN, 1))
    assert checked(log.write(tmp_path), log.mine).kinds == {"heartbeat": 1, "route": 1, "purge": 1}


@pytest.mark.parametrize(
    "entry",
    [
        b"",
        b"{}",
        b'{"k":"route","v":1}',
        b'{"c":"00","k":"route","v":2}',
        b'{"at":"x","k":"heartbeat","v":1}',
        b'{ "c":"00","k":"route","v":1}',
        b"[1]",
        b"[" * 60_000,
        b'{"k":"\\ud800","v":1}',
        b"\xff",
    ],
)
def test_entry_that_the_line_does_not_write_is_found(tmp_path: Path, entry: bytes) -> None:
    with pytest.raises(LedgerError, match=r"entry 0|no moment"):
        checked(PlayedLog([entry]).write(tmp_path))


@settings(max_examples=60)
@given(data=st.data())
def test_one_changed_byte_anywhere_is_found(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    folder = played(35).write(tmp_path_factory.mktemp("log"))
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    path = data.draw(st.sampled_from(files))
    content = bytearray(path.read_bytes())
    where = data.draw(st.integers(0, len(content) - 1))
    content[where] ^= data.draw(st.integers(1, 255))
    path.write_bytes(content)
    with pytest.raises(LedgerError):
        checked(folder, played(35).mine)


def test_log_on_the_web_is_read_as_one_in_a_folder(log: PlayedLog, tmp_path: Path) -> None:
    folder = log.write(tmp_path)

    def app(environ: dict[str, object], start_response: Callable[..., object]) -> list[bytes]:
        path = folder / str(environ["PATH_INFO"]).removeprefix("/log/")
        start_response("200 OK" if path.is_file() else "404 Not Found", [])
        return [path.read_bytes() if path.is_file() else b""]

    with serve(app) as base:
        assert verify(Web(f"{base}/log/"), TRUST, records=log.mine).records == len(log.mine)
        with pytest.raises(LedgerError, match="no checkpoint"):
            verify(Web(f"{base}/elsewhere"), TRUST)


def test_place_that_is_nowhere_is_told(tmp_path: Path) -> None:
    with pytest.raises(LedgerError, match="is no folder"):
        open_source(str(tmp_path / "nowhere"))
    with pytest.raises(LedgerError, match="is no folder"):
        open_source("file:///etc")


def test_command_proves_and_refuses_in_one_sentence(log: PlayedLog, tmp_path: Path) -> None:
    folder, records = log.write(tmp_path / "log"), tmp_path / "records.jsonl"
    records.write_text("\n".join(lines(log.mine)) + "\n", "utf-8")
    words = [
        "log",
        "verify",
        str(folder),
        "--key",
        str(SIGNER.verifier),
        "--records",
        str(records),
        "--progress",
    ]
    since = tmp_path / "kept"
    since.write_text((folder / "checkpoint").read_text("utf-8"), "utf-8")
    result = CliRunner().invoke(signpost, [*words, "--since", str(since)])
    assert result.exit_code == 0, result.output
    assert f"Your {len(log.mine)} records are in it" in result.output
    assert "100% of" in result.output
    damaged(folder, LEAVES_0, lambda data: bytes(len(data)))
    done = subprocess.run(
        [sys.executable, "-m", "bot", *words], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert done.stderr.strip().splitlines()[-1] == "tile/0/000 does not fit the entries below it"


def test_command_needs_neither_app_nor_database(tmp_path: Path) -> None:
    folder = played(70).write(tmp_path)
    code = (
        "import sys; from bot.cli import signpost\n"
        f"try: signpost(['log', 'verify', {str(folder)!r}, '--key', {str(SIGNER.verifier)!r}])\n"
        "except SystemExit as end: assert end.code == 0\n"
        "assert not {'sqlalchemy', 'twilio', 'pydantic', 'flask', 'dotenv'} & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_key_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    file = tmp_path / "log.key"
    made = CliRunner().invoke(signpost, ["log", "keygen", "line.example/log", str(file)])
    assert made.output.startswith("line.example/log+")
    assert file.stat().st_mode & 0o777 == 0o600
    again = CliRunner().invoke(signpost, ["log", "keygen", "line.example/log", str(file)])
    assert isinstance(again.exception, LedgerError)
    assert (
        CliRunner().invoke(signpost, ["log", "keygen", "two words", str(tmp_path / "other")]).exit_code == 2
    )


def test_root_of_a_tree_that_grows_is_the_root_of_the_tree() -> None:
    log = played(70)
    assert log.root() == merkle.root(
        lambda level, index: merkle.perfect_root(
            [merkle.leaf_hash(e) for e in log.entries[index << level : (index + 1) << level]]
        ),
        len(log.entries),
    )
