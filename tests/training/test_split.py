import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadml.errors import TrainingError
from leadml.training.split import Split, account_codes, split_newest


def accounts(n, every=2):
    return np.array([f"account {i // every}" for i in range(n)])


def everything(split: Split):
    return np.sort(np.concatenate([split.train, split.test, split.left_out]))


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 25)), min_size=20, max_size=80), st.floats(0, 5))
def test_every_split_keeps_the_gap_accounts_and_rows(rows, gap):
    order = np.array([float(time) for time, _ in rows])
    groups = np.array([f"a{account}" for _, account in rows])
    try:
        split = split_newest(order, groups, gap=gap)
    except TrainingError:
        return
    assert everything(split).tolist() == list(range(len(rows)))
    assert not set(groups[split.train]) & set(groups[split.test])
    if split.boundary is None:
        return
    assert (order[split.test] >= split.boundary).all()
    assert (order[split.train] < split.boundary).all()
    old_enough = (order < split.boundary) & (order + gap <= split.boundary)
    # What trains depends on time alone: leaving out accounts that are still open would select on the outcome.
    assert set(split.train) == set(np.flatnonzero(old_enough))
    new_to_training = ~np.isin(groups, groups[split.train])
    assert set(split.test) == set(np.flatnonzero((order >= split.boundary) & new_to_training))


def test_distinct_times_give_the_newest_fifth_exactly():
    order = np.random.default_rng(0).permutation(1000).astype(float)
    split = split_newest(order, np.arange(1000))
    assert split.boundary == 800
    assert len(split.test) == 200
    assert len(split.train) == 800


def test_the_row_order_changes_nothing():
    random = np.random.default_rng(1)
    order, groups = random.integers(0, 50, 300).astype(float), accounts(300, 3)
    label = random.integers(0, 2, 300).astype(float)
    shuffled = random.permutation(300)
    for time in (order, None):
        split = split_newest(time, groups, label=label, gap=4)
        again = split_newest(None if time is None else time[shuffled], groups[shuffled], label=label[shuffled], gap=4)
        assert set(shuffled[again.test]) == set(split.test)
        assert set(shuffled[again.train]) == set(split.train)


def test_without_time_accounts_are_dealt_whole_and_wins_in_proportion():
    random = np.random.default_rng(2)
    groups = np.array([f"a{i}" for i in random.integers(0, 600, 2000)])
    label = (random.random(2000) < 0.1).astype(float)
    split = split_newest(None, groups, label=label)
    assert split.boundary is None
    assert len(split.left_out) == 0
    assert not set(groups[split.train]) & set(groups[split.test])
    assert 0.18 < len(split.test) / 2000 < 0.22
    assert abs(label[split.test].mean() - label.mean()) < 0.03


def test_another_seed_deals_other_accounts():
    groups = np.arange(200).astype(str)
    assert set(split_newest(None, groups, seed=0).test) != set(split_newest(None, groups, seed=1).test)


def test_a_time_that_never_varies_is_no_time():
    groups = accounts(100)
    assert set(split_newest(np.ones(100), groups).test) == set(split_newest(None, groups).test)


def test_a_handful_of_accounts_still_leaves_something_on_both_sides():
    for n_accounts in range(2, 8):
        split = split_newest(None, np.repeat(np.arange(n_accounts), 5))
        assert len(split.train)
        assert len(split.test)


def test_accounts_are_numbered_by_name_not_by_appearance():
    assert account_codes(["b", "a", "b", "c"]).tolist() == [1, 0, 1, 2]


def test_one_account_for_all_rows_is_refused_with_the_reason():
    with pytest.raises(TrainingError, match=r"All 30 rows belong to one account.*account column"):
        split_newest(None, np.zeros(30))


def test_accounts_that_all_reach_into_the_newest_part_are_refused_with_the_reason():
    with pytest.raises(TrainingError, match=r"Every account among the newest rows.*also has older rows"):
        split_newest(np.arange(30.0), np.arange(30) % 3)


def test_a_history_shorter_than_the_horizon_is_refused_with_the_reason():
    with pytest.raises(TrainingError, match=r"span 24, and the horizon of 90 must pass.*Shorten the horizon"):
        split_newest(np.arange(30.0), np.arange(30), gap=90)


def test_a_missing_time_is_refused_with_its_row():
    with pytest.raises(TrainingError, match="time of row 3 is missing"):
        split_newest(np.array([1, 2, np.nan, 4]), np.arange(4))
