"""From the address of a lead database to the source that reads it."""

from __future__ import annotations

from pathlib import Path

from leadml.errors import SourceError
from leadml.sources.files import FileSource
from leadml.sources.masking import masked
from leadml.sources.postgres import PostgresSource
from leadml.sources.source import Source
from leadml.sources.sqlite import SqliteSource

__all__ = ["open_source"]

_SQLITE_SUFFIXES = (".db", ".sqlite", ".sqlite3")
_SQLITE_MAGIC = b"SQLite format 3\0"


def open_source(url: str, *, delimiter: str | None = None, encoding: str | None = None) -> Source:
    """Open a place where leads live.

    `url` is "postgresql://user:password@host:port/database?..." (the password may be in PGPASSWORD instead),
    "sqlite:///relative/path.db" (four slashes: an absolute path), the path of such a database, or the path of a CSV or
    Parquet file or of a folder of these. `delimiter` and `encoding` are those of CSV files; None finds
    them out.

    Raises:
        SourceError: the address is of a kind that is not supported, or nothing is there.
    """
    scheme, separator, rest = url.partition("://")
    if scheme.lower() in ("postgresql", "postgres") and separator:
        return PostgresSource(url)
    if separator and scheme.lower() != "sqlite":
        raise SourceError(
            f"The address '{masked(url)}' is not supported. Use sqlite:///PATH, postgresql://USER@HOST/DATABASE, or the"
            " path of a CSV or Parquet file or of a folder of these."
        )
    path = Path(rest.removeprefix("/") if separator else url).expanduser()
    if separator or path.suffix.lower() in _SQLITE_SUFFIXES or _is_sqlite(path):
        return SqliteSource(path)
    return FileSource(path, delimiter=delimiter, encoding=encoding)


def _is_sqlite(path: Path) -> bool:
    if not path.is_file():
        return False
    try:
        with path.open("rb") as file:
            return file.read(len(_SQLITE_MAGIC)) == _SQLITE_MAGIC
    except OSError:
        return False
