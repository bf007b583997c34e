from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from leadml.errors import SourceError
from leadml.sources import Dialect, open_source, sniff_csv

ROWS = [["id", "Größe; Preis, netto", "note"], ["1", "fünf", 'says "a,b;c"\nand more'], ["2", "", "x"]]


def _text(delimiter: str) -> str:
    quoted = [['"' + cell.replace('"', '""') + '"' for cell in row] for row in ROWS]
    return "".join(delimiter.join(row) + "\r\n" for row in quoted)


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8-sig"),
        ("utf-16", "utf-16"),
        ("utf-16-be", "utf-16"),
        ("utf-16-le", "utf-16-le"),  # without a mark
        ("cp1252", "cp1252"),
    ],
)
@pytest.mark.parametrize("compression", [None, "gzip"])
def test_every_dialect_is_found_out_and_read_to_the_same_cells(
    tmp_path: Path, delimiter: str, written: str, found: str, compression: str | None
) -> None:
    mark = "\ufeff" if written == "utf-16-be" else ""
    data = (mark + _text(delimiter)).encode(written)
    path = tmp_path / "leads.csv"
    path.write_bytes(gzip.compress(data) if compression else data)

    assert sniff_csv(path) == Dialect(delimiter, found, compression, assumed=written == "cp1252")
    source = open_source(str(path))
    cells = [list(row.values()) for batch in source.stream("leads.csv") for row in batch.to_pylist()]
    assert [list(source.columns("leads.csv")), *cells] == [ROWS[0], ROWS[1], ["2", None, "x"]]


def test_the_encoding_is_judged_by_the_whole_file(tmp_path: Path) -> None:
    path = tmp_path / "leads.csv"
    path.write_bytes(b"id,name\n" + b"1,plain\n" * 50_000 + "2,Zoë\n".encode("cp1252"))
    source = open_source(str(path))
    assert sniff_csv(path).encoding == "cp1252"
    assert [row for batch in source.stream("leads.csv") for row in batch["name"].to_pylist()][-1] == "Zoë"
    assert source.assumptions("leads.csv") == (
        f"{path} is not UTF-8 and was read as cp1252; give its encoding if letters look wrong",
    )


def test_what_the_user_states_is_not_second_guessed(tmp_path: Path) -> None:
    path = tmp_path / "leads.csv"
    path.write_text("a;b,c\n1;2,3\n", "utf-8")
    assert list(open_source(str(path), delimiter=",").columns("leads.csv")) == ["a;b", "c"]


@pytest.mark.parametrize(("stated", "written"), [("utf-8", "utf-8-sig"), ("utf-16-le", "utf-16")])
def test_a_byte_order_mark_never_becomes_part_of_a_name(tmp_path: Path, stated: str, written: str) -> None:
    path = tmp_path / "leads.csv"
    path.write_bytes("id,x\n1,2\n".encode(written))
    source = open_source(str(path), encoding=stated)
    assert [row for batch in source.stream("leads.csv") for row in batch.to_pylist()] == [{"id": "1", "x": "2"}]


def test_bytes_that_an_encoding_does_not_have_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "leads.csv"
    path.write_bytes(b"id,x\n" + b"1,plain\n" * 50_000 + b"2,\x81\n")
    with pytest.raises(SourceError, match=r"leads.csv is not written in the encoding expected"):
        list(open_source(str(path)).stream("leads.csv"))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "leads.csv is empty. Give a file with a header"),
        (b"\xef\xbb\xbf \r\n", "leads.csv is empty. Give a file with a header"),
        (b"id,name,id\n1,2,3\n", "the header names the column 'id' twice"),
        (b"id,,x\n1,2,3\n", "column 2 has no name in the header"),
        (b"PK\x03\x04rest of a workbook", "is a workbook or an archive, not a CSV file"),
        ("№;имя\n1;Анна\n".encode("utf-16-le"), "is not a text file. If it is UTF-16 without a mark"),
        (gzip.compress(b"id,name\n" + bytes(range(48, 58)) * 4000, mtime=0)[:60], "is damaged or cut short"),
        (b"\x1f\x8bthis is no gzip file at all", "leads.csv cannot be read"),
    ],
)
def test_files_that_are_no_table_are_refused_in_one_line(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "leads.csv"
    path.write_bytes(content)
    with pytest.raises(SourceError) as refusal:
        open_source(str(path)).columns("leads.csv")
    assert message in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_an_unknown_encoding_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "leads.csv"
    path.write_text("id\n1\n", "utf-8")
    with pytest.raises(SourceError, match=r"there is no encoding 'utf-9'. Use 'utf-8'"):
        sniff_csv(path, encoding="utf-9")


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"There is no file .*absent.csv"):
        sniff_csv(tmp_path / "absent.csv")
