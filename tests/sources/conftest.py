"""Places where leads live, of every kind: what holds for one holds for all."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from leadml.sources import Source, open_source


@dataclass(frozen=True)
class Place:
    """A source that holds nothing yet; `url` opens it again, `ending` is what names of its tables end in."""

    kind: str
    url: str
    ending: str = ""

    @property
    def source(self) -> Source:
        return open_source(self.url)

    @property
    def typed(self) -> bool:
        """Whether numbers are numbers there, not text."""
        return not self.ending.startswith(".csv")

    def put(self, table: str, rows: pa.Table) -> None:
        with self.source.transaction() as change:
            change.append(table + self.ending, rows)

    def read(self, table: str, columns: list[str] | None = None) -> list[dict[str, Any]]:
        return [row for batch in self.source.stream(table + self.ending, columns) for row in batch.to_pylist()]


def _sqlite(folder: Path) -> Place:
    with closing(sqlite3.connect(folder / "crm.db")) as connection:
        connection.execute("CREATE TABLE other (id)")
    return Place("sqlite", str(folder / "crm.db"))


def _duckdb(folder: Path) -> Place:
    duckdb.connect(folder / "crm.duckdb").close()
    return Place("duckdb", str(folder / "crm.duckdb"))


KINDS: dict[str, Callable[[Path], Place]] = {
    "sqlite": _sqlite,
    "duckdb": _duckdb,
    "csv": lambda folder: Place("csv", str(folder), ".csv"),
    "csv.gz": lambda folder: Place("csv.gz", str(folder), ".csv.gz"),
    "parquet": lambda folder: Place("parquet", str(folder), ".parquet"),
}


@pytest.fixture(params=[*KINDS, "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    if request.param == "postgresql":
        return Place("postgresql", request.getfixturevalue("postgres_url"))
    return KINDS[request.param](tmp_path)
