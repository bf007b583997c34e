"""What the values of a column look like: how many differ, and whether they are dates, numbers or addresses."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from leadml.operations.guess.vocabulary import MISSING_MARKS

_LOOKED_AT = 2_000

_NUMBER = re.compile(r"[-+]?[$€£]?\s?(\d+|\d{1,3}([,. ]\d{3})+)([.,]\d+)?([eE][-+]?\d+)?\s?[$€£]?")
_DATE = re.compile(
    r"(\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}|\d{1,2}[ -][A-Za-z]{3,9}[ ,-]+\d{2,4}"
    r"|[A-Za-z]{3,9} \d{1,2},? \d{4})([T ,]+\d{1,2}:\d{2}.*)?"
)
_MAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_PHONE = re.compile(r"(\+|00|\()?\d[\d\s()./-]{5,}\d( ?x\d+)?")
_CODE = re.compile(r"[0-9a-fA-F]{8}-[0-9a-fA-F-]{20,}|(?=[^\s]*\d)[A-Za-z0-9_:.-]{4,}")


@dataclass(frozen=True)
class Profile:
    """A column seen through its values; `texts` are trimmed, and null where nothing was filled in."""

    name: str
    texts: pa.Array
    marks: tuple[str, ...]

    @classmethod
    def of(cls, name: str, column: pa.ChunkedArray) -> Profile:
        """Profile a column of any type."""
        array = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
        array = array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array
        texts = pc.utf8_trim_whitespace(_as_text(array))
        found = [text for text in pc.unique(texts).to_pylist() if text is not None and _is_mark(text)]
        missing = pc.is_in(texts, pa.array(["", *found], pa.string()))
        texts = pc.if_else(pc.fill_null(missing, True), pa.scalar(None, pa.string()), texts)
        return cls(name, texts, tuple(sorted(found)))

    @cached_property
    def levels(self) -> Mapping[str, int]:
        """The distinct values with their numbers of rows, the most frequent first."""
        entries = pc.value_counts(self.texts.drop_null()).to_pylist()
        return {e["values"]: e["counts"] for e in sorted(entries, key=lambda e: (-e["counts"], e["values"]))}

    @property
    def rows(self) -> int:
        """How many rows there are, filled in or not."""
        return len(self.texts)

    @property
    def filled(self) -> int:
        """How many rows have a value."""
        return len(self.texts) - int(self.texts.null_count)

    @property
    def filled_share(self) -> float:
        """The share of rows that have a value."""
        return self.filled / self.rows if self.rows else 0.0

    @property
    def distinct_share(self) -> float:
        """Distinct values per value: 1 where no value repeats."""
        return len(self.levels) / self.filled if self.filled else 0.0

    @cached_property
    def dates(self) -> float:
        """The share of values that read as a date."""
        return self._share(_DATE)

    @cached_property
    def numbers(self) -> float:
        """The share of values that read as a number."""
        return self._share(_NUMBER)

    @cached_property
    def mails(self) -> float:
        """The share of values that read as an e-mail address."""
        return self._share(_MAIL)

    @cached_property
    def phones(self) -> float:
        """The share of values that read as a telephone number."""
        return self._share(_PHONE) if self.dates < 0.5 else 0.0

    @cached_property
    def codes(self) -> float:
        """The share of values that look like identifiers: one word with a digit in it."""
        return self._share(_CODE) if self.dates < 0.5 else 0.0

    @cached_property
    def trend(self) -> float:
        """Say how steadily whole numbers move from row to row: 1 always up, -1 always down, 0 neither or no numbers."""
        if self.numbers < 1 or self.filled < self.rows or self.rows < 3:
            return 0.0
        try:
            values = pc.cast(self.texts, pa.int64()).to_numpy()
        except pa.ArrowInvalid:
            return 0.0
        return float(np.mean(np.sign(np.diff(values))))

    def among(self, words: Collection[str]) -> float:
        """Give the share of filled rows whose value is one of some lower-case words."""
        hits = sum(count for value, count in self.levels.items() if value.lower() in words)
        return hits / self.filled if self.filled else 0.0

    @cached_property
    def _looked_at(self) -> list[str]:
        every = list(self.levels)
        return every[:: max(1, len(every) // _LOOKED_AT)]

    def _share(self, pattern: re.Pattern[str]) -> float:
        looked_at = self._looked_at
        return sum(bool(pattern.fullmatch(v)) for v in looked_at) / len(looked_at) if looked_at else 0.0


def _as_text(array: pa.Array) -> pa.Array:
    if pa.types.is_nested(array.type) or pa.types.is_binary(array.type):
        return pa.array([None if v is None else str(v) for v in array.to_pylist()], pa.string())
    if pa.types.is_timestamp(array.type):
        array = pc.cast(array, pa.timestamp("us"))
    return pc.cast(array, pa.string())


def _is_mark(text: str) -> bool:
    return text.casefold() in MISSING_MARKS
