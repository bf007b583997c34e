"""What a scorer would hand over: leads that it had not seen, which of them may have a stage, and its policy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from leadml.features import Snapshots
from leadml.predict import Scorer
from leadml.predict.arrays import Mask
from leadml.predict.policy import Policy
from leadml.predict.rules.rulebook import STOPS
from leadml.training.choices import Choices
from leadml.training.cutoffs import Cutoff, OutOfTime, Stage
from leadml.training.grades import grade_bounds
from leadml.training.split import account_codes


@dataclass(frozen=True)
class Rehearsal:
    """What the rehearsal left to judge by: its scorer, and the leads that were open after all that it had seen.

    `weekly` are these leads at each moment at which they were open (without dates: the newest part), `leads` what the
    scorer says of them, row by row.
    """

    scorer: Scorer
    weekly: Snapshots
    leads: OutOfTime


def out_of_time(weekly: Snapshots, scorer: Scorer, choices: Choices) -> OutOfTime:
    """What a scorer that had not seen their time says of leads; outcomes count as known on complete rows alone."""
    complete = weekly.censoring.complete if weekly.censoring else np.ones(len(weekly.label), dtype=np.bool_)
    return OutOfTime(
        probability=scorer.probability(weekly.features),
        label=np.where(complete, weekly.label, np.nan),
        lead=account_codes(weekly.lead_id),
        account=account_codes(weekly.account_id),
        order=weekly.order if weekly.horizon_days else None,
        may_be=_may_be(scorer, weekly.features, choices),
    )


def _may_be(scorer: Scorer, rows: pa.Table, choices: Choices) -> dict[Stage, Mask]:
    """Which rows may have a stage whatever their score: gates do not stop them, and an SQL has shown intent."""
    may_be = {stage: ~scorer.kept_from(stage, rows) for stage in STOPS}
    if choices.sql_needs_intent and _shows_intent(scorer):
        may_be["SQL"] &= scorer.subtotals(rows)["intent"] > 0
    return may_be


def _shows_intent(scorer: Scorer) -> bool:
    return any("intent" in term.groups for term in scorer.terms)


def policy_of(scorer: Scorer, cutoffs: Sequence[Cutoff], choices: Choices, *, base_rate: float) -> Policy:
    """The policy that a bundle carries."""
    mql, sql = (cutoff.probability for cutoff in cutoffs[:2])
    return Policy(
        grade_bounds=grade_bounds(base_rate, choices.grades.multiples),
        mql=mql,
        sql=sql,
        sql_needs_intent=choices.sql_needs_intent and _shows_intent(scorer),
        cost_of_asking=choices.cost_of_asking,
    )
