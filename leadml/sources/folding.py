"""One spelling for categories that differ in case alone.

Levels compare without regard to case wherever they meet: here within a table, in a scorer between its levels and the
rows it is given. So it does not matter that another table may settle on another spelling.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from leadml.sources.distinct import Distinct

__all__ = ["fold"]


def fold(column: Distinct) -> pa.Array:
    """Give each row's text in the most frequent spelling of its kind; of equally frequent ones the first by letter."""
    if _all_unlike(column.values):
        return column.text()
    keys = pa.array([spelling.casefold() for spelling in column.values.to_pylist()], pa.string()).dictionary_encode()
    group = np.asarray(keys.indices)
    by_letter = np.argsort(np.asarray(pc.array_sort_indices(column.values)))
    order = np.lexsort((by_letter, -column.weights, group))
    best = order[np.searchsorted(group[order], np.arange(len(keys.dictionary)))]
    return column.rows(pc.take(column.values, pa.array(best[group])))


def _all_unlike(spellings: pa.Array) -> bool:
    """Tell quickly whether no two differ in case alone; without ASCII only `casefold` knows."""
    if pc.all(pc.string_is_ascii(spellings)).as_py() is False:
        return False
    return bool(pc.count_distinct(pc.utf8_lower(spellings)).as_py() == len(spellings))
