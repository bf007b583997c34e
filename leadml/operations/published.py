"""Tables that leadml published beside the leads: what they are called, and reading them back."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from leadml.errors import SourceError
from leadml.operations.project import Project
from leadml.sources import Source
from leadml.sources.files import FileSource

_TIME = pa.timestamp("us")


def target_name(project: Project, name: str) -> str:
    """The table that a name of [output] stands for; beside files it is a file like the one of the lead scores."""
    if not isinstance(project.source, FileSource) or "." in name:
        return name
    suffix = project.settings.output.scores.partition(".")[2]
    return f"{name}.{suffix or 'csv'}"


def refuse_others(project: Project, target: str, columns: Sequence[str]) -> None:
    """Refuse to replace a table that is something else: it was named by mistake and must not be lost.

    Raises:
        SourceError: the table is there and lacks one of `columns`.
    """
    found = _find(project, target)
    if found and not found[1].keys() >= set(columns):
        raise SourceError(
            f"{beside(project).place(found[0])} is there already and holds no scores but "
            f"{', '.join(map(repr, found[1]))[:200]}. Choose another name under [output] in leadml.toml."
        )


def is_published(project: Project, target: str) -> bool:
    """Tell whether there is such a table."""
    return _find(project, target) is not None


def read_published(project: Project, target: str, schema: pa.Schema, *, optional: Sequence[str] = ()) -> pa.Table:
    """Read a published table back, with the columns of a schema, whatever the place made of its types.

    Columns that are `optional` are left out where the table does not have them. The table is of the schema's types,
    lists being lists or JSON text: `listed` gives their values.

    Raises:
        SourceError: there is no such table yet, or it is not what `leadml score` writes.
    """
    found = _find(project, target)
    if found is None:
        raise SourceError(f"{project.source.where}: there is no {target!r} yet. Run `leadml score` first.")
    table, columns = found
    source = beside(project)
    lacking = [name for name in schema.names if name not in columns and name not in optional]
    if lacking:
        raise SourceError(
            f"{source.place(table)} lacks {', '.join(map(repr, lacking))}. Run `leadml score` to write it anew."
        )
    names = [name for name in schema.names if name in columns]
    batches = list(source.stream(table, names))
    empty = pa.schema([pa.field(name, schema.field(name).type) for name in names])
    held = pa.Table.from_batches(batches) if batches else empty.empty_table()
    return as_published(project, table, held, empty)


def as_published(project: Project, target: str, rows: pa.Table, schema: pa.Schema) -> pa.Table:
    """Rows of a published table with the types of a schema, whatever the place made of them; see `read_published`.

    Raises:
        SourceError: they are not what `leadml score` writes.
    """
    try:
        return pa.table({field.name: _as(rows[field.name], field.type) for field in schema})
    except pa.ArrowException as fault:
        raise SourceError(
            f"{project.source.place(target)} cannot be read ({fault}). Take it away, and `leadml score` writes it anew."
        ) from None


def listed(cell: Any) -> list[Any]:
    """The values of a cell that holds a list: as they are, or as JSON text; none for a null."""
    if cell is None:
        return []
    return list(json.loads(cell)) if isinstance(cell, str) else list(cell)


def _as(values: pa.ChunkedArray, kind: pa.DataType) -> pa.ChunkedArray:
    if pa.types.is_nested(kind):
        return values
    if pa.types.is_timestamp(kind) and not pa.types.is_timestamp(values.type):
        return pc.cast(values.cast(pa.string()), kind)
    return values.cast(kind)


def found_name(project: Project, target: str) -> str:
    """The name that a table has there, or will have."""
    found = _find(project, target)
    return found[0] if found else target


def _find(project: Project, target: str) -> tuple[str, dict[str, str]] | None:
    source = beside(project)
    same = [table for table in source.tables() if table.casefold() == target.casefold()]  # as databases compare names
    return (same[0], source.columns(same[0])) if same else None


def beside(project: Project) -> Source:
    """The place where published tables stand: beside a single file, its folder."""
    source = project.source
    return FileSource(source.folder) if isinstance(source, FileSource) else source
