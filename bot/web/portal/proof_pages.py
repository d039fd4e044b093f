"""What a partner takes away to prove with: proofs, disclosures, and all its records with their salts.

A record is found by its number among the partner's own, so another partner's can't even be named.
"""

from __future__ import annotations

from collections.abc import Iterator

from flask import Response, abort

from bot.core.kept import KeptCheckpoint, KeptOutcome, KeptRoute, KeptTally
from bot.store import DatabaseLedger
from bot.web.portal.access import allowed, record_access, viewer
from bot.web.portal.blueprint import bp
from bot.web.portal.files import INCOMPLETE
from bot.web.wiring import wiring

RECORDS_AT_ONCE = 500
MOST_NUMBER = 2**62
JSON_LINES = "application/jsonl"


@bp.get("/records/<int:number>/proof")
@allowed("partner")
def proof(number: int) -> Response:
    """A proof that the log has this record of the partner's (c2sp.org/tlog-proof); the record is within."""
    from bot.ledger.proving import prove  # noqa: PLC0415 - see _line
    from bot.ledger.tiles import kept_under_full_paths  # noqa: PLC0415 - see _line

    ledger = wiring().store.ledger()
    row, newest = _find(ledger, number)
    record_access("proof.downloaded", number=number, leaf=row.leaf_index)
    written = str(prove(kept_under_full_paths(ledger.tile), row, newest))
    return _file(written, "text/plain", f"record-{number}.tlog-proof")


@bp.get("/records/<int:number>/disclosure")
@allowed("partner")
def disclosure(number: int) -> Response:
    """The record with its salt, as one line of a records file."""
    row, _ = _find(wiring().store.ledger(), number)
    record_access("disclosure.downloaded", number=number, leaf=row.leaf_index)
    return _file(_line(row), JSON_LINES, f"record-{number}.jsonl")


@bp.get("/downloads/records.jsonl")
@allowed("partner")
def records() -> Response:
    """Every record of the partner's with its salt, in the order of the log, for `signpost log verify`."""
    who, ledger = viewer(), wiring().store.ledger()
    with ledger.reading() as reading:
        newest = reading.checkpoint()
    record_access("records.downloaded", size=newest.size if newest else 0)
    answer = Response(_lines(ledger, who.partner, newest.size if newest else 0), mimetype=JSON_LINES)
    answer.headers["Content-Disposition"] = 'attachment; filename="records.jsonl"'
    return answer


def _lines(ledger: DatabaseLedger, partner: str, size: int) -> Iterator[str]:
    """A broken-off file ends in a line that is no record, and `verify` would miss its numbers besides."""
    lines: list[str] = []
    try:
        for row in ledger.records(partner, size):
            lines.append(_line(row))
            if len(lines) >= RECORDS_AT_ONCE:
                yield "".join(lines)
                lines = []
    except Exception:
        yield "".join([*lines, f'{{"error":"{INCOMPLETE}"}}\n'])
        raise
    yield "".join(lines)


def _line(row: KeptRoute | KeptOutcome | KeptTally) -> str:
    # The web process loads the code of signed notes only when somebody takes a record away.
    from bot.ledger.proving import disclosure as disclosed  # noqa: PLC0415 - as said

    return disclosed(row).line() + "\n"


def _find(ledger: DatabaseLedger, number: int) -> tuple[KeptRoute | KeptOutcome, KeptCheckpoint]:
    """Find a record of the viewer's that the newest checkpoint covers, or end with 404."""
    if not 0 < number < MOST_NUMBER:
        abort(404)
    with ledger.reading() as reading:
        newest = reading.checkpoint()
        [row, *_] = [*reading.numbered(viewer().partner, number - 1, 1), None]
    if newest is None or row is None or row.partner_seq != number or not row.salt:
        abort(404)
    if row.leaf_index is None or row.leaf_index >= newest.size:
        abort(404)
    return row, newest


def _file(body: str, mimetype: str, name: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(body, mimetype=mimetype, headers=headers)
