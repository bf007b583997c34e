"""Calibration undoes a wrong scale or level, and leaves few rows alone."""

from __future__ import annotations

import numpy as np
import pytest

from leadml.predict.tables import probability
from leadml.training.calibration.affine import fit_calibration, fit_forward_calibration


def draw(rows: int, seed: int, level: float = 0.0):
    rng = np.random.default_rng(seed)
    log_odds = rng.normal(level, 1.2, rows)
    return log_odds, (rng.random(rows) < probability(log_odds)).astype(float)


def test_a_scale_and_a_shift_are_found():
    truth, label = draw(60_000, 0, level=-1.0)
    found = fit_calibration((truth - 0.4) / 0.8, label)
    assert found.slope == pytest.approx(0.8, abs=0.03)
    assert found.shift == pytest.approx(0.4, abs=0.05)


def test_what_is_calibrated_is_left_alone():
    truth, label = draw(60_000, 1)
    found = fit_calibration(truth, label)
    assert found.slope == pytest.approx(1, abs=0.03)
    assert found.shift == pytest.approx(0, abs=0.03)


def test_twenty_rows_change_little():
    truth, label = draw(20, 2)
    found = fit_calibration(3 * truth, label)
    assert 0.6 < found.slope <= 1.1


def test_a_level_that_wandered_up_and_down_gives_no_shift():
    blocks = [draw(4000, seed) for seed in range(4)]
    moved = [log_odds + step for (log_odds, _), step in zip(blocks, (0.5, -0.5, 0.4, -0.4), strict=True)]
    found = fit_forward_calibration(moved, [label for _, label in blocks])
    assert found.shift + (found.slope - 1) * moved[-1].mean() == pytest.approx(0, abs=0.03)


def test_a_level_that_was_always_too_low_is_raised():
    blocks = [draw(4000, seed) for seed in range(4)]
    found = fit_forward_calibration([one - 0.5 for one, _ in blocks], [label for _, label in blocks])
    assert found.apply(np.array([-0.5]))[0] == pytest.approx(0, abs=0.1)


def test_one_block_alone_gives_no_shift():
    log_odds, label = draw(3000, 5)
    found = fit_forward_calibration([log_odds - 1], [label])
    assert found.apply(np.array([-1.0]))[0] == pytest.approx(-1, abs=0.1)
