"""Replace a file of a source at once, and say in the user's terms where that fails."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from leadml.errors import SourceError
from leadml.replacing import replacing
from leadml.sources.cells import plain, plain_schema

__all__ = ["replace_file", "staged"]


class _CsvSink:
    def __init__(self, path: Path, target: Path, schema: pa.Schema) -> None:
        compression = "gzip" if target.name.lower().endswith(".gz") else None
        delimiter = "\t" if ".tsv" in target.name.lower() else ","
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
def replace_file(target: Path, schema: pa.Schema, *, parquet: bool) -> Iterator[Any]:
    """Write a CSV or Parquet file beside `target` and put it in its place when the block ends."""
    with staged(target) as path:
        sink = _ParquetSink(path, schema) if parquet else _CsvSink(path, target, schema)
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
    try:
        with replacing(target) as path:
            yield path
    except OSError as error:
        raise SourceError(
            f"{target} cannot be written ({error.strerror or error}). Mend the folder or its rights; nothing changed."
        ) from None
