"""Programs that others wrote verify the log too: Go's own packages for transparency logs, and OpenSSL.

The Go program in tests/ledger/go uses golang.org/x/mod's `note` and `tlog` and nothing of Signpost's; on
Debian they are the packages golang-go and golang-golang-x-mod-dev. It is built without a network.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from bot.ledger import tiles
from bot.ledger.note import Signer, read_note
from bot.ledger.tiles import ENTRIES, Tile
from bot.settings import ROOT
from tests.ledger.played import BEGAN, SIGNER, PlayedLog, played, put
from tests.required import lack

GO_PACKAGES = Path("/usr/share/gocode")
BUILD_TIMEOUT_SECONDS = 120
RUN_TIMEOUT_SECONDS = 60
ENTRIES_0, LEAVES_0, LEVEL_1 = Tile(ENTRIES, 0), Tile(0, 0), Tile(1, 0, 2)


@pytest.fixture(scope="session")
def go_verifier(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the Go program once for this process of the test run."""
    go = shutil.which("go")
    if go is None or not (GO_PACKAGES / "src/golang.org/x/mod/sumdb/tlog").is_dir():
        lack("go", "golang-go and golang-golang-x-mod-dev are not both installed")
    program = tmp_path_factory.mktemp("go") / "verify"
    environment = os.environ | {
        "GO111MODULE": "off",
        "GOPATH": str(GO_PACKAGES),
        "GOCACHE": str(tmp_path_factory.mktemp("cache")),
        "GOFLAGS": "",
        "GOPROXY": "off",
    }
    subprocess.run(
        [go, "build", "-o", str(program), str(ROOT / "tests/ledger/go/verify.go")],
        env=environment,
        check=True,
        timeout=BUILD_TIMEOUT_SECONDS,
    )
    return program


@pytest.fixture
def log() -> PlayedLog:
    return played()


def said(program: Path, folder: Path, *since: Path, key: str = str(SIGNER.verifier)) -> tuple[int, str]:
    """Run the Go program; give its exit code and what it said."""
    done = subprocess.run(
        [str(program), str(folder), key, *map(str, since)],
        capture_output=True,
        text=True,
        check=False,
        timeout=RUN_TIMEOUT_SECONDS,
    )
    return done.returncode, (done.stdout + done.stderr).strip()


@pytest.mark.parametrize("size", [0, 1, 2, 255, 256, 257, 65_535, 65_536, 65_537])
def test_go_verifies_logs_of_every_shape(go_verifier: Path, tmp_path: Path, size: int) -> None:
    log = PlayedLog()
    for number in range(size):
        log.beat(BEGAN + timedelta(seconds=number))
    kept = PlayedLog(log.entries[: size // 2]).write(tmp_path / "past") / "checkpoint"
    assert said(go_verifier, log.write(tmp_path / "log"), kept) == (0, f"{SIGNER.name} holds: {size} leaves")


def test_go_reads_a_tile_that_has_filled_up_since(go_verifier: Path, log: PlayedLog, tmp_path: Path) -> None:
    folder, width = log.write(tmp_path), len(log.entries) - 512
    for level, more in (
        (ENTRIES, tiles.join_entries([b"x"] * (256 - width))),
        (0, bytes(32 * (256 - width))),
    ):
        edge = folder / Tile(level, 2, width).path
        put(folder, Tile(level, 2), edge.read_bytes() + more)
        edge.unlink()
    assert said(go_verifier, folder) == (0, f"{SIGNER.name} holds: {len(log.entries)} leaves")


def swapped(log: PlayedLog) -> None:
    log.entries[10], log.entries[11] = log.entries[11], log.entries[10]


REWRITES: dict[str, tuple[Callable[[PlayedLog], object], str]] = {
    "altered": (lambda log: log.entries.__setitem__(10, log.entries[12]), "has not grown out of"),
    "dropped": (lambda log: log.entries.pop(10), "has not grown out of"),
    "added": (lambda log: log.entries.insert(10, log.entries[10]), "has not grown out of"),
    "swapped": (swapped, "has not grown out of"),
    "cut off": (lambda log: log.entries.__delitem__(slice(290, None)), "has shrunk from 300 leaves to 290"),
}


@pytest.mark.parametrize("rewrite", REWRITES)
def test_go_finds_a_past_that_was_rewritten_and_signed_again(
    go_verifier: Path, log: PlayedLog, tmp_path: Path, rewrite: str
) -> None:
    kept = PlayedLog(log.entries[:300]).write(tmp_path / "past") / "checkpoint"
    change, why = REWRITES[rewrite]
    change(log)
    code, words = said(go_verifier, log.write(tmp_path / "log"), kept)
    assert (code, why in words) == (1, True), words


def test_go_finds_two_logs_that_were_shown_to_two_partners(
    go_verifier: Path, log: PlayedLog, tmp_path: Path
) -> None:
    shown = log.write(tmp_path / "one") / "checkpoint"
    other = PlayedLog([*log.entries[:-1], log.entries[0]]).write(tmp_path / "other")
    code, words = said(go_verifier, other, shown)
    assert (code, "has not grown out of" in words) == (1, True), words


DAMAGE: dict[str, tuple[Tile, Callable[[bytes], bytes], str]] = {
    "an entry": (ENTRIES_0, lambda data: data.replace(b'"route"', b'"tally"', 1), "root over the entries"),
    "a leaf's hash": (LEAVES_0, lambda data: b"\0" + data[1:], "is not the tile over the entries"),
    "a hash above": (
        LEVEL_1,
        lambda data: data[:-1] + bytes([data[-1] ^ 1]),
        "is not the tile over the entries",
    ),
    "a bundle cut short": (ENTRIES_0, lambda data: data[:-1], "is cut short at entry 255"),
    "bytes after the last": (ENTRIES_0, lambda data: data + b"\0\1x", "3 bytes after its last entry"),
    "a tile too wide": (LEVEL_1, lambda data: data + data, "not 2 hashes"),
    "a tile too narrow": (LEAVES_0, lambda data: data[:-32], "not 256 hashes"),
}


@pytest.mark.parametrize("what", DAMAGE)
def test_go_finds_damage(go_verifier: Path, log: PlayedLog, tmp_path: Path, what: str) -> None:
    tile, change, why = DAMAGE[what]
    folder = log.write(tmp_path)
    put(folder, tile, change((folder / tile.path).read_bytes()))
    code, words = said(go_verifier, folder)
    assert (code, why in words) == (1, True), words


@pytest.mark.parametrize("tile", [Tile(0, 0), Tile(0, 256, 7), Tile(1, 0), Tile(2, 0, 1)])
def test_go_finds_a_wrong_tile_at_every_level(go_verifier: Path, tmp_path: Path, tile: Tile) -> None:
    log = PlayedLog()
    for number in range(65_536 + 7):  # Go's own reader passes over tile/1/000 of this tree (CVE-2026-56865)
        log.beat(BEGAN + timedelta(seconds=number))
    folder = log.write(tmp_path)
    data = (folder / tile.path).read_bytes()
    put(folder, tile, bytes([data[0] ^ 1]) + data[1:])
    code, words = said(go_verifier, folder)
    assert (code, "is not the tile over the entries" in words) == (1, True), words


@pytest.mark.parametrize("tile", [ENTRIES_0, LEAVES_0, LEVEL_1])
def test_go_finds_that_a_file_is_missing(
    go_verifier: Path, log: PlayedLog, tmp_path: Path, tile: Tile
) -> None:
    (log.write(tmp_path) / tile.path).unlink()
    code, words = said(go_verifier, tmp_path)
    assert (code, "no such file" in words) == (1, True), words


def test_go_finds_a_wrong_root_size_origin_and_key(go_verifier: Path, log: PlayedLog, tmp_path: Path) -> None:
    folder = log.write(tmp_path)
    log.sign(folder, bytes(32))
    assert said(go_verifier, folder) == (1, "the root over the entries is not the one that was signed")
    PlayedLog(log.entries[:-1]).sign(folder, log.root())
    assert said(go_verifier, folder)[0] == 1
    log.sign(folder, log.root(), origin="another.example/log")
    assert "origin is" in said(go_verifier, folder)[1]
    log.sign(folder, log.root())
    other = str(Signer(SIGNER.name, bytes(32)).verifier)
    assert said(go_verifier, folder, key=other) == (1, "note has no verifiable signatures")
    text = (folder / "checkpoint").read_text("utf-8")
    (folder / "checkpoint").write_text(text.replace(f"\n{len(log.entries)}\n", "\n708\n"), "utf-8")
    assert "invalid signature" in said(go_verifier, folder)[1]


# What stands before the 32 bytes of an Ed25519 key in SubjectPublicKeyInfo (RFC 8410, 4).
SPKI = bytes.fromhex("302a300506032b6570032100")


@pytest.mark.parametrize("altered", [False, True])
def test_openssl_verifies_the_signature_and_refuses_another(
    log: PlayedLog, tmp_path: Path, *, altered: bool
) -> None:
    openssl = shutil.which("openssl")
    if openssl is None:
        lack("openssl", "it is not installed")
    note = read_note((log.write(tmp_path / "log") / "checkpoint").read_text("utf-8"))
    size = f"\n{len(log.entries)}\n"
    assert size in note.text
    (tmp_path / "text").write_text(note.text.replace(size, "\n708\n") if altered else note.text, "utf-8")
    (tmp_path / "signature").write_bytes(note.signatures[0].signature)
    (tmp_path / "key").write_bytes(SPKI + SIGNER.verifier.public)
    command = "pkeyutl -verify -pubin -keyform DER -inkey key -rawin -in text -sigfile signature"
    done = subprocess.run(
        [openssl, *command.split()],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=RUN_TIMEOUT_SECONDS,
    )
    assert (done.returncode == 0) == (not altered), done.stderr
    assert ("Verified Successfully" in done.stdout) == (not altered)
