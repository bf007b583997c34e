"""What every source promises of the types of its values."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from leadml.errors import SourceError
from leadml.sources import open_source
from leadml.sources.distinct import distinct


def _texts(place: Any, column: str) -> list[str]:
    """The texts of the values that there are: what everything above a source goes by."""
    table = pa.Table.from_batches(list(place.source.stream("t" + place.ending, [column])))
    return [text for text in distinct(table[column]).text().to_pylist() if text is not None]


def test_5000_empty_cells_come_before_a_number(place: Any) -> None:
    place.put("t", pa.table({"n": range(5001), "v": pa.array([None] * 5000 + [2.5], pa.float64())}))
    assert _texts(place, "v") == ["2.5"]
    if place.typed:
        assert place.read("t", ["v"])[-1] == {"v": 2.5}


def test_decimals_are_the_numbers_that_they_were(place: Any) -> None:
    values = [Decimal("1.50"), Decimal("-0.25"), None, Decimal("12345678.90")]
    place.put("t", pa.table({"n": range(4), "v": pa.array(values, pa.decimal128(12, 2))}))
    assert [float(text) for text in _texts(place, "v")] == [1.5, -0.25, 12345678.9]


def test_moments_with_and_without_a_zone_come_back_as_utc(place: Any) -> None:
    moment = dt.datetime(2024, 3, 1, 9, 30, 15)  # noqa: DTZ001 - leadml's times are naive UTC
    zoned = dt.datetime(2024, 3, 1, 11, 30, 15, tzinfo=dt.timezone(dt.timedelta(hours=2)))
    kinds = {"plain": pa.timestamp("us"), "zoned": pa.timestamp("us", "Europe/Vienna"), "seconds": pa.timestamp("s")}
    given = {"plain": moment, "zoned": zoned, "seconds": moment}
    place.put("t", pa.table({name: pa.array([given[name], None], kind) for name, kind in kinds.items()}))
    for name in kinds:
        (text,) = _texts(place, name)
        assert dt.datetime.fromisoformat(text) == moment, name


WRITE = """
import duckdb, sys
connection = duckdb.connect(sys.argv[1])
print("writing", flush=True)
sys.stdin.read()
"""


def test_a_duckdb_database_that_another_process_writes_is_refused_by_its_number(tmp_path: Path) -> None:
    path = tmp_path / "crm.duckdb"
    duckdb.connect(str(path)).close()
    command = [sys.executable, "-c", WRITE, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == b"writing\n"
        with pytest.raises(SourceError, match=rf"is being written by process {writer.pid}, .* Try again when it is"):
            open_source(str(path)).tables()
        writer.communicate()
    assert open_source(str(path)).tables() == []
