"""Rows to upsert into a file, gathered on disk and merged with it in one pass."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from leadml.errors import SourceError, naming_the_extra
from leadml.quiet_duckdb import open_file
from leadml.sources.cells import plain
from leadml.sources.database import doubles

__all__ = ["Upserts"]

_ROWS = 1 << 16
_KEYS = pa.schema([("place", pa.int64()), ("key", pa.string()), ("trimmed", pa.string()), ("call", pa.int64())])
_NONE, _GONE = -1, -2
# What becomes of each row of the file: the place of the row that replaces it, -1 (nothing) or -2 (it goes). It is fresh
# where it went before its key came anew.
_FATES = f"""
    SELECT CASE WHEN coalesce(gone.call, -1) > coalesce(newest.call, -1) THEN {_GONE}
                ELSE coalesce(newest.place, {_NONE}) END AS fate,
           gone.call IS NOT NULL AS fresh
    FROM old LEFT JOIN newest ON newest.key = old.key LEFT JOIN gone ON gone.trimmed = old.trimmed
    ORDER BY old.place
"""  # noqa: S608 - constants
_NEW = """
    SELECT newest.place FROM newest ANTI JOIN old ON old.key = newest.key LEFT JOIN gone USING (trimmed)
    WHERE coalesce(gone.call, -1) < newest.call ORDER BY newest.place
"""

_Places = npt.NDArray[np.int64]
_Batches = Iterator[pa.RecordBatch]


class Upserts:
    """Rows of one schema and key, in the order in which they came, and keys that were taken out in between."""

    def __init__(self, folder: Path, schema: pa.Schema, key: list[str]) -> None:
        self.schema = schema
        self.key = key
        self._folder = folder
        self._writer = pa.ipc.new_file(str(folder / "rows.arrow"), schema)
        self._calls: list[int] = []
        self._gone: list[tuple[int, pa.Array]] = []
        self._call = 0

    def take(self, schema: pa.Schema, key: list[str]) -> bool:
        """Tell whether such rows can be gathered here, too."""
        return bool(self.schema.equals(schema)) and self.key == key

    def add(self, rows: pa.Table) -> None:
        """Gather rows."""
        self._call += 1
        for batch in rows.to_batches(max_chunksize=_ROWS):
            self._writer.write_batch(batch)
            self._calls.append(self._call)

    def remove(self, values: pa.Array) -> None:
        """Gather keys (trimmed text) of rows that go."""
        self._call += 1
        self._gone.append((self._call, values.cast(pa.string())))

    def merged(self, keys: _Batches, old: _Batches, where: str) -> _Batches:
        """Give the rows of a table, `old`, with those gathered in their places and the others behind them.

        Raises:
            SourceError: the table has a key twice; the message names it by `where`.
        """
        self._writer.close()
        with pa.memory_map(str(self._folder / "rows.arrow")) as file, self._joining(keys, where) as joining:
            reader = pa.ipc.open_file(file)
            rows = _Rows([reader.get_batch(number) for number in range(reader.num_record_batches)], self.schema)
            fates = _Fates(joining.sql(_FATES).to_arrow_reader(_ROWS))
            for batch in old:
                yield _replaced(batch, rows, *fates.next(batch.num_rows))
            for places in joining.cursor().sql(_NEW).to_arrow_reader(_ROWS):
                yield rows.at(places["place"].to_numpy())

    @contextmanager
    def _joining(self, keys: _Batches, where: str) -> Iterator[Any]:
        with naming_the_extra("Writing scores into files"):
            import duckdb
        try:
            with open_file(self._folder / "keys.duckdb") as database:
                self._load_keys(database, keys, where)
                yield database
        except duckdb.Error as error:
            raise SourceError(f"{where} cannot be merged with new rows ({error}). Make room on the disk.") from None

    def _load_keys(self, database: Any, keys: _Batches, where: str) -> None:
        database.execute("SET memory_limit = '512MB'; SET preserve_insertion_order = false")
        own = pa.ipc.open_file(str(self._folder / "rows.arrow"))
        added = zip(map(own.get_batch, range(own.num_record_batches)), self._calls, strict=True)
        _load(database, "added", _key_rows(added, self.key))
        _load(database, "old", _key_rows(((batch, 0) for batch in keys), self.key))
        removed = (_trimmed_rows(values, call) for call, values in self._gone)
        _load(database, "removed", removed)
        database.execute(
            "CREATE TABLE newest AS SELECT key, any_value(trimmed) AS trimmed, max(call) AS call,"
            " arg_max(place, call) AS place FROM added GROUP BY key;"
            "CREATE TABLE gone AS SELECT trimmed, max(call) AS call FROM removed GROUP BY trimmed"
        )
        twice = "SELECT key FROM old WHERE key IS NOT NULL GROUP BY key HAVING count(*) > 1 LIMIT 1"
        if database.sql(twice).fetchall():
            raise doubles(where, self.key)


class _Rows:
    """The gathered rows, by their places."""

    def __init__(self, batches: list[pa.RecordBatch], schema: pa.Schema) -> None:
        self._batches = batches
        self._schema = schema
        self._starts = np.cumsum([0, *(batch.num_rows for batch in batches)])

    def at(self, places: _Places) -> pa.RecordBatch:
        order = np.argsort(places, kind="stable")
        cuts = np.searchsorted(places[order], self._starts)
        parts = [
            batch.take(pa.array(places[order[low:high]] - start))
            for batch, start, low, high in zip(self._batches, self._starts, cuts, cuts[1:], strict=False)
            if low < high
        ]
        together = pa.Table.from_batches(parts, self._schema).combine_chunks()
        back = np.empty(len(order), np.int64)
        back[order] = np.arange(len(order))
        return pa.record_batch(
            [column.combine_chunks() for column in together.take(pa.array(back)).columns], self._schema
        )


class _Fates:
    """What becomes of the rows of a table, handed out in the sizes asked for."""

    def __init__(self, reader: Any) -> None:
        self._reader = reader
        self._left = pa.table({"fate": pa.array([], pa.int64()), "fresh": pa.array([], pa.bool_())})

    def next(self, count: int) -> tuple[_Places, npt.NDArray[np.bool_]]:
        while self._left.num_rows < count:
            self._left = pa.concat_tables([self._left, pa.Table.from_batches([self._reader.read_next_batch()])])
        given, self._left = self._left.slice(0, count), self._left.slice(count)
        return np.asarray(given["fate"]).astype(np.int64), np.asarray(given["fresh"])


def _replaced(batch: pa.RecordBatch, rows: _Rows, fates: _Places, fresh: npt.NDArray[np.bool_]) -> pa.RecordBatch:
    if not (hit := fates >= 0).any():
        return batch.filter(pa.array(fates != _GONE))
    new = rows.at(fates[hit])
    where = pa.array(np.where(hit, np.cumsum(hit) - 1, -1), mask=~hit)
    columns = {}
    for name in dict.fromkeys([*batch.schema.names, *new.schema.names]):
        kept = batch[name] if name in batch.schema.names else pa.nulls(batch.num_rows, new.schema.field(name).type)
        if name in new.schema.names:
            columns[name] = pc.if_else(pa.array(hit), pc.take(_as(new, name, kept.type), where), kept)
        else:
            columns[name] = pc.if_else(pa.array(hit & fresh), pa.scalar(None, kept.type), kept)
    return pa.record_batch(columns).filter(pa.array(fates != _GONE))


def _as(rows: pa.RecordBatch, name: str, kind: pa.DataType) -> pa.Array:
    column = rows.select([name])
    return (plain(column) if pa.types.is_string(kind) else column).column(0).cast(kind)


def _key_rows(batches: Any, key: list[str]) -> _Batches:
    start = 0
    for batch, call in batches:
        texts = [_text(batch, name) for name in key]
        whole, trimmed = texts[0], pc.utf8_trim_whitespace(texts[0])
        if len(texts) > 1:  # with their lengths, so that no two keys look the same
            sized = [pc.binary_join_element_wise(pc.binary_length(t).cast(pa.string()), t, ":") for t in texts]
            whole = pc.binary_join_element_wise(*sized, "")
        places = np.arange(start, start + len(whole))
        start += len(whole)
        yield pa.record_batch([pa.array(places), whole, trimmed, pa.array(np.full(len(whole), call))], schema=_KEYS)


def _text(batch: pa.RecordBatch, name: str) -> pa.Array:
    if name not in batch.schema.names:
        return pa.nulls(batch.num_rows, pa.string())
    return plain(batch.select([name])).column(0).cast(pa.string())


def _trimmed_rows(values: pa.Array, call: int) -> pa.RecordBatch:
    nothing = pa.nulls(len(values), pa.int64())
    calls = pa.array(np.full(len(values), call))
    return pa.record_batch([nothing, values, values, calls], schema=_KEYS)


def _load(database: Any, table: str, batches: _Batches) -> None:
    database.register("given", pa.RecordBatchReader.from_batches(_KEYS, batches))
    database.execute(f"CREATE TABLE {table} AS SELECT * FROM given")  # noqa: S608 - a constant
    database.unregister("given")
