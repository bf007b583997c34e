"""What asking for a little more would give."""

import numpy as np
import pytest

from leadml.training.cutoffs import CutoffPolicy, OutOfTime, StagePolicy, choose_cutoffs
from leadml.training.cutoffs.alternatives import alternatives


def company(n_leads=1200, weeks=12, seed=0):
    random = np.random.default_rng(seed)
    probability = np.round(random.beta(1, 4, n_leads), 3)
    label = (random.random(n_leads) < probability).astype(float)
    lead, week = np.arange(n_leads), random.integers(0, weeks, n_leads)
    return OutOfTime(probability, label, lead, lead, 7.0 * week)


def told(policy, leads=None):
    leads = company() if leads is None else leads
    cutoffs = choose_cutoffs(leads, policy, base_rate=0.2)
    return cutoffs, {(one["stage"], one["asked"]): one for one in alternatives(leads, cutoffs, base_rate=0.2)}


def test_a_fifth_more_capacity_is_what_a_policy_with_that_capacity_gives():
    policy = CutoffPolicy(mql=StagePolicy(per_week=40), sql=StagePolicy(per_week=10))
    (mql, sql), found = told(policy)
    more = found["MQL", "capacity 48 a week (+20 %)"]
    asked = choose_cutoffs(company(), CutoffPolicy(mql=StagePolicy(per_week=48)), base_rate=0.2)[0]
    assert more["cutoff"] == asked.probability < mql.probability
    assert more["per_week"][0] == pytest.approx(asked.per_week[0])
    assert found["SQL", "capacity 12 a week (+20 %)"]["cutoff"] < sql.probability
    assert list(more) == [
        *("stage", "segment", "asked", "cutoff", "per_week", "precision", "recall", "value_per_week"),
        *("leads", "missed", "missed_per_week", "why"),
    ]


def test_five_points_more_precision_cost_volume_and_keep_what_else_is_asked():
    policy = CutoffPolicy(mql=StagePolicy(per_week=60, minimum_precision=0.25))
    (mql, _), found = told(policy)
    more = found["MQL", "precision 30.0% (+5 points)"]
    assert more["cutoff"] > mql.probability
    assert more["precision"][0] >= 0.3
    assert more["per_week"][0] <= 60


def test_where_neither_was_asked_more_is_asked_than_the_cutoff_gives():
    (mql, _), found = told(CutoffPolicy(mql=StagePolicy(probability=0.3)))
    volume = round(1.2 * mql.per_week[0], 1)
    assert found["MQL", f"capacity {volume:g} a week (+20 % of what there is)"]["cutoff"] < 0.3
    (points,) = [one for (stage, asked), one in found.items() if stage == "MQL" and "points" in asked]
    assert points["precision"][0] >= mql.precision[0] + 0.049


def test_what_cannot_be_had_is_said_and_an_sql_stays_above_the_mql_there_is():
    policy = CutoffPolicy(mql=StagePolicy(minimum_recall=0.9), sql=StagePolicy(minimum_precision=0.9))
    (mql, sql), found = told(policy)
    assert sql.probability is None
    assert not [stage for stage, _ in found if stage == "SQL"]
    assert found["MQL", "recall 95.0% (+5 points)"]["cutoff"] <= mql.probability
    policy = CutoffPolicy(mql=StagePolicy(per_week=5), sql=StagePolicy(per_week=500, minimum_precision=0.2))
    (mql, _), found = told(policy)
    assert found["SQL", "capacity 600 a week (+20 %)"]["cutoff"] == mql.probability
