"""How a CSV file is written: delimiter, encoding, compression."""

from __future__ import annotations

import codecs
import csv
import gzip
import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from leadml.errors import SourceError
from leadml.sources.reading import reading

__all__ = ["Dialect", "header", "sniff_csv"]

_DELIMITERS = (",", ";", "\t", "|")
_MARKS = (  # the longer mark first: UTF-32 LE begins with the mark of UTF-16 LE, but nobody writes it
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_GZIP_MAGIC = b"\x1f\x8b"
_MOSTLY = 0.7  # of the characters of a UTF-16 table: its digits, delimiters and Latin letters
_SAMPLE_BYTES = 1 << 18
_SAMPLE_ROWS = 100


@dataclass(frozen=True)
class Dialect:
    """How a CSV file is written. `compression` is "gzip" or None; `assumed` is the encoding being a guess."""

    delimiter: str
    encoding: str
    compression: str | None = None
    assumed: bool = False


def sniff_csv(path: Path, *, delimiter: str | None = None, encoding: str | None = None) -> Dialect:
    """Find out how a CSV file is written; what is given is taken as given, unless the first bytes say otherwise.

    The encoding is that of the byte order mark, else UTF-16 where every other byte is zero, else UTF-8 where the whole
    file is valid UTF-8, else cp1252, which is then marked as assumed. The delimiter is the one that cuts the first
    rows into equally many cells.

    Raises:
        SourceError: the file is missing, empty, not text or a damaged gzip file.
    """
    with reading(str(path)), _plain(path) as file:
        sample = file.read(_SAMPLE_BYTES)
        _refuse_non_text(path, sample, encoding)
        found = _mark(sample) or encoding or _encoding(sample, file)
    compression = "gzip" if _is_gzip(path) else None
    text = _decode(path, sample, found)
    if not text.strip():
        raise SourceError(f"{path} is empty. Give a file with a header and one row per lead.")
    complete = len(sample) < _SAMPLE_BYTES
    chosen = delimiter or max(_DELIMITERS, key=lambda candidate: _fit(text, candidate, complete))
    return Dialect(chosen, found, compression, assumed=encoding is None and found == "cp1252")


def header(path: Path, dialect: Dialect) -> list[str]:
    """Read the column names of a CSV file.

    Raises:
        SourceError: a name is empty or there twice.
    """
    with reading(str(path)), _plain(path) as file:
        text = io.TextIOWrapper(cast(BinaryIO, file), encoding=dialect.encoding, newline="")
        rows = csv.reader(text, delimiter=dialect.delimiter)
        names = next((row for row in rows if row), [])
    for position, name in enumerate(names, start=1):
        if not name.strip():
            raise SourceError(f"{path}: column {position} has no name in the header. Give it one.")
        if name in names[: position - 1]:
            raise SourceError(f"{path}: the header names the column '{name}' twice. Rename one of them.")
    return names


@contextmanager
def _plain(path: Path) -> Iterator[io.BufferedIOBase]:
    if not path.is_file():
        raise SourceError(f"There is no file {path}. Mend the path.")
    with gzip.open(path) if _is_gzip(path) else path.open("rb") as file:
        yield cast(io.BufferedIOBase, file)


def _is_gzip(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(2) == _GZIP_MAGIC


def _refuse_non_text(path: Path, sample: bytes, encoding: str | None) -> None:
    if sample.startswith(b"PK\x03\x04"):
        raise SourceError(f"{path} is a workbook or an archive, not a CSV file. Export its sheet as CSV.")
    if encoding is None and not _mark(sample) and b"\0" in sample:
        raise SourceError(
            f"{path} is not a text file. If it is UTF-16 without a mark, give the encoding as 'utf-16-le' or"
            " 'utf-16-be'."
        )


def _mark(sample: bytes) -> str | None:
    return next((encoding for mark, encoding in _MARKS if sample.startswith(mark)), _unmarked_utf_16(sample))


def _unmarked_utf_16(sample: bytes) -> str | None:
    """Every other byte of mostly Latin text is zero in UTF-16, and no byte of text is in another encoding."""
    high_first, low_first = (sample[start::2].count(0) / max(1, len(sample) // 2) for start in (0, 1))
    if max(high_first, low_first) < _MOSTLY or min(high_first, low_first) > 1 - _MOSTLY:
        return None
    return "utf-16-be" if high_first > low_first else "utf-16-le"


def _encoding(sample: bytes, rest: io.BufferedIOBase) -> str:
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        decoder.decode(sample)
        while chunk := rest.read(1 << 20):
            decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8"


def _decode(path: Path, sample: bytes, encoding: str) -> str:
    try:
        return codecs.getincrementaldecoder(encoding)().decode(sample)
    except LookupError:
        raise SourceError(f"{path}: there is no encoding '{encoding}'. Use 'utf-8', 'utf-16' or 'cp1252'.") from None
    except UnicodeDecodeError as error:
        raise SourceError(f"{path} is not written in {encoding} ({error.reason}). Give its encoding.") from None


def _fit(text: str, delimiter: str, complete: bool) -> tuple[float, int]:
    rows = []
    try:
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter):
            rows.append(len(row))
            if len(rows) > _SAMPLE_ROWS:
                break
    except csv.Error:  # a cell without an end: the wrong delimiter for the quotes
        return (0.0, 0)
    widths = rows if complete or len(rows) > _SAMPLE_ROWS or len(rows) == 1 else rows[:-1]
    if not widths or widths[0] < 2:
        return (0.0, 0)
    return (sum(width == widths[0] for width in widths) / len(widths), widths[0])
