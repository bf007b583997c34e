"""What people are asked to decide."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from leadml.lifecycle.definition import Lifecycle, Transition
from leadml.lifecycle.stages import CUTOFFS, STAGES
from leadml.lifecycle.walk import Bools, Ints, Walk

__all__ = ["PROPOSALS", "propose"]

PROPOSALS = pa.schema(
    [("lead_id", pa.string()), ("stage", pa.string()), ("proposal", pa.string()), ("reason", pa.string())]
)


def propose(walk: Walk, lifecycle: Lifecycle, reached: Ints, stopped_by: dict[int, str]) -> pa.Table:
    """Give the decisions that are waited for, one row per lead; see `Advance`."""
    asked: dict[int, list[str]] = {}
    for transition in lifecycle.made_by("person"):
        for row in np.flatnonzero(_asks(walk, transition, reached)).tolist():
            asked.setdefault(row, []).append(str(transition.decision))
    rows = sorted(asked)
    cells = {
        "lead_id": walk.ids.take(pa.array(rows, pa.int64())).cast(pa.string()),
        "stage": [STAGES[code] for code in walk.stage[rows].tolist()] if rows else [],
        "proposal": [" or ".join(asked[row]) for row in rows],
        "reason": [_reason(walk, row, stopped_by) for row in rows],
    }
    return pa.table(cells, schema=PROPOSALS)


def _asks(walk: Walk, transition: Transition, reached: Ints) -> Bools:
    if transition.propose == "never":
        return np.zeros(len(walk.ids), bool)
    asks = walk.open & walk.is_in(transition.sources) & walk.rested(transition.after_days)
    if transition.propose == "always":
        return asks
    risen = np.isnan(walk.entry) | (walk.probability >= transition.rise * walk.entry)
    return asks & risen & (reached >= 1 + CUTOFFS.index(transition.propose))


def _reason(walk: Walk, row: int, stopped_by: dict[int, str]) -> str:
    now, then = walk.probability[row], walk.entry[row]
    told = "not scored" if np.isnan(now) else f"probability {now:.3f}"
    if not np.isnan(now) and not np.isnan(then) and now != then:
        told += f", {then:.3f} when it came into its stage"
    return f"{told}; stopped by {stopped_by[row]}" if row in stopped_by else told
