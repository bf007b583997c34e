"""Whether recent leads can be used by weight without selecting on the outcome, and what that gains."""

from __future__ import annotations

import numpy as np
import pytest

from leadml.features.censoring import censoring_weights

HORIZON, END = 60, 200


@pytest.mark.proof
def test_over_many_companies_the_weighted_base_rate_is_unbiased_and_the_naive_one_is_not() -> None:
    off, naively_off = [], []
    for seed in range(400):
        rng = np.random.default_rng(seed)
        seen = rng.integers(0, END, 1000)
        won = rng.random(1000) < 0.3
        life = 1 + np.where(won, rng.exponential(30, 1000), 20 + rng.exponential(80, 1000)).astype(int)
        label = (won & (life <= HORIZON)).astype(float)
        weight = censoring_weights(life, seen, HORIZON)
        true = label.mean()
        off.append(np.average(label, weights=weight) - true)
        naively_off.append(label[weight > 0].mean() - true)
    error = np.std(off) / np.sqrt(len(off))
    print(f"weighted {np.mean(off):+.5f} +- {1.96 * error:.5f}, naive {np.mean(naively_off):+.5f}")
    assert abs(np.mean(off)) < 3 * error
    assert np.mean(naively_off) > 0.02


@pytest.mark.proof
def test_on_companies_with_a_known_truth_weights_lose_nothing_against_full_horizons(closeness_to_truth) -> None:
    gains, heights = [], []
    for seed in range(3000, 3010):
        full = closeness_to_truth(seed, leads=3000, kind="linear")
        weighted = closeness_to_truth(seed, leads=3000, kind="linear", censoring="weighted")
        gains.append(full.loss_to_truth - weighted.loss_to_truth)
        heights.append((full.too_high, weighted.too_high))
        print(f"seed {seed}: gain {gains[-1]:+.5f}, too high {full.too_high:+.4f} {weighted.too_high:+.4f}", flush=True)
    error = np.std(gains, ddof=1) / np.sqrt(len(gains))
    print(f"mean gain {np.mean(gains):+.5f} +- {2.26 * error:.5f}, too high {np.mean(heights, axis=0)}")
    assert np.mean(gains) > -0.001
    full, weighted = np.mean(heights, axis=0)
    assert weighted < full + 0.004  # these companies' base rate drifts, which neither can know
