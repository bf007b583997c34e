from __future__ import annotations

import datetime as dt
import decimal

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadml.sources.distinct import distinct, is_plain
from leadml.sources.folding import fold


def test_null_marks_and_the_users_own_marks_are_missing_and_none_is_an_answer() -> None:
    texts = ["", "  ", "NULL", "NaN", "N/A", "n/a", "Select ", "None", "none", "x", None]
    column = distinct(pa.chunked_array([texts]), ["select"])
    assert column.text().to_pylist() == [None] * 7 + ["None", "none", "x", None]


@pytest.mark.parametrize(
    ("column", "texts"),
    [
        (pa.array([1.0, 2.5, None, float("nan")]), ["1", "2.5", None, None]),
        (pa.array([1, 2**62], pa.int64()), ["1", str(2**62)]),
        (pa.array([True, False, None]), ["true", "false", None]),
        (pa.array([decimal.Decimal("1.50")]), ["1.50"]),
        (pa.array([dt.date(2024, 2, 29)]), ["2024-02-29"]),
        (pa.array([0], pa.timestamp("ns", "Europe/Berlin")), ["1970-01-01 00:00:00.000000"]),
        (pa.array(["a", "b", "a"]).dictionary_encode(), ["a", "b", "a"]),
        (pa.array(["a"], pa.large_string()), ["a"]),
        (pa.array(["a", None], pa.string_view()), ["a", None]),
        (pa.nulls(2), [None, None]),
    ],
)
def test_every_plain_type_has_a_text(column: pa.Array, texts: list[str | None]) -> None:
    assert is_plain(column.type)
    assert distinct(pa.chunked_array([column])).text().to_pylist() == texts


@pytest.mark.parametrize("kind", [pa.list_(pa.int64()), pa.struct([("a", pa.int64())]), pa.binary(), pa.duration("s")])
def test_types_without_a_text_are_known_as_such(kind: pa.DataType) -> None:
    assert not is_plain(kind)


def test_no_rows_are_no_values() -> None:
    column = distinct(pa.chunked_array([], pa.string()))
    assert (column.text().to_pylist(), fold(column).to_pylist()) == ([], [])


def test_case_folds_to_the_most_frequent_spelling() -> None:
    column = distinct(pa.chunked_array([["GERMANY", "Germany", " Germany ", "GERMANY", "Germany", "France", None]]))
    assert fold(column).to_pylist() == ["Germany"] * 5 + ["France", None]


@given(st.lists(st.sampled_from(["ab", "AB", "Ab", " ab", "straße", "STRASSE", "x", None]), min_size=1), st.randoms())
def test_folding_does_not_depend_on_the_order_of_rows(texts: list[str | None], random: object) -> None:
    shuffled = list(texts)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    once, again = (
        dict(zip(rows, fold(distinct(pa.chunked_array([rows], pa.string()))).to_pylist(), strict=True))
        for rows in (texts, shuffled)
    )
    assert once == again
