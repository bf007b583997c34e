"""What one transaction does to the files of a folder."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Protocol

import pyarrow as pa

from leadml.sources.choosing import chosen
from leadml.sources.database import require_keys
from leadml.sources.fitting import fitted
from leadml.sources.merging import Upserts
from leadml.sources.publish import file_sink, writable
from leadml.sources.source import Among

__all__ = ["FileChanges", "Folder"]


class Folder(Protocol):
    """What is asked of a folder of files."""

    def tables(self) -> list[str]:
        """Name the tables."""

    def held_schema(self, table: str) -> pa.Schema:
        """The columns of a file as `stream` gives them."""

    def stream(self, table: str, columns: Sequence[str] | None = None) -> Iterator[pa.RecordBatch]:
        """Yield the file in batches."""


class FileChanges:
    """Changes to files, written beside them into `staging`; `opened` opens a folder.

    Rows to upsert are gathered and merged with the table in one pass over it, however many calls they came in.
    """

    def __init__(self, folder: Path, staging: Path, opened: Callable[[Path], Folder]) -> None:
        self._folder = folder
        self._staging = staging
        self._opened = opened
        self._drafts: dict[str, _Draft] = {}

    def upsert(self, table: str, rows: pa.Table, *, key: Sequence[str]) -> None:
        """Put rows in the place of those with the same key, and add the others."""
        require_keys(rows, key, str(self._folder / table))
        self._draft(table).upsert(rows, list(key))

    def append(self, table: str, rows: pa.Table) -> None:
        """Add rows behind those there are."""
        self._draft(table).append(rows)

    def remove(self, table: str, rows: Among) -> None:
        """Take rows out; a table that is not there has none."""
        if table in self._drafts or table in self._opened(self._folder).tables():
            self._draft(table).remove(rows)

    def finish(self) -> dict[str, Path]:
        """Write what is gathered still; give the new file of each table that changed."""
        files = {table: draft.finish() for table, draft in self._drafts.items()}
        return {table: file for table, file in files.items() if file is not None}

    def _draft(self, table: str) -> _Draft:
        if table not in self._drafts:
            writable(self._folder, table)
            place = self._staging / str(len(self._drafts))
            self._drafts[table] = _Draft(table, self._folder, place, self._opened)
        return self._drafts[table]


class _Draft:
    """One table on its way: the file that holds it so far, and rows that are still to go into it."""

    def __init__(self, table: str, folder: Path, place: Path, opened: Callable[[Path], Folder]) -> None:
        self._table = table
        self._where = str(folder / table)
        self._place = place
        self._opened = opened
        self._folder = folder if (folder / table).exists() else None
        self._generation = 0
        self._upserts: Upserts | None = None
        self._added: _Added | None = None

    def upsert(self, rows: pa.Table, key: list[str]) -> None:
        self._settle(upserts=False)
        if self._upserts is not None and not self._upserts.take(rows.schema, key):
            self._settle()
        if self._upserts is None:
            self._upserts = Upserts(self._new_folder(), rows.schema, key)
        self._upserts.add(rows)

    def append(self, rows: pa.Table) -> None:
        self._settle(added=self._added is not None and self._added.schema != rows.schema)
        if self._added is None:
            self._added = _Added(self._new_folder() / "added.arrow", rows.schema)
        self._added.add(rows)

    def remove(self, rows: Among) -> None:
        self._settle(upserts=False)
        if self._upserts is not None and self._upserts.key == [rows.column]:
            self._upserts.remove(rows.values)
            return
        self._settle()
        if self._folder is None:
            return
        self._rewrite(lambda batches: (batch.filter(_others(batch, rows)) for batch in batches), pa.schema([]))

    def finish(self) -> Path | None:
        self._settle()
        return self._folder / self._table if self._generation and self._folder is not None else None

    def _settle(self, *, upserts: bool = True, added: bool = True) -> None:
        if added and self._added is not None:
            rows, self._added = self._added, None
            self._rewrite(lambda batches: _chained(batches, rows.read()), rows.schema)
        if upserts and self._upserts is not None:
            merging, self._upserts = self._upserts, None
            keys = self._batches(merging.key)  # the table is read twice: for its keys and for its rows
            self._rewrite(lambda batches: merging.merged(keys, batches, self._where), merging.schema)

    def _rewrite(
        self, change: Callable[[Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]], further: pa.Schema
    ) -> None:
        held = self._schema()
        schema = pa.schema([*held, *(field for field in further if field.name not in held.names)])
        place = self._new_folder()
        with file_sink(place / self._table, schema) as sink:
            for batch in change(self._batches()):
                sink.add(fitted(batch, schema, self._where))
        self._folder = place

    def _schema(self) -> pa.Schema:
        return pa.schema([]) if self._folder is None else self._opened(self._folder).held_schema(self._table)

    def _batches(self, columns: Sequence[str] | None = None) -> Iterator[pa.RecordBatch]:
        if self._folder is None:
            return iter(())
        held = self._schema().names
        read = [name for name in columns or held if name in held] or held
        return self._opened(self._folder).stream(self._table, read)

    def _new_folder(self) -> Path:
        self._generation += 1
        place = self._place / str(self._generation)
        place.mkdir(parents=True)
        return place


class _Added:
    """Rows kept on disk until they are written behind the others."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self.schema = schema
        self._path = path
        self._writer = pa.ipc.new_file(str(path), schema)

    def add(self, rows: pa.Table) -> None:
        self._writer.write_table(rows)

    def read(self) -> Iterator[pa.RecordBatch]:
        self._writer.close()
        with pa.memory_map(str(self._path)) as file:
            reader = pa.ipc.open_file(file)
            yield from map(reader.get_batch, range(reader.num_record_batches))


def _others(batch: pa.RecordBatch, rows: Among) -> pa.Array:
    return pa.array(~chosen(batch[rows.column], rows))


def _chained(*parts: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    for part in parts:
        yield from part
