"""Published scores beside the lead tables as of their moment and, where one is kept, the lifecycle."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from leadml.errors import SourceError
from leadml.operations.project import Project
from leadml.operations.published import is_published, listed, read_published, target_name
from leadml.operations.score import scores_table
from leadml.schema import Kind, LeadTables

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
_OVER = {"won", "customer", "lost", "disqualified"}


@dataclass(frozen=True)
class ScoredLeads:
    """What a work list is made from: score rows, the moment they speak of (None without dates) and the lead tables.

    `states` maps a lead to its lifecycle stage and since when; None where no lifecycle is kept.
    """

    scores: pa.Table
    moment: datetime | None
    tables: LeadTables
    states: Mapping[str, tuple[str, datetime | None]] | None

    @property
    def undecided(self) -> bool:
        """Whether no lead has a stage, because no cutoff is published and no lifecycle is kept."""
        return self.states is None and self.scores["stage"].null_count == self.scores.num_rows

    @property
    def vanished(self) -> int:
        """How many scored leads are no longer among the leads that can be used."""
        present = pc.is_in(self.scores["lead_id"], value_set=self.tables.leads["lead_id"].combine_chunks())
        return sum(not found for found in present.to_pylist())

    def workable(self, stages: frozenset[str] | None = None) -> Iterator[dict[str, Any]]:
        """Give the leads that may be worked, by lead id, as score rows with owner, team, account and state beside them.

        Left out: who is stopped by a gate, who was won or lost by the moment, and whom the lifecycle calls won, lost or
        disqualified. `stages` (folded) keeps those at these stages; None keeps every stage.
        """
        leads = _by_id(self.tables.leads, self.moment)
        for row in self.scores.sort_by("lead_id").to_pylist():
            lead = leads.get(row["lead_id"])
            if lead is None or lead["closed"] or listed(row.pop("stopped_by", None)):
                continue
            stage, since = (self.states or {}).get(row["lead_id"], (row["stage"], None))
            folded = (stage or "").casefold()
            if folded not in _OVER and (stages is None or folded in stages):
                yield {**row, **lead, "stage": stage, "since": since, "reasons_for": listed(row["reasons_for"])}


def read_scored(project: Project, kinds: Mapping[str, Kind]) -> ScoredLeads:
    """Read the published scores, and the lead tables with the attributes that `kinds` names.

    Raises:
        SourceError: there are no scores yet, they are of several moments, or a table cannot be read.
    """
    scores = read_published(project, scores_table(project), _SCORES, optional=("stopped_by",))
    moments = pc.unique(scores["as_of"]).to_pylist()
    if len(moments) > 1:
        raise SourceError(
            f"{project.source.where}: the scores are of several moments ({moments[0]} and {moments[1]}, say). "
            "Run `leadml score` to write them anew."
        )
    return ScoredLeads(scores, moments[0] if moments else None, project.read(kinds), _states(project))


def _states(project: Project) -> dict[str, tuple[str, datetime | None]] | None:
    target = target_name(project, LIFECYCLE)
    if not is_published(project, target):
        return None
    columns = read_published(project, target, _STATES).to_pydict()
    rows = zip(columns["lead_id"], columns["stage"], columns["since"], strict=True)
    return {lead: (stage, since) for lead, stage, since in rows}


def _by_id(leads: pa.Table, moment: datetime | None) -> dict[str, dict[str, Any]]:
    """What a list says of each lead beside its score, and whether it was closed by the moment."""
    names = [name for name in ("lead_id", "account_id", "owner", "team", "created_at") if name in leads.column_names]
    table = leads.select(names).append_column("closed", _closed(leads, moment))
    return {row.pop("lead_id"): row for row in table.to_pylist()}


def _closed(leads: pa.Table, moment: datetime | None) -> Any:
    """Whether each lead was won or lost by the moment; one closed nobody knows when counts as closed."""
    if "outcome" not in leads.column_names:
        return pa.array([False] * leads.num_rows)
    over = pc.is_valid(leads["outcome"])
    if moment is None or "closed_at" not in leads.column_names:
        return over
    by_then = pc.fill_null(pc.less_equal(leads["closed_at"], pa.scalar(moment, _TIME)), True)
    return pc.and_(over, by_then)
