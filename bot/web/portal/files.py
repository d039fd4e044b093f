"""Exports, a page of rows at a time, given by columns: whatever their number, the memory stays the same.

A file that could not be finished must not look finished. CSV and JSON Lines begin to leave before their
last row is read; when the database fails in between, a last line says INCOMPLETE and the connection is
broken off without its end, which a browser and a proxy report as a failed download. XLSX is written to a
temporary file first and leaves only when it is whole.
"""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from itertools import chain
from typing import Any, BinaryIO

from bot.errors import StoreError

Page = Sequence[Sequence[Any]]  # columns, each with a cell for every row
Pages = Iterator[Page]

# OWASP, CSV injection: a spreadsheet takes a cell that begins with one of these for a formula.
FORMULA_BEGINNINGS = ("=", "+", "-", "@", "\t", "\r")
_FORMULA_BEGINNINGS = frozenset(FORMULA_BEGINNINGS)
_QUOTE = '"'
_SPECIAL = re.compile('[,"\\r\\n]')  # what has a cell of CSV quoted
_END = "\0"  # of a cell, to look through many at once
_ANY_SPECIAL = re.compile(f"{_END}[{re.escape(''.join(FORMULA_BEGINNINGS))}]|{_SPECIAL.pattern}")
INCOMPLETE = "INCOMPLETE: the database failed; download this file again"
CHUNK_BYTES = 64 * 1024


def csv_file(columns: Sequence[str], pages: Pages) -> Iterator[bytes]:
    """Write CSV (RFC 4180, UTF-8)."""

    def write(page: Page) -> bytes:
        rows = zip(*_written(page, _csv_cell, _csv_texts), strict=True)
        return "\r\n".join([*map(",".join, rows), ""]).encode()

    yield write([[name] for name in columns])
    yield from _told_if_cut_off(pages, write, (INCOMPLETE + "\r\n").encode())


def jsonl_file(columns: Sequence[str], pages: Pages) -> Iterator[bytes]:
    """Write JSON Lines: an object a row."""
    line = "{" + ",".join(f"{json.dumps(name).replace('%', '%%')}:%s" for name in columns) + "}\n"

    def write(page: Page) -> bytes:
        rows = zip(*_written(page, _json_cell, _json_texts), strict=True)
        return "".join(map(line.__mod__, rows)).encode()

    yield from _told_if_cut_off(pages, write, json.dumps({"error": INCOMPLETE}).encode() + b"\n")


def xlsx_file(columns: Sequence[str], pages: Pages) -> Iterator[bytes]:
    """Write a workbook of one sheet (at most 1,048,575 rows), and give it only when it is whole.

    Raises:
        StoreError: the database failed, before the first byte was given.
    """
    file = tempfile.TemporaryFile(prefix="signpost-")  # noqa: SIM115 - closed when it has left, or was refused
    try:
        _write_workbook(file, columns, pages)
    except BaseException:
        file.close()
        raise
    return _chunks(file)


def _chunks(file: BinaryIO) -> Iterator[bytes]:
    with file:
        file.seek(0)
        while chunk := file.read(CHUNK_BYTES):
            yield chunk


def _write_workbook(file: BinaryIO, columns: Sequence[str], pages: Pages) -> None:
    from xlsxwriter import Workbook  # noqa: PLC0415 - only this export needs it

    plain = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with Workbook(file, {"constant_memory": True, **plain}) as book:
        bold = book.add_format({"bold": True})
        sheet = _new_sheet(book, columns, bold)
        rows = chain.from_iterable(zip(*page, strict=True) for page in pages)
        for line, row in enumerate(rows, 1):
            for column, cell in enumerate(row):
                _write_cell(sheet, line, column, cell)


def _new_sheet(book: Any, columns: Sequence[str], bold: Any) -> Any:
    sheet = book.add_worksheet()
    sheet.freeze_panes(1, 0)
    sheet.set_column(0, len(columns) - 1, 18)
    sheet.write_row(0, 0, columns, bold)
    return sheet


def _write_cell(sheet: Any, line: int, column: int, cell: Any) -> None:
    if isinstance(cell, bool):
        sheet.write_boolean(line, column, cell)
    elif isinstance(cell, int):
        sheet.write_number(line, column, cell)
    elif cell is not None:
        sheet.write_string(line, column, _text(cell))


def _told_if_cut_off(pages: Pages, write: Callable[[Page], bytes], last: bytes) -> Iterator[bytes]:
    try:
        for page in pages:
            yield write(page)
    except StoreError:
        yield last
        raise


def _written(
    page: Page, write: Callable[[Any], str], write_texts: Callable[[Sequence[str]], Iterable[str]]
) -> Iterator[Iterable[str]]:
    """Write the cells of columns, each different cell of a column once: most columns have a few."""
    for cells in page:
        kinds, different = set(map(type, cells)), set(cells)
        if kinds == {int}:
            yield map(str, cells)
        elif len(different) * 2 < len(cells) and not kinds >= {int, bool}:  # 1 and True are one key
            yield map({cell: write(cell) for cell in different}.__getitem__, cells)
        else:
            yield write_texts(cells) if kinds == {str} else map(write, cells)


def _csv_cell(cell: Any) -> str:
    """A cell; one that a spreadsheet would take for a formula gets an apostrophe before it."""
    if isinstance(cell, str):  # most of them are
        text = f"'{cell}" if cell[:1] in _FORMULA_BEGINNINGS else cell
        return f'"{text.replace(_QUOTE, _QUOTE * 2)}"' if _SPECIAL.search(text) else text
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    return str(cell) if isinstance(cell, int) else _hour_text(cell)


def _csv_texts(cells: Sequence[str]) -> Iterable[str]:
    special = _ANY_SPECIAL.search(_END + _END.join(cells))
    return map(_csv_cell, cells) if special else cells


def _json_texts(cells: Sequence[str]) -> Iterable[str]:
    return map(_quoted, cells)


def _json_cell(cell: Any) -> str:
    if isinstance(cell, str):
        return _quoted(cell)
    if cell is None:
        return "null"
    if isinstance(cell, bool):
        return "true" if cell else "false"
    return str(cell) if isinstance(cell, int) else _quoted(_text(cell))


def _text(cell: str | datetime) -> str:
    return cell if isinstance(cell, str) else _hour_text(cell)


@lru_cache(maxsize=4096)
def _hour_text(hour: datetime) -> str:
    return f"{hour.astimezone(UTC):%Y-%m-%dT%H:00:00Z}"


_quoted = json.encoder.encode_basestring
