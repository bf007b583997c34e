"""From a probability to what is done about it: score, grade and recommended stage, each a pure function."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from leadml.predict.arrays import Mask, from_numpy, from_texts
from leadml.predict.encoding import Floats
from leadml.predict.rules.rulebook import Stops
from leadml.predict.segments import NO_SEGMENT, Numbers, RowCutoffs, Segment, segment_numbers

STAGES = ("raw", "MQL", "SQL")
GRADES = ("D", "C", "B", "A")


@dataclass(frozen=True)
class Policy:
    """The cutoffs and grade bounds a bundle carries, all probabilities.

    `mql` and `sql` are None where no cutoff is published. `grade_bounds` are the lower bounds of A, B and C. With
    `sql_needs_intent`, a lead is recommended as SQL only where its intent subtotal speaks for it. `cost_of_asking` is
    what putting one question to one lead costs, as a share of what a won deal is worth. `segments`, told apart by one
    column, have cutoffs of their own.
    """

    grade_bounds: tuple[float, float, float]
    mql: float | None = None
    sql: float | None = None
    sql_needs_intent: bool = False
    cost_of_asking: float = 0.0
    segments: tuple[Segment, ...] = ()

    def segments_of(self, table: pa.Table) -> Numbers | None:
        """The number of each row's segment (`NO_SEGMENT` for none), shape (rows,); None where there are no segments."""
        if not self.segments:
            return None
        return segment_numbers(table, self.segments[0].column, [segment.values for segment in self.segments])

    def cutoffs(self, numbers: Numbers | None) -> RowCutoffs:
        """The cutoffs of rows, by the numbers of their segments."""
        # The last entry is the one that NO_SEGMENT points to.
        mql = np.array([*(segment.mql for segment in self.segments), self.mql], dtype=np.float64)
        sql = np.array([*(segment.sql for segment in self.segments), self.sql], dtype=np.float64)
        places = np.int64(NO_SEGMENT) if numbers is None else numbers
        return RowCutoffs(np.asarray(mql[places]), np.asarray(sql[places]))

    def segment_names(self, numbers: Numbers) -> pa.DictionaryArray:
        """The name of each row's segment, null for none."""
        names = from_texts([segment.name for segment in self.segments])
        return pa.DictionaryArray.from_arrays(from_numpy(numbers, valid=numbers != NO_SEGMENT), names)

    def grades(self, probability: Floats) -> pa.DictionaryArray:
        """Grade A to D of each row."""
        bounds = np.array(self.grade_bounds[::-1])
        grade = from_numpy(np.searchsorted(bounds, probability, side="right"))
        return pa.DictionaryArray.from_arrays(grade, from_texts(GRADES))

    def stages(
        self, probability: Floats, cutoffs: RowCutoffs, intent: Floats, stops: Mapping[Stops, Mask]
    ) -> pa.DictionaryArray:
        """Recommended stage of each row, null where no cutoff is published for it.

        `intent` is the subtotal in log-odds; `stops` says by stage which rows a gate keeps from it, each of shape
        (rows,). What is kept from MQL is kept from SQL.
        """
        published = np.broadcast_to(~np.isnan(cutoffs.mql), probability.shape)
        if not published.any():
            return pa.nulls(len(probability), pa.dictionary(pa.int64(), pa.string()))
        stage = (probability >= cutoffs.mql).astype(np.int64)  # nothing is at or above NaN
        ready = probability >= cutoffs.sql
        stage[ready & (intent > 0) if self.sql_needs_intent else ready] = 2
        for name, stopped in stops.items():
            stage[stopped] = np.minimum(stage[stopped], STAGES.index(name) - 1)
        valid = None if published.all() else published
        return pa.DictionaryArray.from_arrays(from_numpy(stage, valid), from_texts(STAGES))


def scores(probability: Floats) -> Floats:
    """100 x probability to one decimal, never 0 or 100: no open lead is lost or won for certain."""
    return np.clip(np.round(100 * probability, 1), 0.1, 99.9)
