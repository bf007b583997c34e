"""Text to numbers, in the one style that a column is written in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from leadml.sources.distinct import Distinct, Mask

__all__ = ["Ints", "NumberFits", "Numbers", "number_fits", "parse_numbers"]

Ints = npt.NDArray[np.int64]

_INFINITE = r"(?i)^[+-]?inf(inity)?$"
# "1234.5e3"; "1,234.5"; "1.234,5". Where a column fits several ("1,500"), the earlier one is taken: thousands, not
# three decimals.
_STYLES = (
    r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$",
    r"^[+-]?(\d{1,3}(,\d{3})+|\d+)(\.\d*)?$",
    r"^[+-]?(\d{1,3}(\.\d{3})+|\d+)(,\d+)?$",
)


@dataclass(frozen=True)
class Numbers:
    """What the distinct values of a column are as numbers.

    `values` double, null where the text is no finite number; `wellformed` and `infinite` mark the distinct values.
    """

    values: pa.Array
    wellformed: Mask
    infinite: Mask


class NumberFits(NamedTuple):
    """How many rows of a column each style fits, shape (styles,), and how many say "infinity"."""

    rows: Ints
    infinite: int

    @classmethod
    def none(cls) -> NumberFits:
        """Count no row."""
        return cls(np.zeros(len(_STYLES), np.int64), 0)

    @property
    def style(self) -> int:
        """The style that fits the most rows."""
        return int(np.argmax(self.rows))

    @property
    def wellformed(self) -> int:
        """How many rows look like a number in that style."""
        return int(self.rows[self.style]) + self.infinite

    def plus(self, other: NumberFits) -> NumberFits:
        """Count the rows of two parts of a column."""
        return NumberFits(self.rows + other.rows, self.infinite + other.infinite)


def number_fits(column: Distinct) -> NumberFits:
    """Count the rows that each style fits."""
    rows = [column.weights[_matches(column.values, style)].sum() for style in _STYLES]
    return NumberFits(np.array(rows, np.int64), int(column.weights[_matches(column.values, _INFINITE)].sum()))


def parse_numbers(column: Distinct, style: int | None = None) -> Numbers:
    """Read distinct values as numbers, in the style given or else in the one that fits the most rows."""
    texts = column.values
    style = number_fits(column).style if style is None else style
    fit = _matches(texts, _STYLES[style])
    numbers = pc.cast(pc.if_else(pa.array(fit), _canonical(texts, style), pa.scalar(None, pa.string())), pa.float64())
    finite = np.asarray(pc.is_finite(numbers).fill_null(False))
    infinite = _matches(texts, _INFINITE) | (fit & ~finite)
    return Numbers(pc.if_else(pa.array(finite), numbers, pa.scalar(None, pa.float64())), fit | infinite, infinite)


def _matches(texts: pa.Array, pattern: str) -> Mask:
    return np.asarray(pc.match_substring_regex(texts, pattern).fill_null(False))


def _canonical(texts: pa.Array, style: int) -> pa.Array:
    texts = pc.utf8_ltrim(texts, "+")
    if style == 1:
        return pc.replace_substring(texts, ",", "")
    if style == 2:
        return pc.replace_substring(pc.replace_substring(texts, ".", ""), ",", ".")
    return texts
