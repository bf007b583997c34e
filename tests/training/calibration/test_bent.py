from __future__ import annotations

import itertools

import numpy as np

from leadml.predict.tables import probability
from leadml.training.calibration.affine import fit_calibration
from leadml.training.calibration.bent import fit_map
from leadml.training.judgement import judge
from leadml.training.plan import Plan
from leadml.training.sample import Sample, log_loss


def judged(seed, bend, rows=8_000):
    """A verdict on one candidate whose log-odds are the truth, or bent away from it; four blocks forward in time."""
    random = np.random.default_rng(seed)
    truth = random.normal(-1, 1.5, rows)
    label = (random.random(rows) < probability(truth)).astype(float)
    said = bend(truth)
    bounds = np.linspace(0, rows, 6).astype(int)
    parts = [np.arange(start, end) for start, end in itertools.pairwise(bounds)]
    folds = tuple((np.concatenate(parts[:place]), parts[place]) for place in range(1, 5))
    sample = Sample((), np.zeros((rows, 0), np.uint16), label, np.zeros(rows), np.ones(rows))
    plan = Plan(folds, True, (), np.ones(4))
    return judge(sample, plan, [[said[part] for _, part in folds]], accounts=np.arange(rows) // 2)


def test_an_affine_calibration_stays_where_nothing_bends():
    assert all(judged(seed, lambda truth: 1.3 * truth + 0.2).bent is None for seed in range(8))


def test_a_map_is_chosen_where_log_odds_are_clearly_bent():
    verdict = judged(0, lambda truth: np.where(truth > -1, -1 + 0.25 * (truth + 1), -1 + 2 * (truth + 1)))
    assert verdict.bent is not None
    assert verdict.bent.is_sound
    straight = log_loss(verdict.label, verdict.calibration.apply(verdict.blend))
    assert log_loss(verdict.label, verdict.log_odds) < straight


def test_steps_that_fall_are_pooled_and_the_margin_breaks_their_ties():
    random = np.random.default_rng(1)
    log_odds = random.normal(0, 1, 4_000)
    falling = np.where(log_odds < 0, 0.55, 0.45)
    chance = np.where(np.abs(log_odds) < 0.5, falling, 0.5 + 0.3 * np.sign(log_odds))
    label = (random.random(4_000) < chance).astype(float)
    found = fit_map(log_odds, label, fit_calibration(log_odds, label))
    assert found.is_sound
    assert (np.diff(found.apply(np.sort(log_odds))) > 0).all()


def test_few_rows_have_no_map():
    log_odds, label = np.linspace(-1, 1, 300), np.arange(300) % 2.0
    assert fit_map(log_odds, label, fit_calibration(log_odds, label)) is None
