"""Write files of a source, and say in the user's terms where that fails."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from leadml.errors import SourceError
from leadml.replacing import replacing
from leadml.sources.cells import plain, plain_schema

__all__ = ["CSV_SUFFIXES", "PARQUET_SUFFIXES", "file_sink", "staged", "writable", "writing"]

CSV_SUFFIXES = (".csv", ".csv.gz", ".tsv", ".tsv.gz", ".txt", ".txt.gz")
PARQUET_SUFFIXES = (".parquet", ".pq")


class _CsvSink:
    def __init__(self, path: Path, schema: pa.Schema) -> None:
        name = path.name.lower()
        compression = "gzip" if name.endswith(".gz") else None
        delimiter = "\t" if ".tsv" in name else ","
        self._schema = plain_schema(schema)
        self._file = pa.output_stream(str(path), compression=compression)
        self._writer = pa_csv.CSVWriter(
            self._file, self._schema, write_options=pa_csv.WriteOptions(delimiter=delimiter)
        )

    def add(self, batch: pa.RecordBatch) -> None:
        self._writer.write_batch(plain(batch))

    def close(self) -> None:
        self._writer.close()
        self._file.close()


class _ParquetSink:
    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self._writer = pq.ParquetWriter(str(path), schema)

    def add(self, batch: pa.RecordBatch) -> None:
        self._writer.write_batch(batch)

    def close(self) -> None:
        self._writer.close()


@contextmanager
def file_sink(path: Path, schema: pa.Schema) -> Iterator[_CsvSink | _ParquetSink]:
    """Write a CSV or Parquet file, in the format that its name ends in."""
    sink: _CsvSink | _ParquetSink
    sink = _ParquetSink(path, schema) if path.name.lower().endswith(PARQUET_SUFFIXES) else _CsvSink(path, schema)
    try:
        yield sink
    finally:
        sink.close()


@contextmanager
def staged(target: Path) -> Iterator[Path]:
    """Give a path to write to; it becomes `target` when the block ends well and vanishes when it does not.

    Raises:
        SourceError: the folder is missing or may not be written, or the disk is full.
    """
    with writing(str(target)), replacing(target) as path:
        yield path


@contextmanager
def writing(where: str) -> Iterator[None]:
    """Turn what the system says against writing into a SourceError that names the place."""
    try:
        yield
    except OSError as error:
        raise SourceError(
            f"{where} cannot be written ({error.strerror or error}). Mend the folder or its rights, or make room on "
            "the disk; nothing changed."
        ) from None


def writable(folder: Path, table: str) -> Path:
    """Give the file of a table that is to be written in a folder.

    Raises:
        SourceError: its name does not say the format, or leads elsewhere.
    """
    target = folder / table
    if not table.lower().endswith(CSV_SUFFIXES + PARQUET_SUFFIXES) or target.parent != folder:
        raise SourceError(
            f"'{table}' cannot be written in {folder}. Give a file name that ends in .csv, .csv.gz or .parquet."
        )
    return target
