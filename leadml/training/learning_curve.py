"""What more leads would gain: a quick model on an eighth, a quarter, a half and all of the older part.

The model is the linear candidate with one penalty, so that the curve costs a second or two; the scorer's own curve lies
below it. Learning curves mostly flatten as a power of the rows (Viering and Loog, "The shape of learning curves: a
review", 2023); with four points the power is not worth fitting, and one over the rows is assumed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from leadml.predict.encoding import Column, Floats
from leadml.training.binning import code_matrix, fit_features
from leadml.training.findings import Finding
from leadml.training.folds import Rows
from leadml.training.linear import fit_linear
from leadml.training.metrics import auc
from leadml.training.sample import Sample, row_losses

_PARTS = (8, 4, 2, 1)
_FEWEST_ACCOUNTS = 80  # in all, so that an eighth of them can be learned from
_MOST_ROWS = 10_000
_PENALTY = 30.0


@dataclass(frozen=True)
class Point:
    """Log loss and AUC on the newest part after so many rows, averaged over the parts of that size."""

    rows: int
    log_loss: float
    auc: float

    def to_dict(self) -> dict[str, float]:
        """The point as the bundle's facts keep it."""
        return asdict(self)


@dataclass(frozen=True)
class LearningCurve:
    """Points of growing size, and what the last doubling gained in log loss: (value, low, high), 95 % interval.

    `available` counts the rows there were to learn from; of many, enough were taken.
    """

    points: tuple[Point, ...]
    last_gain: tuple[float, float, float]
    available: int

    @property
    def next_gain(self) -> float:
        """What twice the available rows would gain, if the loss above its floor falls as one over the rows."""
        return self.last_gain[0] * self.points[-1].rows / (2 * self.available)


def learning_curve(
    older: tuple[pa.Table, Floats, Rows],
    newest: tuple[pa.Table, Floats, Rows],
    columns: Sequence[Column],
    *,
    seed: int = 0,
) -> LearningCurve | None:
    """How the log loss on the newest part falls with the leads learned from; None where there are too few.

    Args:
        older: table, label (1.0 for won) and account codes of the rows to learn from.
        newest: the same of the rows to be judged on.
        columns: the column contract.
        seed: deals the accounts to parts.
    """
    table, label, accounts = older
    lots = np.random.default_rng(seed).permutation(int(accounts.max()) + 1)[accounts]
    if len(np.unique(accounts)) < _FEWEST_ACCOUNTS:
        return None
    kept = np.argsort(lots, kind="stable")[:_MOST_ROWS]
    table, label, lots = table.take(kept), label[kept], np.unique(lots[kept], return_inverse=True)[1]
    features = fit_features(table, columns)
    if not features:
        return None
    sample = _sample(features, table, label)
    judged = _sample(features, newest[0], newest[1])
    with threadpool_limits(limits=1, user_api="blas"):
        scored = [[_scored(sample, lots % parts == part, judged) for part in range(parts)] for parts in _PARTS]
    points = tuple(
        _point(judged.label, log_odds, len(label) // parts) for parts, log_odds in zip(_PARTS, scored, strict=True)
    )
    quarters, halves, (whole,) = ([row_losses(judged.label, one) for one in of_size] for of_size in scored[1:])
    return LearningCurve(points, _last_gain(np.array(quarters), np.array(halves), whole, newest[2]), len(older[1]))


def what_more_would_gain(curve: LearningCurve | None) -> list[Finding]:
    """The curve as a numbered remark."""
    if curve is None:
        return []
    gain, low, high = curve.last_gain
    half, whole = curve.points[-2:]
    text = (
        f"From {half.rows:,} to {whole.rows:,} older snapshots a quick model gained {gain:.4f} in log loss "
        f"(95 %: {low:.4f} to {high:.4f}) and {whole.auc - half.auc:.3f} in AUC on the part that tests."
    )
    if low <= 0:
        return [Finding("R112", "note", None, f"{text} That may be chance.", "Better columns promise more than leads.")]
    advice = f"Twice the {curve.available:,} that there are would gain about {curve.next_gain:.4f}."
    return [Finding("R112", "note", None, text, advice)]


def _sample(features: Any, table: pa.Table, label: Floats) -> Sample:
    codes = np.asfortranarray(code_matrix(table, features))
    return Sample(features, codes, label, np.zeros(len(label)), np.ones(len(label)))


def _scored(sample: Sample, chosen: np.ndarray[Any, np.dtype[np.bool_]], judged: Sample) -> Floats:
    """Log-odds of the judged rows by a model of some rows."""
    return judged.log_odds(fit_linear(sample.take(np.flatnonzero(chosen)), [_PENALTY])[0])


def _point(label: Floats, scored: Sequence[Floats], rows: int) -> Point:
    losses = [float(row_losses(label, one).mean()) for one in scored]
    return Point(rows, float(np.mean(losses)), float(np.mean([auc(label, one) for one in scored])))


def _last_gain(quarters: Floats, halves: Floats, whole: Floats, accounts: Rows) -> tuple[float, float, float]:
    """Mean loss by halves above that by the whole, with its 95 % interval; losses of shape (parts, rows) and (rows,).

    It has two sources of error: which accounts were judged on, and which ones there were to learn from. The second is
    taken from the quarters, of which there are more: the loss above its floor, and how it varies, falls as one over
    the rows.
    """
    gain = halves.mean(axis=0) - whole
    mean = float(gain.mean())
    pulls = np.bincount(accounts, weights=gain - mean)
    of_judging = float(pulls @ pulls) / len(gain) ** 2
    of_training = float(quarters.mean(axis=1).var(ddof=1)) / 4 / len(halves)
    error = float(np.sqrt(of_judging + of_training))
    return mean, mean - 1.96 * error, mean + 1.96 * error
