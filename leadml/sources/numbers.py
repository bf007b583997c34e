"""Text to numbers, in the one style that a column is written in."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from leadml.sources.distinct import Distinct, Mask

__all__ = ["Numbers", "parse_numbers"]

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


def parse_numbers(column: Distinct) -> Numbers:
    """Read distinct values as numbers, in the style that fits the most rows."""
    texts = column.values
    fits = [_matches(texts, style) for style in _STYLES]
    style = int(np.argmax([column.weights[fit].sum() for fit in fits]))
    fit = fits[style]
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
