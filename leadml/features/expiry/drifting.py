"""How far scores drift while days pass: many small steps that only together pass a tolerance.

Days since something happened grow and decayed points fall from bin to bin, and each step moves the log-odds a little.
The way from one bin to another is no longer than the sum of all steps between them, whatever their signs; of a pair of
features each step is that for the partner's code, or, where the partner drifts too, the largest for any. So at a moment
ahead the scores have drifted by no more than the ways of all such features together, and up to the last moment looked
at where that is within the room that there is, they hold.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from leadml.features.expiry.leaving import place
from leadml.features.spine import Ints
from leadml.predict import Scorer
from leadml.predict.encoding import Codes, Floats

__all__ = ["AHEAD_DAYS", "Drifting", "held_within", "ways_of"]

AHEAD_DAYS = (0.125, 0.25, 0.5, 1.0, 1.5, 2.0, 3.0, 5.0, 7.0, 10.0, 14.0, 21.0, 30.0)
"""The moments ahead that are looked at, in days."""


@dataclass(frozen=True)
class Way:
    """How far log-odds can have moved from the first bin to each: shape (bins, kinds of rows); `kind` is each row's."""

    way: Floats
    kind: Ints


@dataclass(frozen=True)
class Drifting:
    """A feature that grows by a day each day (`half_life` None) or halves in so many days; `values` are of the rows."""

    values: Floats
    edges: Floats
    ways: tuple[Way, ...]
    half_life: float | None = None

    def moved(self, days: float, rows: Ints) -> Floats:
        """How far at most the log-odds of some rows have moved so many days ahead; shape (rows,)."""
        values = self.values[rows]
        if self.half_life is None:
            then = values + days
        else:
            then = values * 0.5 ** (days / self.half_life)
            then = then - 1e-9 - 1e-6 * np.abs(then)  # points are sums of rounded ones
        now, bins = self._now[rows], place(self.edges, then)
        moved = np.zeros(len(rows))
        for one in self.ways:
            kind = one.kind[rows]
            moved += np.abs(one.way[bins, kind] - one.way[now, kind])
        return moved

    @cached_property
    def _now(self) -> Ints:
        return place(self.edges, self.values)


def ways_of(scorer: Scorer, position: int, codes: Callable[[int], Codes], drifting: Collection[int]) -> tuple[Way, ...]:
    """The ways of a number feature: its own, and one for each pair that it is in.

    Args:
        scorer: whose feature.
        position: which of its features.
        codes: gives the rows' codes of a feature.
        drifting: the positions of the features that drift.
    """
    tables, none = scorer.tables, np.zeros(len(codes(position)), np.int64)
    ways = [Way(_way(np.diff(tables.main[position][1:])[:, None]), none)]
    for pair in tables.pairs:
        left, right = (pair.left, pair.left_map), (pair.right, pair.right_map)
        for (own, own_map), (other, other_map), table in ((left, right, pair.table), (right, left, pair.table.T)):
            if own != position:
                continue
            steps = np.diff(table[own_map[1:]], axis=0)
            if other in drifting:
                ways.append(Way(_way(np.abs(steps).max(axis=1, keepdims=True)), none))
            else:
                ways.append(Way(_way(steps), other_map[codes(other)].astype(np.int64)))
    return tuple(ways)


def _way(steps: Floats) -> Floats:
    return np.concatenate([np.zeros((1, steps.shape[1])), np.cumsum(np.abs(steps), axis=0)])


def held_within(at: int, drifting: list[Drifting], falls: Floats, room: Floats, day: int) -> Ints:
    """Until the last moment looked at at which all that drifts is within the room; `at` where none is.

    Args:
        at: the moment of the rows, in microseconds.
        drifting: the features that drift.
        falls: how fast log-odds fall besides, per microsecond, of each row.
        room: how far the log-odds of each row may move.
        day: microseconds.
    """
    until, holding = np.full(len(room), at), np.flatnonzero(room > 0)
    for days in AHEAD_DAYS:
        moved = sum((one.moved(days, holding) for one in drifting), falls[holding] * days * day)
        holding = holding[moved * (1 + 1e-9) < room[holding]]
        if not len(holding):
            break
        until[holding] = at + round(days * day)
    return until
