"""Codes against a plain oracle, and the words for them."""

from __future__ import annotations

import math
from datetime import datetime, timedelta

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadml.predict.encoding import Feature
from leadml.predict.phrases import number_text

floats = st.floats(allow_nan=True, allow_infinity=True)
edge_lists = st.lists(st.floats(-1e6, 1e6), max_size=8, unique=True).map(sorted)


def number(edges):
    return Feature("f", "f", "number", "fit", "F", edges=np.array(edges, dtype=np.float64))


def category(*levels):
    return Feature("f", "f", "category", "fit", "F", levels=levels)


def calendar(kind):
    return Feature("f", "f", kind, "fit", "F")


@given(edges=edge_lists, values=st.lists(st.none() | floats), data=st.data())
def test_a_number_falls_into_the_bin_whose_edges_hold_it(edges, values, data):
    values += data.draw(st.lists(st.sampled_from([*edges, 0.0, -0.0, math.inf, -math.inf, math.nan, None])))
    feature = number(edges)
    expected = [
        0 if value is None or math.isnan(value) else 1 + sum(value >= edge for edge in feature.edges)
        for value in values
    ]
    array = pa.array(values, pa.float64())
    cut = data.draw(st.integers(0, len(values)))
    chunked = pa.chunked_array([array[:cut], array[cut:]])
    for given_as in (array, chunked, pa.concat_arrays([pa.array([7.0]), array])[1:]):
        codes = feature.codes(given_as)
        assert codes.tolist() == expected
        assert codes.dtype == np.uint16
        assert (codes < feature.n_codes).all()


def test_zero_has_one_bin_whatever_its_sign():
    assert number([0.0]).codes(pa.array([0.0, -0.0, -1e-300])).tolist() == [2, 2, 1]
    assert number([-0.0]).codes(pa.array([0.0, -0.0, -1e-300])).tolist() == [2, 2, 1]


@given(
    values=st.lists(st.none() | st.sampled_from(["Web", "web ", " WEB", "STRASSE", "Straße", "", " \t", "new", "a\nb"]))
)
def test_a_level_is_found_without_case_and_outer_blanks(values):
    feature = category("Web", "Straße", "a\nb")
    known = {"web": 2, "strasse": 3, "a\nb": 4}
    expected = [0 if not (value or "").strip() else known.get(value.strip().casefold(), 1) for value in values]
    array = pa.array(values, pa.string())
    for given_as in (array, pa.chunked_array([array, array])[len(values) :], array.dictionary_encode()):
        assert feature.codes(given_as).tolist() == expected


def test_a_dictionary_may_hold_nulls_repeats_and_as_many_entries_as_its_index_can_count():
    feature = category("a", "b")
    told = pa.DictionaryArray.from_arrays(pa.array([0, 1, 2, 3, None], pa.int8()), pa.array(["a", None, "A ", "b"]))
    assert feature.codes(told).tolist() == [2, 0, 2, 3, 0]
    full = pa.array([*(f"v{n}" for n in range(127)), "b"])
    indices = pa.array([127, None, 0], pa.int8())
    assert feature.codes(pa.DictionaryArray.from_arrays(indices, full)).tolist() == [3, 0, 1]
    different = pa.chunked_array([pa.array(["b"]).dictionary_encode(), pa.array(["a", "b"]).dictionary_encode()])
    assert feature.codes(different).tolist() == [3, 2, 3]


@given(st.lists(st.none() | st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1))))  # noqa: DTZ001
def test_month_weekday_and_hour_are_those_of_the_calendar(moments):
    array = pa.array(moments, pa.timestamp("us"))
    for kind, of in (("month", lambda m: m.month), ("weekday", datetime.isoweekday), ("hour", lambda m: m.hour + 1)):
        expected = [0 if moment is None else of(moment) for moment in moments]
        assert calendar(kind).codes(array).tolist() == expected
        assert calendar(kind).codes(pa.chunked_array([array])).tolist() == expected
        assert all(code < calendar(kind).n_codes for code in expected)


@pytest.mark.parametrize("kind", ["number", "category", "month", "weekday", "hour"])
def test_no_rows_have_no_codes(kind):
    of_kind = {"number": pa.float64(), "category": pa.string()}.get(kind, pa.timestamp("us"))
    for nothing in (pa.array([], of_kind), pa.chunked_array([], of_kind), pa.nulls(3, of_kind)):
        assert calendar(kind).codes(nothing).tolist() == [0] * len(nothing)


@pytest.mark.parametrize(
    ("edges", "texts"),
    [
        ([], ["any number"]),
        ([0.5, 1.5, 4.5], ["up to 0", "1", "2 to 4", "5 or more"]),
        ([-0.5, 9.5], ["up to -1", "0 to 9", "10 or more"]),
        ([7.5, 8.5, 11.0], ["up to 7", "8", "9 to 10", "11 or more"]),
        ([1.0, 2.25], ["under 1", "1 to 2.25", "2.25 or more"]),
        ([1.0, 2.0], ["under 1", "1 to 2", "2 or more"]),
        ([1234567.5], ["up to 1,234,567", "1,234,568 or more"]),
    ],
)
def test_bins_are_described_as_a_person_would(edges, texts):
    feature = number(edges)
    assert feature.describe(0) == "not known"
    assert [feature.describe(code) for code in range(1, feature.n_codes)] == texts


def test_neighbouring_bins_are_described_as_one_range():
    feature = number([0.5, 1.5, 4.5])
    assert feature.describe(1, 2) == "up to 1"
    assert feature.describe(2, 3) == "1 to 4"
    assert feature.describe(3, 4) == "2 or more"
    assert feature.describe(1, 4) == "any number"


@given(edges=edge_lists)
def test_every_code_of_every_feature_has_words(edges):
    for feature in (number(edges), category("a", "b"), *map(calendar, ("month", "weekday", "hour"))):
        assert all(feature.describe(code) for code in range(feature.n_codes))


def test_levels_and_calendar_are_described_by_their_names():
    assert [category("Web", "Fair").describe(code) for code in range(4)] == [
        "not known",
        "another value",
        "Web",
        "Fair",
    ]
    first = datetime(2024, 1, 1)  # noqa: DTZ001  (a Monday)
    for kind, form, step in (("month", "%B", 31), ("weekday", "%A", 1)):
        for day in range(0, 330, step):
            moment = first + timedelta(days=day)
            (code,) = calendar(kind).codes(pa.array([moment], pa.timestamp("us")))
            assert calendar(kind).describe(int(code)) == moment.strftime(form)
    assert calendar("hour").describe(1) == "00:00 to 00:59"
    assert calendar("hour").describe(24) == "23:00 to 23:59"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (-0.0, "0"),
        (1.0, "1"),
        (2.5, "2.5"),
        (0.12345, "0.1235"),
        (999.96, "1,000"),
        (1234.5678, "1,235"),
        (-45678.9, "-45,679"),
        (0.00012345, "0.0001234"),
        (0.00001, "1e-05"),
        (3.5e13, "3.5e+13"),
    ],
)
def test_numbers_are_written_short(value, text):
    assert number_text(value) == text


@given(st.floats(1e-4, 1e12))
def test_a_written_number_is_right_to_four_digits(value):
    assert float(number_text(value).replace(",", "")) == pytest.approx(value, rel=5.1e-4)
    assert number_text(-value) == f"-{number_text(value)}"
