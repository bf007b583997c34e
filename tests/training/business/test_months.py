"""Counting by month, and when growth may be claimed."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize

from leadml.training.business.months import MonthlyCounts, mean_per_month, monthly_change, monthly_counts


def day(text: str) -> float:
    return float((date.fromisoformat(text) - date(1970, 1, 1)).days)


def counts(leads: list[float], looks: list[float] | None = None) -> MonthlyCounts:
    months = tuple(str(pd.Period("2024-01", "M") + i) for i in range(len(leads)))
    return MonthlyCounts(months, np.array(leads, dtype=float), np.array(looks or [4.0] * len(leads)))


def test_months_that_are_cut_off_are_left_out_and_empty_ones_are_not() -> None:
    days = np.array([day(d) + 0.5 for d in ("2024-01-20", "2024-02-01", "2024-02-29", "2024-04-30", "2024-05-02")])
    found = monthly_counts(days, after=day("2024-01-19"), until=day("2024-05-30"), every=1)
    assert found.month == ("2024-02", "2024-03", "2024-04")
    assert found.leads.tolist() == [2, 0, 1]
    assert found.looks.tolist() == [29, 31, 30]


def test_a_first_and_a_last_month_that_are_whole_count() -> None:
    found = monthly_counts(np.array([day("2024-01-01")]), after=day("2023-12-31"), until=day("2024-02-29"), every=1)
    assert found.month == ("2024-01", "2024-02")


def test_weekly_looks_are_counted_by_their_mondays() -> None:
    first = day("2024-01-01")  # a Monday: what is over the cutoff then may have been so long before
    found = monthly_counts(np.array([first + 35.0]), after=first, until=day("2024-04-29"), every=7)
    assert found.month == ("2024-02", "2024-03", "2024-04")
    assert found.looks.tolist() == [4, 4, 5]
    assert found.leads.tolist() == [1, 0, 0]


def test_of_very_many_months_the_newest_are_taken() -> None:
    found = monthly_counts(np.zeros(0), after=day("2010-01-31"), until=day("2024-12-31"), every=1)
    assert (len(found.month), found.month[0], found.month[-1]) == (24, "2023-01", "2024-12")


@given(st.lists(st.integers(0, 10**6), max_size=40), st.integers(0, 400), st.integers(0, 400))
def test_the_counts_are_those_of_pandas(moments: list[int], start: int, length: int) -> None:
    days = np.array(moments) / 1000
    found = monthly_counts(days, after=start - 1.0, until=float(start + length), every=1)
    spoken_of = pd.to_datetime(pd.Series(days), unit="D").dt.to_period("M").astype(str).value_counts()
    looked = pd.date_range(pd.Timestamp(0) + pd.Timedelta(days=start), periods=length + 1).to_period("M")
    whole = [str(p) for p in looked.unique() if (looked == p).sum() == p.days_in_month][-24:]
    assert list(found.month) == whole
    assert found.leads.tolist() == [spoken_of.get(month, 0) for month in whole]


def test_the_change_is_that_of_a_poisson_regression_by_another_way() -> None:
    found = counts([20, 24, 31, 30, 41, 44], [4, 4, 5, 4, 5, 5])

    def loss(parameters: np.ndarray) -> float:
        log_rate = np.log(found.looks) + parameters[0] + parameters[1] * (np.arange(6) - 2.5)
        return float((np.exp(log_rate) - found.leads * log_rate).sum() + 0.5 * parameters[1] ** 2)

    slope = minimize(loss, np.array([1.0, 0.0]), method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-12}).x[1]
    change = monthly_change(found)
    assert change is not None
    assert change[0] == pytest.approx(np.exp(slope), rel=1e-5)
    assert change[1] < change[0] < change[2]


def test_a_month_with_more_mondays_is_no_growth() -> None:
    change = monthly_change(counts([40, 40, 50], [4, 4, 5]))
    assert change is not None
    assert change[0] == pytest.approx(1.0, abs=1e-6)


def test_growth_is_rarely_claimed_of_steady_leads_and_mostly_of_growing_ones() -> None:
    rng = np.random.default_rng(0)
    steady = [monthly_change(counts(rng.poisson(60, 8).tolist())) for _ in range(300)]
    growing = [monthly_change(counts(rng.poisson(60 * 1.15 ** np.arange(8)).tolist())) for _ in range(100)]
    claimed = np.mean([not (one[1] <= 1 <= one[2]) for one in steady if one])
    assert claimed < 0.08
    assert np.mean([one[1] > 1 for one in growing if one]) > 0.95


@pytest.mark.parametrize("leads", [[], [5], [5, 9], [0, 0, 0, 0]])
def test_of_too_little_no_change_is_told(leads: list[float]) -> None:
    assert monthly_change(counts(leads)) is None


@given(st.lists(st.integers(0, 1000), min_size=3, max_size=24).filter(any))
def test_any_counts_have_a_finite_change_inside_its_interval(leads: list[int]) -> None:
    change = monthly_change(counts(leads))
    assert change is not None
    assert np.isfinite(change[0])
    assert change[1] <= change[0] <= change[2]


def test_the_mean_of_a_month_is_that_of_the_newest() -> None:
    mean, low, high = mean_per_month(counts([900, 10, 20, 30]), 3)
    assert mean == 20
    assert low < 20 < high
    assert np.isnan(mean_per_month(counts([]), 3)[0])
