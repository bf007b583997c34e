import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, brier_score_loss, log_loss, roc_auc_score

from leadml.training.metrics import METRICS, TALLY_METRICS, tally


def rows(seed, n=500, decimals=6):
    random = np.random.default_rng(seed)
    probability = np.round(random.beta(1, 4, n), decimals)
    return (random.random(n) < probability).astype(float), probability


@pytest.mark.parametrize("decimals", [6, 1])
@pytest.mark.parametrize(
    ("name", "reference"),
    [
        ("auc", roc_auc_score),
        ("average_precision", average_precision_score),
        ("brier", brier_score_loss),
        ("log_loss", lambda y, p: log_loss(y, np.clip(p, 1e-12, 1 - 1e-12))),
    ],
)
def test_figures_equal_scikit_learns_with_and_without_ties(name, reference, decimals):
    for seed in range(5):
        label, probability = rows(seed, decimals=decimals)
        assert METRICS[name](label, probability) == pytest.approx(reference(label, probability), rel=1e-9)


@given(st.integers(0, 1000), st.integers(1, 6))
def test_the_row_order_changes_no_figure(seed, decimals):
    label, probability = rows(seed, 60, decimals)
    shuffled = np.random.default_rng(seed).permutation(60)
    for name, metric in METRICS.items():
        assert metric(label[shuffled], probability[shuffled]) == pytest.approx(
            metric(label, probability), rel=1e-9, nan_ok=True
        ), name


@pytest.mark.parametrize("name", list(METRICS))
def test_a_multiplicity_is_the_same_as_repeating_rows(name):
    label, probability = rows(3, 100, 2)
    times = np.random.default_rng(0).integers(0, 4, 100)
    repeated = METRICS[name](np.repeat(label, times), np.repeat(probability, times))
    weighted = TALLY_METRICS[name](tally(label, probability, times.astype(float)))
    assert weighted == pytest.approx(repeated, rel=1e-9)


def test_calibration_error_is_the_mean_gap_over_ten_equal_bins():
    label, probability = rows(7, 1000)
    ranked = np.argsort(probability)
    gaps = [abs(label[part].mean() - probability[part].mean()) for part in np.split(ranked, 10)]
    assert METRICS["ece"](label, probability) == pytest.approx(np.mean(gaps), rel=1e-6)


def test_a_constant_forecast_of_the_base_rate_has_no_calibration_error_and_no_lift():
    label = rows(8)[0]
    constant = np.full(len(label), label.mean())
    assert METRICS["ece"](label, constant) == pytest.approx(0, abs=1e-12)
    assert METRICS["top_20"](label, constant) == pytest.approx(0.2)
    assert METRICS["auc"](label, constant) == pytest.approx(0.5)


def test_the_top_fifth_counts_tied_rows_in_expectation():
    label = np.array([1.0, 0, 1, 0, 0, 0, 0, 0, 0, 0])
    probability = np.array([0.9, 0.5, 0.5, 0.5, 0.5, 0.1, 0.1, 0.1, 0.1, 0.1])
    assert METRICS["top_20"](label, probability) == pytest.approx((1 + 1 / 4) / 2)


def test_certainty_that_fails_costs_much_but_not_infinitely():
    assert 20 < METRICS["log_loss"](np.array([1.0]), np.array([0.0])) < 30


def test_figures_that_need_both_outcomes_are_nan_with_one():
    assert np.isnan(METRICS["auc"](np.ones(3), np.array([0.1, 0.2, 0.3])))
    assert np.isnan(METRICS["top_20"](np.zeros(3), np.array([0.1, 0.2, 0.3])))
