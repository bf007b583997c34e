from __future__ import annotations

from datetime import date, datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadml.schema import Kind
from leadml.sources.direct import direct
from leadml.sources.distinct import distinct, texts
from leadml.sources.kinds import cast
from leadml.sources.quarantine import Quarantine

MARKS = st.sampled_from([(), ("-1",), ("unknown",), ("inf",), ("2024-01-05",)])
WRITTEN = st.sampled_from(
    [
        "2024-01-05",
        "2024-01-05 10:11",
        "2024-01-05T10:11:12",
        "2024-01-05 10:11:12.5",
        "2024-01-05 10:11:12.1234567",
        "2024-01-05 10",
        "2024-01-05 10:11:60",
        "2024-01-05T10+02:00",
        "2024-01-05T10:00:00Z",
        "2024-02-30",
        "1066-10-14",
        "2201-01-01",
        "05/01/2024",
        "20240105",
        "1",
        "1.5",
        " 1.5",
        "+1",
        "1.",
        ".5",
        "1e5",
        "1E400",
        "-1",
        "1,5",
        "1.500",
        "nan",
        "-nan",
        "inf",
        "0x10",
        "1_000",
        "",
        "NULL",
        "unknown",
        "true",
        None,
    ]
)
MOMENTS = st.datetimes(datetime(1890, 1, 1), datetime(2210, 1, 1))  # noqa: DTZ001
COLUMNS = st.one_of(
    st.lists(WRITTEN, max_size=4).map(lambda cells: pa.array(cells, pa.string())),
    st.lists(st.none() | st.floats(), max_size=5).map(lambda cells: pa.array(cells, pa.float64())),
    st.lists(st.none() | st.floats(width=32), max_size=5).map(lambda cells: pa.array(cells, pa.float32())),
    st.lists(st.none() | st.integers(-(2**63), 2**63 - 1), max_size=5).map(lambda cells: pa.array(cells, pa.int64())),
    st.lists(st.none() | st.booleans(), max_size=3).map(lambda cells: pa.array(cells, pa.bool_())),
    st.lists(st.none() | MOMENTS, max_size=4).map(lambda cells: pa.array(cells, pa.timestamp("us"))),
    st.lists(st.none() | MOMENTS, max_size=4).map(lambda cells: pa.array(cells, pa.timestamp("ns", "Europe/Berlin"))),
    st.lists(st.none() | st.dates(date(1, 1, 1), date(9999, 1, 1)), max_size=4).map(
        lambda cells: pa.array(cells, pa.date32())
    ),
)


@given(column=COLUMNS, kind=st.sampled_from(["number", "time", "category"]), marks=MARKS)
def test_values_taken_as_they_are_equal_those_read_from_their_text(column: Any, kind: Kind, marks: Any) -> None:
    given_column = pa.chunked_array([column])
    found = direct(given_column, kind, marks)
    if found is None:
        return
    quarantine = Quarantine("leads", np.arange(1, len(column) + 1), [])
    expected, assumption = cast(distinct(given_column, marks), kind, "x", quarantine)
    assert repr(found.to_pylist()) == repr(expected.to_pylist())
    assert found.type == expected.type
    assert quarantine.good.all()
    assert assumption is None


@pytest.mark.parametrize(
    ("column", "kind"),
    [
        (pa.array([1.5, None, float("nan")]), "number"),
        (pa.array([1, 2]), "number"),
        (pa.array(["1.5", " 2", "n/a"]), "number"),
        (pa.array([datetime(2024, 1, 5)]), "time"),  # noqa: DTZ001
        (pa.array(["2024-01-05", "2024-01-05 10:00:00", None]), "time"),
    ],
)
def test_plain_columns_need_no_detour(column: Any, kind: Kind) -> None:
    assert direct(pa.chunked_array([column]), kind) is not None


@given(column=COLUMNS, marks=MARKS)
def test_texts_are_those_of_the_distinct_values(column: Any, marks: Any) -> None:
    given_column = pa.chunked_array([column, column])
    assert texts(given_column, marks).to_pylist() == distinct(given_column, marks).text().to_pylist()
