from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from leadml.errors import SourceError
from leadml.sources import BadRow, open_source


def test_a_single_file_is_a_source_of_one_table(tmp_path: Path) -> None:
    (tmp_path / "leads.csv").write_text("id\n1\n", "utf-8")
    (tmp_path / "other.csv").write_text("id\n1\n", "utf-8")
    assert open_source(str(tmp_path / "leads.csv")).tables() == ["leads.csv"]
    assert open_source(str(tmp_path)).tables() == ["leads.csv", "other.csv"]


def test_ragged_rows_are_handed_over_with_their_number_and_the_rest_is_read(tmp_path: Path) -> None:
    path = tmp_path / "leads.csv"
    path.write_text('id,x\n1,"a\nb"\n2\n3,c,d\n4,e\n', "utf-8")
    bad: list[BadRow] = []
    batches = list(open_source(str(path)).stream("leads.csv", on_bad_row=bad.append))
    assert pa.Table.from_batches(batches).to_pylist() == [{"id": "1", "x": "a\nb"}, {"id": "4", "x": "e"}]
    assert bad == [BadRow(2, "2"), BadRow(3, "3,c,d")]


def test_ragged_rows_are_never_dropped_in_silence(tmp_path: Path) -> None:
    path = tmp_path / "leads.csv"
    path.write_text("id,x\n1,2\n3\n", "utf-8")
    with pytest.raises(SourceError, match="row 2: the number of cells is not that of the header"):
        list(open_source(str(path)).stream("leads.csv"))


def test_a_truncated_parquet_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "leads.parquet"
    pq.write_table(pa.table({"id": list(range(1000))}), path)
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(SourceError, match=r"leads.parquet cannot be read \(.*\). Copy or export it again") as refusal:
        open_source(str(path)).columns("leads.parquet")
    assert "\n" not in str(refusal.value)


def test_a_parquet_file_with_damaged_pages_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "leads.parquet"
    pq.write_table(pa.table({"id": [f"text {i}" for i in range(1000)]}), path, use_dictionary=False)
    content = bytearray(path.read_bytes())
    content[10:600] = b"\xff" * 590
    path.write_bytes(bytes(content))
    with pytest.raises(SourceError, match=r"leads.parquet cannot be read"):
        list(open_source(str(path)).stream("leads.parquet"))


def test_a_parquet_file_with_twin_columns_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "leads.parquet"
    pq.write_table(pa.table([[1], [2]], names=["id", "id"]), path)
    with pytest.raises(SourceError, match="has two columns named 'id'"):
        open_source(str(path)).columns("leads.parquet")


@pytest.mark.parametrize("name", ["scores.xlsx", "scores", "../scores.csv"])
def test_only_csv_and_parquet_beside_the_source_can_be_written(tmp_path: Path, name: str) -> None:
    (tmp_path / "leads.csv").write_text("id\n1\n", "utf-8")
    with (
        pytest.raises(SourceError, match=r"Give a file name that ends in .csv, .csv.gz or .parquet"),
        open_source(str(tmp_path / "leads.csv")).transaction() as change,
    ):
        change.append(name, pa.table({"id": ["1"]}))
    assert [path.name for path in tmp_path.iterdir()] == ["leads.csv"]


def test_a_read_only_folder_is_refused_before_anything_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = open_source(str(tmp_path))
    allowed = Path.open

    def refuse(path: Path, mode: str = "r", **how: Any) -> object:  # rights do not bind the root user, who may test
        if mode != "r":
            raise PermissionError(13, "Permission denied")
        return allowed(path, mode, **how)

    monkeypatch.setattr(Path, "open", refuse)
    with (
        pytest.raises(SourceError, match=r"\(Permission denied\). Mend the rights of the folder"),
        source.transaction(),
    ):
        pytest.fail("the work was begun")
    assert list(tmp_path.iterdir()) == []


def test_rows_are_added_beside_a_single_file_too(tmp_path: Path) -> None:
    (tmp_path / "leads.csv").write_text("id;x\n1;2\n", "utf-8")
    source = open_source(str(tmp_path / "leads.csv"), delimiter=";")
    rows = pa.table({"id": ["1"], "reason": ["too small, no budget"]})
    for _ in range(2):
        with source.transaction() as change:
            change.append("notes.csv", rows)
    (held,) = open_source(str(tmp_path / "notes.csv")).stream("notes.csv")
    assert held.to_pylist() == 2 * rows.to_pylist()


def test_rows_that_do_not_fit_a_parquet_file_are_refused_and_it_stays(tmp_path: Path) -> None:
    pq.write_table(pa.table({"id": pa.array([1], pa.int64())}), tmp_path / "notes.parquet")
    with (
        pytest.raises(SourceError, match=r"notes.parquet: column 'id' holds int64, which new rows do not fit"),
        open_source(str(tmp_path)).transaction() as change,
    ):
        change.append("notes.parquet", pa.table({"id": ["L1"]}))
    assert pq.read_table(tmp_path / "notes.parquet").to_pylist() == [{"id": 1}]


KILLED = """
import os, sys
from pathlib import Path
import pyarrow as pa
from leadml.sources import open_source

left = int(sys.argv[2])
renaming = Path.replace

def replace(path, target):
    global left
    if not left:
        os._exit(9)
    left -= 1
    return renaming(path, target)

Path.replace = replace
with open_source(sys.argv[1]).transaction() as change:
    change.upsert("scores.csv", pa.table({"id": ["a", "b"], "p": ["2", "2"]}), key=["id"])
    change.append("runs.parquet", pa.table({"run": [2]}))
"""


@pytest.mark.parametrize("renames", [0, 1, 2, 3])
def test_files_change_together_wherever_the_process_is_killed(tmp_path: Path, renames: int) -> None:
    (tmp_path / "scores.csv").write_text("id,p,note\na,1,kept\n", "utf-8")
    pq.write_table(pa.table({"run": [1]}), tmp_path / "runs.parquet")
    done = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path), str(renames)], check=False)
    assert done.returncode == (0 if renames == 3 else 9)
    source = open_source(str(tmp_path))
    held = [
        [row for batch in source.stream(table) for row in batch.to_pylist()] for table in ("scores.csv", "runs.parquet")
    ]
    old = [[{"id": "a", "p": "1", "note": "kept"}], [{"run": 1}]]
    new = [[{"id": "a", "p": "2", "note": "kept"}, {"id": "b", "p": "2", "note": None}], [{"run": 1}, {"run": 2}]]
    assert held == (new if renames else old)
    with source.transaction():  # clears away what was left
        pass
    assert sorted(path.name for path in tmp_path.iterdir()) == ["runs.parquet", "scores.csv"]
