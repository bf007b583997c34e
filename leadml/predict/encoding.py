"""How a raw column becomes the codes that the score tables are indexed by.

Code 0 always means *missing*: a lead that says nothing is a kind of lead of its own. A category has code 1 for every
level that is rare or was never seen in training; a number never needs one, as its bins cover the whole line.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from leadml.errors import ColumnsError
from leadml.predict.arrays import to_numpy
from leadml.predict.bins import Bins, bins_of
from leadml.predict.phrases import MONTHS, NOT_KNOWN, PLAIN, Phrase, Span, Words, missing, sentence, span_text, spoken

ColumnKind = Literal["number", "category", "time"]
FeatureKind = Literal["number", "category", "month", "weekday", "hour"]
Group = Literal["fit", "engagement", "intent", "answer"]

GROUPS: tuple[Group, ...] = ("fit", "engagement", "intent", "answer")
MISSING = 0
OTHER = 1

Codes = np.ndarray[Any, np.dtype[np.uint16]]
Floats = np.ndarray[Any, np.dtype[np.float64]]

# Numbers that make up for building a lookup of bins.
_MANY = 2_048
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@dataclass(frozen=True)
class Column:
    """One column of a feature frame, as rows must bring it: its name, kind, feature group and human label.

    `phrase` says how its values read as a sentence.
    """

    name: str
    kind: ColumnKind
    group: Group
    label: str
    phrase: Phrase = PLAIN


@dataclass(frozen=True)
class Feature:
    """One input of the scorer: a column cut into codes 0 .. `n_codes` - 1.

    `edges` (ascending, only for a number) give code k + 1 to values in [edges[k - 1], edges[k]);
    `levels` (only for a category) give code 2 + k to the k-th level, compared without case or outer blanks.
    """

    name: str
    column: str
    kind: FeatureKind
    group: Group
    label: str
    edges: Floats = field(default_factory=lambda: np.empty(0))
    levels: tuple[str, ...] = ()
    phrase: Phrase = PLAIN

    @property
    def n_codes(self) -> int:
        """Length of this feature's score table."""
        sizes = {"number": len(self.edges) + 2, "category": len(self.levels) + 2}
        calendar = {"month": 13, "weekday": 8, "hour": 25}
        return (sizes | calendar)[self.kind]

    def codes(self, values: pa.ChunkedArray | pa.Array) -> Codes:
        """Codes of a column already brought to its kind by `columns.read_columns`; shape (rows,)."""
        if self.kind == "number":
            return self._number_codes(values)
        if self.kind == "category":
            return self._level_codes(values)
        return _calendar_codes(values, self.kind)

    def describe(self, code: int, last: int | None = None) -> str:
        """What a code (of a number: the codes from `code` to `last`) says of a lead, to complete "<label>: ..."."""
        if code == MISSING:
            return NOT_KNOWN
        if self.kind == "number":
            return span_text(_bins(self.edges, code, last or code))
        if self.kind == "category":
            return "another value" if code == OTHER else self.levels[code - 2]
        names = {"month": MONTHS, "weekday": _WEEKDAYS}.get(self.kind)
        return names[code - 1] if names else f"{code - 1:02d}:00 to {code - 1:02d}:59"

    def words(self, code: int, last: int | None = None) -> Words:
        """Words for a code (of a number: the codes from `code` to `last`), for `say`."""
        if code == MISSING:
            return missing(self.phrase)
        if self.kind == "number":
            return spoken(self.phrase, _bins(self.edges, code, last or code))
        return Words(self.describe(code))

    def exact_words(self, code: int, value: Any) -> Words:
        """Words for the very value of a lead's column, of which `code` is the code; that of a time is not looked at."""
        if code == MISSING:
            return missing(self.phrase)
        if self.kind == "number" and np.isfinite(value):
            return spoken(self.phrase, Span(float(value), float(value)))
        if self.kind == "category" and code == OTHER:
            return Words(f"{str(value).strip()} (seldom or never seen)")
        return self.words(code)

    def say(self, words: Sequence[Words]) -> str:
        """A sentence of the feature's subject and words for one or more of its codes."""
        return sentence(self.phrase.subject or self.label, words)

    def _number_codes(self, values: pa.ChunkedArray | pa.Array) -> Codes:
        numbers = to_floats(values)
        if len(numbers) >= _MANY and self._bins is not None:
            return self._bins.codes(numbers)
        codes = (np.searchsorted(self.edges, numbers, side="right") + 1).astype(np.uint16)
        codes[np.isnan(numbers)] = MISSING
        return codes

    def _level_codes(self, values: pa.ChunkedArray | pa.Array) -> Codes:
        def codes_of(distinct: pa.Array) -> list[int]:
            return [self._code_of_level.get(fold(value or ""), OTHER) for value in distinct.to_pylist()]

        return codes_by_value(values, codes_of)

    @cached_property
    def _bins(self) -> Bins | None:
        return bins_of(self.edges)

    @cached_property
    def _code_of_level(self) -> dict[str, int]:
        return {fold(level): code for code, level in enumerate(self.levels, start=2)} | {"": MISSING}


def fold(value: str) -> str:
    """The form in which two spellings of a category count as the same level."""
    return value.strip().casefold()


def codes_by_value(values: pa.ChunkedArray | pa.Array, codes_of: Callable[[pa.Array], list[int]]) -> Codes:
    """Codes of rows, worked out once per distinct value by `codes_of`; null is missing. Shape (rows,)."""
    encoded = to_dictionary(values)
    # The last entry is the one that nulls point to.
    by_value = np.array([*codes_of(encoded.dictionary), MISSING], dtype=np.uint16)
    taken: Codes = by_value[to_numpy(encoded.indices.cast(pa.int64()), np.int64, len(by_value) - 1)]
    return taken


def to_floats(values: pa.ChunkedArray | pa.Array) -> Floats:
    """Float64 values with NaN for null."""
    numbers = values.cast(pa.float64(), safe=False) if values.type != pa.float64() else values
    return to_numpy(numbers, np.float64, np.nan)


def to_dictionary(values: pa.ChunkedArray | pa.Array) -> pa.DictionaryArray:
    """The values as one dictionary-encoded array.

    Raises:
        ColumnsError: more text than one array can hold.
    """
    array = values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values
    if isinstance(array, pa.ChunkedArray):  # combine_chunks keeps a chunked array where strings pass 2 GiB
        raise ColumnsError("The rows hold more than 2 GiB of text in one column. Score fewer rows at a time.")
    return array if pa.types.is_dictionary(array.type) else array.dictionary_encode()


def _calendar_codes(values: pa.ChunkedArray | pa.Array, kind: str) -> Codes:
    part = {"month": pc.month, "weekday": pc.day_of_week, "hour": pc.hour}[kind](values)
    first = 1 if kind == "month" else 0  # pyarrow counts weekdays and hours from 0, and code 0 is taken
    return (to_numpy(part, np.int64, first - 1) + (1 - first)).astype(np.uint16)


def _bins(edges: Floats, first: int, last: int) -> Span:
    """The numbers that the codes from `first` to `last` stand for."""
    # Cuts lie halfway between values. Where all are halves and some not whole, the values are whole: say those.
    whole = bool(np.all(edges % 0.5 == 0) and np.any(edges % 1 == 0.5))
    lowest, highest = (np.ceil(edges), np.ceil(edges) - 1) if whole else (edges, edges)
    low = float(lowest[first - 2]) if first > 1 else None
    high = float(highest[last - 1]) if last <= len(edges) else None
    return Span(low, high, whole)
