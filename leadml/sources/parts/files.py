"""Rows on local disk, one file per part: Arrow IPC streams, one behind the other, so that no file must stay open."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa

from leadml.errors import SourceError
from leadml.sources.parts.hashing import Parts

__all__ = ["ROW", "Cutter", "read_rows", "write_rows"]

ROW = "leadml: row"
"""The column with the numbers of rows in their whole table; no column of a user is called so."""

_BUFFERED_BYTES = 32 << 20


class Cutter:
    """Cuts a table into one file per part, `folder/NUMBER`, in the order in which rows come."""

    def __init__(self, folder: Path, count: int) -> None:
        self._folder = folder
        self._count = count
        self._held: list[pa.Table] = []
        self._parts: list[Parts] = []
        self._bytes = 0
        folder.mkdir(mode=0o700)

    def add(self, rows: pa.Table, parts: Parts) -> None:
        """Take further rows and the part that each goes to."""
        if not rows.num_rows:  # where no row was chosen, nothing tells the types of the columns
            return
        self._held.append(rows)
        self._parts.append(parts)
        self._bytes += rows.nbytes
        if self._bytes >= _BUFFERED_BYTES:
            self.flush()

    def flush(self) -> None:
        """Write what is held."""
        if not self._held:
            return
        parts = np.concatenate(self._parts)
        order = np.argsort(parts, kind="stable")
        rows = pa.concat_tables(self._held).combine_chunks().take(pa.array(order))
        self._held, self._parts, self._bytes = [], [], 0
        ends = np.cumsum(np.bincount(parts, minlength=self._count))
        for part, (start, end) in enumerate(zip([0, *ends], ends, strict=False)):
            if start < end:
                write_rows(self._folder / str(part), rows.slice(start, end - start))

    def close(self, schema: pa.Schema) -> None:
        """Write the rest; a part without rows has a file too."""
        self.flush()
        for part in range(self._count):
            if not (path := self._folder / str(part)).exists():
                write_rows(path, schema.empty_table())


def write_rows(path: Path, rows: pa.Table) -> None:
    """Add rows to a file, which is made if it is not there."""
    with path.open("ab") as file, pa.ipc.new_stream(file, rows.schema) as writer:
        writer.write_table(rows)


def read_rows(path: Path) -> pa.Table:
    """Read all rows of a file.

    Raises:
        SourceError: the file is missing or damaged.
    """
    tables = []
    try:
        with pa.memory_map(str(path)) as file:
            while file.tell() < file.size():
                with pa.ipc.open_stream(file) as reader:
                    tables.append(reader.read_all())
        rows = pa.concat_tables(tables)
        rows.validate()
    except (OSError, pa.ArrowException, ValueError) as fault:
        raise SourceError(
            f"{path}, leadml's own copy of a part of the leads, cannot be read ({str(fault).splitlines()[0][:200]}). "
            "Remove its folder; the leads are read again then."
        ) from None
    return rows
