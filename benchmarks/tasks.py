"""A data set as rows, and the splits of them that are measured."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from pandas.api.types import is_numeric_dtype

from benchmarks.datasets import DataSet
from leadml.errors import SourceError
from leadml.estimator import sortable

Array = np.ndarray[Any, Any]

# Random splits are drawn from seeds that no data set's own split uses.
_FIRST_SEED = 1000
_TESTED = 0.2


@dataclass(frozen=True)
class Rows:
    """A data set as read: features, outcomes (n,), and times (n,) or None; oldest first where there are times."""

    leads: pd.DataFrame
    won: Array
    time: Array | None


@dataclass(frozen=True)
class Task:
    """Leads with outcomes, and which rows train and test; `time` is None where no model may know it."""

    name: str
    split: str
    leads: pd.DataFrame
    won: Array
    time: Array | None
    train: Array
    test: Array

    def digest(self) -> str:
        """Twelve hex digits that differ where a cell, a column, an outcome or the split differs."""
        cells = pd.util.hash_pandas_object(self.leads, index=False).to_numpy()
        content = hashlib.sha256("\n".join(self.leads.columns).encode())
        for part in (cells, self.won, self.train, self.test):
            content.update(part.tobytes())
        return content.hexdigest()[:12]


def read_rows(dataset: DataSet, folder: Path) -> Rows:
    """The rows of a data set that lies below `folder`.

    Raises:
        SourceError: the file is missing, or does not have what the data set's description says.
    """
    table = _table(dataset, folder / dataset.path)
    for name, columns in (("target", [dataset.target]), ("time", [dataset.time]), ("drop", dataset.drop)):
        for column in columns:
            if column is not None and column not in table.columns:
                raise _wrong(dataset, name, f"{column!r} is not a column of {dataset.path}")
    won = _outcomes(dataset, table.pop(dataset.target))
    time = _times(dataset, table)
    if dataset.time is not None and time is not None:
        oldest_first = np.argsort(time, kind="stable")
        table, won, time = table.iloc[oldest_first].reset_index(drop=True), won[oldest_first], time[oldest_first]
    hidden = {*dataset.drop} | ({dataset.time} if dataset.time else set())
    return Rows(table.drop(columns=sorted(hidden)), won, time)


def protocol_tasks(dataset: DataSet, rows: Rows) -> Iterator[Task]:
    """The split that the data set's description states; one task per seed, `split` "protocol 0", "protocol 1", ..."""
    for number, (train, test) in enumerate(_stated(dataset, rows)):
        yield Task(dataset.name, f"protocol {number}", rows.leads, rows.won, rows.time, train, test)


def random_tasks(dataset: DataSet, rows: Rows, count: int) -> Iterator[Task]:
    """`count` random 80/20 splits, of whole patterns where the description says so; no model is told the time."""
    draw = _patterns_at_random if dataset.split.patterns else _rows_at_random
    for number in range(count):
        train, test = draw(rows, _TESTED, _FIRST_SEED + number)
        yield Task(dataset.name, f"random {number}", rows.leads, rows.won, None, train, test)


def _table(dataset: DataSet, path: Path) -> pd.DataFrame:
    try:
        return pd.read_csv(
            path, sep=dataset.separator, keep_default_na=False, na_values=list(dataset.missing),
            dtype={dataset.target: str}, low_memory=False,
        )  # fmt: skip
    except FileNotFoundError as missing:
        raise _wrong(dataset, "path", f"there is no {path}; give the folder that holds the data sets") from missing
    except (OSError, ValueError) as broken:
        raise _wrong(dataset, "path", f"{path} cannot be read as CSV: {broken}") from broken


def _outcomes(dataset: DataSet, target: pd.Series[Any]) -> Array:
    if target.isna().any():
        raise _wrong(dataset, "target", f"{target.isna().sum()} rows have no {dataset.target!r}; take them out")
    won = target.isin(dataset.won).to_numpy()
    if won.all() or not won.any():
        seen = ", ".join(map(repr, target.unique()[:5]))
        raise _wrong(dataset, "won", f"{'all' if won.all() else 'no'} rows are won; {dataset.target!r} holds {seen}")
    return np.asarray(won)


def _times(dataset: DataSet, table: pd.DataFrame) -> Array | None:
    if dataset.time is None:
        return np.arange(len(table), dtype=float) if dataset.ordered else None
    moments = table[dataset.time]
    try:
        # Any other way of writing dates would have to be guessed.
        dated = moments if is_numeric_dtype(moments) else pd.to_datetime(moments, format="ISO8601", utc=True)
    except ValueError as odd:
        raise _wrong(dataset, "time", f"{dataset.time!r} is neither numbers nor dates like 2026-01-31: {odd}") from odd
    time = sortable(dated)
    if np.isnan(time).any():
        raise _wrong(dataset, "time", f"{np.isnan(time).sum()} rows have no {dataset.time!r}; take them out")
    return np.asarray(time)


def _stated(dataset: DataSet, rows: Rows) -> Iterator[tuple[Array, Array]]:
    split = dataset.split
    if split.newest is not None:
        cut = int((1 - split.newest) * len(rows.won))
        yield np.arange(cut), np.arange(cut, len(rows.won))
    for seed in split.seeds or ():
        if split.random is not None:
            yield _rows_at_random(rows, split.random, seed)
        if split.patterns is not None:
            yield _patterns_at_random(rows, split.patterns, seed)


def _rows_at_random(rows: Rows, tested: float, seed: int) -> tuple[Array, Array]:
    shuffled = np.random.default_rng(seed).permutation(len(rows.won))
    cut = int((1 - tested) * len(shuffled))
    return shuffled[:cut], shuffled[cut:]


def _patterns_at_random(rows: Rows, tested: float, seed: int) -> tuple[Array, Array]:
    pattern = rows.leads.astype(str).agg("|".join, axis=1).factorize()[0]
    count = int(pattern.max()) + 1
    chosen = np.random.default_rng(seed).permutation(count)[: int(tested * count)]
    is_tested = np.isin(pattern, chosen)
    return np.flatnonzero(~is_tested), np.flatnonzero(is_tested)


def _wrong(dataset: DataSet, where: str, what: str) -> SourceError:
    return SourceError(f"{dataset.file}: {where}: {what}")
