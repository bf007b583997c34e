"""The most frequent spelling of each category in all parts, and the parts respelled so."""

from __future__ import annotations

from collections.abc import Mapping
from threading import Lock

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from leadml.sources.distinct import Distinct
from leadml.sources.folding import best_spellings

__all__ = ["Spellings", "respelled"]

_MOST = 100_000
"""A column of more spellings is text that people wrote; it keeps those of its parts, so that memory stays constant."""


class Spellings:
    """Counts the spellings of one table's columns over parts, which may be checked side by side."""

    def __init__(self) -> None:
        self._counts: dict[str, pa.Table | None] = {}
        self._lock = Lock()

    def add(self, name: str, values: Distinct) -> None:
        """Count those of a column in a further part."""
        met = pa.table({"spelling": values.values, "rows": values.weights})
        with self._lock:
            before = self._counts.get(name, met.slice(0, 0))
            if before is None:
                return
            counted = pa.concat_tables([before, met]).group_by("spelling").aggregate([("rows", "sum")])
            counted = counted.rename_columns(["spelling", "rows"])
            self._counts[name] = counted if counted.num_rows <= _MOST else None

    def best(self) -> dict[str, dict[str, str]]:
        """Map, by column, each spelling that is not the one to be used to the one that is."""
        found = {}
        for name, counted in self._counts.items():
            if counted is None:
                continue
            spellings = counted["spelling"].combine_chunks()
            best = best_spellings(spellings, np.asarray(counted["rows"]))
            other = pc.not_equal(spellings, best)
            pairs = zip(spellings.filter(other).to_pylist(), best.filter(other).to_pylist(), strict=True)
            if changed := dict(pairs):
                found[name] = changed
        return found


def respelled(rows: pa.Table, best: Mapping[str, Mapping[str, str]]) -> pa.Table:
    """Put the spelling to be used for the others; `best` as `Spellings.best` gives it."""
    for name, changed in best.items():
        encoded = rows[name].combine_chunks().dictionary_encode()
        spellings = [changed.get(spelling, spelling) for spelling in encoded.dictionary.to_pylist()]
        values = pc.take(pa.array(spellings, pa.string()), encoded.indices)
        rows = rows.set_column(rows.column_names.index(name), name, values)
    return rows
