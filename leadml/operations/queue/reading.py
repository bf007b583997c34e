"""Published scores beside the lead tables as of their moment and, where one is kept, the lifecycle."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from leadml.operations.project import Project
from leadml.operations.published import is_published, listed, read_published
from leadml.operations.scoring.runs import moment_of
from leadml.operations.scoring.scores import scores_table
from leadml.schema import Kind, LeadTables
from leadml.sources.files import FileSource

LIFECYCLE = "lead_lifecycle"
SUBTOTALS = ("fit", "engagement", "intent", "answer")

_TIME = pa.timestamp("us")
_REASONS = pa.list_(pa.struct([("reason", pa.string()), ("log_odds", pa.float64())]))
_SCORES = pa.schema(
    [
        ("lead_id", pa.string()),
        ("probability", pa.float64()),
        ("score", pa.float64()),
        ("grade", pa.string()),
        ("stage", pa.string()),
        *((group, pa.float64()) for group in SUBTOTALS),
        ("reasons_for", _REASONS),
        ("next_question", pa.string()),
        ("as_of", _TIME),
        ("stopped_by", pa.list_(pa.string())),
    ]
)
_STATES = pa.schema([("lead_id", pa.string()), ("stage", pa.string()), ("since", _TIME)])
_OVER = pa.array(["won", "customer", "lost", "disqualified"])


@dataclass(frozen=True)
class ScoredLeads:
    """What a work list is made from: score rows, the moment they speak of (None without dates) and the lead tables.

    `states` has the lifecycle's lead_id, stage and since (when it was entered); None where no lifecycle is kept.
    """

    scores: pa.Table
    moment: datetime | None
    tables: LeadTables
    states: pa.Table | None

    @property
    def undecided(self) -> bool:
        """Whether no lead has a stage, because no cutoff is published and no lifecycle is kept."""
        return self.states is None and self.scores["stage"].null_count == self.scores.num_rows

    @property
    def vanished(self) -> int:
        """How many scored leads are no longer among the leads that can be used."""
        return int(_row_in(self.tables.leads, self.scores["lead_id"]).null_count)

    def workable(self, stages: Collection[str] | None = None) -> list[dict[str, Any]]:
        """Give the leads that may be worked, by lead id, as score rows with owner, team, account and state beside them.

        Left out: who is stopped by a gate, who was won or lost by the moment, and whom the lifecycle calls won, lost or
        disqualified. `stages` keeps those at these stages, without regard to case; None keeps every stage.
        """
        table = self._with_leads()
        stage = pc.fill_null(pc.utf8_lower(table["stage"]), "")
        chosen = pc.and_not(pc.and_not(pc.invert(table["closed"]), table["stopped"]), pc.is_in(stage, value_set=_OVER))
        if stages is not None:
            wanted = pa.array([name.lower() for name in stages], pa.string())
            chosen = pc.and_(chosen, pc.is_in(stage, value_set=wanted))
        rows = table.filter(chosen).sort_by("lead_id").to_pylist()
        return [row | {"reasons_for": listed(row["reasons_for"])} for row in rows]

    def _with_leads(self) -> pa.Table:
        """Score rows of the leads that there are, with their stage and since when, and what the lead table says."""
        leads, scores = self.tables.leads, self.scores
        scores = scores.append_column("stopped", _stopped(scores))
        place = _row_in(leads, scores["lead_id"])
        scores, place = scores.filter(pc.is_valid(place)), place.filter(pc.is_valid(place))
        names = [name for name in ("account_id", "owner", "team", "created_at") if name in leads.column_names]
        beside = leads.select(names).append_column("closed", _closed(leads, self.moment)).take(place)
        for name in beside.column_names:
            scores = scores.append_column(name, beside[name])
        since = pa.nulls(scores.num_rows, _TIME)
        if self.states is not None:
            state = self.states.take(_row_in(self.states, scores["lead_id"]))
            stage = pc.coalesce(state["stage"], scores["stage"])
            scores, since = scores.set_column(scores.column_names.index("stage"), "stage", stage), state["since"]
        return scores.append_column("since", since)


def read_scored(project: Project, kinds: Mapping[str, Kind]) -> ScoredLeads:
    """Read the published scores, and the lead tables with the attributes that `kinds` names.

    Raises:
        SourceError: there are no scores yet, or a table cannot be read.
    """
    scores = read_published(project, scores_table(project), _SCORES, optional=("stopped_by",))
    lifecycle = f"{LIFECYCLE}.csv" if isinstance(project.source, FileSource) else LIFECYCLE
    states = read_published(project, lifecycle, _STATES) if is_published(project, lifecycle) else None
    return ScoredLeads(scores, moment_of(project, scores), project.read(kinds), states)


def _row_in(table: pa.Table, lead_ids: pa.ChunkedArray) -> pa.ChunkedArray:
    """The row of each lead in a table; null where it is not there."""
    return pc.index_in(lead_ids, value_set=table["lead_id"].combine_chunks())


def _stopped(scores: pa.Table) -> Any:
    """Whether any gate stops each lead; gates are a list, or its JSON text."""
    if "stopped_by" not in scores.column_names:
        return pa.array([False] * scores.num_rows)
    gates = scores["stopped_by"]
    if pa.types.is_nested(gates.type):
        return pc.fill_null(pc.greater(pc.list_value_length(gates), 0), False)
    none = pa.array(["", "[]", "null"], pa.string())
    return pc.and_not(pc.is_valid(gates), pc.is_in(gates.cast(pa.string()), value_set=none))


def _closed(leads: pa.Table, moment: datetime | None) -> Any:
    """Whether each lead was won or lost by the moment; one closed nobody knows when counts as closed."""
    if "outcome" not in leads.column_names:
        return pa.array([False] * leads.num_rows)
    over = pc.is_valid(leads["outcome"])
    if moment is None or "closed_at" not in leads.column_names:
        return over
    by_then = pc.fill_null(pc.less_equal(leads["closed_at"], pa.scalar(moment, _TIME)), True)
    return pc.and_(over, by_then)
