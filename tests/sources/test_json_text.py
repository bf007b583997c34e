"""Nested columns become the very text that json.dumps gives, value by value."""

from __future__ import annotations

import json
from datetime import datetime

import hypothesis.strategies as st
import pyarrow as pa
import pytest
from hypothesis import given

from leadml.sources.json_text import json_texts

TEXT = st.none() | st.text(st.characters(codec="utf-8"), max_size=6)
NUMBER = st.none() | st.floats(allow_nan=False)
REASON = st.none() | st.fixed_dictionaries({"reason": TEXT, "log_odds": NUMBER})
KINDS = {
    "reasons": (
        pa.list_(pa.struct([("reason", pa.dictionary(pa.int32(), pa.string())), ("log_odds", pa.float64())])),
        st.none() | st.lists(REASON, max_size=3),
    ),
    "points": (
        pa.struct([('a "b"', pa.float64()), ("n", pa.int64()), ("ö", pa.bool_())]),
        st.none() | st.fixed_dictionaries({'a "b"': NUMBER, "n": st.none() | st.integers(-9, 9), "ö": st.booleans()}),
    ),
    "gates": (pa.list_(pa.dictionary(pa.int32(), pa.string())), st.none() | st.lists(TEXT, max_size=3)),
    "nothing in it": (pa.struct([]), st.none() | st.just({})),
    "lists of lists": (pa.large_list(pa.list_(pa.int8())), st.none() | st.lists(st.lists(st.integers(0, 9)))),
}


def dumped(values):
    return [None if value is None else json.dumps(value, ensure_ascii=False, default=str) for value in values]


@pytest.mark.parametrize("kind", KINDS)
@given(data=st.data(), start=st.integers(0, 3))
def test_nested_values_become_the_text_that_json_gives_whole_and_in_part(kind, data, start):
    type_, values = KINDS[kind]
    column = pa.array(data.draw(st.lists(values, max_size=8)), type_)
    assert json_texts(column).to_pylist() == dumped(column.to_pylist())
    assert json_texts(column.slice(start, 2)).to_pylist() == dumped(column.slice(start, 2).to_pylist())


def test_what_lies_behind_a_null_is_not_written():
    hidden = pa.ListArray.from_arrays(
        pa.array([0, 2, 3], pa.int32()), pa.array(["a", "b", "c"]), mask=pa.array([True, False])
    )
    assert json_texts(hidden).to_pylist() == [None, '["c"]']


def test_what_json_has_no_word_for_is_written_as_text():
    moments = pa.array([[datetime(2026, 1, 2, 3, 4)], []], pa.list_(pa.timestamp("us")))  # noqa: DTZ001
    assert json_texts(moments).to_pylist() == ['["2026-01-02 03:04:00"]', "[]"]
    maps = pa.array([[("a", 1)], None], pa.map_(pa.string(), pa.int64()))
    assert json_texts(maps).to_pylist() == dumped(maps.to_pylist())


def test_floats_are_written_as_json_writes_them_at_every_size():
    sizes = [
        sign * mantissa * 10.0**power for power in range(-20, 23) for mantissa in (1, 6.103515625) for sign in (1, -1)
    ]
    sizes += [0.0, -0.0, float("nan"), float("inf"), 5e-324]
    column = pa.array([[size] for size in sizes])
    assert json_texts(column).to_pylist() == dumped(column.to_pylist())
