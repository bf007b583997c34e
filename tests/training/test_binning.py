"""Columns become codes by their values alone."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from leadml.predict.encoding import Column, Feature
from leadml.training.binning import MAX_BINS, code_matrix, fit_features, kept_levels, quantile_edges, with_tails

NUMBER = Column("visits", "number", "engagement", "Visits")
SOURCE = Column("source", "category", "fit", "Source")
CREATED = Column("created", "time", "fit", "Created")


@settings(deadline=None, max_examples=100)
@given(hnp.arrays(np.float64, st.integers(1, 300), elements=st.floats(-1e300, 1e300)))
def test_edges_ascend_and_no_value_lies_on_the_wrong_side_of_its_neighbour(values):
    edges = quantile_edges(values)
    assert len(edges) < MAX_BINS
    assert np.all(np.diff(edges) > 0)
    codes = Feature("v", "v", "number", "fit", "v", edges=edges).codes(pa.array(values))
    assert np.all(np.diff(codes[np.argsort(values)].astype(int)) >= 0)
    # every edge parts some values from others
    assert len(np.unique(codes)) == len(edges) + 1


def test_few_distinct_values_are_all_kept_apart():
    edges = quantile_edges(np.repeat([0.0, 1.0, 5.0], 20))
    assert edges.tolist() == [0.5, 3.0]


def test_many_values_are_cut_into_bins_of_about_equal_size():
    values = np.random.default_rng(0).lognormal(size=6400)
    codes = np.searchsorted(quantile_edges(values), values, side="right")
    counts = np.bincount(codes)
    assert len(counts) == MAX_BINS
    assert counts.min() > 80
    assert counts.max() < 120


def test_rare_levels_are_not_kept_and_spellings_count_together():
    values = pa.array(["Web"] * 5 + ["web "] * 4 + ["fair"] * 3 + ["x", "y", " ", None])
    assert kept_levels(values) == ("Web", "fair")


def test_columns_that_do_not_vary_give_no_feature():
    table = pa.table({"visits": pa.array([None, None, None], pa.float64()), "source": ["a", "a", "a"]})
    assert fit_features(table, [NUMBER, SOURCE]) == ()


def test_missing_against_present_is_variation():
    table = pa.table({"visits": pa.array([1.0, None, 1.0, None])})
    (feature,) = fit_features(table, [NUMBER])
    assert feature.codes(table["visits"]).tolist() == [1, 0, 1, 0]


def test_a_date_without_a_time_of_day_gives_no_hour_and_a_short_span_no_month():
    days = [dt.datetime(2025, 1, 1) + dt.timedelta(days=i) for i in range(100)]  # noqa: DTZ001
    features = fit_features(pa.table({"created": pa.array(days, pa.timestamp("us"))}), [CREATED])
    assert [feature.kind for feature in features] == ["weekday"]


def test_three_years_of_moments_give_month_weekday_and_hour():
    moments = [dt.datetime(2022, 1, 1) + dt.timedelta(hours=37 * i) for i in range(700)]  # noqa: DTZ001
    features = fit_features(pa.table({"created": pa.array(moments, pa.timestamp("us"))}), [CREATED])
    assert [feature.kind for feature in features] == ["month", "weekday", "hour"]


def test_features_do_not_depend_on_the_order_of_rows():
    rng = np.random.default_rng(1)
    table = pa.table({"visits": rng.exponential(size=500), "source": rng.choice(list("abcdef"), 500)})
    turned = table.take(pa.array(rng.permutation(500)))
    one, other = (fit_features(rows, [NUMBER, SOURCE]) for rows in (table, turned))
    assert np.array_equal(one[0].edges, other[0].edges)
    assert one[1].levels == other[1].levels


def test_the_code_matrix_has_the_features_own_codes():
    table = pa.table({"visits": [1.0, 2.0, None, 3.0], "source": ["a", "a", "a", None]})
    features = fit_features(table, [NUMBER, SOURCE])
    matrix = code_matrix(table, features)
    assert matrix.shape == (4, 2)
    assert matrix[:, 1].tolist() == features[1].codes(table["source"]).tolist()


def test_tails_lie_beyond_every_value_and_part_none():
    values = np.random.default_rng(2).lognormal(size=1000)
    edges = quantile_edges(values)
    tailed = with_tails(edges, values)
    assert np.sum(tailed > values.max()) == 4
    counts = np.bincount(np.searchsorted(tailed, values, side="right"), minlength=len(tailed) + 1)
    assert np.array_equal(counts[counts > 0], np.bincount(np.searchsorted(edges, values, side="right")))


@settings(deadline=None, max_examples=50)
@given(hnp.arrays(np.float64, st.integers(1, 100), elements=st.floats(-1e308, 1e308)))
def test_tails_of_any_values_ascend(values):
    assert np.all(np.diff(with_tails(quantile_edges(values), values)) > 0)


def test_reasons_of_whole_numbers_with_tails_name_whole_numbers_and_none_below_zero():
    values = np.random.default_rng(0).poisson(4, 1000).astype(float)
    feature = fit_features(pa.table({"visits": values}), [NUMBER])[0]
    words = [feature.describe(code) for code in range(1, feature.n_codes)]
    assert words[:3] == ["up to 0", "1", "2"]
    assert not any("." in text or "-" in text for text in words)


def test_values_on_both_sides_of_zero_have_tails_on_both_sides():
    values = np.random.default_rng(0).normal(size=1000)
    tailed = with_tails(quantile_edges(values), values)
    assert np.sum(tailed < values.min()) == np.sum(tailed > values.max()) == 4
