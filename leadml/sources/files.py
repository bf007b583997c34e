"""A folder of CSV and Parquet files, or one of them, as a source."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from leadml.errors import SourceError
from leadml.sources.choosing import sift, with_column
from leadml.sources.delimited import stream_csv
from leadml.sources.dialect import Dialect, header, sniff_csv
from leadml.sources.file_changes import FileChanges
from leadml.sources.journal import finish_renames, staging, take_places
from leadml.sources.locking import locked
from leadml.sources.publish import CSV_SUFFIXES, PARQUET_SUFFIXES, writing
from leadml.sources.reading import reading
from leadml.sources.source import Among, BadRow, Since, Source, Transaction, nearest

__all__ = ["FileSource"]

_BATCH_ROWS = 1 << 16


class FileSource(Source):
    """Tables are files, named by their file names; a single file is a source of one table."""

    small_transactions = False

    def __init__(self, path: Path, *, delimiter: str | None = None, encoding: str | None = None) -> None:
        super().__init__(str(path))
        self._path = path
        self._delimiter = delimiter
        self._encoding = encoding
        if not path.exists():
            raise SourceError(f"There is no file or folder {path}. {_beside(path)}")
        finish_renames(self.folder)

    @property
    def folder(self) -> Path:
        """Where the tables are."""
        return self._path if self._path.is_dir() else self._path.parent

    def tables(self) -> list[str]:
        """Name the CSV and Parquet files."""
        if not self._path.is_dir():
            return [self._path.name]
        with reading(self.where):
            return sorted(path.name for path in self._path.iterdir() if _is_table(path))

    def columns(self, table: str) -> dict[str, str]:
        """Map columns to their Arrow types; in CSV all are "text"."""
        path = self._file(table)
        if not _is_parquet(path):
            return dict.fromkeys(header(path, self._dialect(path)), "text")
        with reading(str(path)), pq.ParquetFile(path) as file:
            schema = file.schema_arrow
        _refuse_twins(path, schema.names)
        return {field.name: str(field.type) for field in schema}

    def stream(
        self,
        table: str,
        columns: Sequence[str] | None = None,
        *,
        rows: Among | Since | None = None,
        on_bad_row: Callable[[BadRow], None] | None = None,
    ) -> Iterator[pa.RecordBatch]:
        """Yield the file in batches."""
        path = self._file(table)
        names = self._require_columns(table, columns, rows)
        needed = with_column(names, rows)
        if _is_parquet(path):
            return sift(_stream_parquet(path, needed), names, rows)
        return sift(stream_csv(path, self._dialect(path), needed, on_bad_row), names, rows)

    def count(self, table: str, rows: Among | Since | None = None) -> int:
        """Count the rows of a file, or some of them; a row that cannot be cut into cells is none."""
        columns = list(self.columns(table))[:1] if rows is None else [rows.column]
        bad: list[BadRow] = []
        return sum(batch.num_rows for batch in self.stream(table, columns, rows=rows, on_bad_row=bad.append))

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """Write new files into a folder of their own, which take the places of the old ones together."""
        folder = self.folder.resolve()
        with (
            locked(folder / ".leadml.writing.lock", f"writing in {self.folder}"),
            writing(str(self.folder)),
            staging(folder) as place,
        ):
            changes = FileChanges(folder, place, FileSource)
            yield changes
            if files := changes.finish():
                take_places(folder, files)

    def exclusive(self, purpose: str) -> AbstractContextManager[None]:
        """Hold a lock file in the folder."""
        return locked(self.folder.resolve() / f".leadml.{purpose}.lock", f"{purpose} in {self.folder}")

    def held_schema(self, table: str) -> pa.Schema:
        """The columns of a file as `stream` gives them."""
        path = self._file(table)
        if not _is_parquet(path):
            return pa.schema([(name, pa.string()) for name in self.columns(table)])
        with reading(str(path)), pq.ParquetFile(path) as file:
            return file.schema_arrow

    def place(self, table: str) -> str:
        """Name the file."""
        return str(self.folder / table)

    def assumptions(self, table: str) -> tuple[str, ...]:
        """Say when the encoding of a CSV file is a guess."""
        path = self._file(table)
        if _is_parquet(path) or not self._dialect(path).assumed:
            return ()
        return (f"{path} is not UTF-8 and was read as cp1252; give its encoding if letters look wrong",)

    def _file(self, table: str) -> Path:
        self._require_table(table)
        path = self._path / table if self._path.is_dir() else self._path
        with reading(str(path)):
            if path.stat().st_size == 0:
                raise SourceError(f"{path} is empty. Give a file with a header and one row per lead.")
        return path

    def _dialect(self, path: Path) -> Dialect:
        return sniff_csv(path, delimiter=self._delimiter, encoding=self._encoding)


def _stream_parquet(path: Path, columns: list[str]) -> Iterator[pa.RecordBatch]:
    # what is buffered ahead stays in memory until the end of the file
    with reading(str(path)), pq.ParquetFile(path, pre_buffer=False) as file:
        # the reader takes "a" for the column "a.b" too, so the choice is made once more
        for batch in file.iter_batches(batch_size=_BATCH_ROWS, columns=columns, use_threads=False):
            chosen = batch.select(columns)
            chosen.validate(full=True)  # Arrow takes a damaged file's bytes for text
            yield chosen


def _is_parquet(path: Path) -> bool:
    return path.name.lower().endswith(PARQUET_SUFFIXES)


def _is_table(path: Path) -> bool:
    name = path.name.lower()
    return path.is_file() and not name.startswith(".") and name.endswith(CSV_SUFFIXES + PARQUET_SUFFIXES)


def _refuse_twins(path: Path, names: list[Any]) -> None:
    for position, name in enumerate(names):
        if name in names[:position]:
            raise SourceError(f"{path} has two columns named '{name}'. Rename one of them.")


def _beside(path: Path) -> str:
    if not path.parent.is_dir():
        return "Mend the path."
    others = sorted(other.name for other in path.parent.iterdir())
    return nearest(path.name, others).replace("It has", "Its folder has") if others else "Its folder is empty."
