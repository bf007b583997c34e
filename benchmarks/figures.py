"""How good probabilities are, as numbers."""

from __future__ import annotations

import numpy as np
from sklearn.metrics import average_precision_score, brier_score_loss, log_loss, roc_auc_score

from benchmarks.tasks import Array

LOG_LOSS = "log loss"
FIGURES = ("AUC", "average precision", LOG_LOSS, "Brier", "ECE", "top 20 %")
_BINS = 10


def figures(won: Array, probability: Array) -> dict[str, float]:
    """The `FIGURES` of predicted probabilities; both arrays have shape (n,)."""
    values = (
        roc_auc_score(won, probability),
        average_precision_score(won, probability),
        log_loss(won, probability),
        brier_score_loss(won, probability),
        calibration_error(won, probability),
        top_fifth(won, probability),
    )
    return dict(zip(FIGURES, map(float, values), strict=True))


def calibration_error(won: Array, probability: Array) -> float:
    """Mean gap between predicted and observed rate over ten bins of equal count (ECE)."""
    bins = np.array_split(np.argsort(probability, kind="stable"), _BINS)
    gaps = [len(rows) * abs(probability[rows].mean() - won[rows].mean()) for rows in bins if len(rows)]
    return float(sum(gaps) / len(won))


def top_fifth(won: Array, probability: Array) -> float:
    """Share of all conversions among the fifth of leads that score highest."""
    best = np.argsort(-probability, kind="stable")[: round(0.2 * len(won))]
    return float(won[best].sum() / won.sum())
