"""What more leads would gain."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from leadml.predict.encoding import Column
from leadml.predict.tables import probability
from leadml.training.findings import CODES
from leadml.training.learning_curve import LearningCurve, Point, learning_curve, what_more_would_gain
from leadml.training.sample import log_loss

COLUMNS = [Column(f"x{place}", "number", "fit", f"x{place}") for place in range(12)]


def rows(count, seed, strength=0.6, accounts=None):
    random = np.random.default_rng(seed)
    numbers = random.normal(size=(12, count))
    label = (random.random(count) < probability(strength * numbers[:6].sum(axis=0) - 1)).astype(float)
    table = pa.table({column.name: x for column, x in zip(COLUMNS, numbers, strict=True)})
    return table, label, np.arange(count) if accounts is None else np.arange(count) % accounts


def test_the_loss_falls_with_the_leads_and_the_last_doubling_gains_least():
    curve = learning_curve(rows(400, 0), rows(4000, 1), COLUMNS)
    assert [point.rows for point in curve.points] == [50, 100, 200, 400]
    losses = [point.log_loss for point in curve.points]
    assert losses == sorted(losses, reverse=True)
    low, high = curve.last_gain[1:]
    assert 0 < low < curve.last_gain[0] < high
    assert curve.last_gain[0] < losses[0] - losses[1]


def test_what_twice_the_leads_would_gain_is_about_what_they_gain():
    promised, gained = [], []
    for seed in range(6):
        whole, fresh = rows(2400, seed), rows(6000, 100 + seed)
        half = tuple(part[:1200] for part in whole)
        curve = learning_curve(half, fresh, COLUMNS, seed=seed)
        twice = learning_curve(whole, fresh, COLUMNS, seed=seed)
        promised.append(curve.next_gain)
        gained.append(curve.points[-1].log_loss - twice.points[-1].log_loss)
    assert 0.4 < np.mean(promised) / np.mean(gained) < 1.6


def test_noise_gains_nothing_that_is_not_called_chance():
    curve = learning_curve(rows(800, 2, strength=0.0), rows(3000, 3, strength=0.0), COLUMNS)
    base = log_loss(rows(3000, 3, strength=0.0)[1], np.full(3000, -1.0))
    assert curve.points[-1].log_loss > base - 0.005
    assert abs(curve.points[-1].auc - 0.5) < 0.05


def test_few_accounts_make_no_curve_however_many_rows_they_have():
    assert learning_curve(rows(2000, 4, accounts=60), rows(500, 5), COLUMNS) is None
    assert what_more_would_gain(None) == []


def test_the_remark_says_what_was_gained_what_to_expect_and_when_it_may_be_chance():
    points = (Point(500, 0.42, 0.78), Point(1000, 0.4, 0.8))
    (sure,) = what_more_would_gain(LearningCurve(points, (0.02, 0.01, 0.03), 2000))
    assert sure.code == "R112"
    assert sure.code in CODES
    assert "From 500 to 1,000 older snapshots a quick model gained 0.0200 in log loss" in sure.message
    assert "(95 %: 0.0100 to 0.0300)" in sure.message
    assert "Twice the 2,000 that there are would gain about 0.0050" in sure.advice
    (unsure,) = what_more_would_gain(LearningCurve(points, (0.02, -0.01, 0.05), 2000))
    assert "That may be chance" in unsure.message
