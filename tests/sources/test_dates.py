from __future__ import annotations

import datetime as dt

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadml.sources.dates import Dates, parse_dates
from leadml.sources.distinct import distinct


def _parse(texts: list[str]) -> Dates:
    return parse_dates(distinct(pa.chunked_array([texts], pa.string())))


def _read(*texts: str) -> list[str | None]:
    return [None if at is None else at.isoformat() for at in _parse(list(texts)).values.to_pylist()]


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2024-03-01", "2024-03-01T00:00:00"),
        ("2024/3/1", "2024-03-01T00:00:00"),
        ("2024-03-01 09:30", "2024-03-01T09:30:00"),
        ("2024-03-01T09:30:15.25", "2024-03-01T09:30:15.250000"),
        ("2024-03-01T00:30:00Z", "2024-03-01T00:30:00"),
        ("2024-03-01T00:30:00+02:00", "2024-02-29T22:30:00"),
        ("2024-03-01 00:30:00 -0530", "2024-03-01T06:00:00"),
        ("31.12.2024", "2024-12-31T00:00:00"),
        ("31/12/2024 23:59", "2024-12-31T23:59:00"),
        ("12/31/2024 12:05 AM", "2024-12-31T00:05:00"),
        ("12/31/2024 3:05 PM", "2024-12-31T15:05:00"),
        ("31-12-2024", "2024-12-31T00:00:00"),
    ],
)
def test_each_way_of_writing_a_date_is_read(text: str, moment: str) -> None:
    assert _read(text) == [moment]


@pytest.mark.parametrize(
    "text",
    [
        "2024-02-31",
        "2023-02-29",
        "2024-13-01",
        "2024-00-10",
        "2024-01-00",
        "1899-12-31",
        "2201-01-01",
        "31.04.2024",
        "12.31.2024",
        "2024-01-01 24:00",
        "2024-01-01 10:60",
        "1/1/2024 13:00 PM",
    ],
)
def test_dates_that_do_not_exist_are_wellformed_but_have_no_value(text: str) -> None:
    dates = _parse([text])
    assert dates.wellformed.tolist() == [True]
    assert dates.values.to_pylist() == [None]


@pytest.mark.parametrize("text", ["soon", "2024", "2024-05", "1.5.24", "20240501", "2024-05-01 at noon"])
def test_other_texts_are_no_dates(text: str) -> None:
    assert _parse([text]).wellformed.tolist() == [False]


def test_values_that_fit_one_order_alone_decide_for_the_column() -> None:
    assert _read("31/12/2024", "01/02/2024") == ["2024-12-31T00:00:00", "2024-02-01T00:00:00"]
    assert _read("12/31/2024", "01/02/2024") == ["2024-12-31T00:00:00", "2024-01-02T00:00:00"]
    assert not _parse(["12/31/2024", "01/02/2024"]).ambiguous


def test_a_column_that_fits_both_orders_is_read_day_first_and_says_so() -> None:
    assert _read("01/02/2024", "03/04/2024") == ["2024-02-01T00:00:00", "2024-04-03T00:00:00"]
    assert _parse(["01/02/2024", "03/04/2024"]).ambiguous


@pytest.mark.parametrize("texts", [["2024-01-02"], ["01.02.2024"], ["05/05/2024"], ["02/30/2024"], ["soon"]])
def test_nothing_is_called_ambiguous_that_has_one_meaning_or_none(texts: list[str]) -> None:
    assert not _parse(texts).ambiguous


def test_contradicting_values_are_told_apart() -> None:
    dates = _parse(["31/12/2024", "12/31/2024", "01/02/2024", "2024-05-06"])
    assert dates.day_first_only.tolist() == [True, False, False, False]
    assert dates.month_first_only.tolist() == [False, True, False, False]


@given(
    st.datetimes(
        min_value=dt.datetime(1900, 1, 2),  # noqa: DTZ001
        max_value=dt.datetime(2200, 12, 30),  # noqa: DTZ001
        timezones=st.sampled_from([None, *(dt.timezone(dt.timedelta(minutes=m)) for m in (-570, 0, 120, 765))]),
    )
)
def test_every_moment_comes_back_in_utc_from_its_iso_text(moment: dt.datetime) -> None:
    utc = moment.astimezone(dt.UTC).replace(tzinfo=None) if moment.tzinfo else moment
    assert _parse([moment.isoformat()]).values.to_pylist() == [utc]
    assert _parse([moment.isoformat(sep=" ")]).values.to_pylist() == [utc]
