"""Text to moments in UTC, in the one order of day and month that a column is written in."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from leadml.sources.distinct import Distinct, Mask

__all__ = ["Dates", "latest_readings", "parse_dates"]

_CLOCK = (
    r"(?:[T ]+(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,](?P<fraction>\d{1,9}))?)?"
    r"(?: ?(?P<half>[AaPp][Mm]))?(?: ?(?P<zone>Z|z|UTC|[+-]\d{2}(?::?\d{2})?))?)?$"
)
_YEAR_FIRST = r"^(?P<year>\d{4})(?P<mark>[-/.])(?P<one>\d{1,2})[-/.](?P<two>\d{1,2})" + _CLOCK
_YEAR_LAST = r"^(?P<one>\d{1,2})(?P<mark>[-/.])(?P<two>\d{1,2})[-/.](?P<year>\d{4})" + _CLOCK
_EARLIEST, _LATEST = np.datetime64("1900-01-01", "us"), np.datetime64("2201-01-01", "us")

_NEVER = np.datetime64("NaT", "us")

_Ints = npt.NDArray[np.int64]
_Moments = npt.NDArray[np.datetime64]


@dataclass(frozen=True)
class Dates:
    """What the distinct values of a column are as moments.

    `values` timestamp[us], naive UTC, null where impossible; `wellformed` marks what looks like a date.
    `day_first_only` and `month_first_only` mark the values that fit one order alone: a column with both contradicts
    itself. `open_to_both` says that some values are a date in both orders, and not the same.
    """

    values: pa.Array
    wellformed: Mask
    day_first_only: Mask
    month_first_only: Mask
    open_to_both: bool

    @property
    def ambiguous(self) -> bool:
        """Tell whether some values fit both orders and none decides: they were read with the day first."""
        return self.open_to_both and not (self.day_first_only.any() or self.month_first_only.any())


def parse_dates(column: Distinct, month_first: bool | None = None) -> Dates:
    """Read distinct values as moments.

    YYYY-MM-DD is read in any column. With the year last, dots mean that the day comes first; between slashes or
    dashes `month_first` says what does. None: the values decide that are possible in one order only.
    """
    iso, iso_parts = _extract(column.values, _YEAR_FIRST)
    late, late_parts = _extract(pc.if_else(pa.array(iso), None, column.values), _YEAR_LAST)
    dotted = np.asarray(pc.equal(late_parts.field("mark"), "."))  # nobody writes 12.31.2024
    by_day = _spread(late, _moments(late_parts, day_first=True))
    by_month = _spread(late, np.where(dotted, _NEVER, _moments(late_parts, day_first=False)))
    seen = column.weights > 0
    day_only = seen & ~np.isnat(by_day) & np.isnat(by_month)
    month_only = seen & np.isnat(by_day) & ~np.isnat(by_month)
    month_first = bool(month_only.any()) if month_first is None else month_first
    by_year = _spread(iso, _moments(iso_parts, day_first=False))
    moments = np.where(iso, by_year, by_month if month_first else by_day)
    return Dates(
        pa.array(moments, pa.timestamp("us"), from_pandas=True),
        iso | late,
        day_only,
        month_only,
        open_to_both=bool((seen & ~np.isnat(by_day) & ~np.isnat(by_month) & (by_day != by_month)).any()),
    )


def latest_readings(texts: pa.Array) -> pa.Array:
    """Give the latest moment that each text can mean, timestamp[us]; null where it is no date.

    Unlike `parse_dates` it needs no more than the text itself: it does not ask in which order the column is written. An
    impossible date, such as 30 February, is taken for one of long ago.
    """
    iso, iso_parts = _extract(texts, _YEAR_FIRST)
    late, late_parts = _extract(texts, _YEAR_LAST)
    readings = [
        _spread(iso, _moments(iso_parts, day_first=False)),
        _spread(late, _moments(late_parts, day_first=True)),
        _spread(late, _moments(late_parts, day_first=False)),
    ]
    latest = np.fmax.reduce(readings)
    return pa.array(np.where(np.isnat(latest) & (iso | late), _EARLIEST, latest), pa.timestamp("us"), from_pandas=True)


def _extract(texts: pa.Array, pattern: str) -> tuple[Mask, pa.StructArray]:
    parts = pc.extract_regex(texts, pattern)
    matched = np.asarray(parts.is_valid())
    return matched, parts.filter(pa.array(matched))


def _spread(mask: Mask, moments: _Moments) -> _Moments:
    spread = np.full(len(mask), _NEVER)
    spread[mask] = moments
    return spread


def _moments(parts: pa.StructArray, day_first: bool) -> _Moments:
    first, second = _ints(parts.field("one")), _ints(parts.field("two"))
    day, month = (first, second) if day_first else (second, first)
    date, possible = _date(_ints(parts.field("year")), month, day)
    clock, on_the_clock = _clock(parts)
    moments = date.astype("datetime64[us]") + clock - _zone(parts.field("zone"))
    possible &= on_the_clock & (moments >= _EARLIEST) & (moments < _LATEST)
    return np.where(possible, moments, _NEVER)


def _date(year: _Ints, month: _Ints, day: _Ints) -> tuple[_Moments, Mask]:
    first: _Moments = ((year - 1970) * 12 + np.clip(month, 1, 12) - 1).astype("datetime64[M]")
    date: _Moments = first.astype("datetime64[D]") + (day - 1).astype("timedelta64[D]")
    same_month: Mask = date.astype("datetime64[M]") == first  # 31 June runs over into July
    possible = same_month & (month >= 1) & (month <= 12) & (day >= 1)
    return date, possible


def _clock(parts: pa.StructArray) -> tuple[npt.NDArray[np.timedelta64], Mask]:
    hour, minute, second = (_ints(parts.field(name)) for name in ("hour", "minute", "second"))
    fraction = pc.utf8_rpad(pc.utf8_slice_codeunits(parts.field("fraction"), 0, 6), 6, "0")
    half = pc.utf8_lower(parts.field("half"))
    with_half = np.asarray(pc.not_equal(half, ""))
    possible = (hour <= 23) & (minute <= 59) & (second <= 59) & ~(with_half & ((hour < 1) | (hour > 12)))
    hour = np.where(with_half, hour % 12 + 12 * np.asarray(pc.equal(half, "pm")), hour)
    micros = ((hour * 60 + minute) * 60 + second) * 1_000_000 + _ints(fraction)
    return micros.astype("timedelta64[us]"), possible


def _zone(zone: pa.Array) -> npt.NDArray[np.timedelta64]:
    digits = pc.replace_substring_regex(zone, r"[^0-9]", "")
    hours, minutes = _ints(pc.utf8_slice_codeunits(digits, 0, 2)), _ints(pc.utf8_slice_codeunits(digits, 2, 4))
    sign = np.where(np.asarray(pc.starts_with(zone, "-")), -1, 1)
    offset: npt.NDArray[np.timedelta64] = (sign * (hours * 60 + minutes)).astype("timedelta64[m]")
    return offset


def _ints(texts: pa.Array) -> _Ints:
    return np.asarray(pc.cast(pc.if_else(pc.equal(texts, ""), "0", texts), pa.int64()))
