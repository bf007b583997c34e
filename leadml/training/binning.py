"""How a feature frame's columns are cut into the codes that everything downstream trains on.

The cuts look at the values alone, never at the label: they cannot overfit, and one set of codes serves every candidate.
What is trained on codes is exactly what is served, as serving looks the same codes up.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from leadml.predict.encoding import MISSING, Codes, Column, Feature, FeatureKind, Floats, fold, to_floats

MAX_BINS = 64
MAX_LEVELS = 250  # LightGBM keeps one byte per code up to 255
_ROWS_PER_BIN = 5
# Bins beyond the least and the greatest value seen, in standard deviations: a trend may go on there.
_TAILS = np.array([0.1, 0.3, 0.6, 1.0])
_ROWS_PER_LEVEL = 3
_RARE_SHARE = 0.0002
_YEAR_IN_MICROSECONDS = 365 * 86_400 * 10**6


def fit_features(table: pa.Table, columns: Sequence[Column]) -> tuple[Feature, ...]:
    """Features of the columns that vary; a time gives up to three of them (month, weekday, hour).

    `table` holds every column in its kind's type: number double, category string, time timestamp[us]. Numbers are
    cut at quantiles into at most `MAX_BINS` bins (few distinct values are all kept apart); of a category the levels
    with enough rows are kept. The result does not depend on the order of the rows.
    """
    features: list[Feature] = []
    for column in columns:
        values = table[column.name]
        found = _calendar(column, values) if column.kind == "time" else [_feature(column, values)]
        features += [feature for feature in found if _varies(feature, values)]
    return tuple(features)


def code_matrix(table: pa.Table, features: Sequence[Feature]) -> Codes:
    """Codes of every row and feature; shape (rows, features), uint16, column by column in memory."""
    codes = np.empty((table.num_rows, len(features)), dtype=np.uint16, order="F")
    for position, feature in enumerate(features):
        codes[:, position] = feature.codes(table[feature.column])
    return codes


def _feature(column: Column, values: pa.ChunkedArray) -> Feature:
    name, group, label = column.name, column.group, column.label
    if column.kind == "number":
        edges = with_tails(quantile_edges(to_floats(values)), to_floats(values))
        return Feature(name, name, "number", group, label, edges=edges, phrase=column.phrase)
    return Feature(name=name, column=name, kind="category", group=group, label=label, levels=kept_levels(values))


def quantile_edges(values: Floats) -> Floats:
    """Ascending cuts halfway between neighbouring values; bins hold about equally many of the rows."""
    known = values[np.isfinite(values)]
    distinct, counts = np.unique(known, return_counts=True)
    bins = int(np.clip(len(known) // _ROWS_PER_BIN, 2, MAX_BINS))
    below = np.cumsum(counts)[:-1]
    if len(distinct) > bins:
        wanted = np.arange(1, bins) * len(known) / bins
        cuts = np.unique(np.searchsorted(below, wanted))
        cuts = cuts[cuts < len(below)]
    else:
        cuts = np.arange(len(below))
    low, high = distinct[cuts], distinct[cuts + 1] if len(cuts) else distinct[:0]
    middle = low / 2 + high / 2  # the sum of two large numbers could overflow
    return np.where(middle > low, middle, high)


def with_tails(edges: Floats, values: Floats) -> Floats:
    """The edges and some more on either side, for values that nobody has yet; no row trained on is beyond them."""
    known = values[np.isfinite(values)]
    if len(edges) < 2:
        return edges
    with np.errstate(over="ignore", invalid="ignore"):  # what is too large for a tail gets none
        reach = _TAILS * known.std()
        below, above = known.min() - reach[::-1], known.max() + reach
        if np.all(known % 1 == 0):  # halves between whole numbers, so that reasons name whole numbers
            below, above = np.floor(below - 0.5) + 0.5, np.ceil(above + 0.5) - 0.5
    if known.min() >= 0:  # a count or an amount does not fall below zero, and no reason shall say so
        below = below[below > 0]
    below, above = below[below < known.min()], above[above > known.max()]
    tailed = np.unique(np.concatenate([below, edges, above]))
    return np.asarray(tailed[np.isfinite(tailed)])


def kept_levels(values: pa.ChunkedArray | pa.Array) -> tuple[str, ...]:
    """Levels with enough rows, most frequent first, each in its most frequent spelling."""
    counted = pc.value_counts(pc.drop_null(values)).to_pylist()
    rows: dict[str, int] = {}
    spelling: dict[str, tuple[int, str]] = {}
    for entry in counted:
        text, count = entry["values"], entry["counts"]
        key = fold(text)
        rows[key] = rows.get(key, 0) + count
        spelling[key] = max(spelling.get(key, (0, "")), (count, text.strip()))
    rows.pop("", None)
    least = max(_ROWS_PER_LEVEL, round(_RARE_SHARE * len(values)))
    frequent = sorted((key for key in rows if rows[key] >= least), key=lambda key: (-rows[key], key))
    return tuple(spelling[key][1] for key in frequent[:MAX_LEVELS])


def _calendar(column: Column, values: pa.ChunkedArray) -> list[Feature]:
    span = pc.min_max(values.cast(pa.timestamp("us")).cast(pa.int64())).as_py()
    kinds: list[FeatureKind] = ["weekday", "hour"]
    # Within one year a month is only another name for the date, and the date never comes back.
    if span["min"] is not None and span["max"] - span["min"] > 2 * _YEAR_IN_MICROSECONDS:
        kinds.insert(0, "month")
    return [
        Feature(
            name=f"{column.name} {kind}",
            column=column.name,
            kind=kind,
            group=column.group,
            label=f"{column.label}, {kind}",
        )
        for kind in kinds
    ]


def _varies(feature: Feature, values: pa.ChunkedArray) -> bool:
    counts = np.bincount(feature.codes(values), minlength=feature.n_codes)
    if feature.kind in ("month", "weekday", "hour"):
        # A date without a time of day has hour 0 throughout: only its gaps would vary.
        return bool(np.count_nonzero(counts[MISSING + 1 :]) > 1)
    return bool(np.count_nonzero(counts) > 1)
