from __future__ import annotations

import csv
from pathlib import Path

import pytest

from leadml.errors import SourceError
from leadml.schema import LeadColumns, LeadTables
from leadml.sources import open_source, read_leads, write_rejects


@pytest.fixture
def tables(tmp_path: Path) -> LeadTables:
    cells = ['"=HYPERLINK(""http://x"")"', "+1", "-1", "@SUM(1)", "plain"]
    rows = "".join(f"{cell},1\n{cell},2\n" for cell in cells)
    (tmp_path / "leads.csv").write_text("id,x\n" + rows, "utf-8")
    return read_leads(open_source(str(tmp_path)), leads_table="leads.csv", lead_columns=LeadColumns(id="id"))


def test_rejects_are_written_so_that_no_cell_acts_as_a_formula(tables: LeadTables, tmp_path: Path) -> None:
    write_rejects(tables, tmp_path / "rejects.csv")
    with (tmp_path / "rejects.csv").open(newline="", encoding="utf-8") as file:
        header, *rows = csv.reader(file)
    assert header == ["table", "row", "lead_id", "column", "value", "reason"]
    assert [row[4] for row in rows] == ['\'=HYPERLINK("http://x")', "'+1", "-1", "'@SUM(1)", "plain"]
    assert [row[1] for row in rows] == ["2", "4", "6", "8", "10"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["leads.csv", "rejects.csv"]


def test_rejects_that_cannot_be_written_are_refused_in_one_line(tables: LeadTables, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"rejects.csv cannot be written \(No such file or directory\)"):
        write_rejects(tables, tmp_path / "absent" / "rejects.csv")
