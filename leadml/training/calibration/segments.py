"""Whether probabilities come true in every segment that leads: a scorer may be right on average and wrong for each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from leadml.predict.encoding import Floats
from leadml.training.calibration.bands import rate_interval
from leadml.training.evaluation import resampled_accounts
from leadml.training.metrics import ece
from leadml.training.split import Groups, account_codes

_ALPHA = 0.05
_FEWEST_ACCOUNTS = 10  # below, an interval says nothing
_MOST_VALUES = 20
_REPEATS = 400


def segment_calibration(
    label: Floats,
    probability: Floats,
    groups: Groups,
    columns: Mapping[str, pa.Array | pa.ChunkedArray],
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
    found = [
        (name, value, rows)
        for name, values in columns.items()
        for value, rows in _values(values)
        if len(np.unique(accounts[rows])) >= _FEWEST_ACCOUNTS
    ]
    if not found:
        return []
    repeats = np.empty((_REPEATS, len(found)))
    for place, times in enumerate(resampled_accounts(accounts, _REPEATS, seed)):
        for number, (_, _, rows) in enumerate(found):
            total = times[rows].sum()
            repeats[place, number] = (times[rows] @ label[rows]) / total if total else np.nan
    level = 1 - _ALPHA / len(found)
    told = []
    for number, (name, value, rows) in enumerate(found):
        predicted, observed = float(probability[rows].mean()), float(label[rows].mean())
        low, high = rate_interval(observed, len(np.unique(accounts[rows])), repeats[:, number], level)
        told.append(
            {
                "column": name,
                "value": value,
                "rows": len(rows),
                "predicted": predicted,
                "observed": observed,
                "low": low,
                "high": high,
                "ece": ece(label[rows], probability[rows]),
                "off": not low <= predicted <= high,
            }
        )
    return told


def _values(values: pa.Array | pa.ChunkedArray) -> list[tuple[str | None, np.ndarray[Any, np.dtype[np.intp]]]]:
    """The commonest values and their rows."""
    texts = values.cast(pa.string())
    counted = pc.value_counts(texts).to_pylist()
    common = sorted(counted, key=lambda one: (-one["counts"], one["values"] or ""))[:_MOST_VALUES]
    plain = np.array(texts.to_pylist(), dtype=object)
    return [(one["values"], np.flatnonzero(plain == one["values"])) for one in common]
