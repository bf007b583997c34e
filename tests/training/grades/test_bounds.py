import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadml.errors import TrainingError
from leadml.training.grades import grade_bounds, grade_table, times_base_rate


@given(st.floats(1e-6, 1 - 1e-6))
def test_bounds_fall_strictly_and_stay_below_one(base_rate):
    a, b, c = grade_bounds(base_rate)
    assert 1 > a > b > c > 0


@given(st.floats(1e-6, 1 - 1e-6))
def test_once_the_base_rate_is_the_base_rate(base_rate):
    assert times_base_rate(base_rate, 1) == pytest.approx(base_rate)


def test_multiples_act_on_the_probability_where_there_is_room():
    assert grade_bounds(0.1) == pytest.approx((0.4, 0.2, 0.1))


def test_a_base_rate_of_one_half_is_multiplied_in_odds():
    assert grade_bounds(0.5) == pytest.approx((0.8, 2 / 3, 0.5))


@given(st.floats(0.01, 0.99), st.floats(1, 10))
def test_a_small_change_of_the_base_rate_moves_a_bound_little(base_rate, multiple):
    moved = times_base_rate(base_rate * (1 - 1e-6), multiple)
    assert moved == pytest.approx(times_base_rate(base_rate, multiple), abs=1e-4)


@pytest.mark.parametrize("multiples", [(1, 2, 4), (4, 2), (4, 2, 0), (2, 2, 1)])
def test_multiples_that_do_not_fall_are_refused(multiples):
    with pytest.raises(TrainingError, match="three decreasing multiples"):
        grade_bounds(0.1, multiples)


@pytest.mark.parametrize("base_rate", [0.0, 1.0, float("nan")])
def test_an_impossible_base_rate_is_refused(base_rate):
    with pytest.raises(TrainingError, match="between 0 and 1"):
        grade_bounds(base_rate)


def test_the_table_shares_out_all_rows_with_bounds_belonging_to_the_higher_grade():
    probability = np.array([0.5, 0.4, 0.3, 0.2, 0.05])
    label = np.array([1.0, 0, 1, 0, 0])
    table = grade_table(probability, label, (0.4, 0.2, 0.1))
    assert [row["grade"] for row in table] == ["A", "B", "C", "D"]
    assert [row["from"] for row in table] == [0.4, 0.2, 0.1, 0.0]
    assert [row["share"] for row in table] == pytest.approx([0.4, 0.4, 0, 0.2])
    assert [row["observed"] for row in table] == [0.5, 0.5, None, 0.0]
