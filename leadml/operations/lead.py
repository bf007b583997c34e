"""`leadml lead`: what a person decides about one lead, and everything that is known of its way so far."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from leadml.errors import DecisionError, SourceError
from leadml.lifecycle import DECISIONS, Advance, advance
from leadml.operations.lifecycle import ProjectLifecycle, created_at, made_by_people, open_lifecycle, signed
from leadml.operations.lifecycle_tables import (
    DECISION_ROWS,
    DECISIONS_TABLE,
    STAGES_TABLE,
    TRANSITIONS_TABLE,
    stage_rows,
    states_of,
)
from leadml.operations.project import Project
from leadml.operations.scoring.scores import scores_table
from leadml.schema import LeadTables
from leadml.sources import nearest


@dataclass(frozen=True)
class LeadRecord:
    """A lead's way: where it is, how it came there, what people decided, what is waited for and what is possible.

    `moves` holds rows of lead_transitions and `decisions` rows of lead_decisions, the oldest first; a decision's
    "effect" says whether it moved the lead. `proposal` is None where nothing is waited for.
    """

    lead_id: str
    stage: str
    since: datetime | None
    proposal: str | None
    allowed: tuple[str, ...]
    moves: list[dict[str, Any]]
    decisions: list[dict[str, Any]]


@dataclass(frozen=True)
class _Case:
    """One lead amid the tables of its project."""

    lifecycle: ProjectLifecycle
    leads: LeadTables
    moves: pa.Table
    decisions: pa.Table
    state: pa.Table
    scores: pa.Table | None

    def step(self, moment: datetime) -> Advance:
        """What is due for this lead alone; no score takes it back, as that is for the next scoring to say."""
        return advance(
            self.lifecycle.lifecycle, self.state, moment=moment, scores=self.scores, decisions=self.decisions
        )


def decide(
    project: Project, lead_id: str, decision: str, *, reason: str, decided_by: str, decided_at: datetime
) -> LeadRecord:
    """Take a person's decision about a lead, and move the lead at once.

    Args:
        project: whose lead.
        lead_id: which lead.
        decision: "accept", "reject", "recycle", "disqualify" or "opportunity".
        reason: why; it stays with the lead.
        decided_by: who.
        decided_at: when (UTC without a zone): now.

    Returns:
        The lead's record after the decision.

    Raises:
        DecisionError: there is no such decision, no reason, the lead's stage does not allow it, or somebody else moved
            the lead meanwhile.
        SourceError: there is no such lead, or the tables of the lifecycle cannot be read or written.
        RulebookError: the lifecycle file is wrong.
    """
    _refuse_blank(decision, reason, decided_by)
    case = _open(project, lead_id, decided_at)
    before = case.step(decided_at)
    _refuse_not_allowed(case, lead_id, decision, before.states.to_pylist()[0], decided_at)
    row = {"lead_id": lead_id, "decision": decision, "reason": reason.strip(), "decided_by": decided_by.strip()}
    new = pa.Table.from_pylist([row | {"decided_at": decided_at}], schema=DECISION_ROWS)
    _settle(_with(case, new), new, decided_at)
    return show(project, lead_id, now=decided_at)


def show(project: Project, lead_id: str, *, now: datetime) -> LeadRecord:
    """Give a lead's record; writes nothing.

    Raises:
        SourceError: there is no such lead, or the tables of the lifecycle cannot be read.
        RulebookError: the lifecycle file is wrong.
    """
    case = _open(project, lead_id, now)
    (state,) = case.state.to_pylist()
    stored = case.lifecycle.tables.stages()
    proposals = stored.filter(pc.equal(stored["lead_id"], lead_id))["proposal"].to_pylist()
    created = created_at(case.leads)
    if state["since"] is None and created is not None:
        state["since"] = created.filter(pc.equal(case.leads.leads["lead_id"], lead_id))[0].as_py()
    return LeadRecord(
        lead_id=lead_id,
        stage=state["stage"],
        since=state["since"],
        proposal=next(iter(proposals), None),
        allowed=tuple(case.lifecycle.lifecycle.ways(state["stage"])),
        moves=_of(case.moves, lead_id),
        decisions=_with_effects(case, lead_id, case.step(now).transitions),
    )


def decisions_of(project: Project, lead_id: str, *, now: datetime) -> list[dict[str, Any]]:
    """What people decided about a lead, the oldest first, as in `LeadRecord`."""
    return show(project, lead_id, now=now).decisions


def _refuse_blank(decision: str, reason: str, decided_by: str) -> None:
    if decision not in DECISIONS:
        raise DecisionError(f"There is no decision {decision!r}. Decide one of {', '.join(DECISIONS)}.")
    if not reason.strip():
        raise DecisionError(f"To {decision} a lead takes a reason that is not empty: who reads it next needs it.")
    if not decided_by.strip():
        raise DecisionError("A decision takes a name that is not empty: say who decides.")


def _refuse_not_allowed(case: _Case, lead_id: str, decision: str, state: dict[str, Any], moment: datetime) -> None:
    if state["since"] is not None and state["since"] >= moment:
        raise DecisionError(
            f"Lead {lead_id!r} came into its stage ({state['stage']}) at {state['since']:%Y-%m-%d %H:%M}, which is not "
            f"before {moment:%Y-%m-%d %H:%M}, when you decide. Check the clocks, or the --as-of of the last scoring."
        )
    if decision not in (ways := case.lifecycle.lifecycle.ways(state["stage"])):
        possible = f"It can be: {', '.join(ways)}." if ways else "No decision is possible there; its outcome decides."
        raise DecisionError(
            f"Lead {lead_id!r} is in stage {state['stage']}, where the decision '{decision}' is not allowed. {possible}"
        )


def _open(project: Project, lead_id: str, now: datetime) -> _Case:
    lifecycle = open_lifecycle(project)
    leads = project.read_leads_alone()
    moves = lifecycle.tables.transitions()
    states = states_of(leads.leads["lead_id"], moves)
    state = states.filter(pc.equal(states["lead_id"], lead_id))
    if not state.num_rows:
        near = nearest(lead_id, states["lead_id"].to_pylist())
        raise SourceError(f"{project.source.where}: there is no usable lead '{lead_id}'. {near}")
    checked = lifecycle.tables.decisions(state["lead_id"], now)
    decisions = DECISION_ROWS.empty_table() if checked is None else checked.table.select(DECISION_ROWS.names)
    scores = lifecycle.tables.scores(scores_table(project))
    return _Case(lifecycle, leads, moves, decisions.cast(DECISION_ROWS), state, scores)


def _with(case: _Case, decision: pa.Table) -> _Case:
    decisions = pa.concat_tables([case.decisions, decision])
    return _Case(case.lifecycle, case.leads, case.moves, decisions, case.state, case.scores)


def _settle(case: _Case, decision: pa.Table, moment: datetime) -> None:
    """Write down a decision and what it did, at once."""
    step, tables = case.step(moment), case.lifecycle.tables
    new = signed(step.transitions, _bundle(case))
    own = pc.is_in(case.leads.leads["lead_id"], value_set=case.state["lead_id"])
    leads = replace(case.leads, leads=case.leads.leads.filter(own))
    moves = pa.concat_tables([case.moves.filter(pc.is_in(case.moves["lead_id"], value_set=case.state["lead_id"])), new])
    rows = stage_rows(leads.leads["lead_id"], created_at(leads), moves, step.proposals)
    with tables.transaction() as changes:
        _refuse_overtaken(case)
        changes.append(tables.name(DECISIONS_TABLE), decision)
        if new.num_rows:
            changes.append(tables.name(TRANSITIONS_TABLE), new)
        changes.upsert(tables.name(STAGES_TABLE), rows, key=["lead_id"])


def _refuse_overtaken(case: _Case) -> None:
    """See, where nobody else writes, that the lead was not moved since it was read, which takes a while."""
    (lead_id,) = case.state["lead_id"].to_pylist()
    if case.lifecycle.tables.moves_of(lead_id) != len(_of(case.moves, lead_id)):
        raise DecisionError(
            f"Lead {lead_id!r} was moved by a scoring run or by somebody else while you decided, so nothing was "
            f"written. Look at it with `leadml lead show {lead_id}` and decide again."
        )


def _bundle(case: _Case) -> str | None:
    """The bundle that the lead was last scored by."""
    if case.scores is None:
        return None
    rows = case.scores.filter(pc.is_in(case.scores["lead_id"], value_set=case.state["lead_id"]))
    return next(iter(rows["bundle"].to_pylist()), None)


def _with_effects(case: _Case, lead_id: str, due: pa.Table) -> list[dict[str, Any]]:
    made, waiting = made_by_people(case.moves), made_by_people(due)
    at = case.decisions["decided_at"].cast(pa.int64()).to_pylist()
    rows = []
    for row, moment in zip(case.decisions.to_pylist(), at, strict=True):
        key = (lead_id, moment)
        effect = "moved the lead" if key in made else "waits for the next scoring" if key in waiting else "none"
        rows.append(row | {"effect": effect})
    return sorted(rows, key=lambda row: row["decided_at"])


def _of(moves: pa.Table, lead_id: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = moves.filter(pc.equal(moves["lead_id"], lead_id)).to_pylist()
    return rows
