"""`leadml score`: the leads of a project as of a moment, scored in chunks and published at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from leadml.errors import SourceError
from leadml.features import FeaturePlan, Snapshots, newest_moment, snapshots_at
from leadml.operations.accounts import accounts_published
from leadml.operations.champion import load_champion
from leadml.operations.lifecycle import LifecycleRun, of_scores, open_lifecycle
from leadml.operations.project import Project
from leadml.operations.published import refuse_others, target_name
from leadml.predict import Scorer
from leadml.predict.columns import TYPE_OF_KIND
from leadml.schema import LeadTables
from leadml.training.clock import Progress

# No attribute of a user is called so: the id travels beside the features.
LEAD_ID = "leadml: lead id"
LEADS_PER_CHUNK = 20_000
_BEST = 10
_OF_SCORES = ("lead_id", "probability", "bundle")


@dataclass(frozen=True)
class ScoringRun:
    """What a scoring run did: leads scored, by grade and by recommended stage, the best of them, where the scores are.

    `lifecycle` is what the scores and all else that happened did to the stages that leads are in.

    `best` holds score rows, the most probable first. `as_of` is None where leads have no dates.
    """

    scored: int
    grades: dict[str, int]
    stages: dict[str, int]
    best: list[dict[str, Any]]
    as_of: datetime | None
    target: str
    reading: str
    lifecycle: LifecycleRun


def run_scoring(project: Project, *, as_of: datetime | None, every_lead: bool, progress: Progress) -> ScoringRun:
    """Score a project's leads with its champion, replace the table (or file) of scores, and advance the lifecycle.

    Args:
        project: whose leads.
        as_of: the moment (UTC) as of which leads are scored; None: right after the newest record there is.
        every_lead: also the leads that were won or lost by then.
        progress: told what is being done.

    Raises:
        LeadmlError: there is no champion, the leads do not have its columns, or the lifecycle file is wrong; the old
            scores stay then.
    """
    scorer = load_champion(project.models)
    lifecycle = open_lifecycle(project)
    plan = FeaturePlan.from_dict(scorer.facts["plan"])
    progress("reading leads")
    tables = project.read_and_keep_rejects({attribute.name: attribute.kind for attribute in plan.attributes})
    moment = (as_of or after_newest(tables)) if plan.calendar else None
    open_only = not every_lead and has_open_leads(tables)
    target = scores_table(project)
    refuse_others(project, target, _OF_SCORES)
    grades: Counter[str] = Counter()
    stages: Counter[str] = Counter()
    best: list[dict[str, Any]] = []
    kept: list[pa.Table] = []
    with (
        project.source.replace(target, _schema(scorer)) as sink,
        accounts_published(project, tables, plan, moment) as accounts,
    ):
        for scores in _score_in_chunks(scorer, tables, plan, moment, open_only=open_only, progress=progress):
            for batch in scores.to_batches():
                sink.add(batch)
            accounts.add(scores)
            grades.update(_counts(scores["grade"]))
            stages.update(_counts(scores["stage"]))
            best = _best_of(best, scores)
            kept.append(of_scores(scores))
        if moment and not grades.total():  # inside, so that the old scores stay
            raise SourceError(
                f"{project.source.where}: no lead was open at {moment:%Y-%m-%d %H:%M}. "
                "Choose another --as-of, or add --all."
            )
    progress("advancing the lifecycle")
    advanced = lifecycle.advance(tables, kept, scorer, moment=moment, fixed=as_of is not None)
    return ScoringRun(
        scored=grades.total(),
        grades=dict(sorted(grades.items())),
        stages=dict(stages),
        best=best,
        as_of=moment,
        target=project.source.place(target),
        reading=tables.summary(),
        lifecycle=advanced,
    )


def score_leads(
    scorer: Scorer, tables: LeadTables, plan: FeaturePlan, moment: datetime | None, *, reasons: int = 3, **which: Any
) -> pa.Table:
    """Scores of leads as of a moment, by lead id; `which` goes to `snapshots_at` (open_only, part)."""
    snapshots = snapshots_at(tables, moment or datetime.now(UTC), plan=plan, **which)
    return score_snapshots(scorer, snapshots, moment, reasons=reasons)


def score_snapshots(scorer: Scorer, snapshots: Snapshots, moment: datetime | None, *, reasons: int = 3) -> pa.Table:
    """Scores of snapshots, by lead id."""
    rows = snapshots.features.append_column(LEAD_ID, snapshots.lead_id)
    return scorer.score(rows, id_column=LEAD_ID, as_of=moment, reasons=reasons)


def after_newest(tables: LeadTables) -> datetime:
    """The first moment at which everything on record had happened, but not in the future."""
    return min(newest_moment(tables) + timedelta(microseconds=1), datetime.now(UTC).replace(tzinfo=None))


def has_open_leads(tables: LeadTables) -> bool:
    """Whether any lead is still open; without an outcome column all are."""
    return "outcome" not in tables.leads.column_names or tables.leads["outcome"].null_count > 0


def scores_table(project: Project) -> str:
    """The table that scores go to; beside files it is a CSV file unless its name says otherwise."""
    return target_name(project, project.settings.output.scores)


def _score_in_chunks(
    scorer: Scorer,
    tables: LeadTables,
    plan: FeaturePlan,
    moment: datetime | None,
    *,
    open_only: bool,
    progress: Progress,
) -> Iterator[pa.Table]:
    """Scores of whole accounts at a time, so that memory does not grow with the number of leads."""
    parts = tables.leads.num_rows // LEADS_PER_CHUNK + 1
    for part in range(parts):
        progress(f"scoring leads, part {part + 1} of {parts}")
        yield score_leads(scorer, tables, plan, moment, open_only=open_only, part=(part, parts))


def _schema(scorer: Scorer) -> pa.Schema:
    """What scores look like, by scoring nothing."""
    columns = {column.name: pa.array([], TYPE_OF_KIND[column.kind]) for column in scorer.columns}
    return scorer.score(pa.table(columns | {LEAD_ID: pa.array([], pa.string())}), id_column=LEAD_ID).schema


def _counts(values: pa.ChunkedArray) -> dict[str, int]:
    counted = pc.value_counts(values.cast(pa.string())).to_pylist()
    return {entry["values"] or "none": entry["counts"] for entry in counted}


def _best_of(best: list[dict[str, Any]], scores: pa.Table) -> list[dict[str, Any]]:
    """The most probable rows of those so far and a further chunk; ties go to the smaller lead id."""
    top = pc.sort_indices(scores, [("probability", "descending"), ("lead_id", "ascending")])
    rows = [*best, *scores.take(top[:_BEST]).to_pylist()]
    return sorted(rows, key=lambda row: (-row["probability"], row["lead_id"]))[:_BEST]
