"""DuckDB in this process, opened in one way: what it computes goes to who asked for it, and nothing to the terminal."""

from __future__ import annotations

import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

__all__ = ["open_file", "open_memory"]


def open_memory(*, threads: int) -> DuckDBPyConnection:
    """Open a database in memory that reads no file.

    Raises:
        ModuleNotFoundError: DuckDB is not installed.
    """
    # By itself it would spill into the current folder.
    spill = tempfile.gettempdir()
    return _open(config={"threads": threads, "enable_external_access": False, "temp_directory": spill})


def open_file(path: Path, *, read_only: bool = False) -> DuckDBPyConnection:
    """Open a database file; one that is not there is made.

    Raises:
        ModuleNotFoundError: DuckDB is not installed.
        duckdb.Error: the file cannot be opened so.
    """
    return _open(str(path), read_only=read_only)


def _open(path: str = ":memory:", **how: Any) -> DuckDBPyConnection:
    import duckdb

    connection = duckdb.connect(path, **how)
    with suppress(duckdb.InvalidInputException):  # a notebook without widgets has no bar to switch off
        connection.execute("SET enable_progress_bar = false")  # or a long query writes over standard output
    return connection
