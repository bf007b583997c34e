from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, brier_score_loss, log_loss, roc_auc_score

from benchmarks.figures import FIGURES, calibration_error, figures, top_fifth


def test_figures_are_scikit_learns() -> None:
    draw = np.random.default_rng(0)
    probability = draw.random(200)
    won = draw.random(200) < probability
    found = figures(won, probability)
    assert tuple(found) == FIGURES
    expected = [metric(won, probability) for metric in (roc_auc_score, average_precision_score, log_loss)]
    assert list(found.values())[:3] == pytest.approx(expected)
    assert found["Brier"] == pytest.approx(brier_score_loss(won, probability))


def test_the_calibration_error_is_the_mean_gap_over_ten_bins() -> None:
    # Ten bins of two: promised 0.05, 0.15, ..., kept 0 in the lower five and 1 in the upper five.
    probability = np.repeat(np.arange(10) / 10 + 0.05, 2)
    won = probability > 0.5
    assert calibration_error(won, probability) == pytest.approx((0.05 + 0.15 + 0.25 + 0.35 + 0.45) * 2 / 10)
    assert calibration_error(won, won.astype(float)) == 0


def test_the_top_fifth_counts_conversions_among_the_best() -> None:
    probability = np.arange(10) / 10
    won = np.isin(np.arange(10), [9, 7, 3])
    assert top_fifth(won, probability) == pytest.approx(1 / 3)
