"""Whatever a reader is given: it reads it, or refuses it with the error that its callers know."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.carrier.document import read_document
from bot.carrier.errors import TwimlError
from bot.catalogue import load
from bot.channels import sms, voice
from bot.channels.addresses import bare_number, first_values
from bot.channels.callers import caller_from, channel_of
from bot.core.session import Routing, Session
from bot.errors import LedgerError, StoreError
from bot.ledger.checkpoint import read_checkpoint
from bot.ledger.note import read_note, read_signature, read_signer, read_verifier
from bot.ledger.proof import read_proof
from bot.ledger.record import read_disclosure, read_entry
from bot.ledger.tiles import read_path, split_entries, split_hashes
from bot.settings import ROOT
from bot.store import Journal, read_session
from bot.store.address import read_address

NOW = datetime(2026, 11, 24, 10, 30, tzinfo=UTC)
LINE = load(ROOT / "flows", ROOT / "config").first_line
# Pieces of what is well formed, so that a reader is led past its first look.
PIECES = (
    *(
        "\n",
        "\n\n",
        " ",
        "/",
        "+",
        "=",
        "— ",
        "line.example/log",
        "0",
        "1",
        "-1",
        "18446744073709551616",
        "x001",
    ),
    *("c2sp.org/tlog-proof@v1", "index 0", "AAAA", "A" * 44, "tile/0/000", "tile/entries/000.p/1", "\0"),
    *(
        '{"v":1}',
        '{"c":"00","k":"route","v":1}',
        "[",
        "{",
        '"',
        "1e999",
        "NaN",
        "PRIVATE+KEY+",
        "sqlite:///",
        "@",
    ),
    *(
        "postgresql://",
        "postgresql+psycopg://u:p@h:1/d?x=1",
        "<Response/>",
        "<!DOCTYPE x>",
        "<a b='c'>",
        "]]>",
        "&x;",
    ),
)
texts = st.lists(st.sampled_from(PIECES) | st.text(max_size=12), max_size=8).map("".join)
data = st.binary(max_size=300) | texts.map(lambda one: one.encode("utf-8", "surrogatepass"))
anything = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=9)
    | st.lists(st.text(max_size=3))
)
Reader = Callable[..., object]


def attempt(reader: Reader, refusal: type[Exception], written: object) -> object:
    """Give what was read, or why it was refused; anything else that is raised fails the test."""
    try:
        return reader(written)
    except refusal as told:
        return str(told)


READ_TEXT: tuple[tuple[Reader, type[Exception]], ...] = (
    (read_note, LedgerError),
    (read_signature, LedgerError),
    (read_verifier, LedgerError),
    (read_signer, LedgerError),
    (read_checkpoint, LedgerError),
    (read_proof, LedgerError),
    (read_disclosure, LedgerError),
    (read_address, StoreError),
)
READ_BYTES: tuple[tuple[Reader, type[Exception]], ...] = (
    (read_entry, LedgerError),
    (split_entries, LedgerError),
    (split_hashes, LedgerError),
    (read_document, TwimlError),
)
# These refuse nothing.
TAKE_TEXT: tuple[Reader, ...] = (read_path, caller_from, channel_of, bare_number, voice.read_carried)


@pytest.mark.parametrize(("reader", "refusal"), READ_TEXT, ids=lambda one: getattr(one, "__name__", ""))
@settings(deadline=None)
@given(written=texts)
def test_any_text_is_read_or_refused(reader: Reader, refusal: type[Exception], written: str) -> None:
    assert attempt(reader, refusal, written) not in (None, "")


@pytest.mark.parametrize(("reader", "refusal"), READ_BYTES, ids=lambda one: getattr(one, "__name__", ""))
@settings(deadline=None)
@given(written=data)
def test_any_bytes_are_read_or_refused(reader: Reader, refusal: type[Exception], written: bytes) -> None:
    assert attempt(reader, refusal, written) not in (None, "")


@pytest.mark.parametrize("reader", TAKE_TEXT, ids=lambda one: one.__name__)
@given(written=texts)
def test_any_text_is_taken(reader: Reader, written: str) -> None:
    assert reader(written) == reader(written)


@given(pairs=st.lists(st.tuples(texts, texts), max_size=12), turn=st.integers(-1, 10**20))
def test_any_form_is_read_as_an_arrival(pairs: list[tuple[str, str]], turn: int) -> None:
    form = first_values(pairs)
    for arrival in (
        sms.read(form, LINE),
        voice.read_call(form, LINE),
        voice.read_step(form, LINE, turn),
        voice.read_dialled(form, LINE, turn),
    ):
        assert arrival.channel in ("sms", "whatsapp", "rcs", "voice")
    status = voice.read_status(form, LINE)
    assert status is None or form["CallStatus"] in voice.ENDED


@given(kept=st.dictionaries(st.sampled_from([field.name for field in fields(Session)]), anything))
def test_any_state_is_a_session_with_what_a_session_has_or_none(kept: dict[str, object]) -> None:
    session = read_session("id", json.dumps(kept), NOW)
    if session is not None:
        assert isinstance(session.turns, int)
        assert {type(place) for place in (*session.trail, *session.offers)} <= {str}
        assert all(
            isinstance(value, str)
            for value in (session.line, session.channel, session.language, session.node, session.routing_id)
        )


@given(written=texts)
def test_any_text_is_a_session_or_none(written: str) -> None:
    session = read_session("id", written, NOW)
    assert session is None or isinstance(session, Session)


@settings(deadline=None)
@given(damage=data, entries=st.lists(st.dictionaries(texts, texts, max_size=3), max_size=3))
def test_journal_with_any_bytes_in_it_gives_the_rest(
    tmp_path_factory: pytest.TempPathFactory, damage: bytes, entries: list[dict[str, str]]
) -> None:
    path: Path = tmp_path_factory.mktemp("journal") / "journal"
    journal = Journal(path, 64 * 1024)
    journal.prepare()
    whole = damage.replace(b"\0", b"0")
    with path.open("r+b") as file:
        file.write(whole)
    wanted = [{field.name: "" for field in fields(Routing)} | entry for entry in entries]
    clean = [json.loads(json.dumps(entry)) for entry in wanted]
    for entry in clean:
        journal.append(entry)
    kept: list[object] = []
    journal.drain(kept.extend)
    assert [one for one in kept if one in clean] == clean
    assert journal.waiting() == 0
