"""The lifecycle of a project's leads: read where they are, take one step, write it down."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from leadml.lifecycle import Lifecycle, advance, load_lifecycle
from leadml.operations.lifecycle_tables import (
    DECISION_ROWS,
    STAGES_TABLE,
    TRANSITION_ROWS,
    TRANSITIONS_TABLE,
    LifecycleTables,
    counts_of,
    stage_rows,
    states_of,
)
from leadml.operations.project import Project
from leadml.predict import Scorer
from leadml.schema import Counts, LeadTables
from leadml.sources import write_rejects

_OF_SCORES = ("lead_id", "probability", "stage", "stopped_by", "segment")


@dataclass(frozen=True)
class LifecycleRun:
    """What a step of the lifecycle did.

    `moved` counts moves ("raw -> MQL"), `stages` leads in each stage, `waiting` the proposals for people ("accept or
    reject"). `decisions` are the rows of lead_decisions; `without_effect` counts those of them that the stage of their
    lead did not allow, or that were made before the lead came into it.
    """

    moment: datetime
    moved: dict[str, int]
    stages: dict[str, int]
    waiting: dict[str, int]
    decisions: Counts
    without_effect: int
    notes: tuple[str, ...]
    target: str


@dataclass(frozen=True)
class ProjectLifecycle:
    """A project's transitions, and the tables in which its leads' stages are kept."""

    project: Project
    lifecycle: Lifecycle
    tables: LifecycleTables

    def advance(
        self, leads: LeadTables, scores: list[pa.Table], scorer: Scorer, *, moment: datetime | None, fixed: bool
    ) -> LifecycleRun:
        """Advance every lead after a scoring.

        Args:
            leads: the project's leads.
            scores: rows of the scores, by `of_scores`.
            scorer: by which they were scored.
            moment: as of which they were scored (UTC without a zone); None where leads have no dates.
            fixed: whether the user named the moment; else what people decided after it counts as well, up to now.

        Raises:
            SourceError: the tables of the lifecycle cannot be read or written.
        """
        now = datetime.now(UTC).replace(tzinfo=None)
        moves = self.tables.transitions()
        states = states_of(leads.leads["lead_id"], moves)
        checked = self.tables.decisions(states["lead_id"], now)
        decisions = DECISION_ROWS.empty_table() if checked is None else checked.table
        as_of = moment
        moment = moment if fixed and moment else _newest(moment, now, states["since"], decisions["decided_at"])
        step = advance(
            self.lifecycle,
            states,
            moment=moment,
            as_of=as_of,
            scores=pa.concat_tables(scores) if scores else None,
            cutoffs=cutoffs_of(scorer),
            decisions=decisions,
            outcomes=_outcomes(leads.leads, moment),
            activities=leads.activities,
        )
        moves = self.keep(moves, step.transitions, scorer.digest)
        rows = stage_rows(leads.leads["lead_id"], created_at(leads), moves, step.proposals)
        self.tables.write_stages(rows)
        if checked is not None and checked.rejects.num_rows:
            rejects = pa.concat_tables([leads.rejects, checked.rejects])
            settings = self.project.settings
            write_rejects(replace(leads, rejects=rejects), settings.path(settings.output.rejects))
        return LifecycleRun(
            moment=moment,
            moved=_moves(step.transitions),
            stages=_tally(rows["stage"]),
            waiting=_tally(step.proposals["proposal"]),
            decisions=counts_of(checked),
            without_effect=_without_effect(decisions, moves, moment),
            notes=self._notes(leads.activities),
            target=self.tables.place(STAGES_TABLE),
        )

    def keep(self, moves: pa.Table, new: pa.Table, bundle: str | None) -> pa.Table:
        """Write new moves down behind those there are, and give all of them; a score's moves name its bundle."""
        by_score = pc.equal(new["by"], "score")
        bundles = pc.if_else(by_score, pa.scalar(bundle, pa.string()), pa.scalar(None, pa.string()))
        rows = new.append_column("bundle", bundles).cast(TRANSITION_ROWS)
        self.tables.add(TRANSITIONS_TABLE, rows)
        return pa.concat_tables([moves, rows])

    def _notes(self, activities: pa.Table | None) -> tuple[str, ...]:
        """What would go wrong without a word: leads told apart by their rows, and misspelt types that move nobody."""
        if self.project.settings.leads.id is None:
            return ("Leads have no id (leads.id), so their stages go by row number: keep the rows in their order.",)
        wanted = [kind for way in self.lifecycle.made_by("product") for kind in way.activities]
        if activities is None or self.project.settings.lifecycle.file is None:
            return ()
        seen = {str(kind).casefold() for kind in pc.unique(activities["type"]).to_pylist()}
        missing = [repr(kind) for kind in wanted if kind.casefold() not in seen]
        return (f"The lifecycle waits for activities that nobody ever had: {', '.join(missing)}.",) if missing else ()


def open_lifecycle(project: Project) -> ProjectLifecycle:
    """Open the lifecycle of a project, so that what is wrong with it is said before any work is done.

    Raises:
        RulebookError: the lifecycle file is wrong.
        SourceError: a table under one of its names is something else.
    """
    settings = project.settings
    file = settings.lifecycle.file
    lifecycle = load_lifecycle(None if file is None else settings.path(file))
    return ProjectLifecycle(project, lifecycle, LifecycleTables(project.source))


def of_scores(scores: pa.Table) -> pa.Table:
    """Of score rows what the lifecycle needs."""
    held = scores.select([name for name in _OF_SCORES if name in scores.column_names])
    for name in {"stage", "segment"} & set(held.column_names):
        held = held.set_column(held.column_names.index(name), name, held[name].cast(pa.string()))
    return held


def cutoffs_of(scorer: Scorer) -> dict[str | None, dict[str, float]]:
    """The cutoffs that a bundle publishes, by segment (None: for leads of no segment) and stage."""
    policy = scorer.policy
    published = [(None, policy.mql, policy.sql), *((one.name, one.mql, one.sql) for one in policy.segments)]
    return {
        name: {stage: cutoff for stage, cutoff in (("MQL", mql), ("SQL", sql)) if cutoff is not None}
        for name, mql, sql in published
    }


def made_by_people(moves: pa.Table) -> set[tuple[str, int]]:
    """Lead and moment (microseconds since 1970) of the moves that people made: those of the decisions behind them."""
    people = moves.filter(pc.equal(moves["by"], "person"))
    return _when(people["lead_id"], people["at"])


def created_at(leads: LeadTables) -> Any | None:
    """When each lead was created; None where leads have no dates."""
    return leads.leads["created_at"] if "created_at" in leads.leads.column_names else None


def _newest(moment: datetime | None, now: datetime, *times: pa.ChunkedArray) -> datetime:
    """What people decided is on record too: the newest of all that is, but not in the future."""
    newest = [moment, *(pc.max(time).as_py() for time in times)] if moment else [now]
    return min(now, max(time for time in newest if time is not None))


def _outcomes(leads: pa.Table, moment: datetime) -> pa.Table | None:
    """How leads ended that were there by then."""
    if "outcome" not in leads.column_names:
        return None
    ended = pc.is_valid(leads["outcome"])
    if "created_at" in leads.column_names:
        ended = pc.and_(ended, pc.less_equal(leads["created_at"], pa.scalar(moment, pa.timestamp("us"))))
    leads = leads.filter(ended)
    closed = leads["closed_at"] if "closed_at" in leads.column_names else pa.nulls(len(leads), pa.timestamp("us"))
    return pa.table({"lead_id": leads["lead_id"], "outcome": leads["outcome"], "closed_at": closed})


def _without_effect(decisions: pa.Table, moves: pa.Table, moment: datetime) -> int:
    due = decisions.filter(pc.less_equal(decisions["decided_at"], pa.scalar(moment, pa.timestamp("us"))))
    return len(_when(due["lead_id"], due["decided_at"]) - made_by_people(moves))


def _when(lead_ids: pa.ChunkedArray, moments: pa.ChunkedArray) -> set[tuple[str, int]]:
    return set(zip(lead_ids.to_pylist(), moments.cast(pa.int64()).to_pylist(), strict=True))


def _moves(transitions: pa.Table) -> dict[str, int]:
    pairs = zip(transitions["from_stage"].to_pylist(), transitions["to_stage"].to_pylist(), strict=True)
    return dict(Counter(f"{before} -> {after}" for before, after in pairs).most_common())


def _tally(values: pa.ChunkedArray) -> dict[str, int]:
    return dict(Counter(values.drop_null().to_pylist()).most_common())
