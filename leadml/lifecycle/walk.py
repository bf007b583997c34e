"""Leads under way: one entry per lead in every array, and every move written down as it is made."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from leadml.lifecycle.stages import MOVERS, OUTCOMES, STAGES, Mover, Stage

__all__ = ["NEVER", "STATES", "TRANSITIONS", "Bools", "Floats", "Ints", "Walk", "codes", "micros"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

TIME = pa.timestamp("us")
NEVER = int(np.iinfo(np.int64).min)
_DAY = 86_400_000_000  # microseconds

STATES = pa.schema(
    [
        ("lead_id", pa.string()),
        ("stage", pa.string()),
        ("since", TIME),
        ("by", pa.string()),
        ("probability", pa.float64()),
        ("outcome", pa.string()),
    ]
)
"""Where leads are: `since`, `by` and `probability` (of then) are of the last move, null for a lead that was never
moved; `outcome` is that of the last move that an outcome made."""

TRANSITIONS = pa.schema(
    [
        ("lead_id", pa.string()),
        ("from_stage", pa.string()),
        ("to_stage", pa.string()),
        ("by", pa.string()),
        ("reason", pa.string()),
        ("at", TIME),
        ("probability", pa.float64()),
    ]
)


class Walk:
    """The states of leads, in the order of their ids, while transitions are made.

    `began` is `since` as it was given; a lead whose last move is after the moment is not `open` to any move now.
    What people did up to `moment` counts; scores and the use of the product are known up to `as_of`.
    """

    def __init__(self, states: pa.Table, moment: datetime, as_of: datetime) -> None:
        states = states.sort_by("lead_id").combine_chunks()
        self.ids: pa.ChunkedArray = states["lead_id"]
        self.moment = int(np.datetime64(moment, "us").astype(np.int64))
        self._as_of = int(np.datetime64(as_of, "us").astype(np.int64))
        self.stage = codes(states["stage"], STAGES)
        self.since = micros(states["since"])
        self.by = codes(states["by"], MOVERS)
        self.entry = floats(states["probability"])
        self.outcome = codes(states["outcome"], STAGES)
        self.began = self.since.copy()
        self.open: Bools = self.since <= self.moment
        self.probability = np.full(len(self.ids), np.nan)
        self._moves: list[tuple[Ints, Ints, Ints, Ints, Ints, list[str]]] = []

    @property
    def clock(self) -> Ints:
        """Each lead's own time: that of the scores, or of its last move where that is later.

        So what is decided about one lead moves no other's clock.
        """
        return np.maximum(self.since, self._as_of)

    def positions(self, lead_ids: pa.ChunkedArray) -> Ints:
        """Where leads stand in the arrays; -1 for a lead that is not there."""
        found = pc.index_in(lead_ids.cast(pa.string()), value_set=self.ids)
        return np.asarray(found.fill_null(-1).combine_chunks()).astype(np.int64)

    def is_in(self, stages: Sequence[str]) -> Bools:
        """Which leads are in one of some stages."""
        found: Bools = np.isin(self.stage, [place for place, stage in enumerate(STAGES) if stage in stages])
        return found

    def rested(self, after_days: float, stay_days: float = 0.0) -> Bools:
        """Which leads have been in their stage for `after_days`, and for `stay_days` where a score put them there."""
        stay = np.where(self.by == MOVERS.index("score"), max(stay_days, after_days), after_days)
        stayed = np.where(self.since == NEVER, 0, self.clock - np.maximum(self.since, 0))
        long_enough: Bools = (self.since == NEVER) | (stayed >= stay * _DAY)
        return long_enough

    def move(self, rows: Ints, to: Stage, by: Mover, at: Ints, reasons: list[str]) -> None:
        """Move leads to a stage; `at` and `reasons` have one entry per row."""
        target, mover = np.full(len(rows), STAGES.index(to)), np.full(len(rows), MOVERS.index(by))
        self.move_along(rows, self.stage[rows], target, mover, at, reasons)

    def move_along(self, rows: Ints, before: Ints, after: Ints, movers: Ints, at: Ints, reasons: list[str]) -> None:
        """Make moves one after another, from `before` to `after`; a lead may be moved several times."""
        if not len(rows):
            return
        self._moves.append((rows, before, after, movers, at, reasons))
        # of several values for one place the last stays
        self.stage[rows], self.by[rows], self.since[rows] = after, movers, at
        self.entry[rows] = self.probability[rows]
        ended = np.isin(after, [STAGES.index(outcome) for outcome in OUTCOMES])
        self.outcome[rows[ended]] = after[ended]

    def states(self) -> pa.Table:
        """The states as they are now."""
        moved = self.by >= 0
        columns = [
            self.ids,
            words(self.stage, STAGES),
            times(self.since, moved),
            words(self.by, MOVERS),
            numbers(self.entry),
            words(self.outcome, STAGES),
        ]
        return pa.table(columns, schema=STATES)

    def transitions(self) -> pa.Table:
        """The moves in the order of time."""
        if not self._moves:
            return TRANSITIONS.empty_table()
        rows, before, after, by, at = (np.concatenate(part) for part in list(zip(*self._moves, strict=True))[:5])
        reasons = pa.array([reason for *_, texts in self._moves for reason in texts], pa.string())
        table = pa.table(
            [
                pc.take(self.ids, pa.array(rows)),
                words(before, STAGES),
                words(after, STAGES),
                words(by, MOVERS),
                reasons,
                times(at, np.ones(len(at), bool)),
                numbers(self.probability[rows]),
            ],
            schema=TRANSITIONS,
        )
        return table.take(pa.array(np.argsort(at, kind="stable")))


def codes(column: Any, known: Sequence[str]) -> Ints:
    """Each value's place among the known words; -1 where it is null or none of them."""
    found = pc.index_in(column.cast(pa.string()), value_set=pa.array(known, pa.string()))
    return np.array(found.fill_null(-1)).astype(np.int64)


def micros(column: Any) -> Ints:
    """Times as microseconds since 1970; NEVER where null."""
    return np.array(column.cast(TIME).cast(pa.int64()).fill_null(NEVER)).astype(np.int64)


def floats(column: Any) -> Floats:
    """Numbers, NaN where null."""
    return np.array(column.cast(pa.float64()).fill_null(float("nan"))).astype(np.float64)


def words(found: Ints, known: Sequence[str]) -> pa.Array:
    """The inverse of `codes`."""
    return pc.take(pa.array(known, pa.string()), pa.array(found, mask=found < 0))


def times(found: Ints, valid: Bools) -> pa.Array:
    """The inverse of `micros`."""
    return pa.array(found, mask=~valid).cast(TIME)


def numbers(found: Floats) -> pa.Array:
    """The inverse of `floats`."""
    return pa.array(found, mask=np.isnan(found))
