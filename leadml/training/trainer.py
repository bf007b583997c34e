"""From checked tables to a scorer with its evidence: examination, rehearsal, judgement, cutoffs, final fit.

The *rehearsal* is a scorer trained on all but the newest part of the data, with a gap of one horizon before it. Every
figure that is published comes from the rehearsal's predictions for those of the newest snapshots whose accounts it has
not seen. Cutoffs come from its predictions for every lead that was open then, week by week, whatever its account: that
is the volume sales would have met. The scorer that is served is then trained in the same way on everything.

Where the examination finds nothing to learn from or to test with and the rules are stated whole, they are the scorer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from leadml.features import Snapshots
from leadml.predict import Scorer
from leadml.predict.arrays import Mask
from leadml.predict.encoding import Floats
from leadml.predict.policy import Policy
from leadml.predict.rules.rulebook import STOPS
from leadml.schema import LeadTables
from leadml.training import baselines
from leadml.training.audit.alarm import near_perfect
from leadml.training.business.velocity import first_crossings
from leadml.training.choices import Choices
from leadml.training.clock import Progress, silent
from leadml.training.cutoffs import DEFAULT_MULTIPLES, Cutoff, Stage, choose_cutoffs, unpublished
from leadml.training.examination import Examination, examine
from leadml.training.facts import Evidence, training_facts
from leadml.training.findings import Finding, columns_left_out, refuse_unready
from leadml.training.fit import Fitted, fit_rules, fit_scorer
from leadml.training.grades import grade_bounds
from leadml.training.history import leads_at, recent_too, weekly_snapshots
from leadml.training.monotone import check_monotone
from leadml.training.split import Split, account_codes

# Of the time limit, for the rehearsal and for the final fit each; what lies around them needs the rest.
_SHARE_OF_LIMIT = 0.45
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 (all moments are UTC without a zone)


@dataclass(frozen=True)
class Training:
    """What a training gives: the scorer to serve, and what it was judged by."""

    scorer: Scorer
    evidence: Evidence


def train(tables: LeadTables, choices: Choices, *, now: datetime, progress: Progress = silent) -> Training:
    """Train a scorer on a company's leads; its `facts` hold the evidence.

    Where the leads cannot carry a model and the base rate is stated, the scorer is the rules.

    Args:
        tables: the checked tables.
        choices: what is asked.
        now: the moment of training, written into the facts.
        progress: told what is being done, one short phrase each.

    Raises:
        TrainingError: the leads cannot carry a model; the message lists the numbered findings. Or a column cannot be
            held monotone.
        RulebookError: no dimension of the rulebook has a column.
        ColumnsError: none of the intent types occurs among the activities.
    """
    examined = examine(tables, choices, progress=progress)
    refuse_unready(examined.findings)
    check_asked(examined, choices)
    if examined.split is None:
        progress("scoring by the rules as stated")
        scorer, evidence = _by_rules(examined, choices, now)
    else:
        scorer, evidence = _by_learning(examined, examined.split, choices, progress)
    facts = training_facts(scorer, evidence, name=choices.name, trained_at=now)
    return Training(replace(scorer, facts=facts), evidence)


def check_asked(examined: Examination, choices: Choices) -> None:
    """Refuse what is asked of columns and cannot be held.

    Raises:
        TrainingError: a column that is to be monotone and is not there or no number, or whose rules say the opposite.
    """
    check_monotone(_monotone(examined, choices), examined.columns, examined.rulebook)


def _monotone(examined: Examination, choices: Choices) -> dict[str, int]:
    """What is asked of the columns that are learned from; one that the audit leaves out holds nothing up."""
    left_out = columns_left_out(examined.findings)
    return {name: way for name, way in choices.monotone.items() if name not in left_out}


def _by_rules(examined: Examination, choices: Choices, now: datetime) -> tuple[Scorer, Evidence]:
    """The rules as stated, moved by what few outcomes are known; nothing is judged, so no cutoff is published."""
    counts = examined.counts
    known, today = examined.snapshots, leads_at(examined.tables, choices, now, counts)
    leads = known if len(known.label) else today
    fitted = fit_rules(
        leads.features,
        examined.columns,
        leads.label,
        groups=account_codes(leads.account_id),
        rulebook=examined.rulebook,
        prior=examined.prior,
    )
    average = fitted.scorer.probability(today.features).mean()
    why = "is published: no lead has been seen that could show what a cutoff would do. Go by the grades."
    cutoffs = tuple(unpublished(stage, f"No {stage} cutoff {why}") for stage in DEFAULT_MULTIPLES)
    policy = _policy(fitted.scorer, cutoffs, choices, base_rate=float(average))
    leads = replace(leads, horizon_days=choices.horizon_days if known.plan.calendar else None)
    evidence = Evidence(examined.tables, leads, None, {}, fitted, cutoffs, examined.findings, examined.prior)
    return replace(fitted.scorer, policy=policy), evidence


def _by_learning(examined: Examination, split: Split, choices: Choices, progress: Progress) -> tuple[Scorer, Evidence]:
    """The scorer trained on everything, judged by its rehearsal on the newest part."""
    snapshots, student = examined.snapshots, _Student(examined, choices)
    older, newest = snapshots.take(split.train), snapshots.take(split.test)
    progress(f"rehearsing on the older {len(older.lead_id):,} snapshots")
    rehearsal = student.learn(student.recent_too(older, split.boundary, newest), progress)
    progress(f"training on all {len(snapshots.lead_id):,} snapshots")
    taught = student.recent_too(snapshots)
    final = student.learn(taught, progress)

    progress("judging on the newest part")
    predictions = student.predictions(older, newest, rehearsal.scorer)
    alarm = near_perfect(rehearsal.scorer, newest.features, newest.label, predictions["leadml"])
    progress("choosing cutoffs")
    weekly, seen = newest, newest
    if snapshots.horizon_days is not None and split.boundary is not None:
        counts = examined.counts
        weekly = weekly_snapshots(examined.tables, choices, _EPOCH + timedelta(days=split.boundary), counts)
        seen = weekly.take(np.flatnonzero(weekly.censoring.complete)) if weekly.censoring else weekly
    cutoffs = _cutoffs(seen, rehearsal.scorer, choices, base_rate=float(older.label.mean()), signal=final.signal)
    qualified = None
    if weekly is not newest:
        chances = rehearsal.scorer.probability(weekly.features)
        qualified = first_crossings(weekly, chances, cutoffs[0], choices.every_days)
    policy = _policy(final.scorer, cutoffs, choices, base_rate=float(snapshots.label.mean()))
    evidence = Evidence(
        examined.tables,
        snapshots,
        newest,
        predictions,
        final,
        tuple(cutoffs),
        (*examined.findings, *alarm, *_cut_short(final, choices), *_by_weight(taught)),
        examined.prior,
        examined.curve,
        qualified,
    )
    return replace(final.scorer, policy=policy), evidence


@dataclass(frozen=True)
class _Student:
    """How every scorer of a training is made: the same columns, rulebook, prior and settings."""

    examined: Examination
    choices: Choices

    def learn(self, snapshots: Snapshots, progress: Progress) -> Fitted:
        limit = self.choices.time_limit_seconds
        return fit_scorer(
            snapshots.features,
            self.examined.columns,
            snapshots.label,
            order=snapshots.order,
            groups=account_codes(snapshots.account_id),
            gap=snapshots.horizon_days or 0.0,
            censoring=snapshots.censoring,
            rulebook=self.examined.rulebook,
            prior=self.examined.prior,
            kind=self.choices.kind,
            monotone=_monotone(self.examined, self.choices),
            seed=self.choices.seed,
            time_limit=None if limit is None else _SHARE_OF_LIMIT * limit,
            progress=progress,
        )

    def recent_too(
        self, complete: Snapshots, boundary: float | None = None, apart: Snapshots | None = None
    ) -> Snapshots:
        """Where asked for, snapshots with those that follow up to a boundary (days since 1970; the end of the data).

        Accounts that are to be kept `apart` are left out: the newest part judges leads whose accounts are new.
        """
        if self.choices.censoring == "full_horizon" or complete.horizon_days is None:
            return complete
        moment = None if boundary is None else _EPOCH + timedelta(days=boundary)
        known = recent_too(self.examined.tables, self.choices, self.examined.counts, moment)
        if apart is None:
            return known
        return known.take(np.flatnonzero(~pc.is_in(known.account_id, pc.unique(apart.account_id)).to_numpy(False)))

    def predictions(self, older: Snapshots, newest: Snapshots, scorer: Scorer) -> dict[str, Floats]:
        """Probabilities for the newest snapshots: of the scorer, and of what it has to beat."""
        rows, columns, rulebook = newest.features, self.examined.columns, self.examined.rulebook
        predictions = {
            "leadml": scorer.probability(rows),
            "logistic regression": baselines.logistic_regression(older.features, older.label, rows, columns),
        }
        if rulebook is not None:
            predictions["rules alone"] = baselines.rules_alone(rulebook, older.features, older.label, rows)
        return predictions | {"base rate": baselines.base_rate(older.label, len(newest.lead_id))}


def _cut_short(fitted: Fitted, choices: Choices) -> list[Finding]:
    if not fitted.cut:
        return []
    message = f"To be done in {choices.time_limit_seconds:g} s: {'; '.join(fitted.cut)}."
    return [Finding("R113", "note", None, message, "More time (model.time_limit_seconds) may give a better scorer.")]


def _by_weight(taught: Snapshots) -> list[Finding]:
    if taught.censoring is None:
        return []
    recent, highest = int((~taught.censoring.complete).sum()), taught.censoring.weight.max()
    message = (
        f"{recent:,} snapshots whose horizon has not passed, but whose leads have closed, train by weight (at most "
        f"{highest:.3g}), for those still open."
    )
    return [
        Finding("R114", "note", None, message, 'Weights far above 5 add noise: snapshots.censoring = "full_horizon".')
    ]


def _cutoffs(weekly: Snapshots, scorer: Scorer, choices: Choices, *, base_rate: float, signal: bool) -> list[Cutoff]:
    return choose_cutoffs(
        scorer.probability(weekly.features),
        weekly.label,
        _may_be(scorer, weekly.features, choices),
        weekly.lead_id,
        weekly.order if weekly.horizon_days else None,
        base_rate=base_rate,
        groups=weekly.account_id,
        signal=signal,
        seed=choices.seed,
        **asdict(choices.cutoffs),
    )


def _may_be(scorer: Scorer, rows: pa.Table, choices: Choices) -> dict[Stage, Mask]:
    """Which rows may have a stage whatever their score: gates do not stop them, and an SQL has shown intent."""
    may_be = {stage: ~scorer.kept_from(stage, rows) for stage in STOPS}
    if choices.sql_needs_intent and _shows_intent(scorer):
        may_be["SQL"] &= scorer.subtotals(rows)["intent"] > 0
    return may_be


def _shows_intent(scorer: Scorer) -> bool:
    return any("intent" in term.groups for term in scorer.terms)


def _policy(scorer: Scorer, cutoffs: Sequence[Cutoff], choices: Choices, *, base_rate: float) -> Policy:
    mql, sql = (cutoff.probability for cutoff in cutoffs)
    return Policy(
        grade_bounds=grade_bounds(base_rate, choices.grade_multiples),
        mql=mql,
        sql=sql,
        sql_needs_intent=choices.sql_needs_intent and _shows_intent(scorer),
        cost_of_asking=choices.cost_of_asking,
    )
