"""From checked tables to a scorer with its evidence: examination, rehearsal, judgement, cutoffs, final fit.

The *rehearsal* is a scorer trained on all but the newest part of the data, with a gap of one horizon before it. Every
figure that is published comes from the rehearsal's predictions for those of the newest snapshots whose accounts it has
not seen. Cutoffs come from its predictions for every lead that was open then, week by week, whatever its account: that
is the volume sales would have met. The scorer that is served is then trained in the same way on everything.

Where the examination finds nothing to learn from or to test with and the rules are stated whole, they are the scorer.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from leadml.features import Snapshots
from leadml.predict import Scorer
from leadml.schema import LeadTables
from leadml.training.audit.alarm import near_perfect
from leadml.training.business.velocity import first_crossings
from leadml.training.calibration.calibrating import calibrate
from leadml.training.calibration.segments import segment_columns
from leadml.training.choices import Choices
from leadml.training.clock import Progress, silent
from leadml.training.cutoffs import choose_cutoffs, no_cutoffs
from leadml.training.examination import Examination, examine
from leadml.training.facts import Evidence, training_facts
from leadml.training.findings import Finding, refuse_unready
from leadml.training.fit import Fitted, fit_rules
from leadml.training.grades import settle_grades
from leadml.training.handover import Rehearsal, base_rate_of, check_segments, out_of_time, with_policy
from leadml.training.history import leads_at, weekly_snapshots
from leadml.training.monotone import check_monotone
from leadml.training.split import Split, account_codes
from leadml.training.student import Student, held_monotone
from leadml.training.teams import teams_as_they_are_now, without_promises

_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 (all moments are UTC without a zone)


@dataclass(frozen=True)
class Training:
    """What a training gives: the scorer to serve, and what it was judged by."""

    scorer: Scorer
    evidence: Evidence


def train(
    tables: LeadTables,
    choices: Choices,
    *,
    now: datetime,
    previous: Scorer | None = None,
    progress: Progress = silent,
) -> Training:
    """Train a scorer on a company's leads; its `facts` hold the evidence.

    Where the leads cannot carry a model and the base rate is stated, the scorer is the rules.

    Args:
        tables: the checked tables.
        choices: what is asked.
        now: the moment of training, written into the facts.
        previous: the scorer that served until now: its grade bounds are kept.
        progress: told what is being done, one short phrase each.

    Raises:
        TrainingError: the leads cannot carry a model; the message lists the numbered findings. Or a column cannot be
            held monotone. Or its probabilities do not come true.
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
    scale = settle_grades(
        choices.grades, scorer.policy.grade_bounds, previous, horizon_days=evidence.snapshots.horizon_days, now=now
    )
    scorer = replace(scorer, policy=replace(scorer.policy, grade_bounds=scale.bounds))
    evidence = replace(evidence, grades=scale, previous=previous)
    if evidence.calibration is not None:
        evidence.calibration.gate.check()
    facts = training_facts(scorer, evidence, name=choices.name, trained_at=now)
    return Training(replace(scorer, facts=facts), evidence)


def check_asked(examined: Examination, choices: Choices) -> None:
    """Refuse what is asked of columns and cannot be held.

    Raises:
        TrainingError: a column that is to be monotone and is not there or no number, or whose rules say the opposite;
            or the column that tells segments of cutoffs apart is not there.
    """
    check_segments(examined, choices.cutoffs)
    check_monotone(held_monotone(examined, choices), examined.columns, examined.rulebook)


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
    cutoffs = tuple(no_cutoffs(choices.cutoffs, lambda stage: f"No {stage} cutoff {why}"))
    scorer = with_policy(fitted.scorer, leads.columns, cutoffs, choices, base_rate=float(average))
    leads = replace(leads, horizon_days=choices.horizon_days if known.plan.calendar else None)
    evidence = Evidence(examined.tables, leads, None, {}, fitted, cutoffs, examined.findings, examined.prior)
    return scorer, evidence


def _by_learning(examined: Examination, split: Split, choices: Choices, progress: Progress) -> tuple[Scorer, Evidence]:
    """The scorer trained on everything, judged by its rehearsal on the newest part."""
    snapshots, student = examined.snapshots, Student(examined, choices)
    older, newest = snapshots.take(split.train), snapshots.take(split.test)
    progress(f"rehearsing on the older {len(older.lead_id):,} snapshots")
    rehearsal = student.learn(student.recent_too(older, split.boundary, newest), progress)
    progress(f"training on all {len(snapshots.lead_id):,} snapshots")
    taught = student.recent_too(snapshots)
    final = student.learn(taught, progress)

    progress("judging on the part that tests")
    predictions = student.predictions(older, newest, rehearsal.scorer)
    alarm = near_perfect(rehearsal.scorer, newest.features, newest.label, predictions["leadml"])
    weekly = newest
    if snapshots.horizon_days is not None and split.boundary is not None:
        since = _EPOCH + timedelta(days=split.boundary)
        weekly = weekly_snapshots(examined.tables, choices, since, examined.counts)
    leads = out_of_time(examined.tables, weekly, rehearsal.scorer, choices)
    rehearsed = Rehearsal(rehearsal.scorer, weekly, leads, base_rate_of(older, newest))
    progress("calibrating")
    calibrated = calibrate(
        final.scorer,
        rehearsed,
        newest,
        predictions["leadml"],
        seen=taught,
        limit=choices.calibration_limit,
        segments=segment_columns(newest.features, examined.tables.source, choices.cutoffs.segments),
    )
    rehearsed, predictions["leadml"] = replace(rehearsed, leads=calibrated.leads), calibrated.said
    progress("choosing cutoffs")
    leads, base_rate = rehearsed.leads, rehearsed.base_rate
    cutoffs = choose_cutoffs(leads, choices.cutoffs, base_rate=base_rate, signal=final.signal, seed=choices.seed)
    unsure = teams_as_they_are_now(examined.tables, choices)
    cutoffs = without_promises(cutoffs) if unsure else cutoffs
    qualified = None if weekly is newest else first_crossings(leads, cutoffs, choices.every_days)
    scorer = with_policy(
        calibrated.scorer, snapshots.columns, cutoffs, choices, base_rate=float(snapshots.label.mean())
    )
    evidence = Evidence(
        tables=examined.tables,
        snapshots=snapshots,
        newest=newest,
        predictions=predictions,
        fitted=final,
        cutoffs=tuple(cutoffs),
        findings=(*examined.findings, *alarm, *_cut_short(final, choices), *_by_weight(taught), *unsure),
        prior=examined.prior,
        curve=examined.curve,
        qualified=qualified,
        rehearsal=rehearsed,
        calibration=calibrated.evidence,
    )
    return scorer, evidence


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
