"""From a probability to what is done about it: score, grade and recommended stage, each a pure function."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from leadml.predict.arrays import Mask, from_numpy, from_texts
from leadml.predict.encoding import Floats
from leadml.predict.rules.rulebook import Stops

STAGES = ("raw", "MQL", "SQL")
GRADES = ("D", "C", "B", "A")


@dataclass(frozen=True)
class Policy:
    """The cutoffs and grade bounds a bundle carries, all probabilities.

    `mql` and `sql` are None where no cutoff is published. `grade_bounds` are the lower bounds of A, B and C. With
    `sql_needs_intent`, a lead is recommended as SQL only where its intent subtotal speaks for it. `cost_of_asking` is
    what putting one question to one lead costs, as a share of what a won deal is worth.
    """

    grade_bounds: tuple[float, float, float]
    mql: float | None = None
    sql: float | None = None
    sql_needs_intent: bool = False
    cost_of_asking: float = 0.0

    def grades(self, probability: Floats) -> pa.DictionaryArray:
        """Grade A to D of each row."""
        bounds = np.array(self.grade_bounds[::-1])
        grade = from_numpy(np.searchsorted(bounds, probability, side="right"))
        return pa.DictionaryArray.from_arrays(grade, from_texts(GRADES))

    def stages(self, probability: Floats, intent: Floats, stops: Mapping[Stops, Mask]) -> pa.DictionaryArray:
        """Recommended stage of each row, null where no cutoff is published.

        `intent` is the subtotal in log-odds; `stops` says by stage which rows a gate keeps from it, each of shape
        (rows,). What is kept from MQL is kept from SQL.
        """
        if self.mql is None:
            return pa.nulls(len(probability), pa.dictionary(pa.int64(), pa.string()))
        stage = (probability >= self.mql).astype(np.int64)
        if self.sql is not None:
            ready = probability >= self.sql
            stage[ready & (intent > 0) if self.sql_needs_intent else ready] = 2
        for name, stopped in stops.items():
            stage[stopped] = np.minimum(stage[stopped], STAGES.index(name) - 1)
        return pa.DictionaryArray.from_arrays(from_numpy(stage), from_texts(STAGES))


def scores(probability: Floats) -> Floats:
    """100 x probability to one decimal, never 0 or 100: no open lead is lost or won for certain."""
    return np.clip(np.round(100 * probability, 1), 0.1, 99.9)
