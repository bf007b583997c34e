"""What choosing rows to judge by promises."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from leadml.training.clock import Clock
from leadml.training.thinning import rows_to_judge, whole_accounts

MANY = 400_000


@given(
    st.lists(st.integers(0, 40), min_size=20, max_size=300),
    st.floats(0.05, 0.95),
    st.integers(0, 5),
)
def test_accounts_stay_whole_rows_stay_in_order_and_the_bound_holds(
    accounts: list[int], share: float, seed: int
) -> None:
    account = np.array(accounts)
    most = max(int(share * len(account)), 1)
    kept = whole_accounts(account, len(account), most, seed)
    assert len(kept) <= most
    assert (np.diff(kept) > 0).all()
    left_out = np.setdiff1d(np.arange(len(account)), kept)
    assert not set(account[kept]) & set(account[left_out])


def test_one_large_account_does_not_decide_how_many_rows_are_left() -> None:
    account = np.concatenate([np.zeros(600, dtype=int), np.arange(1, 2_001)])
    kept = whole_accounts(account, len(account), 1_300, seed=0)
    assert 900 < len(kept) <= 1_300


def test_the_same_rows_are_chosen_again() -> None:
    label = (np.arange(MANY) % 20 == 0).astype(float)
    account = np.arange(MANY) // 3
    one, other = (rows_to_judge(label, account, Clock(), seed=1) for _ in range(2))
    assert (one == other).all()
    assert 100_000 < len(one) <= 150_000


def test_fewer_rows_than_enough_are_all_kept() -> None:
    assert (rows_to_judge(np.arange(90_000) % 2.0, None, Clock(), seed=0) == np.arange(90_000)).all()


def test_where_wins_are_rare_more_rows_are_kept_for_their_sake() -> None:
    label = (np.arange(MANY) % 200 == 0).astype(float)  # 2,000 wins
    assert len(rows_to_judge(label, None, Clock(), seed=0)) == MANY


def test_a_short_limit_keeps_fewer_rows_and_says_so() -> None:
    label = (np.arange(MANY) % 2).astype(float)
    clock = Clock(limit=50.0)
    assert len(rows_to_judge(label, None, clock, seed=0)) == 50_000
    assert clock.cuts == ("candidates were judged on 50,000 of 400,000 rows",)


def test_a_generous_limit_keeps_what_is_kept_without() -> None:
    label = (np.arange(MANY) % 2).astype(float)
    clock = Clock(limit=3_600.0)
    assert (rows_to_judge(label, None, clock, 0) == rows_to_judge(label, None, Clock(), 0)).all()
    assert clock.cuts == ()
