"""What people are asked to decide."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from leadml.lifecycle.definition import Lifecycle, Transition
from leadml.lifecycle.stages import CUTOFFS, STAGES
from leadml.lifecycle.walk import Bools, Floats, Ints, Walk

__all__ = ["PROPOSALS", "propose"]

PROPOSALS = pa.schema(
    [("lead_id", pa.string()), ("stage", pa.string()), ("proposal", pa.string()), ("reason", pa.string())]
)


def propose(walk: Walk, lifecycle: Lifecycle, reached: Ints, stopped_by: dict[int, str]) -> pa.Table:
    """Give the decisions that are waited for, one row per lead; see `Advance`."""
    people = list(lifecycle.made_by("person"))
    asks = [_asks(walk, transition, reached) for transition in people]
    which = sum(
        (asked.astype(np.int64) << place for place, asked in enumerate(asks)), np.zeros(len(walk.ids), np.int64)
    )
    rows = np.flatnonzero(which)
    choices, choice = np.unique(which[rows], return_inverse=True)
    words = [
        " or ".join(str(one.decision) for place, one in enumerate(people) if given >> place & 1)
        for given in choices.tolist()
    ]
    cells = {
        "lead_id": walk.ids.take(pa.array(rows)).cast(pa.string()),
        "stage": pa.array(STAGES, pa.string()).take(pa.array(walk.stage[rows])),
        "proposal": pa.array(words, pa.string()).take(pa.array(choice)),
        "reason": _reasons(walk, rows, stopped_by),
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


def _reasons(walk: Walk, rows: Ints, stopped_by: dict[int, str]) -> pa.Array:
    now, then = walk.probability[rows], walk.entry[rows]
    told = pc.if_else(pa.array(np.isnan(now)), "not scored", _said("probability %.3f", now))
    moved = ~np.isnan(now) & ~np.isnan(then) & (now != then)
    told = pc.binary_join_element_wise(
        told, pc.if_else(pa.array(moved), _said(", %.3f when it came into its stage", then), ""), ""
    )
    stops = [f"; stopped by {stopped_by[row]}" if row in stopped_by else "" for row in rows.tolist()]
    return pc.binary_join_element_wise(told, pa.array(stops, pa.string()), "")


def _said(words: str, numbers: Floats) -> pa.Array:
    """Words with a number in them, one text per number."""
    return pa.array(np.char.mod(words, numbers).tolist(), pa.string())
