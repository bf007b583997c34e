"""One spelling for categories that differ in case alone.

Levels compare without regard to case wherever they meet: here within a table, in a scorer between its levels and the
rows it is given. So it does not matter that another table may settle on another spelling.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from leadml.sources.distinct import Distinct
from leadml.sources.numbers import Ints

__all__ = ["best_spellings", "fold"]


def fold(column: Distinct) -> pa.Array:
    """Give each row's text in the most frequent spelling of its kind; of equally frequent ones the first by letter."""
    if _all_unlike(column.values):
        return column.text()
    return column.rows(best_spellings(column.values, column.weights))


def best_spellings(spellings: pa.Array, weights: Ints) -> pa.Array:
    """Give for each distinct spelling the one to be used, shape (n,); `weights` says how often each was met."""
    keys = pa.array([spelling.casefold() for spelling in spellings.to_pylist()], pa.string()).dictionary_encode()
    group = np.asarray(keys.indices)
    by_letter = np.argsort(np.asarray(pc.array_sort_indices(spellings)))
    order = np.lexsort((by_letter, -weights, group))
    best = order[np.searchsorted(group[order], np.arange(len(keys.dictionary)))]
    return pc.take(spellings, pa.array(best[group]))


def _all_unlike(spellings: pa.Array) -> bool:
    """Tell quickly whether no two differ in case alone; without ASCII only `casefold` knows."""
    if pc.all(pc.string_is_ascii(spellings)).as_py() is False:
        return False
    return bool(pc.count_distinct(pc.utf8_lower(spellings)).as_py() == len(spellings))
