"""How leads answer the rulebook's questions, learned from the snapshots at which an answer was known.

A lead that has not answered says something by its score all the same: buyers answer otherwise than others do. So the
answers are counted apart by the score that the leads had without them.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import numpy as np
import pyarrow as pa

from leadml.predict import Scorer
from leadml.predict.asking.answers import Answers, Kinds, Value, answered, questioned, told_apart
from leadml.predict.columns import TYPE_OF_KIND
from leadml.predict.encoding import Column, Floats, to_floats
from leadml.predict.rules.rulebook import Rulebook

_PARTS = 5
_SMOOTHING = 20.0  # answers like everybody's that each part is given beforehand


def learn_answers(scorer: Scorer, rows: pa.Table) -> tuple[Answers, ...]:
    """The answers to each question that any of the rows has answered.

    For each fifth of the log-odds that the rows have without the answer, the probability of an answer is its frequency
    there, smoothed towards its frequency everywhere (the mean of a Dirichlet distribution).

    Args:
        scorer: whose questions.
        rows: snapshots with the columns of its contract, whatever became of them.
    """
    if scorer.rulebook is None or not rows.num_rows:
        return ()
    columns = {column.name: column for column in scorer.columns}
    learned = (_learned(scorer, scorer.rulebook, rows, columns[name]) for name in questioned(scorer.rulebook))
    return tuple(answers for answers in learned if answers is not None)


def _learned(scorer: Scorer, rulebook: Rulebook, rows: pa.Table, column: Column) -> Answers | None:
    has_said = answered(rows[column.name], column.name, rulebook)
    if column.kind == "number":
        has_said &= np.isfinite(to_floats(rows[column.name]))  # an infinite answer could not be written down
    said = np.flatnonzero(has_said)
    if not len(said):
        return None
    rows = rows.take(pa.array(said))
    values, kinds = _kinds(scorer, rulebook, rows[column.name], column.name)
    silent = pa.nulls(rows.num_rows, TYPE_OF_KIND[column.kind])
    log_odds = scorer.log_odds(rows.set_column(rows.column_names.index(column.name), column.name, silent))
    bounds = np.unique(np.quantile(log_odds, np.arange(1, _PARTS) / _PARTS))
    shares = _shares(kinds, np.searchsorted(bounds, log_odds, side="right"), (len(bounds) + 1, len(values)))
    return Answers(column.name, values, tuple(bounds.tolist()), tuple(map(tuple, shares.tolist())))


def _kinds(scorer: Scorer, rulebook: Rulebook, said: pa.ChunkedArray, column: str) -> tuple[tuple[Value, ...], Kinds]:
    """The answers told apart, each by its most frequent value, and which of them each row gives; shape (rows,)."""
    array = (
        said.combine_chunks().cast(said.type.value_type) if pa.types.is_dictionary(said.type) else said.combine_chunks()
    )
    encoded = array.dictionary_encode()
    values = encoded.dictionary
    kind_of = told_apart(values, column, scorer.features, rulebook)
    place = encoded.indices.to_numpy()
    plain = list(map(_plain, values.to_pylist()))
    counts = np.bincount(place, minlength=len(plain)).tolist()
    common: dict[int, Value] = {}
    for position in sorted(range(len(plain)), key=lambda p: (-counts[p], plain[p])):
        common.setdefault(int(kind_of[position]), plain[position])
    kinds = sorted(common)
    return tuple(common[kind] for kind in kinds), np.searchsorted(kinds, kind_of)[place]


def _plain(value: Any) -> Value:
    return value.isoformat() if isinstance(value, datetime) else value


def _shares(kinds: Kinds, parts: Kinds, shape: tuple[int, int]) -> Floats:
    counts = np.zeros(shape)
    np.add.at(counts, (parts, kinds), 1.0)
    overall = counts.sum(axis=0) / counts.sum()
    counts += _SMOOTHING * overall
    return np.asarray(counts / counts.sum(axis=1, keepdims=True))
