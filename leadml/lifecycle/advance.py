"""One step of the lifecycle: what happened and what the scores say, turned into moves and proposals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from leadml.lifecycle.definition import Lifecycle, Transition
from leadml.lifecycle.happenings import accepted, happen
from leadml.lifecycle.proposals import propose
from leadml.lifecycle.stages import CUTOFFS, MOVERS, Stage
from leadml.lifecycle.walk import NEVER, Bools, Ints, Walk, codes, floats, micros

__all__ = ["Advance", "advance"]

_DAY = 86_400_000_000  # microseconds


@dataclass(frozen=True)
class Advance:
    """What one step of the lifecycle comes to.

    `states` are as given to `advance`, after the step. `transitions` has one row per move: lead_id, from_stage,
    to_stage, by, reason, at and probability (null where the lead was not scored), in the order of time. `proposals` has
    one row per lead that waits for a person: lead_id, stage, proposal ("accept or reject") and reason. `unheeded` are
    the decisions that the lead's stage did not allow: lead_id, decision, decided_at and reason.
    """

    states: pa.Table
    transitions: pa.Table
    proposals: pa.Table
    unheeded: pa.Table


def advance(
    lifecycle: Lifecycle,
    states: pa.Table,
    *,
    moment: datetime,
    as_of: datetime | None = None,
    scores: pa.Table | None = None,
    cutoffs: Mapping[str | None, Mapping[str, float]] | None = None,
    decisions: pa.Table | None = None,
    outcomes: pa.Table | None = None,
    activities: pa.Table | None = None,
) -> Advance:
    """Make every transition that is due at a moment. Doing it twice changes nothing; the order of rows does not matter.

    First what happened since each lead's last move, in the order of time (decisions, outcomes); then the use of the
    product; then the scores, which move a lead once at the most. A lead whose last move is after `moment` stays.

    Args:
        lifecycle: the transitions.
        states: one row per lead, with the columns of `walk.STATES`.
        moment: now (UTC without a zone); nothing that happened later counts.
        as_of: the moment that scores and activities speak of, where that is an earlier one; a lead rests, and is moved
            by them, on this clock.
        scores: lead_id, probability, stage (recommended; null: no cutoff is published) and, where there are gates,
            stopped_by (lists of their names), where there are segments, segment (null for a lead of none); None: no
            lead is scored.
        cutoffs: probabilities of "MQL" and "SQL", for the way back, by segment (None: of no segment); a cutoff that is
            left out takes no lead back.
        decisions: lead_id, decision (one of `DECISIONS`), reason, decided_by and decided_at.
        outcomes: lead_id, outcome ("won", "lost" or null) and closed_at (may be null).
        activities: lead_id, type and occurred_at.
    """
    walk = Walk(states, moment, moment if as_of is None else as_of)
    scored = _Scored(walk, scores, cutoffs or {})
    unheeded = happen(walk, lifecycle, decisions, outcomes)
    needs = {"acceptance": accepted(walk, decisions), "no gate": ~scored.stopped}
    for transition in lifecycle.made_by("product"):
        if activities is not None:
            _use(walk, transition, activities, needs)
    _judge(walk, lifecycle.made_by("score"), scored, needs)
    proposals = propose(walk, lifecycle, scored.reached, scored.stopped_by)
    return Advance(walk.states(), walk.transitions(), proposals, unheeded)


class _Scored:
    """What the score rows say of each lead: `reached` is 0 below the MQL cutoff, 1 past it, 2 past the SQL cutoff.

    `cutoffs` are those of each lead by stage, 0 where none is published.
    """

    def __init__(self, walk: Walk, scores: pa.Table | None, cutoffs: Mapping[str | None, Mapping[str, float]]) -> None:
        self.reached: Ints = np.zeros(len(walk.ids), np.int64)
        self.stopped: Bools = np.zeros(len(walk.ids), bool)
        self.stopped_by: dict[int, str] = {}
        of_none = cutoffs.get(None, {})
        self.cutoffs = {stage: np.full(len(walk.ids), of_none.get(stage, 0.0)) for stage in CUTOFFS}
        if scores is None:
            return
        found = walk.positions(scores["lead_id"])
        rows, known = found[found >= 0], found >= 0
        walk.probability[rows] = floats(scores["probability"])[known]
        self.reached[rows] = codes(scores["stage"], CUTOFFS)[known] + 1
        if "segment" in scores.column_names:
            names = [name for name in cutoffs if name is not None]
            numbers = codes(scores["segment"], names)[known]
            for stage, own in self.cutoffs.items():
                own[rows] = np.array([*(cutoffs[name].get(stage, 0.0) for name in names), of_none.get(stage, 0.0)])[
                    numbers
                ]
        if "stopped_by" in scores.column_names:
            stopped = np.asarray(pc.greater(pc.list_value_length(scores["stopped_by"]), 0).fill_null(False))
            gates = scores["stopped_by"].filter(pa.array(stopped)).to_pylist()
            self.stopped_by = {int(row): ", ".join(gate) for row, gate in zip(found[stopped], gates, strict=True)}
            self.stopped[[row for row in self.stopped_by if row >= 0]] = True


def _use(walk: Walk, transition: Transition, activities: pa.Table, needs: Mapping[str, Bools]) -> None:
    """Move the leads that used the product since they came into their stage."""
    wanted = pa.array([kind.casefold() for kind in transition.activities])
    used = activities.filter(pc.is_in(pc.utf8_lower(activities["type"].cast(pa.string())), value_set=wanted))
    rows, at = walk.positions(used["lead_id"]), micros(used["occurred_at"])
    clock = walk.clock
    first = NEVER if transition.within_days is None else clock[rows] - int(transition.within_days * _DAY)
    counted = (rows >= 0) & (at <= clock[rows]) & (at > np.maximum(walk.since[rows], first))
    counts = np.bincount(rows[counted], minlength=len(walk.ids))
    due = walk.open & walk.is_in(transition.sources) & walk.rested(transition.after_days) & _have(transition, needs)
    moved = np.flatnonzero(due & (counts >= transition.at_least))
    kinds = " or ".join(transition.activities)
    reasons = [f"{count:,} times {kinds}" for count in counts[moved].tolist()]
    walk.move(moved, transition.to, "product", clock[moved], reasons)


def _judge(
    walk: Walk,
    transitions: tuple[Transition, ...],
    scored: _Scored,
    needs: Mapping[str, Bools],
) -> None:
    """Let the scores move each lead, up or back, once at the most."""
    by_score = MOVERS.index("score")
    free = walk.open & ~np.isnan(walk.probability) & ~((walk.by == by_score) & (walk.since == walk.clock))
    for transition in transitions:
        rested = free & walk.rested(transition.after_days, transition.minimum_stay_days)
        reached = scored.reached >= 1 + CUTOFFS.index(transition.cutoff or "MQL")
        up = rested & reached & walk.is_in(transition.sources) & _have(transition, needs)
        down = np.zeros(len(up), bool)
        floor = (transition.hysteresis or 0.0) * scored.cutoffs[transition.cutoff or "MQL"]
        if floor.any():
            stayed = free & walk.rested(0.0, transition.minimum_stay_days)
            down = stayed & (walk.by == by_score) & walk.is_in((transition.to,)) & (walk.probability < floor)
        past = f"is past the {transition.cutoff} cutoff"
        _score_move(walk, up, transition.to, [past] * int(up.sum()))
        times = f"{transition.hysteresis or 0:g} times the {transition.cutoff} cutoff"
        fell = [f"fell below {bound:.3f}, {times}" for bound in floor[down].tolist()]
        _score_move(walk, down, transition.sources[0], fell)
        free &= ~(up | down)


def _score_move(walk: Walk, due: Bools, to: Stage, why: list[str]) -> None:
    rows = np.flatnonzero(due)
    chances = walk.probability[rows].tolist()
    reasons = [f"probability {chance:.3f} {one}" for chance, one in zip(chances, why, strict=True)]
    walk.move(rows, to, "score", walk.clock[rows], reasons)


def _have(transition: Transition, needs: Mapping[str, Bools]) -> Any:
    """Which leads have all that a transition needs."""
    return np.logical_and.reduce([needs[need] for need in transition.needs]) if transition.needs else True
