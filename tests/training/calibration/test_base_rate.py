from __future__ import annotations

import numpy as np
import pytest

from leadml.predict.tables import probability
from leadml.training.calibration.base_rate import design_effect, follow, shift_between


def leads(seed, rows=2_000, jump=0.0, at=0.5):
    random = np.random.default_rng(seed)
    log_odds = -1.5 + random.normal(0, 0.8, rows)
    order = np.arange(rows, dtype=float)
    truth = probability(log_odds + np.where(order >= at * rows, jump, 0.0))
    return log_odds, (random.random(rows) < truth).astype(float), order


def test_where_nothing_moves_at_most_one_walk_in_twenty_is_ever_corrected():
    corrected = sum(follow(*leads(seed), 100).applied.any() for seed in range(30))
    assert corrected <= 2


def test_a_jump_is_followed_once_its_outcomes_are_known_and_not_before():
    log_odds, label, order = leads(1, jump=1.5)
    followed = follow(log_odds, label, order, 200)
    assert not followed.applied[:1_200].any()
    assert followed.shift.moved
    assert followed.shift.low < 1.5 < followed.shift.high
    assert followed.applied[1_600:] == pytest.approx(1.5, abs=0.7)


def test_a_level_that_falls_is_followed_downwards():
    log_odds, label, order = leads(2, jump=-1.5)
    assert follow(log_odds, label, order, 0).shift.high < 0


def test_no_correction_uses_an_outcome_that_has_not_matured():
    log_odds, label, order = leads(3, jump=1.0)
    later = label.copy()
    later[1_300:] = 1 - later[1_300:]
    before, after = (follow(log_odds, known, order, 200, accounts=order // 2).applied for known in (label, later))
    assert np.array_equal(before[:1_501], after[:1_501])
    assert not np.array_equal(before, after)


def test_an_outcome_that_is_not_yet_known_changes_nothing():
    log_odds, label, order = leads(4, jump=1.0)
    unknown = np.where(order >= 1_900, np.nan, label)
    kept = follow(log_odds[:1_900], label[:1_900], order[:1_900], 50)
    assert np.array_equal(follow(log_odds, unknown, order, 50).applied[:1_900], kept.applied)


def test_repeating_every_lead_is_no_new_evidence():
    log_odds, label, order = leads(5, rows=600, jump=0.8)
    thrice = [np.repeat(one, 3) for one in (log_odds, label, order)]
    alone, repeated = follow(log_odds, label, order, 0), follow(*thrice, 0, accounts=thrice[2].astype(int))
    # What is taken in together differs a little, as rows are taken 25 at a time.
    assert repeated.shift.value == pytest.approx(alone.shift.value, abs=0.2)
    assert repeated.shift.high - repeated.shift.low == pytest.approx(alone.shift.high - alone.shift.low, rel=0.2)


def test_rows_of_one_account_count_as_one():
    assert design_effect(np.arange(5)) == 1
    assert design_effect(np.array([0, 0, 0, 1, 1, 1])) == 3


def test_the_shift_between_two_scorers_gives_both_the_same_mean():
    random = np.random.default_rng(6)
    one, wanted = random.normal(-1, 1, 500), probability(random.normal(0.5, 1, 500))
    by = shift_between(one, wanted)
    assert probability(one + by).mean() == pytest.approx(wanted.mean(), abs=1e-6)


def test_followed_corrections_hold_from_their_moment_on():
    followed = follow(*leads(7, jump=1.5), 0)
    assert followed.at(np.array([-5.0]))[0] == 0
    assert followed.at(np.array([1_999.5]))[0] == followed.applied[-1]
