"""CSV files as Arrow batches: every cell is text, what the text means is decided later."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv as pa_csv

from leadml.errors import SourceError
from leadml.sources.dialect import Dialect, header
from leadml.sources.reading import reading
from leadml.sources.source import BadRow

__all__ = ["stream_csv"]

_BLOCK_BYTES = 4 << 20  # the longest row that can be read


def stream_csv(
    path: Path, dialect: Dialect, columns: Sequence[str], on_bad_row: Callable[[BadRow], None] | None
) -> Iterator[pa.RecordBatch]:
    """Yield the columns of a CSV file as text; an empty cell is null."""
    bad: list[BadRow] = []
    with reading(str(path)):
        for batch in _open(path, dialect, columns, bad):
            _hand_over(path, bad, on_bad_row)
            yield batch
    _hand_over(path, bad, on_bad_row)


def _open(path: Path, dialect: Dialect, columns: Sequence[str], bad: list[BadRow]) -> Any:
    def keep(row: Any) -> str:
        bad.append(BadRow(row.number - 1, row.text))  # pyarrow counts the header too
        return "skip"

    encoding = "utf-8" if dialect.encoding == "utf-8-sig" else dialect.encoding
    return pa_csv.open_csv(
        pa.input_stream(str(path), compression=dialect.compression),
        # rows are numbered only where one thread reads them
        read_options=pa_csv.ReadOptions(encoding=encoding, use_threads=False, block_size=_BLOCK_BYTES),
        parse_options=pa_csv.ParseOptions(
            delimiter=dialect.delimiter, newlines_in_values=True, invalid_row_handler=keep
        ),
        convert_options=pa_csv.ConvertOptions(
            column_types={name: pa.string() for name in header(path, dialect)},
            include_columns=list(columns),
            null_values=[""],
            strings_can_be_null=True,
        ),
    )


def _hand_over(path: Path, bad: list[BadRow], on_bad_row: Callable[[BadRow], None] | None) -> None:
    for row in bad:
        if on_bad_row is None:
            raise SourceError(f"{path}, row {row.row}: the number of cells is not that of the header. Mend the row.")
        on_bad_row(row)
    bad.clear()
