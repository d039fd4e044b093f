"""Downloads: exact, never a formula, in constant memory, and never whole in looks when they are not."""

from __future__ import annotations

import csv
import io
import json
import tracemalloc
import zipfile
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import StoreError
from bot.store.reports import COLUMNS
from bot.store.wanted import Wanted
from bot.web.portal import export_pages, files
from tests.store.ledgered import keep_rows, made_up
from tests.web.portal.places import AUDITOR, MINE, SAM, Portal

if TYPE_CHECKING:
    from collections.abc import Iterator

SHEET = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


def as_text(row: dict[str, Any]) -> list[str]:
    values = row | {"hour": f"{row['hour']:%Y-%m-%dT%H:00:00Z}", "late": str(row["late"]).lower()}
    return [str(values[name]) for name in COLUMNS]


def newest_first(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(rows, key=lambda row: (row["hour"], row["partner_seq"]), reverse=True)


def test_csv_holds_every_routing_exactly(portal: Portal) -> None:
    answer = portal.person(SAM).get("/downloads/routings.csv")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="routings.csv"'
    head, *rows = csv.reader(io.StringIO(answer.text))
    assert tuple(head) == COLUMNS
    assert rows == [as_text(row) for row in newest_first(portal.mine)]


def test_json_lines_hold_every_routing_exactly(portal: Portal) -> None:
    rows = [
        json.loads(line) for line in portal.person(SAM).get("/downloads/routings.jsonl").text.splitlines()
    ]
    assert [list(row) for row in rows] == [list(COLUMNS)] * len(portal.mine)
    for found, row in zip(rows, newest_first(portal.mine), strict=True):
        assert found == {name: row[name] for name in COLUMNS} | {"hour": f"{row['hour']:%Y-%m-%dT%H:00:00Z}"}


def cells_of(workbook: bytes, sheet: int = 1) -> list[list[tuple[str, str]]]:
    """Each cell as its kind and its text; "f" as the kind of a formula."""
    with zipfile.ZipFile(io.BytesIO(workbook)) as book:
        root = ET.fromstring(book.read(f"xl/worksheets/sheet{sheet}.xml"))  # noqa: S314 - our own file
    found = []
    for row in root.iter(f"{SHEET}row"):
        cells = []
        for cell in row.iter(f"{SHEET}c"):
            kind = "f" if cell.find(f"{SHEET}f") is not None else cell.get("t", "n")
            cells.append((kind, "".join(cell.itertext())))
        found.append(cells)
    return found


def test_a_workbook_holds_every_routing_exactly(portal: Portal) -> None:
    head, *rows = cells_of(portal.person(SAM).get("/downloads/routings.xlsx").data)
    assert [text for _, text in head] == list(COLUMNS)
    expected = [as_text(row) for row in newest_first(portal.mine)]
    assert [[text for _, text in row] for row in rows] == [
        [{"true": "1", "false": "0"}.get(text, text) for text in row] for row in expected
    ]


def test_the_filters_of_the_list_count_for_a_file(portal: Portal) -> None:
    text = portal.person(SAM).get("/downloads/routings.csv?channel=voice&from=2026-11-23&to=2026-11-23").text
    rows = list(csv.DictReader(io.StringIO(text)))
    expected = [r for r in portal.mine if r["channel"] == "voice" and f"{r['hour']:%Y-%m-%d}" == "2026-11-23"]
    assert rows
    assert sorted(row["id"] for row in rows) == sorted(row["id"] for row in expected)


def test_a_filter_that_can_not_be_read_gives_no_file(portal: Portal) -> None:
    assert portal.person(SAM).get("/downloads/routings.csv?from=yesterday").status_code == 400
    assert portal.person(SAM).get("/downloads/routings.pdf").status_code == 404


def by_columns(rows: list[tuple[Any, ...]]) -> Iterator[list[tuple[Any, ...]]]:
    yield list(zip(*rows, strict=True)) or [(), (), ()]


dangerous = st.builds(
    lambda first, rest: first + rest,
    st.sampled_from(files.FORMULA_BEGINNINGS),
    st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), max_size=20),
)


@given(dangerous)
def test_a_cell_of_csv_is_never_a_formula_and_loses_nothing(text: str) -> None:
    written = b"".join(files.csv_file(("a", "b"), iter([[[text], ["plain"]]]))).decode()
    [_, [first, second]] = csv.reader(io.StringIO(written, newline=""))
    assert first == f"'{text}"
    assert second == "plain"


@given(
    st.lists(
        st.tuples(
            st.text(st.sampled_from("a ,;\"'\r\n\t=é")), st.integers(0) | st.none(), st.none() | st.booleans()
        ),
        max_size=8,
    )
)
def test_csv_is_what_the_standard_library_writes(rows: list[tuple[Any, ...]]) -> None:
    expected = io.StringIO()
    lines = csv.writer(expected)
    lines.writerow(("a", 'b"', "c"))
    for text, number, truth in rows:
        guarded = f"'{text}" if text.startswith(files.FORMULA_BEGINNINGS) else text
        lines.writerow((guarded, number, None if truth is None else str(truth).lower()))
    written = b"".join(files.csv_file(("a", 'b"', "c"), by_columns(rows)))
    assert written.decode() == expected.getvalue()


@given(dangerous.filter(lambda text: text.isprintable()))
def test_a_cell_of_a_workbook_is_a_string(text: str) -> None:
    written = b"".join(files.xlsx_file(("a",), iter([[[text, "https://a.example", "12"]]])))
    [_, [(kind, found)], [(link, _)], [(number, _)]] = cells_of(written)
    assert (kind, found) == ("inlineStr", text)
    assert (link, number) == ("inlineStr", "inlineStr")


@given(
    st.lists(
        st.tuples(st.text(st.characters(codec="utf-8")), st.integers(), st.none() | st.booleans()), max_size=5
    )
)
def test_json_lines_are_json_whatever_the_cells(rows: list[tuple[Any, ...]]) -> None:
    written = b"".join(files.jsonl_file(("a", "b%s", "c"), by_columns(rows))).decode()
    assert [list(json.loads(line).values()) for line in written.split("\n")[:-1]] == [
        list(row) for row in rows
    ]


def failing_pages(good: int) -> Iterator[list[list[str]]]:
    for number in range(good):
        yield [[f"row {number}"]]
    raise StoreError("the disk is gone")


@pytest.mark.parametrize("write", [files.csv_file, files.jsonl_file])
def test_a_file_that_breaks_off_says_so_and_ends_in_an_error(write: Any) -> None:
    pieces: list[bytes] = []
    with pytest.raises(StoreError):
        pieces.extend(write(("a",), failing_pages(2)))
    assert files.INCOMPLETE in b"".join(pieces).decode().splitlines()[-1]


def test_a_workbook_that_breaks_off_is_not_given_at_all() -> None:
    with pytest.raises(StoreError):
        files.xlsx_file(("a",), failing_pages(2))


def test_a_download_that_breaks_off_reaches_the_browser_as_broken(
    portal: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export_pages, "pages_of", lambda *_: failing_pages(3))
    answer = portal.person(SAM).client.get("/partners/downloads/routings.csv", buffered=False)
    received: list[Any] = []
    with pytest.raises(StoreError):
        received.extend(answer.response)
    assert str(received[-1], "utf-8").startswith("INCOMPLETE")
    assert "Content-Length" not in answer.headers


def test_a_database_that_is_down_from_the_start_is_told_as_such(
    portal: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    sam = portal.person(SAM)
    monkeypatch.setattr(export_pages, "pages_of", lambda *_: failing_pages(0))
    for form in ("csv", "jsonl", "xlsx"):
        answer = sam.get(f"/downloads/routings.{form}")
        assert answer.status_code == 503
        assert "Not available" in answer.text


def test_too_many_rows_for_a_workbook_are_refused_with_a_cure(
    portal: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export_pages, "MOST_XLSX_ROWS", 119)
    answer = portal.person(SAM).get("/downloads/routings.xlsx")
    assert answer.status_code == 422
    assert "Choose fewer days, or CSV" in answer.text


@pytest.mark.parametrize("write", [files.csv_file, files.jsonl_file, files.xlsx_file])
def test_the_memory_does_not_grow_with_the_rows(write: Any) -> None:
    def peak(pages: int) -> int:
        page = [["2026-11-24T09:00:00Z"] * 1000, ["crimestoppers"] * 1000, range(1000), [False] * 1000]
        tracemalloc.start()
        try:
            for piece in write(("hour", "service", "leaf_index", "late"), iter([page] * pages)):
                assert piece
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    peak(1)  # what is imported late
    assert peak(24) < peak(8) * 1.5 + 200_000


def test_rows_that_come_meanwhile_do_not_break_a_file(portal: Portal) -> None:
    pages = export_pages.pages_of(portal.line.wiring.store, MINE, Wanted())
    first = next(pages)
    keep_rows(portal.line.wiring.store, made_up(10, seed=7))
    ids = [cell for page in (first, *pages) for cell in page[COLUMNS.index("id")]]
    assert len(ids) == len(set(ids))


def test_figures_are_a_file_too(portal: Portal) -> None:
    rows = list(csv.reader(io.StringIO(portal.person(SAM).get("/downloads/figures.csv?period=2026-11").text)))
    assert rows[0] == ["table", "value", "routings"]
    assert sum(int(count) for table, _, count in rows[1:] if table == "channel") == 120
    portal.line.now = portal.line.now.replace(month=12, day=2)
    shown = portal.person(AUDITOR).get("/downloads/figures.csv?period=2026-11").text
    assert "fewer than 8" in shown
