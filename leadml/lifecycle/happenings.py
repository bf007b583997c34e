"""What people decided and what became of leads, applied in the order of time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from leadml.lifecycle.definition import Lifecycle
from leadml.lifecycle.stages import DECISIONS, MOVERS, STAGES
from leadml.lifecycle.walk import NEVER, TIME, Bools, Walk, codes, micros

__all__ = ["UNHEEDED", "accepted", "happen"]

UNHEEDED = pa.schema(
    [("lead_id", pa.string()), ("decision", pa.string()), ("decided_at", TIME), ("reason", pa.string())]
)
_PLACE: dict[str, int] = {stage: place for place, stage in enumerate(STAGES)}
_BY = {True: MOVERS.index("outcome"), False: MOVERS.index("person")}
_OUTCOME = -1  # before the decisions of the same moment: a lead that closed and came back did so in this order


class _Happening(NamedTuple):
    """One decision or outcome; they sort by lead, time and kind, so that the order of rows does not matter."""

    lead: int
    at: int
    kind: int  # place in DECISIONS, or _OUTCOME
    what: str
    why: str
    who: str


def happen(walk: Walk, lifecycle: Lifecycle, decisions: pa.Table | None, outcomes: pa.Table | None) -> pa.Table:
    """Make the moves of people and outcomes since each lead's last move; give the decisions that were not allowed."""
    happenings = set(_decisions(walk, decisions)) | set(_outcomes(walk, outcomes))  # a row written twice counts once
    ways = {str(stage): lifecycle.ways(stage) for stage in STAGES}
    endings = {(str(way), str(end.to)): end.to for end in lifecycle.made_by("outcome") for way in end.sources}
    here: dict[int, tuple[str, int]] = {}  # stage and since; numbers one by one are slow in arrays
    made, unheeded = [], []
    for happening in sorted(happenings):
        lead = happening.lead
        stage, since = here.get(lead) or (STAGES[walk.stage[lead]], int(walk.since[lead]))
        is_outcome = happening.kind == _OUTCOME
        to = endings.get((stage, happening.what)) if is_outcome else ways[stage].get(happening.what)
        if to is not None:
            here[lead] = (to, max(happening.at, since))
            made.append((lead, _PLACE[stage], _PLACE[to], _BY[is_outcome], here[lead][1], _told(happening)))
        elif not is_outcome:
            reason = f"not allowed: a lead in stage {stage} can be {_listed(ways[stage])}"
            unheeded.append((lead, happening.what, happening.at, reason))
    if made:
        rows, before, after, movers, at = (np.array(column) for column in list(zip(*made, strict=True))[:5])
        walk.move_along(rows, before, after, movers, at, [reason for *_, reason in made])
    return _unheeded(walk, unheeded)


def _unheeded(walk: Walk, found: Sequence[tuple[int, str, int, str]]) -> pa.Table:
    if not found:
        return UNHEEDED.empty_table()
    leads, decisions, at, reasons = zip(*found, strict=True)
    columns = [walk.ids.take(pa.array(leads)), pa.array(decisions), pa.array(at).cast(TIME), pa.array(reasons)]
    return pa.table(columns, schema=UNHEEDED)


def accepted(walk: Walk, decisions: pa.Table | None) -> Bools:
    """Which leads were accepted by a person, who has not taken it back since."""
    found = np.zeros(len(walk.ids), bool)
    if decisions is None or not decisions.num_rows:
        return found
    leads, kinds, at = _arrays(walk, decisions)
    counts = (leads >= 0) & (at <= walk.moment) & (kinds >= 0) & (kinds != DECISIONS.index("opportunity"))
    order = np.lexsort((kinds[counts], at[counts]))
    found[leads[counts][order]] = (kinds[counts] == DECISIONS.index("accept"))[order]  # the last one stands
    return found


def _decisions(walk: Walk, decisions: pa.Table | None) -> Iterator[_Happening]:
    if decisions is None:
        return
    leads, kinds, at = _arrays(walk, decisions)
    due = (leads >= 0) & (kinds >= 0) & (at <= walk.moment)
    due[due] &= (at[due] > walk.began[leads[due]]) & walk.open[leads[due]]
    chosen = decisions.filter(pa.array(due))
    texts = (_texts(chosen[name]) for name in ("reason", "decided_by"))
    for lead, moment, kind, why, who in zip(
        leads[due].tolist(), at[due].tolist(), kinds[due].tolist(), *texts, strict=True
    ):
        yield _Happening(lead, moment, kind, DECISIONS[kind], why, who)


def _outcomes(walk: Walk, outcomes: pa.Table | None) -> Iterator[_Happening]:
    """Outcomes that are news: other than the last one made, or closed again since the lead's last move."""
    if outcomes is None:
        return
    leads, ends, closed = (
        walk.positions(outcomes["lead_id"]),
        codes(outcomes["outcome"], STAGES),
        micros(outcomes["closed_at"]),
    )
    due = (leads >= 0) & (ends >= 0) & (closed <= walk.moment)
    at = leads[due]
    due[due] &= walk.open[at] & ((walk.outcome[at] != ends[due]) | (closed[due] > walk.began[at]))
    for lead, end, moment in zip(leads[due].tolist(), ends[due].tolist(), closed[due].tolist(), strict=True):
        dated = moment != NEVER
        why = "as the lead table says"
        yield _Happening(lead, moment if dated else walk.moment, _OUTCOME, STAGES[end], why, "")


def _arrays(walk: Walk, decisions: pa.Table) -> tuple[Any, Any, Any]:
    return (
        walk.positions(decisions["lead_id"]),
        codes(decisions["decision"], DECISIONS),
        micros(decisions["decided_at"]),
    )


def _texts(column: pa.ChunkedArray) -> list[str]:
    return [text or "" for text in column.to_pylist()]


def _told(happening: _Happening) -> str:
    who = f" by {happening.who}" if happening.who else ""
    return f"{happening.what}{who}: {happening.why}" if happening.why else f"{happening.what}{who}"


def _listed(ways: Iterable[str]) -> str:
    past = {"accept": "accepted", "reject": "rejected", "recycle": "recycled", "disqualify": "disqualified"}
    return " or ".join(past.get(way, "made an opportunity") for way in ways) or "decided on by its outcome only"
