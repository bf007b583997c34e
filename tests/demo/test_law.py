from __future__ import annotations

import numpy as np
import pytest

from leadml.demo import law


@pytest.mark.parametrize("table", [law.starts, law.industries, law.delays, law.roles, law.answers])
def test_probabilities_add_up_to_one(table):
    assert np.allclose(table().sum(axis=-1), 1.0)
    assert (table() > 0).all()


def test_moments_lie_on_the_grid_of_mondays_that_begins_on_1970_01_05():
    days = np.array([law.FIRST, law.TODAY]) // law.DAY
    assert ((days - 4) % 7 == 0).all()
    assert str(np.datetime64(law.TODAY, "s")) == "2025-12-29T00:00:00"


def test_industry_and_size_do_not_add_up():
    effects = law.INDUSTRY_SIZE
    additive = effects.mean(axis=1, keepdims=True) + effects.mean(axis=0) - effects.mean()
    assert np.abs(effects - additive).max() > 0.5


def test_won_deals_surge_towards_the_closing_and_lost_ones_go_on_as_before():
    lost, won = law.rates()
    trial = law.ACTIVITIES.index("trial_use")
    assert (np.diff(won[:, :, trial], axis=1) < 0).all()
    assert (np.diff(lost[:, :, trial], axis=1) == 0).all()
