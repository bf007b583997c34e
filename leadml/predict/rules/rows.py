"""Rows as rules look at them: each column read once, however many conditions ask, and texts once per distinct value."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias

import numpy as np
import pyarrow as pa

from leadml.predict.arrays import to_numpy
from leadml.predict.encoding import Floats, fold, to_dictionary, to_floats
from leadml.predict.threads import side_by_side

Mask: TypeAlias = np.ndarray[Any, np.dtype[np.bool_]]
Said: TypeAlias = np.ndarray[Any, Any]


class Asker(Hashable, Protocol):
    """What is asked of values; equal askers are told the same."""

    def of(self, values: Values) -> Said:
        """What it says of each value; shape (values,)."""


@dataclass(frozen=True)
class Values:
    """Values side by side as folded texts and as numbers; what is not known is an empty text and NaN.

    `texts` is None for a column of numbers.
    """

    numbers: Floats
    texts: tuple[str, ...] | None = None

    @property
    def known(self) -> Mask:
        """Which of them say anything."""
        return ~np.isnan(self.numbers) if self.texts is None else np.array([bool(text) for text in self.texts])

    def among(self, words: frozenset[str]) -> Mask:
        """Which of them are one of some folded texts; a number is what it would be written as."""
        if self.texts is None:
            return np.isin(self.numbers, [number for word in words if np.isfinite(number := number_in(word))])
        return np.array([text in words for text in self.texts], dtype=np.bool_)


@dataclass(frozen=True)
class RuleColumn:
    """One column: its distinct values, and for each row which of them it has (None: every row has its own).

    What is said of the distinct values is kept, so that parts of the same rows ask once.
    """

    values: Values
    places: np.ndarray[Any, np.dtype[np.int32]] | None = None
    _said: dict[Asker, Said] = field(default_factory=dict)

    def said(self, asker: Asker) -> Said:
        """What is said of each row's value; shape (rows,)."""
        if self.places is None:
            return asker.of(self.values)
        if asker not in self._said:
            self._said[asker] = asker.of(self.values)
        taken: Said = self._said[asker][self.places]
        return taken

    def numbers(self) -> Floats:
        """Each row's value as a number; shape (rows,)."""
        return self.values.numbers if self.places is None else self.values.numbers[self.places]

    def part(self, start: int, stop: int) -> RuleColumn:
        """The rows from `start` up to `stop`."""
        if self.places is None:
            return RuleColumn(Values(self.values.numbers[start:stop]))
        return RuleColumn(self.values, self.places[start:stop], self._said)


class RuleRows:
    """The columns of a table that a rulebook reads; texts in `unanswered` (folded) count as not known."""

    def __init__(self, table: pa.Table, unanswered: tuple[str, ...] = ()) -> None:
        self._table = table
        self._unanswered = frozenset(unanswered)
        self._columns: dict[str, RuleColumn] = {}
        self.start = 0
        self.stop: int = table.num_rows

    def __len__(self) -> int:
        return self.stop - self.start

    def part(self, start: int, stop: int) -> RuleRows:
        """Some of the rows; what has been read stays read."""
        rows = RuleRows.__new__(RuleRows)
        rows._table, rows._unanswered, rows._columns = self._table, self._unanswered, self._columns
        rows.start, rows.stop = self.start + start, self.start + stop
        return rows

    def filled(self, name: str, value: pa.Array) -> RuleRows:
        """The rows with one value, an array of length 1, in a column of all of them."""
        rows, values = self.part(0, len(self)), self._read(pa.chunked_array([value])).values
        rows._columns = {**self._columns, name: RuleColumn(values, np.zeros(self.stop, np.int32))}
        return rows

    def read(self, names: Iterable[str]) -> None:
        """Read columns side by side."""
        wanted = [name for name in names if name not in self._columns]
        self._columns |= zip(wanted, side_by_side(lambda name: self._read(self._table[name]), wanted), strict=True)

    def column(self, name: str) -> RuleColumn:
        """One column of these rows."""
        if name not in self._columns:
            self._columns[name] = self._read(self._table[name])
        return self._columns[name].part(self.start, self.stop)

    def _read(self, values: pa.ChunkedArray) -> RuleColumn:
        if pa.types.is_floating(values.type) or pa.types.is_integer(values.type):
            numbers = to_floats(values)
            unanswered = Values(numbers).among(self._unanswered)
            return RuleColumn(Values(np.where(unanswered, np.nan, numbers) if unanswered.any() else numbers))
        encoded = to_dictionary(values)
        texts = [self._text(value) for value in encoded.dictionary.to_pylist()]
        texts.append("")  # what nulls point to
        numbers = np.array([number_in(text) for text in texts])
        places = to_numpy(encoded.indices.cast(pa.int32()), np.int32, len(texts) - 1)
        return RuleColumn(Values(numbers, tuple(texts)), places)

    def _text(self, value: Any) -> str:
        text = "" if value is None else fold(str(value))
        return "" if text in self._unanswered else text


def number_in(text: str) -> float:
    """The number that a text is, NaN if it is none."""
    try:
        return float(text)
    except ValueError:
        return float("nan")
