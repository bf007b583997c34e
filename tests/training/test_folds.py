"""Folds keep accounts whole, and time in order."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from leadml.training.folds import forward_folds, grouped_folds, signatures
from leadml.training.plan import make_plan


@settings(deadline=None, max_examples=60)
@given(st.integers(20, 200), st.integers(2, 5), st.integers(0, 10_000))
def test_grouped_folds_judge_every_row_once_and_keep_groups_whole(rows, count, seed):
    rng = np.random.default_rng(seed)
    groups = rng.integers(0, rows // 2, rows)
    label = (rng.random(rows) < 0.3).astype(float)
    folds = grouped_folds(label, groups, count, seed)
    assert np.array_equal(np.sort(np.concatenate([judged for _, judged in folds])), np.arange(rows))
    for trained, judged in folds:
        assert not set(groups[trained]) & set(groups[judged])
        assert len(trained) + len(judged) == rows


def test_grouped_folds_spread_wins_evenly():
    label = np.r_[np.ones(50), np.zeros(450)]
    folds = grouped_folds(label, np.arange(500), 5, 0)
    assert [label[judged].sum() for _, judged in folds] == [10] * 5
    assert [len(judged) for _, judged in folds] == [100] * 5


@settings(deadline=None, max_examples=60)
@given(st.integers(100, 400), st.floats(0, 30), st.integers(0, 10_000))
def test_forward_folds_train_on_the_past_only_with_a_gap_and_other_accounts(rows, gap, seed):
    rng = np.random.default_rng(seed)
    order = np.round(rng.uniform(0, 100, rows))
    groups = rng.integers(0, rows, rows)
    label = (rng.random(rows) < 0.4).astype(float)
    for trained, judged in forward_folds(label, order, groups, gap, 4):
        assert order[trained].max() + gap <= order[judged].min()
        assert not set(groups[trained]) & set(groups[judged])


def test_rows_of_one_moment_stay_together():
    order = np.repeat(np.arange(10.0), 40)
    label = np.tile([0.0, 1.0], 200)
    folds = forward_folds(label, order, np.arange(400), 0.0, 4)
    assert folds
    for trained, judged in folds:
        assert not set(order[trained]) & set(order[judged])


def test_a_gap_longer_than_the_history_leaves_no_forward_fold():
    label = np.tile([0.0, 1.0], 100)
    assert forward_folds(label, np.arange(200.0), np.arange(200), 1e6, 4) == []


def dated_plan(rows, gap=0.0, accounts=None):
    codes = np.random.default_rng(0).integers(0, 5, (rows, 3)).astype(np.uint16)
    return make_plan(np.tile([0.0, 1.0], rows // 2), codes, np.arange(float(rows)), accounts, gap, 0)


def test_a_plan_falls_back_to_groups_where_no_forward_fold_is_possible():
    assert dated_plan(400).forward
    assert not dated_plan(400, gap=1e6).forward


def test_a_plan_falls_back_to_groups_where_the_oldest_fold_would_learn_from_few_accounts():
    assert not dated_plan(200).forward
    assert not dated_plan(400, accounts=np.arange(400) // 8).forward


def test_signatures_are_equal_exactly_for_equal_rows():
    codes = np.random.default_rng(0).integers(0, 3, (3000, 6)).astype(np.uint16)
    _, by_row = np.unique(codes, axis=0, return_inverse=True)
    _, by_signature = np.unique(signatures(codes), return_inverse=True)
    assert len(np.unique(by_row * 10_000 + by_signature)) == len(np.unique(by_row)) == len(np.unique(by_signature))


def test_leads_that_look_alike_are_judged_together_where_that_is_the_exception():
    rng = np.random.default_rng(0)
    codes = rng.integers(0, 50, (200, 4)).astype(np.uint16)
    codes[150:] = codes[:50]
    plan = make_plan((rng.random(200) < 0.5).astype(float), codes, None, None, 0.0, 0)
    for trained, judged in plan.folds:
        assert not set(signatures(codes[trained])) & set(signatures(codes[judged]))
