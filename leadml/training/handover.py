"""What a scorer would hand over: leads that it had not seen, which of them may have a stage, and its policy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from leadml.errors import TrainingError
from leadml.features import TEAM, Snapshots
from leadml.predict import Scorer
from leadml.predict.arrays import Mask
from leadml.predict.encoding import Column
from leadml.predict.policy import Policy
from leadml.predict.rules.rulebook import STOPS
from leadml.predict.segments import Segment, segment_numbers
from leadml.schema import LeadTables
from leadml.training.business.expected import expected_values
from leadml.training.choices import Choices
from leadml.training.cutoffs import Cutoff, CutoffPolicy, OutOfTime, Stage
from leadml.training.examination import Examination
from leadml.training.folds import Rows
from leadml.training.grades import grade_bounds
from leadml.training.split import account_codes


@dataclass(frozen=True)
class Rehearsal:
    """What the rehearsal left to judge by: its scorer, and the leads that were open after all that it had seen.

    `weekly` are these leads at each moment at which they were open (without dates: the newest part), `leads` what the
    scorer says of them, row by row.
    `base_rate` is the share of snapshots that convert, on the newest part where that shows both outcomes.

    Once the level has been corrected, `leads` say what it would have said at the time, corrected by what was known
    then, and `scorer` stays as it was learned: reasons and importance are of the uncorrected scorer.
    """

    scorer: Scorer
    weekly: Snapshots
    leads: OutOfTime
    base_rate: float


def base_rate_of(older: Snapshots, newest: Snapshots) -> float:
    """That of the newest snapshots, which the leads to come are most like; of the older ones if all ended alike."""
    newly = float(newest.label.mean())
    return newly if 0 < newly < 1 else float(older.label.mean())


def out_of_time(tables: LeadTables, weekly: Snapshots, scorer: Scorer, choices: Choices) -> OutOfTime:
    """What a scorer that had not seen their time says of leads; outcomes count as known on complete rows alone."""
    complete = weekly.censoring.complete if weekly.censoring else np.ones(len(weekly.label), dtype=np.bool_)
    return OutOfTime(
        probability=scorer.probability(weekly.features),
        label=np.where(complete, weekly.label, np.nan),
        lead=account_codes(weekly.lead_id),
        account=account_codes(weekly.account_id),
        order=weekly.order if weekly.horizon_days else None,
        may_be=_may_be(scorer, weekly.features, choices),
        value=expected_values(tables, weekly, choices.value_by, choices.deal_values),
        cost_of_working=choices.cutoffs.cost_of_working,
        segment=_segments(weekly.features, choices.cutoffs),
    )


def check_segments(examined: Examination, policy: CutoffPolicy) -> None:
    """Refuse segments that nothing tells apart.

    Raises:
        TrainingError: their column is not there.
    """
    for segment in policy.segments[:1]:
        if segment.column not in examined.snapshots.features.column_names:
            why = examined.left_out.get(segment.column, "it is no attribute of the leads")
            raise TrainingError(
                f"cutoffs.segments: nothing tells {', '.join(one.name for one in policy.segments)} apart, as column "
                f"{segment.column!r} is left out ({why}). Name another column, or take the segments out."
            )


def _segments(rows: pa.Table, policy: CutoffPolicy) -> Rows | None:
    if not policy.segments:
        return None
    return segment_numbers(rows, policy.segments[0].column, [segment.one_of for segment in policy.segments])


def _may_be(scorer: Scorer, rows: pa.Table, choices: Choices) -> dict[Stage, Mask]:
    """Which rows may have a stage whatever their score: gates do not stop them, and an SQL has shown intent."""
    may_be = {stage: ~scorer.kept_from(stage, rows) for stage in STOPS}
    if choices.sql_needs_intent and _shows_intent(scorer):
        may_be["SQL"] &= scorer.subtotals(rows)["intent"] > 0
    return may_be


def _shows_intent(scorer: Scorer) -> bool:
    return any("intent" in term.groups for term in scorer.terms)


def with_policy(
    scorer: Scorer, columns: Sequence[Column], cutoffs: Sequence[Cutoff], choices: Choices, *, base_rate: float
) -> Scorer:
    """The scorer with the policy that its bundle carries; it reads what tells segments apart, too.

    `columns` are the contracts of all that there is to read.
    """
    policy = _policy_of(scorer, cutoffs, choices, base_rate)
    needed = {segment.column for segment in policy.segments} - {column.name for column in scorer.columns}
    more = [column for column in (*columns, TEAM) if column.name in needed]
    return replace(scorer, policy=policy, columns=(*scorer.columns, *more))


def _policy_of(scorer: Scorer, cutoffs: Sequence[Cutoff], choices: Choices, base_rate: float) -> Policy:
    by_name = {(cutoff.segment, cutoff.stage): cutoff.probability for cutoff in cutoffs}
    return Policy(
        grade_bounds=grade_bounds(base_rate, choices.grades.multiples),
        mql=by_name[None, "MQL"],
        sql=by_name[None, "SQL"],
        sql_needs_intent=choices.sql_needs_intent and _shows_intent(scorer),
        cost_of_asking=choices.cost_of_asking,
        segments=tuple(
            Segment(one.name, one.column, one.one_of, by_name[one.name, "MQL"], by_name[one.name, "SQL"])
            for one in choices.cutoffs.segments
        ),
    )
