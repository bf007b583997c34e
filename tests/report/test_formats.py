from __future__ import annotations

import math

import pytest

from leadml.report import formats

NOT_NUMBERS = [None, math.nan, math.inf, -math.inf, "0.5", True, [], {}]


@pytest.mark.parametrize("value", NOT_NUMBERS)
@pytest.mark.parametrize("show", [formats.percent, formats.count, formats.decimal, formats.factor, formats.per_week])
def test_what_is_not_a_finite_number_is_printed_as_a_dash(show: object, value: object) -> None:
    assert show(value) == "–"  # type: ignore[operator]


def test_numbers_are_printed_for_people() -> None:
    assert formats.percent(0.1234) == "12.3\u202f%"
    assert formats.percent(1, 0) == "100\u202f%"
    assert formats.count(1234567) == "1,234,567"
    assert formats.decimal(-0.12345) == "−0.123"
    assert formats.factor(math.log(2)) == "×2.00"
    assert formats.per_week(61.4) == "61"
    assert formats.per_week(3.14) == "3.1"


def test_an_effect_beyond_all_sense_is_still_printed() -> None:
    assert formats.factor(1e9).startswith("×")


def test_a_day_is_read_from_an_iso_time_and_nothing_else() -> None:
    assert formats.day("2025-11-30T22:15:00+00:00") == "2025-11-30"
    assert formats.day("last Tuesday") == "–"
    assert formats.day(None) == "–"


def test_a_figure_may_come_without_its_interval() -> None:
    assert formats.triple([0.5, 0.4, 0.6]) == (0.5, 0.4, 0.6)
    assert formats.triple([0.5, None, math.nan]) == (0.5, None, None)
    assert formats.triple(0.5) == (0.5, None, None)
    assert formats.triple(None) == (None, None, None)
