"""The lifecycle of a project's leads: read where they are, take one step, write it down."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from leadml.lifecycle import Lifecycle, advance, load_lifecycle
from leadml.operations.lifecycle_tables import (
    DECISION_ROWS,
    STAGES_TABLE,
    TRANSITION_ROWS,
    LifecycleTables,
    counts_of,
    rejects_of,
    stage_rows,
    states_of,
)
from leadml.operations.project import Project
from leadml.predict import Scorer
from leadml.schema import Counts, LeadTables
from leadml.sources.events import CheckedEvents

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
class LifecycleTally:
    """What a step did to some leads, as in `LifecycleRun`; `seen` are the activities waited for that some had."""

    moved: dict[str, int]
    stages: dict[str, int]
    waiting: dict[str, int]
    decisions: Counts
    without_effect: int
    seen: tuple[str, ...]

    def plus(self, other: LifecycleTally) -> LifecycleTally:
        """What it did to these leads and to others."""
        ours, theirs = self.decisions, other.decisions
        return LifecycleTally(
            moved=added(self.moved, other.moved),
            stages=added(self.stages, other.stages),
            waiting=added(self.waiting, other.waiting),
            decisions=Counts(ours.read + theirs.read, ours.kept + theirs.kept, ours.rejected + theirs.rejected),
            without_effect=self.without_effect + other.without_effect,
            seen=tuple(sorted({*self.seen, *other.seen})),
        )


@dataclass(frozen=True)
class LifecycleStep:
    """What is to be written for some leads: their new moves, where all of them are now; and what that comes to.

    `rejects` are decisions that cannot be used, like those of `LeadTables`.
    """

    moves: pa.Table
    stages: pa.Table
    rejects: pa.Table
    tally: LifecycleTally


@dataclass(frozen=True)
class ProjectLifecycle:
    """A project's transitions, and the tables in which its leads' stages are kept."""

    project: Project
    lifecycle: Lifecycle
    tables: LifecycleTables

    def step(
        self,
        leads: LeadTables,
        moves: pa.Table,
        checked: CheckedEvents | None,
        scores: pa.Table,
        scorer: Scorer,
        *,
        moment: datetime,
        as_of: datetime | None,
    ) -> LifecycleStep:
        """Advance some leads after a scoring; writes nothing.

        Args:
            leads: these leads.
            moves: every move that they, or leads that are gone, ever made.
            checked: what people decided about them; None where nobody has decided anything yet.
            scores: rows of their scores, by `of_scores`.
            scorer: by which they were scored.
            moment: up to when decisions and outcomes count (UTC without a zone).
            as_of: as of which they were scored; None where leads have no dates.
        """
        decisions = DECISION_ROWS.empty_table() if checked is None else checked.table
        step = advance(
            self.lifecycle,
            states_of(leads.leads["lead_id"], moves),
            moment=moment,
            as_of=as_of,
            scores=scores,
            cutoffs=cutoffs_of(scorer),
            decisions=decisions,
            outcomes=_outcomes(leads.leads, moment),
            activities=leads.activities,
        )
        new = signed(step.transitions, scorer.digest)
        moves = pa.concat_tables([moves, new])
        rows = stage_rows(leads.leads["lead_id"], created_at(leads), moves, step.proposals)
        tally = LifecycleTally(
            moved=_moves(step.transitions),
            stages=_tally(rows["stage"]),
            waiting=_tally(step.proposals["proposal"]),
            decisions=counts_of(checked),
            without_effect=_without_effect(decisions, moves, moment),
            seen=self._seen(leads.activities),
        )
        return LifecycleStep(new, rows, rejects_of(checked), tally)

    def run(self, tally: LifecycleTally, moment: datetime, *, activities: bool) -> LifecycleRun:
        """Sum up a step over all leads; `activities` says whether there is a table of them."""
        return LifecycleRun(
            moment=moment,
            moved=tally.moved,
            stages=tally.stages,
            waiting=tally.waiting,
            decisions=tally.decisions,
            without_effect=tally.without_effect,
            notes=self._notes(tally.seen, activities=activities),
            target=self.tables.place(STAGES_TABLE),
        )

    @property
    def _wanted(self) -> list[str]:
        """The types of activities that move leads."""
        return [kind for way in self.lifecycle.made_by("product") for kind in way.activities]

    def _seen(self, activities: pa.Table | None) -> tuple[str, ...]:
        if activities is None or not self._wanted:
            return ()
        there = {str(kind).casefold() for kind in pc.unique(activities["type"]).to_pylist()}
        return tuple(kind for kind in self._wanted if kind.casefold() in there)

    def _notes(self, seen: tuple[str, ...], *, activities: bool) -> tuple[str, ...]:
        """What would go wrong without a word: leads told apart by their rows, and misspelt types that move nobody."""
        if self.project.settings.leads.id is None:
            return ("Leads have no id (leads.id), so their stages go by row number: keep the rows in their order.",)
        if not activities or self.project.settings.lifecycle.file is None:
            return ()
        missing = [repr(kind) for kind in self._wanted if kind not in seen]
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


def signed(transitions: pa.Table, bundle: str | None) -> pa.Table:
    """New moves as rows of lead_transitions; a score's moves name its bundle."""
    by_score = pc.equal(transitions["by"], "score")
    bundles = pc.if_else(by_score, pa.scalar(bundle, pa.string()), pa.scalar(None, pa.string()))
    return transitions.append_column("bundle", bundles).cast(TRANSITION_ROWS)


def added(ours: dict[str, int], theirs: dict[str, int]) -> dict[str, int]:
    """Counts of two kinds of things together, the most first."""
    return dict((Counter(ours) + Counter(theirs)).most_common())


def made_by_people(moves: pa.Table) -> set[tuple[str, int]]:
    """Lead and moment (microseconds since 1970) of the moves that people made: those of the decisions behind them."""
    people = moves.filter(pc.equal(moves["by"], "person"))
    return _when(people["lead_id"], people["at"])


def created_at(leads: LeadTables) -> Any | None:
    """When each lead was created; None where leads have no dates."""
    return leads.leads["created_at"] if "created_at" in leads.leads.column_names else None


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
    counted = pc.value_counts(values.drop_null()).to_pylist()
    return dict(Counter({entry["values"]: entry["counts"] for entry in counted}).most_common())
