"""What rows may look like, and what is said of rows that may not."""

from __future__ import annotations

import subprocess
import sys
import warnings
from datetime import date, datetime
from decimal import Decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadml.errors import ColumnsError
from leadml.predict.arrays import from_numpy, from_texts, from_values, to_numpy
from leadml.predict.columns import bring_columns, plain_number, read_columns
from leadml.predict.encoding import Column

SIZE = Column("size", "number", "fit", "Size")
SOURCE = Column("source", "category", "fit", "Source")
SEEN = Column("seen", "time", "engagement", "Seen")
CONTRACT = (SIZE, SOURCE, SEEN)


def refusal(rows, columns=CONTRACT):
    with pytest.raises(ColumnsError) as refused:
        read_columns(rows, columns)
    return str(refused.value)


def one(column, values):
    return read_columns(pa.table({column.name: values}), [column])[column.name].to_pylist()


def test_columns_come_in_the_contracts_order_and_types():
    rows = [{"seen": datetime(2024, 1, 1), "other": [1], "source": "web", "size": 3}]  # noqa: DTZ001
    read = read_columns(rows, CONTRACT)
    assert read.schema == pa.schema({"size": pa.float64(), "source": pa.string(), "seen": pa.timestamp("us")})
    assert read.to_pylist() == [{"size": 3.0, "source": "web", "seen": datetime(2024, 1, 1)}]  # noqa: DTZ001


@pytest.mark.parametrize("rows", [{"size": [1]}, "rows", 3, None, [1, 2], np.zeros((2, 3)), pd.Series([1]), iter([{}])])
def test_rows_of_another_shape_are_refused(rows):
    expected = "Rows must be an Arrow table, a DataFrame or a list of dictionaries, got "
    assert refusal(rows) == f"{expected}{type(rows).__name__} instead."


def test_one_arrow_column_is_not_a_table():
    assert refusal(pa.chunked_array([[1]])).endswith("got ChunkedArray instead.")


def test_rows_that_lack_most_columns_are_refused_by_name():
    message = "These rows lack 2 of the 3 columns this scorer was trained on ('size', 'seen'). "
    assert refusal(pa.table({"source": ["web"]})).startswith(message)
    assert refusal([{"source": "web"}]).startswith(message)
    many = [Column(f"c{n}", "number", "fit", "c") for n in range(20)]
    assert "20 of the 20" in refusal([{}], many)
    assert "'c7' and 12 more" in refusal([{}], many)
    assert "train a scorer on this one" in refusal([{}], many)


def test_an_absent_column_of_a_table_warns_once_and_counts_as_missing():
    with pytest.warns(UserWarning, match=r"^Columns absent from the rows count as missing values: 'seen'\.$") as said:
        read = read_columns(pa.table({"source": ["web"], "size": [1]}), CONTRACT)
    assert len(said) == 1
    assert read["seen"].to_pylist() == [None]


def test_a_dictionary_may_leave_out_what_nobody_filled_in():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        read = read_columns([{"source": "web", "size": 1}, {"size": 2}], CONTRACT)
    assert read.to_pydict() == {"size": [1, 2], "source": ["web", None], "seen": [None, None]}


def test_the_warning_points_at_the_callers_line(scorer, rows_of):
    rows = rows_of(scorer, 1, 2).drop_columns([scorer.columns[0].name])
    with pytest.warns(UserWarning, match="absent") as said:
        scorer.score(rows)
    assert said[0].filename == __file__


@pytest.mark.parametrize(
    "rows",
    [
        pa.table([[1], [2], ["a"]], names=["size", "size", "source"]),
        pd.DataFrame([[1, 2, "a"]], columns=["size", "size", "source"]),
    ],
)
def test_a_name_that_two_columns_bear_is_refused_only_where_it_is_needed(rows):
    expected = "The rows have several columns named 'size'. Rename or drop all but one."
    assert refusal(rows, [SIZE, SOURCE]) == expected
    assert read_columns(rows, [SOURCE]).to_pydict() == {"source": ["a"]}


@pytest.mark.parametrize(
    ("column", "values", "said"),
    [
        (SIZE, ["1", "about 5"], "Column 'size' was a number in training, but row 2 brings 'about 5'."),
        (SIZE, pa.array(["1", None, "?", "?"]).dictionary_encode(), "but row 3 brings '?'."),
        (SEEN, ["2024-01-01", "01/02/2024"], "Column 'seen' was a time in training, but row 2 brings '01/02/2024'."),
        (SEEN, ["0001-01-01T00:00:00+14:00"], "but row 1 brings '0001-01-01T00:00:00+14:00'."),
    ],
)
def test_a_text_that_is_not_of_the_kind_is_named_with_its_row(column, values, said):
    message = refusal(pa.table({column.name: values}), [column])
    assert said in message
    assert message.endswith("Mend the value, or leave it empty.")


@pytest.mark.parametrize(
    ("column", "values", "said"),
    [
        (SIZE, pa.array([date(2024, 1, 1)]), "was a number in training, but these rows bring date32[day]."),
        (SIZE, pa.array([datetime(2024, 1, 1)]).dictionary_encode(), "these rows bring timestamp[us]."),  # noqa: DTZ001
        (SEEN, pa.array([1.5]), "Column 'seen' was a time in training, but these rows bring double."),
        (SEEN, pa.array([True]), "these rows bring bool."),
        (SEEN, pa.array([3], pa.time32("s")), "these rows bring time32[s]."),
    ],
)
def test_a_column_of_another_kind_is_named_with_its_type(column, values, said):
    assert said in refusal(pa.table({column.name: values}), [column])


@pytest.mark.parametrize("column", CONTRACT)
@pytest.mark.parametrize(
    "values",
    [
        pa.array([[1]]),
        pa.array([{"a": 1}]),
        pa.array([b"x"]),
        pa.array([b"x"], pa.large_binary()),
        pa.array([b"x"], pa.binary(1)),
        pa.array([b"x"], pa.binary_view()),
        pa.array([b"x"]).dictionary_encode(),
        pa.array([b"x" * 16], pa.uuid()),
        pc.run_end_encode(pa.array(["x"])),
    ],
)
def test_what_no_lead_attribute_is_made_of_is_refused(column, values):
    message = refusal(pa.table({column.name: values}), [column])
    assert message.startswith(f"Column {column.name!r} ")
    assert "a lead attribute must be a text, number or time." in message or "these rows bring" in message


@pytest.mark.parametrize("column", CONTRACT)
def test_a_column_without_any_value_is_missing_whatever_its_type(column):
    for kind in (pa.null(), pa.float64(), pa.string(), pa.timestamp("s"), pa.list_(pa.int8())):
        assert one(column, pa.nulls(2, kind)) == [None, None]
    assert read_columns(pd.DataFrame({column.name: [np.nan, np.nan]}), [column])[0].null_count == 2
    assert read_columns(pd.DataFrame({column.name: [pd.NaT, pd.NaT]}), [column])[0].null_count == 2


def test_blank_text_is_missing_and_outer_blanks_are_nothing():
    assert one(SIZE, pa.array(["", " \t", " 5 ", "1e3", "nan"]))[:4] == [None, None, 5.0, 1000.0]
    assert one(SEEN, pa.array(["", " 2024-01-02 "])) == [None, datetime(2024, 1, 2)]  # noqa: DTZ001


def test_a_level_that_no_row_uses_is_no_fault():
    values = pa.DictionaryArray.from_arrays(pa.array([0, None]), pa.array(["1", "unused"]))
    assert one(SIZE, values) == [1.0, None]
    frame = pd.DataFrame({"size": pd.Categorical(["1", None], categories=["1", "unused"])})
    assert read_columns(frame, [SIZE])["size"].to_pylist() == [1.0, None]


def test_mixed_values_meet_as_text_that_each_would_have_alone():
    values = ["a", 1, 2.0, 2.5, None, float("nan"), True, pd.NA, pd.NaT, 2**70, Decimal("1.50"), np.float32(3)]
    expected = ["a", "1", "2", "2.5", None, None, "True", None, None, str(2**70), "1.50", "3"]
    read = read_columns([{"source": value} for value in values], [SOURCE])
    assert read["source"].to_pylist() == expected
    frame = pd.DataFrame({"source": pd.Series(values, dtype=object)})
    assert read_columns(frame, [SOURCE])["source"].to_pylist() == expected
    assert read_columns([{"size": "7"}, {"size": 8}, {"size": 9.5}], [SIZE])["size"].to_pylist() == [7, 8, 9.5]


def test_half_a_surrogate_pair_is_an_unknown_text_and_no_crash():
    assert read_columns([{"source": "\ud800"}, {"source": "a"}], [SOURCE])["source"].to_pylist() == ["?", "a"]


def test_frames_that_stream_arrow_data_are_read(tmp_path):
    rows = pa.table({"source": ["a", "b"], "size": [1, 2]})

    class Frame:
        def __arrow_c_stream__(self, requested_schema=None):
            return rows.__arrow_c_stream__(requested_schema)

    with pytest.warns(UserWarning, match="'seen'"):
        assert read_columns(Frame(), CONTRACT).num_rows == 2
    assert bring_columns(rows.to_reader(), ["size"])["size"].to_pylist() == [1, 2]


@given(st.floats(allow_nan=False))
def test_a_whole_number_has_no_decimal_point_and_every_number_reads_back(value):
    assert float(plain_number(value)) == value
    if value.is_integer():
        assert plain_number(value).lstrip("-").isdigit()


plain = st.one_of(
    st.lists(st.none() | st.booleans()),
    st.lists(st.none() | st.integers(-(2**63), 2**63 - 1)),
    st.lists(st.none() | st.floats() | st.integers(-(2**53), 2**53)),
    st.lists(st.none() | st.text()),
    st.lists(st.none() | st.datetimes() | st.just(float("nan"))),
)


@given(plain)
def test_values_become_the_array_that_pyarrow_would_make_of_them(values):
    try:
        expected = pa.array(values, from_pandas=True)
    except (UnicodeEncodeError, pa.ArrowInvalid, pa.ArrowTypeError) as error:
        with pytest.raises(type(error)):
            from_values(values)
        return
    made = from_values(values)
    made.validate(full=True)
    assert made.to_pylist() == expected.to_pylist()
    # Where NaN stands among whole numbers, pyarrow makes them whole numbers with a null.
    same_numbers = made.type == pa.float64() and expected.type == pa.int64()
    assert made.type == expected.type or same_numbers or made.null_count == len(made)


@given(st.lists(st.none() | st.text(st.characters(codec="utf-8"))), st.lists(st.none() | st.integers(-(2**62), 2**62)))
def test_texts_and_numbers_pass_through_arrow_unchanged(texts, numbers):
    array = from_texts(texts)
    array.validate(full=True)
    assert array.to_pylist() == texts
    valid = np.array([number is not None for number in numbers], dtype=bool)
    made = from_numpy(np.array([number or 0 for number in numbers], dtype=np.int64), valid)
    made.validate(full=True)
    assert made.to_pylist() == numbers
    for part in (made, made[1:], pa.chunked_array([made[2:], made[:2]]), pa.chunked_array([made])[3:]):
        assert to_numpy(part, np.int64, -7).tolist() == [-7 if n is None else n for n in part.to_pylist()]


def test_pandas_is_not_imported_to_score_dictionaries():
    code = """
import sys
from leadml.predict.columns import read_columns
from leadml.predict.encoding import Column
rows = [{"a": 1.5, "b": "x"}, {"a": None, "b": None}]
read_columns(rows, [Column("a", "number", "fit", "A"), Column("b", "category", "fit", "B")])
assert "pandas" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
