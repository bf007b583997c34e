from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadml.spreadsheet import safe_cell


@pytest.mark.parametrize(
    "text", ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "-", '=HYPERLINK("x")', "-5%"]
)
def test_a_text_that_a_spreadsheet_would_run_is_quoted(text: str) -> None:
    assert safe_cell(text) == f"'{text}"


@pytest.mark.parametrize("value", [-5, -1.25, 0, 3.5, 1e-9, "-5", "-1.25", "L001", "a=b", "", "2024-01-01", "it's"])
def test_numbers_stay_numbers_and_harmless_texts_stay_as_they_are(value: Any) -> None:
    assert safe_cell(value) == value
    assert type(safe_cell(value)) is type(value)


@given(st.text())
def test_no_text_begins_like_a_formula_unless_it_is_a_plain_number(text: str) -> None:
    cell = safe_cell(text)
    assert cell in (text, f"'{text}")
    if cell[:1] in {"=", "+", "@", "\t", "\r", "\n"}:
        raise AssertionError(cell)
    if cell.startswith("-"):
        assert float(cell) < 0 or float(cell) == 0
