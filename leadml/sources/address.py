"""From the address of a lead database to the source that reads it."""

from __future__ import annotations

from pathlib import Path

from leadml.errors import SourceError, masked
from leadml.sources.duckdb_file import DuckdbSource
from leadml.sources.files import FileSource
from leadml.sources.postgres import PostgresSource
from leadml.sources.source import Source
from leadml.sources.sqlite import SqliteSource

__all__ = ["open_source"]

_SUFFIXES = {"sqlite": (".db", ".sqlite", ".sqlite3"), "duckdb": (".duckdb", ".ddb")}
_SQLITE_MAGIC = b"SQLite format 3\0"


def open_source(url: str, *, delimiter: str | None = None, encoding: str | None = None) -> Source:
    """Open a place where leads live.

    `url` is "postgresql://user:password@host:port/database?..." (the password may be in PGPASSWORD instead),
    "sqlite:///relative/path.db" (four slashes: an absolute path), "duckdb:///relative/path.duckdb", the path of such a
    database, or the path of a CSV or Parquet file or of a folder of these. `delimiter` and `encoding` are those of CSV
    files; None finds them out.

    Raises:
        SourceError: the address is of a kind that is not supported, or nothing is there.
    """
    scheme, separator, rest = url.partition("://")
    kind = scheme.lower() if separator else ""
    if kind in ("postgresql", "postgres"):
        return PostgresSource(url)
    if kind not in ("", "sqlite", "duckdb"):
        raise SourceError(
            f"The address '{masked(url)}' is not supported. Use sqlite:///PATH, duckdb:///PATH,"
            " postgresql://USER@HOST/DATABASE, or the path of a CSV or Parquet file or of a folder of these."
        )
    path = _path(rest.removeprefix("/") if separator else url)
    kind = kind or _database_kind(path)
    if kind == "duckdb":
        return DuckdbSource(path)
    return SqliteSource(path) if kind == "sqlite" else FileSource(path, delimiter=delimiter, encoding=encoding)


def _path(text: str) -> Path:
    try:
        path = Path(text).expanduser()
        path.exists()
    except (OSError, RuntimeError) as error:  # a RuntimeError is the home of a user whom nobody knows
        reason = getattr(error, "strerror", None) or str(error)
        raise SourceError(f"'{text}' is no path of a file or folder ({reason}). Mend the path.") from None
    return path


def _database_kind(path: Path) -> str:
    """Tell a database by the ending of its name, or else by its content."""
    for kind, suffixes in _SUFFIXES.items():
        if path.suffix.lower() in suffixes:
            return kind
    try:
        with path.open("rb") as file:
            start = file.read(16)
    except (OSError, ValueError):  # a ValueError is a path with a NUL in it
        return ""
    return "sqlite" if start == _SQLITE_MAGIC else "duckdb" if start[8:12] == b"DUCK" else ""
