"""From checked tables to a scorer with its evidence: audit, readiness, rehearsal, judgement, cutoffs, final fit.

The *rehearsal* is a scorer trained on all but the newest part of the data, with a gap of one horizon before it. Every
figure that is published comes from the rehearsal's predictions for those of the newest snapshots whose accounts it has
not seen. Cutoffs come from its predictions for every lead that was open then, week by week, whatever its account: that
is the volume sales would have met. The scorer that is served is then trained in the same way on everything.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from leadml.errors import TrainingError
from leadml.features import Snapshots, snapshots_at
from leadml.predict import Scorer
from leadml.predict.encoding import Column, Floats, to_floats
from leadml.predict.policy import Policy
from leadml.predict.rulebook import Rulebook
from leadml.rules import map_rulebook
from leadml.schema import LeadTables
from leadml.training import baselines
from leadml.training.audit import audit_leads
from leadml.training.choices import Choices, Kind
from leadml.training.cutoffs import DEFAULT_MULTIPLES, Cutoff, choose_cutoffs, unpublished
from leadml.training.facts import Evidence, training_facts
from leadml.training.findings import Finding, columns_left_out, refuse_unready
from leadml.training.fit import Fitted, fit_rules, fit_scorer
from leadml.training.grades import grade_bounds
from leadml.training.history import known_snapshots, weekly_snapshots
from leadml.training.learning_curve import LearningCurve, learning_curve, what_more_would_gain
from leadml.training.monotone import check_monotone
from leadml.training.readiness import check_readiness
from leadml.training.rules_weight import RulesPrior
from leadml.training.split import Split, account_codes, split_newest

Progress = Callable[[str], None]

NEWEST = 0.2
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 (all moments are UTC without a zone)


@dataclass(frozen=True)
class Training:
    """What a training gives: the scorer to serve, and what it was judged by."""

    scorer: Scorer
    evidence: Evidence


def train(tables: LeadTables, choices: Choices, *, now: datetime, progress: Progress = lambda _: None) -> Training:
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
    progress("auditing the columns for leaks")
    findings = _audit(tables)
    tables = _without(tables, columns_left_out(findings))
    rulebook, unmapped = _rules(choices.rulebook, tables)
    findings += unmapped
    prior = _prior(rulebook, tables, choices)
    progress("building snapshots")
    snapshots = known_snapshots(tables, choices, may_be_none=_is_whole(prior))
    names = [attribute.name for attribute in snapshots.plan.attributes]
    findings += check_readiness(snapshots.features, names, snapshots.label, snapshots.order, snapshots.account_id)
    left_out = columns_left_out(findings)
    monotone = {name: way for name, way in choices.monotone.items() if name not in left_out}
    columns = _contract(snapshots, left_out)
    check_monotone(monotone, columns, rulebook)
    student = _Student(columns, rulebook, prior, choices.kind, monotone, choices.seed)
    try:
        refuse_unready(findings)
        split = _split(snapshots, choices.seed)
    except TrainingError as refused:
        if not _is_whole(prior):
            raise
        progress("scoring by the rules as stated")
        return _by_rules(tables, choices, snapshots, student, [*_passed(findings), _not_yet(refused)], now)
    older, newest = snapshots.take(split.train), snapshots.take(split.test)
    curve = student.curve(older, newest)
    findings += what_more_would_gain(curve)
    progress(f"rehearsing on the older {len(older.lead_id):,} snapshots")
    rehearsal = student.learn(older)
    progress(f"training on all {len(snapshots.lead_id):,} snapshots")
    final = student.learn(snapshots)

    progress("judging on the newest part")
    predictions = student.predictions(older, newest, rehearsal.scorer)
    progress("choosing cutoffs")
    weekly = newest
    if snapshots.horizon_days is not None and split.boundary is not None:
        weekly = weekly_snapshots(tables, choices, _EPOCH + timedelta(days=split.boundary))
    cutoffs = _cutoffs(weekly, rehearsal.scorer, choices, base_rate=float(older.label.mean()), signal=final.signal)
    policy = _policy(final.scorer, cutoffs, choices, base_rate=float(snapshots.label.mean()))
    scorer = replace(final.scorer, policy=policy)
    evidence = Evidence(tables, snapshots, newest, predictions, final, tuple(cutoffs), tuple(findings), prior, curve)
    facts = training_facts(scorer, evidence, name=choices.name, trained_at=now)
    return Training(replace(scorer, facts=facts), evidence)


@dataclass(frozen=True)
class _Student:
    """How every scorer of a training is made: the same columns, rulebook, prior and settings."""

    columns: tuple[Column, ...]
    rulebook: Rulebook | None
    prior: RulesPrior | None
    kind: Kind
    monotone: Mapping[str, int]
    seed: int

    def learn(self, snapshots: Snapshots) -> Fitted:
        return fit_scorer(
            snapshots.features,
            self.columns,
            snapshots.label,
            order=snapshots.order,
            groups=account_codes(snapshots.account_id),
            gap=snapshots.horizon_days or 0.0,
            rulebook=self.rulebook,
            prior=self.prior,
            kind=self.kind,
            monotone=self.monotone,
            seed=self.seed,
        )

    def curve(self, older: Snapshots, newest: Snapshots) -> LearningCurve | None:
        """How a quick model gets better on the newest snapshots with the number of older ones."""
        parts = [(part.features, part.label, account_codes(part.account_id)) for part in (older, newest)]
        return learning_curve(parts[0], parts[1], self.columns, seed=self.seed)

    def predictions(self, older: Snapshots, newest: Snapshots, scorer: Scorer) -> dict[str, Floats]:
        """Probabilities for the newest snapshots: of the scorer, and of what it has to beat."""
        predictions = {
            "leadml": scorer.probability(newest.features),
            "logistic regression": baselines.logistic_regression(
                older.features, older.label, newest.features, self.columns
            ),
        }
        if self.rulebook is not None:
            predictions["rules alone"] = baselines.rules_alone(
                self.rulebook, older.features, older.label, newest.features
            )
        return predictions | {"base rate": baselines.base_rate(older.label, len(newest.lead_id))}


def _by_rules(
    tables: LeadTables,
    choices: Choices,
    known: Snapshots,
    student: _Student,
    findings: Sequence[Finding],
    now: datetime,
) -> Training:
    """The rules as stated, moved by what few outcomes are known; nothing is judged, so no cutoff is published."""
    today = snapshots_at(tables, now, plan=known.plan, open_only=False)
    leads = known if len(known.label) else today
    fitted = fit_rules(
        leads.features,
        student.columns,
        leads.label,
        groups=account_codes(leads.account_id),
        rulebook=student.rulebook,
        prior=student.prior,
    )
    average = fitted.scorer.probability(today.features).mean()
    why = "is published: no lead has been seen that could show what a cutoff would do. Go by the grades."
    cutoffs = tuple(unpublished(stage, f"No {stage} cutoff {why}") for stage in DEFAULT_MULTIPLES)
    policy = _policy(fitted.scorer, cutoffs, choices, base_rate=float(average))
    scorer = replace(fitted.scorer, policy=policy)
    leads = replace(leads, horizon_days=choices.horizon_days if known.plan.calendar else None)
    evidence = Evidence(tables, leads, None, {}, fitted, cutoffs, tuple(findings), student.prior)
    facts = training_facts(scorer, evidence, name=choices.name, trained_at=now)
    return Training(replace(scorer, facts=facts), evidence)


def _passed(findings: Sequence[Finding]) -> list[Finding]:
    """What was found, without the refusals that R111 tells of."""
    return [finding for finding in findings if not finding.code.startswith("R0")]


def _not_yet(refused: TrainingError) -> Finding:
    message = f"The score is the rulebook's, as stated: nothing is learned yet. {' '.join(str(refused).split())}"
    return Finding("R111", "warning", None, message, "Train again as leads close.")


def _split(snapshots: Snapshots, seed: int) -> Split:
    """The older part to rehearse on and the newest part to judge by; TrainingError where there is none such."""
    gap = snapshots.horizon_days or 0.0
    split = split_newest(snapshots.order, snapshots.account_id, label=snapshots.label, share=NEWEST, gap=gap, seed=seed)
    _refuse_one_sided(snapshots.take(split.train))
    return split


def _refuse_one_sided(older: Snapshots) -> None:
    """Both outcomes may occur and yet only one of them early enough to learn from and be tested later."""
    won, rows = int(older.label.sum()), len(older.label)
    if won not in (0, rows):
        return
    within = f" within {older.horizon_days:g} days" if older.horizon_days else ""
    advice = "Lengthen project.horizon_days so that more wins fall within it, or bring older leads."
    raise TrainingError(
        f"Of the {rows:,} snapshots before the newest part, {won:,} were won{within}: there is nothing to tell apart "
        f"that the newest part could test. {advice if older.horizon_days else 'Bring older leads.'}"
    )


def _audit(tables: LeadTables) -> list[Finding]:
    leads = tables.leads
    if "outcome" not in leads.column_names:
        raise TrainingError("The leads have no outcome to learn from. Map the column that says won or lost (outcome).")
    order = None
    if "created_at" in leads.column_names:
        order = to_floats(leads["created_at"].cast(pa.int64()))
    elif "order" in leads.column_names:
        order = to_floats(leads["order"])
    return audit_leads(
        leads,
        tables.attributes,
        leads["outcome"],
        lead_id=leads["lead_id"],
        account_id=leads["account_id"],
        closed_at=leads["closed_at"] if "closed_at" in leads.column_names else None,
        history=tables.history,
        order=order,
    )


def _without(tables: LeadTables, left_out: Mapping[str, str]) -> LeadTables:
    """The tables without the attributes that training must not see."""
    history = tables.history
    if history is not None and left_out:
        history = history.filter(pc.invert(pc.is_in(history["field"], pa.array(list(left_out), pa.string()))))
    kept = tuple(name for name in tables.attributes if name not in left_out)
    return replace(tables, attributes=kept, history=history)


def _contract(snapshots: Snapshots, left_out: Mapping[str, str]) -> tuple[Column, ...]:
    return tuple(column for column in snapshots.columns if column.name not in left_out)


def _rules(rulebook: Rulebook | None, tables: LeadTables) -> tuple[Rulebook | None, list[Finding]]:
    """The rulebook over the user's columns, and a remark where a dimension has none."""
    if rulebook is None:
        return None, []
    advice = "Say which column answers each question under [leads.answers] in leadml.toml."
    mapped, unmapped = map_rulebook(rulebook, tables.answers, tables.attributes, advice=advice)
    message = f"The rulebook {rulebook.name} has no column for {', '.join(unmapped)}; what has none counts for nothing."
    return mapped, [Finding("R110", "note", None, message, advice)] if unmapped else []


def _prior(rulebook: Rulebook | None, tables: LeadTables, choices: Choices) -> RulesPrior | None:
    """What is stated of the rules; the stated base rate is that of leads with as many points as the leads there are."""
    prior = RulesPrior.stated(rulebook, choices.base_rate, choices.points_that_double_odds)
    if prior is None or rulebook is None:
        return None
    return replace(prior, reference=float(np.mean(rulebook.total(rulebook.codes(tables.leads)))))


def _is_whole(prior: RulesPrior | None) -> bool:
    """Whether what is stated gives every lead a probability."""
    return prior is not None and prior.log_odds is not None


def _cutoffs(weekly: Snapshots, scorer: Scorer, choices: Choices, *, base_rate: float, signal: bool) -> list[Cutoff]:
    intent = None
    if any("intent" in term.groups for term in scorer.terms):
        intent = scorer.subtotals(weekly.features)["intent"] > 0
    return choose_cutoffs(
        scorer.probability(weekly.features),
        weekly.label,
        intent,
        weekly.lead_id,
        weekly.order if weekly.horizon_days else None,
        base_rate=base_rate,
        groups=weekly.account_id,
        signal=signal,
        seed=choices.seed,
        **asdict(choices.cutoffs),
    )


def _policy(scorer: Scorer, cutoffs: Sequence[Cutoff], choices: Choices, *, base_rate: float) -> Policy:
    mql, sql = (cutoff.probability for cutoff in cutoffs)
    shows_intent = any("intent" in term.groups for term in scorer.terms)
    return Policy(
        grade_bounds=grade_bounds(base_rate, choices.grade_multiples),
        mql=mql,
        sql=sql,
        sql_needs_intent=choices.cutoffs.sql_needs_intent and shows_intent,
    )
