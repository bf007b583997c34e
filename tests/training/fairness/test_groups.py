from __future__ import annotations

from datetime import datetime

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from leadml.training.fairness.groups import FEWEST, people_groups

values = st.one_of(
    st.lists(st.one_of(st.none(), st.sampled_from("abcde")), max_size=300).map(lambda v: pa.array(v, pa.string())),
    st.lists(st.one_of(st.none(), st.integers(0, 40).map(float)), max_size=300).map(
        lambda v: pa.array(v, pa.float64())
    ),
    st.lists(st.one_of(st.none(), st.datetimes(datetime(1940, 1, 1), datetime(2005, 1, 1))), max_size=200).map(  # noqa: DTZ001
        lambda v: pa.array(v, pa.timestamp("us"))
    ),
)


@given(values)
def test_every_lead_has_one_group_and_those_that_are_judged_are_large(given_values):
    groups = people_groups(given_values)
    sizes = np.bincount(groups.code, minlength=len(groups.names))
    assert sizes.sum() == len(given_values)
    assert all(sizes > 0)
    assert all(sizes[place] >= FEWEST for place in groups.judged)
    unknown = sizes[list(groups.names).index("not known")] if "not known" in groups.names else 0
    assert unknown == given_values.null_count


def test_small_groups_are_pooled_and_their_values_not_said():
    groups = people_groups(pa.array(["a"] * 40 + ["secret"] * 3 + ["rare"] * 5 + [None]))
    assert groups.names == ("a", "2 small groups together", "not known")
    assert (groups.judged, groups.pooled) == ((0,), 2)


def test_numbers_come_in_quarters_and_times_in_years():
    ages = people_groups(pa.array(np.repeat(np.arange(20.0, 60.0), 5)))
    assert ages.names == ("under 30", "30 to 39", "40 to 49", "50 or more")
    born = [datetime(year, 5, 1) for year in range(1950, 1990) for _ in range(5)]  # noqa: DTZ001
    assert people_groups(pa.array(born, pa.timestamp("us"))).names == (
        *("before 1960", "1960 to 1969", "1970 to 1979", "1980 or later"),
    )
    assert people_groups(pa.array([0.0, 1.0] * 50)).names == ("0", "1")


def test_neither_the_lowest_nor_the_highest_value_of_a_single_lead_is_said():
    incomes = np.r_[17.0, np.repeat(np.arange(100.0, 140.0), 5), 990_001.0]
    assert people_groups(pa.array(incomes)).names == ("under 110", "110 to 119", "120 to 129", "130 or more")
    mostly_nothing = np.r_[np.zeros(200), np.arange(1.0, 40.0)]
    assert people_groups(pa.array(mostly_nothing)).names == ("0 or more",)
    half_nothing = np.r_[np.zeros(100), np.arange(1.0, 101.0)]
    assert people_groups(pa.array(half_nothing)).names[0] == "0"
