"""Whether probabilities come true in every segment that leads: a scorer may be right on average and wrong for each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from leadml.predict.encoding import Floats
from leadml.predict.segments import segment_numbers
from leadml.training.calibration.bands import rate_interval
from leadml.training.cutoffs import SegmentPolicy
from leadml.training.evaluation import resampled_accounts
from leadml.training.folds import Rows
from leadml.training.split import Groups, account_codes

_ALPHA = 0.05
_FEWEST_ACCOUNTS = 10  # below, an interval says nothing
_MOST_VALUES = 20
_REPEATS = 400
_OF_CUTOFFS = "cutoff segment"
_OTHERS = "all others"

_Columns = Mapping[str, pa.Array | pa.ChunkedArray]


def segment_columns(features: pa.Table, source: str | None, segments: Sequence[SegmentPolicy]) -> _Columns:
    """What to look at: the direction of leads and their `source` where they have them, and the segments of cutoffs.

    Those of cutoffs go by the names that the user gave them, never by the values of their column: what says who works
    a lead names people, and what is told here is kept in the bundle.
    """
    present = [name for name in ("direction", source) if name in features.column_names and name is not None]
    columns = {name: features[name] for name in present if pa.types.is_string(features[name].type)}
    if not segments:
        return columns
    of = segment_numbers(features, segments[0].column, [one.one_of for one in segments])
    names = np.array([*(one.name for one in segments), _OTHERS], dtype=object)  # NO_SEGMENT is -1: the last
    return {**columns, _OF_CUTOFFS: pa.array(names[of], pa.string())}


def segment_calibration(
    label: Floats,
    probability: Floats,
    groups: Groups,
    columns: _Columns,
    *,
    seed: int = 0,
) -> list[dict[str, Any]]:
    """Mean predicted against observed for each value of each column, the commonest values first.

    A segment is `off` where the interval of what was observed does not hold the mean predicted even after allowing for
    all segments looked at (Bonferroni); `low` and `high` are that wider interval. Of a column the 20 commonest values
    with 10 accounts or more are looked at.

    Args:
        label: 1.0 won, 0.0 not; shape (rows,).
        probability: what was predicted; shape (rows,).
        groups: the account of each row.
        columns: values by column, each of shape (rows,); missing ones are a segment of their own.
        seed: picks the accounts of each repeat.
    """
    accounts = account_codes(groups)
    found = [one for one in _segments(columns) if len(np.unique(accounts[one.rows])) >= _FEWEST_ACCOUNTS]
    if not found:
        return []
    repeats = np.empty((_REPEATS, len(found)))
    for place, times in enumerate(resampled_accounts(accounts, _REPEATS, seed)):
        for number, one in enumerate(found):
            total = times[one.rows].sum()
            repeats[place, number] = (times[one.rows] @ label[one.rows]) / total if total else np.nan
    level = 1 - _ALPHA / len(found)
    return [
        _told(one, label[one.rows], probability[one.rows], accounts[one.rows], repeats[:, number], level)
        for number, one in enumerate(found)
    ]


@dataclass(frozen=True)
class _Segment:
    """The rows that have a value in a column, None where it is missing."""

    column: str
    value: str | None
    rows: Rows


def _told(
    segment: _Segment, label: Floats, probability: Floats, accounts: Rows, repeats: Floats, level: float
) -> dict[str, Any]:
    """A segment as the bundle's facts keep it, from its own rows."""
    predicted, observed = float(probability.mean()), float(label.mean())
    low, high = rate_interval(observed, len(np.unique(accounts)), repeats, level)
    return {
        "column": segment.column,
        "value": segment.value,
        "rows": len(label),
        "predicted": predicted,
        "observed": observed,
        "low": low,
        "high": high,
        "off": not low <= predicted <= high,
    }


def _segments(columns: _Columns) -> Iterator[_Segment]:
    """The commonest values of each column and their rows."""
    for name, values in columns.items():
        texts = values.cast(pa.string())
        counted = pc.value_counts(texts).to_pylist()
        common = sorted(counted, key=lambda one: (-one["counts"], one["values"] or ""))[:_MOST_VALUES]
        plain = np.array(texts.to_pylist(), dtype=object)
        yield from (_Segment(name, one["values"], np.flatnonzero(plain == one["values"])) for one in common)
