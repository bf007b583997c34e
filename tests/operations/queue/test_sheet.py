from __future__ import annotations

import csv
from pathlib import Path

import pytest

from leadml.errors import SourceError
from leadml.operations.queue.sheet import write_sheet


def test_a_sheet_holds_the_columns_in_their_order_and_reads_back(tmp_path: Path) -> None:
    rows = [
        {"lead_id": "=L1", "value": -2.5, "why": 'says "no", twice\nand again', "contacted": True, "extra": "x"},
        {"lead_id": "L2", "value": None, "why": "Größe: klein", "contacted": False, "extra": "x"},
    ]
    write_sheet(tmp_path / "list.csv", ["lead_id", "value", "why", "contacted"], rows)
    with (tmp_path / "list.csv").open(encoding="utf-8-sig", newline="") as file:
        assert list(csv.reader(file)) == [
            ["lead_id", "value", "why", "contacted"],
            ["'=L1", "-2.5", 'says "no", twice\nand again', "yes"],
            ["L2", "", "Größe: klein", "no"],
        ]


def test_a_sheet_that_cannot_be_written_is_one_clear_message(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"list\.csv cannot be written"):
        write_sheet(tmp_path / "no such folder" / "list.csv", ["a"], [{"a": 1}])
