"""The groups that a sensitive column cuts leads into: values as they are, numbers in bands, few leads together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from leadml.predict.encoding import Floats
from leadml.predict.phrases import number_text
from leadml.training.folds import Rows

# Of fewer leads no rate can be told, and their values might point to single people.
FEWEST = 30
NOT_KNOWN = "not known"

# A number with no more values than this is a code or a count: each value is a group.
_FEW_VALUES = 8
_QUARTERS = (0.25, 0.5, 0.75)
# What the first and the last band are called: their own ends would be the values of two single leads.
_IN_SIZE = ("under {}", "{} or more")
_IN_TIME = ("before {}", "{} or later")


@dataclass(frozen=True)
class PeopleGroups:
    """`code` gives each row its group by its place among `names`, array (rows,); rows of one lead have one group.

    `judged` are the groups that can be compared: those of `FEWEST` rows or more that are a value, or a band, of its
    own. Smaller ones are pooled into one, `pooled` says how many.
    """

    names: tuple[str, ...]
    code: Rows
    judged: tuple[int, ...]
    pooled: int

    def of_rows(self, rows: Rows) -> PeopleGroups:
        """The same groups for other rows, each of which is one of these (by its place)."""
        return replace(self, code=self.code[rows])


def people_groups(values: pa.Array) -> PeopleGroups:
    """Groups of leads by their values, one lead per row: of texts (string), numbers (double) or times (timestamp[us]).

    Numbers come in bands of about a quarter of the leads each, open at both ends, times in such bands of years.
    """
    if pa.types.is_timestamp(values.type):
        return _pooled(*_banded(pc.year(values).cast(pa.float64()), lambda year: f"{year:.0f}", _IN_TIME))
    if pa.types.is_floating(values.type):
        return _pooled(*_banded(values, number_text, _IN_SIZE))
    encoded = values.dictionary_encode()
    names = [str(name) for name in encoded.dictionary.to_pylist()]
    return _pooled(names, encoded.indices.fill_null(-1).to_numpy(False).astype(np.int64))


def _banded(values: pa.Array, text: Callable[[float], str], ends: tuple[str, str]) -> tuple[list[str], Rows]:
    """The name of each value or band, ascending, and each row's place among them (-1: not known)."""
    numbers = values.to_numpy(zero_copy_only=False).astype(np.float64)
    known = np.isfinite(numbers)
    distinct = np.unique(numbers[known])
    starts = distinct
    if len(distinct) > _FEW_VALUES:
        inner = np.quantile(numbers[known], _QUARTERS, method="higher")
        starts = np.unique(np.r_[distinct[0], inner])
    place = np.searchsorted(starts, numbers, side="right") - 1
    bands = np.split(distinct, np.searchsorted(distinct, starts[1:]))
    names = [_band(inside, text) for inside in bands]
    if len(distinct) > _FEW_VALUES:
        names[-1] = ends[1].format(text(float(starts[-1])))
        if len(starts) > 1 and len(bands[0]) > 1:
            names[0] = ends[0].format(text(float(starts[1])))
    return names, np.where(known, place, -1)


def _band(inside: Floats, text: Callable[[float], str]) -> str:
    if not len(inside):
        return NOT_KNOWN
    low, high = text(float(inside[0])), text(float(inside[-1]))
    return low if low == high else f"{low} to {high}"


def _pooled(names: list[str], place: Rows) -> PeopleGroups:
    """Groups with few rows as one, those of no known value as another; what is empty is left out."""
    sizes = np.bincount(place[place >= 0], minlength=len(names))
    large = [number for number in range(len(names)) if sizes[number] >= FEWEST]
    small = [number for number in range(len(names)) if 0 < sizes[number] < FEWEST]
    kept = [names[number] for number in large]
    code = np.full(len(place), -1, dtype=np.int64)
    for new, number in enumerate(large):
        code[place == number] = new
    if small:
        code[np.isin(place, small)] = len(kept)
        kept.append("one small group" if len(small) == 1 else f"{len(small)} small groups together")
    if (code < 0).any():
        code[code < 0] = len(kept)
        kept.append(NOT_KNOWN)
    return PeopleGroups(tuple(kept), code, tuple(range(len(large))), len(small))
