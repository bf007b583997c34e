"""Blending is a weighted sum, of log-odds and of tables alike."""

from __future__ import annotations

import numpy as np
import pytest

from leadml.predict.encoding import Feature
from leadml.predict.tables import Pair, ScoreTables, probability
from leadml.training.blend import averaged, blend_weights, blended, forward_weights
from leadml.training.judgement import gathered, is_better
from leadml.training.plan import Plan
from leadml.training.sample import Sample, log_loss

FEATURES = (
    Feature("n", "n", "number", "fit", "n", edges=np.arange(3.0)),
    Feature("c", "c", "category", "fit", "c", levels=("x",)),
)


def tables_of(seed: int, *, pair: bool) -> ScoreTables:
    rng = np.random.default_rng(seed)
    maps = [np.arange(feature.n_codes, dtype=np.uint16) for feature in FEATURES]
    pairs = (Pair(0, 1, *maps, rng.normal(size=(5, 3))),) if pair else ()
    return ScoreTables(rng.normal(), tuple(rng.normal(size=feature.n_codes) for feature in FEATURES), pairs)


def sample_of(rows: int = 200) -> Sample:
    rng = np.random.default_rng(0)
    codes = np.column_stack([rng.integers(0, feature.n_codes, rows) for feature in FEATURES]).astype(np.uint16)
    return Sample(FEATURES, codes, np.zeros(rows), np.zeros(rows), np.ones(rows))


def test_blended_tables_give_the_blended_log_odds():
    sample, parts = sample_of(), [tables_of(0, pair=False), tables_of(1, pair=True), tables_of(2, pair=True)]
    weights = [0.2, 0.3, 0.5]
    expected = sum(weight * sample.log_odds(one) for weight, one in zip(weights, parts, strict=True))
    assert np.allclose(sample.log_odds(blended(parts, weights)), expected, rtol=0, atol=1e-12)


def test_the_average_of_tables_with_themselves_is_themselves():
    sample, tables = sample_of(), tables_of(3, pair=True)
    assert np.allclose(sample.log_odds(averaged([tables, tables])), sample.log_odds(tables), rtol=0, atol=1e-12)


def test_weights_are_a_split_and_beat_each_candidate():
    rng = np.random.default_rng(0)
    truth = rng.normal(size=4000)
    label = (rng.random(4000) < probability(truth)).astype(float)
    views = np.array([np.zeros(4000), truth + rng.normal(0, 1, 4000), truth + rng.normal(0, 1, 4000), -truth])
    weights = blend_weights(views, label)
    assert weights.sum() == pytest.approx(1)
    assert weights.min() >= 0
    assert weights[3] == 0
    assert log_loss(label, weights @ views) < min(log_loss(label, view) for view in views)


def test_candidates_that_know_nothing_leave_the_base_rate():
    rng = np.random.default_rng(2)
    label = (rng.random(4000) < 0.5).astype(float)
    views = np.array([np.zeros(4000), rng.normal(0, 2, 4000), rng.normal(0, 2, 4000)])
    assert blend_weights(views, label)[0] > 0.9


def test_two_equal_candidates_share_evenly():
    rng = np.random.default_rng(1)
    view = rng.normal(size=300)
    label = (rng.random(300) < probability(view)).astype(float)
    weights = blend_weights(np.array([np.full(300, -3.0), view, view]), label)
    assert weights[1] == pytest.approx(weights[2], abs=1e-3)


def test_a_row_judged_twice_counts_once_by_its_mean():
    folds = ((np.array([2]), np.array([0, 1])), (np.array([0]), np.array([1])))
    plan = Plan(folds, False, (), np.ones(2))
    rows, log_odds = gathered(plan.folds, 3, [[np.array([1.0, 2.0]), np.array([4.0])]])
    assert rows.tolist() == [0, 1]
    assert log_odds.tolist() == [[1.0, 3.0]]


def test_a_gain_that_rests_on_one_account_is_no_signal():
    losses, base = np.full(100, 0.6), np.full(100, 0.5)
    losses[:30] = 0.2
    scattered, together = np.arange(100), np.r_[np.zeros(30, int), np.arange(1, 71)]
    assert is_better(np.where(losses < 0.5, 0.0, 0.5), base, scattered)
    assert not is_better(np.where(losses < 0.5, 0.0, 0.5), base, together)


def blocks_of(better: list[int], rows: int = 2000):
    """Predictions of two candidates forward in time; `better` says which of them knew more in each block."""
    rng = np.random.default_rng(0)
    truth = rng.normal(0, 1.5, rows * len(better))
    block = np.repeat(np.arange(len(better)), rows)
    label = (rng.random(len(truth)) < probability(truth)).astype(float)
    noise = rng.normal(0, 1.0, (2, len(truth)))
    knew = np.where(np.array(better)[block] == 0, 0.2, 1.0)
    return np.stack([np.zeros_like(truth), truth + knew * noise[0], truth + (1.2 - knew) * noise[1]]), label, block


def test_forward_in_time_what_was_better_in_every_block_leads():
    log_odds, label, block = blocks_of([0, 0, 0, 0])
    assert forward_weights(log_odds, label, block, np.ones(4))[1] > 0.8


def test_forward_in_time_a_lead_that_changes_hands_leaves_an_even_split():
    log_odds, label, block = blocks_of([0, 1, 0, 1])
    assert forward_weights(log_odds, label, block, np.ones(4))[1:] == pytest.approx([0.5, 0.5], abs=0.05)
