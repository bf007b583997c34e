from __future__ import annotations

import numpy as np

from leadml.training.calibration.bands import reliability


def calibrated(seed, rows=5_000, per_account=1):
    """Forecasts that are true, of accounts whose contacts share their outcome."""
    random = np.random.default_rng(seed)
    account = np.arange(rows) // per_account
    chance = random.random(rows // per_account + 1)[account]
    return (random.random(rows // per_account + 1)[account] < chance).astype(float), chance, account


def test_bands_hold_every_row_and_cover_a_true_forecast():
    label, probability, account = calibrated(5)
    bands = reliability(label, probability, account).bands
    assert len(bands) == 10
    assert sum(band.rows for band in bands) == 5_000
    assert [band.predicted for band in bands] == sorted(band.predicted for band in bands)
    assert sum(band.low <= band.predicted <= band.high for band in bands) >= 8


def test_rows_with_one_probability_share_a_band():
    found = reliability(np.array([1.0, 0, 0, 1, 0, 0]), np.full(6, 0.3), np.arange(6))
    assert [band.rows for band in found.bands] == [6]


def test_a_true_forecast_of_accounts_is_covered_too_where_rows_alone_would_promise_too_much():
    inside = total = 0
    for seed in range(10):
        label, probability, account = calibrated(seed, 2_000, per_account=10)
        bands = reliability(label, probability, account).bands
        inside += sum(band.low <= band.predicted <= band.high for band in bands)
        total += len(bands)
    assert inside >= 0.9 * total


def test_a_band_that_saw_one_outcome_only_is_not_sure_of_it():
    found = reliability(np.zeros(40), np.full(40, 0.05), np.arange(40) // 4)
    assert found.bands[0].low == 0
    assert found.bands[0].high > 0.2  # ten accounts without a win


def test_the_error_of_a_true_forecast_is_chance_and_of_a_false_one_is_told():
    label, probability, account = calibrated(8, 2_000)
    value, low, high = reliability(label, probability, account).error
    assert low == 0
    assert value < 0.02
    value, low, high = reliability(label, probability**2, account).error
    assert low < 1 / 2 - 1 / 3 < high
    assert low > 0.1
