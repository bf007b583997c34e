from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadml.sources.distinct import distinct
from leadml.sources.numbers import Numbers, parse_numbers


def _parse(texts: list[str]) -> Numbers:
    return parse_numbers(distinct(pa.chunked_array([texts], pa.string())))


@pytest.mark.parametrize(
    ("texts", "numbers"),
    [
        (["1", "-2.5", "+3", ".5", "4.", "1e3"], [1, -2.5, 3, 0.5, 4, 1000]),
        (["1,5", "2", "1.234,75"], [1.5, 2, 1234.75]),
        (["1,234.5", "12,000", "7"], [1234.5, 12000, 7]),
        (["1,500", "2"], [1500, 2]),  # thousands, not three decimals
    ],
)
def test_a_column_is_read_in_its_one_style(texts: list[str], numbers: list[float]) -> None:
    parsed = _parse(texts)
    assert parsed.values.to_pylist() == numbers
    assert parsed.wellformed.all()


def test_infinities_and_overflow_are_marked_and_have_no_value() -> None:
    parsed = _parse(["1", "inf", "-Infinity", "1e999"])
    assert parsed.infinite.tolist() == [False, True, True, True]
    assert parsed.values.to_pylist() == [1, None, None, None]


def test_words_codes_and_mixed_styles_are_no_numbers() -> None:
    assert _parse(["1.5", "2.5", "12a", "1,5", "0x10", "1 2"]).wellformed.tolist() == [True] * 2 + [False] * 4


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1))
def test_numbers_come_back_bit_for_bit_from_their_text(numbers: list[float]) -> None:
    column = distinct(pa.chunked_array([[repr(number) for number in numbers]]))
    assert column.rows(parse_numbers(column).values).to_pylist() == numbers
