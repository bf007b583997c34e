"""From a feature frame with outcomes to a scorer: code, judge candidates, blend, calibrate, and serve as one sum."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, get_args

import numpy as np
import pyarrow as pa
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from leadml.errors import TrainingError
from leadml.features import Censoring
from leadml.predict.encoding import Column, Feature, Floats
from leadml.predict.policy import Policy
from leadml.predict.rules.rulebook import Rulebook
from leadml.predict.scorer import Scorer
from leadml.predict.tables import ScoreTables, probability
from leadml.training.answers import learn_answers
from leadml.training.blend import centred
from leadml.training.candidates import may_be_blended, train_candidates
from leadml.training.choices import Kind
from leadml.training.clock import Clock, Progress, silent
from leadml.training.folds import Rows
from leadml.training.foreign import check_weighable, checked
from leadml.training.grades import grade_bounds
from leadml.training.judgement import judge
from leadml.training.known import Groups, KnownLeads, known_leads
from leadml.training.monotone import check_monotone, held, said_by_rules
from leadml.training.plan import make_plan
from leadml.training.recency import choose_recency
from leadml.training.rules_weight import RulesPrior, fit_rules_weight
from leadml.training.serving import Decision, Served
from leadml.training.thinning import rows_to_judge
from leadml.training.workshop import Workshop


@dataclass(frozen=True)
class Validation:
    """Predictions for training rows by models that had not seen them: what the fit was judged by.

    `rows` are positions in the table given to `fit_scorer`, `log_odds` calibrated, `label` 1.0 for won.
    """

    rows: Rows
    log_odds: Floats
    label: Floats


@dataclass(frozen=True)
class Fitted:
    """What `fit_scorer` gives.

    `signal` is False where nothing is better than the base rate beyond chance. `served` says what the scorer is: the
    tables that were learned, the rules alone (which need no proof, being what the user believes), or the base rate.
    `candidates` lists (name, weight, out-of-sample log loss). `rules_interval` is the 95 % interval of the log-odds per
    rule point, None without rules. `spread` is the standard deviation over the rows, in log-odds, of what the rules say
    and of what was learned beside them. `distilling` is how much log loss the tables lose against the blend they were
    distilled from, measured on the newest (or last) fold; zero where the blend is tables already. Where LightGBM itself
    was asked for, `cost` holds the log loss on the judged rows of the blend that tables would have been distilled
    from, and of what is served instead; else None. `monotone` holds the columns that what was learned is held to: 1
    where more never hurts, -1 where it never helps. `cut` says what a time limit has cost, one phrase each.
    """

    scorer: Scorer
    validation: Validation
    signal: bool
    candidates: tuple[tuple[str, float, float], ...]
    rules_interval: tuple[float, float] | None
    served: Served
    spread: tuple[float, float]
    distilling: float
    cost: tuple[float, float] | None = None
    monotone: Mapping[str, int] = field(default_factory=dict)
    cut: tuple[str, ...] = ()


def fit_scorer(
    table: pa.Table,
    columns: Sequence[Column],
    label: Floats,
    *,
    order: Floats | None = None,
    groups: Groups | None = None,
    gap: float = 0.0,
    censoring: Censoring | None = None,
    rulebook: Rulebook | None = None,
    prior: RulesPrior | None = None,
    kind: Kind = "glassbox",
    monotone: Mapping[str, int] | None = None,
    extra_candidates: Mapping[str, Any] | None = None,
    seed: int = 0,
    time_limit: float | None = None,
    progress: Progress = silent,
) -> Fitted:
    """Fit a scorer to won and lost leads.

    Args:
        table: one row per snapshot with every column of `columns` in its kind's type; other columns are ignored.
        columns: the column contract.
        label: shape (rows,), 1.0 for won, 0.0 for not won, NaN for not yet known (left out).
        order: sortable time of each row, shape (rows,); None where there is no time. With it, candidates are judged
            forward in time and recent rows may count for more.
        groups: account of each row, shape (rows,); an account is never on both sides of a fold.
        gap: how long before a judged block training stops (one horizon), in the unit of `order`.
        censoring: how rows count where some are younger than the horizon. What is served learns from those by weight;
            candidates are judged, blended and calibrated on complete rows alone. None: all rows are complete.
        rulebook: a resolved rulebook whose columns are among `columns`; its points enter once, as an offset.
        prior: what is stated of the rules. With a base rate in it, one outcome or none at all will do: the rules are
            served then.
        kind: "glassbox" serves the blend of all candidates as tables; "linear" pins the linear candidate, and "boosted"
            serves LightGBM itself, whose reasons are slow. Either is still shrunk towards the base rate and the rules.
        monotone: number columns of which more never hurts (1) or never helps (-1), all else the same. Those whose
            points in the rulebook only rise or only fall are among them, where the rules weigh anything.
        extra_candidates: scikit-learn classifiers by name, to be judged beside the others and distilled with them by
            their weight. They join where trees do: with 20 leads of each outcome to learn from.
        seed: for dealing folds and growing trees; the same input and seed give the same scorer, in any row order.
        time_limit: about how many seconds it may take; what is cut for it is said. What comes out then depends on how
            fast the machine is.
        progress: told what is being done, one short phrase each.

    Raises:
        TrainingError: labels of other values, or of one outcome only and no base rate stated; arrays of other lengths;
            a rule's column missing; an extra candidate that is no classifier, gives no probabilities, cannot weigh
            rows that are censored, or fails; a monotone column that is not there or no number, or whose rules say the
            opposite; leads of one account only.
    """
    clock = Clock(time_limit, progress)
    if kind not in get_args(Kind):
        raise TrainingError(f"`kind` must be 'glassbox', 'linear' or 'boosted', got {kind!r} instead.")
    monotone = dict(monotone or {})
    check_monotone(monotone, columns, rulebook)
    foreign = checked(extra_candidates, seed)
    _check(columns, table.num_rows, label, order, groups, rulebook)
    complete = np.isfinite(label)
    if censoring is not None:
        check_weighable(foreign)
        _check_censoring(censoring, table.num_rows)
        complete &= censoring.complete & (censoring.weight > 0)
    if rulebook and prior and prior.reference is None:
        prior = replace(prior, reference=float(np.mean(rulebook.total(table))))
    if len(np.unique(label[complete])) < 2:
        seen = np.where(complete, label, np.nan)
        return fit_rules(table, columns, seen, groups=groups, rulebook=rulebook, prior=prior)
    if groups is not None and len(np.unique(np.asarray(groups)[complete])) < 2:
        raise TrainingError(
            "All leads with a known outcome are of one account in `groups`, so nothing shows what holds for another. "
            "Bring leads of other accounts, or leave `groups` out."
        )
    # Pieces of work run side by side already: linear algebra with threads of its own would only make them wait.
    with threadpool_limits(limits=1, user_api="blas"):
        clock.tell(f"coding {len(columns)} columns")
        leads = known_leads(table, columns, label, order, groups, rulebook, prior, censoring)
        monotone = (said_by_rules(rulebook, columns) if leads.rules.weight else {}) | monotone
        leads = leads.held_to(monotone)
        fitted = _learned(leads, columns, rulebook, kind, foreign, gap, seed, clock)
    return replace(fitted, scorer=_with_answers(fitted.scorer, table), monotone=monotone, cut=clock.cuts)


def _learned(
    leads: KnownLeads,
    columns: Sequence[Column],
    rulebook: Rulebook | None,
    kind: Kind,
    foreign: Mapping[str, Any],
    gap: float,
    seed: int,
    clock: Clock,
) -> Fitted:
    complete = leads.judging()
    judged = complete.take(rows_to_judge(complete.sample.label, complete.accounts, clock, seed))
    sample = judged.sample
    plan = make_plan(sample.label, sample.codes, judged.order, judged.accounts, gap, seed)
    recency = choose_recency(sample, plan, judged.order)
    whole = leads.weighted(recency) if judged is not leads else None
    bags = leads.bags(judged, plan.bags) if judged is complete else None
    shop = Workshop(sample, plan, recency.weights, clock, whole, bags)
    candidates = train_candidates(shop, foreign, kind)
    log_odds = [shop.judge(candidate.folds) for candidate in candidates]
    verdict = judge(sample, plan, log_odds, may_be_blended(candidates, kind), judged.accounts)
    decision = Decision(verdict, candidates, shop, leads.rules, judged.accounts)
    tables, trees = decision.addends(kind)
    tables = held(centred(tables, leads.sample), leads.sample)
    policy = Policy(grade_bounds(float(np.mean(complete.sample.label))))
    scorer = Scorer(_used(columns, sample.features, rulebook), sample.features, tables, policy, rulebook, trees=trees)
    scorer = replace(scorer, calibration=decision.calibration)
    return Fitted(
        scorer,
        Validation(judged.rows[verdict.rows], decision.log_odds, verdict.label),
        decision.signal,
        tuple(zip((one.name for one in candidates), decision.weights.tolist(), verdict.losses.tolist(), strict=True)),
        leads.rules.interval,
        decision.served,
        _spread(scorer, leads),
        0.0 if trees else decision.lost_by_distilling(),
        (judge(sample, plan, log_odds).loss, verdict.loss) if trees else None,
    )


def _with_answers(scorer: Scorer, table: pa.Table) -> Scorer:
    """The scorer with how leads answer its questions; a lead still open tells that as well as any other."""
    return replace(scorer, answers=learn_answers(scorer, table))


def _spread(scorer: Scorer, leads: KnownLeads) -> tuple[float, float]:
    learned = leads.sample.log_odds(scorer.tables) - leads.rules.offset
    learned += sum(trees.log_odds(leads.sample.columns) for trees in scorer.trees)
    weight = scorer.tables.rules_weight / leads.rules.weight if leads.rules.weight else 0.0
    return weight * float(np.std(leads.rules.offset)), float(np.std(learned))


def fit_rules(
    table: pa.Table,
    columns: Sequence[Column],
    label: Floats,
    *,
    groups: Groups | None,
    rulebook: Rulebook | None,
    prior: RulesPrior | None,
) -> Fitted:
    """The rules alone, as stated and moved by the outcomes known, for leads that cannot carry more; see `fit_scorer`.

    Raises:
        TrainingError: the base rate is not stated, or there are no rules to state it for.
    """
    rows = np.flatnonzero(np.isfinite(label))
    if rulebook is None or prior is None or prior.log_odds is None:
        raise TrainingError(
            f"Of {len(rows)} leads with a known outcome {int(label[rows].sum())} were won: a scorer learns from won "
            "and lost leads. Check which values of the outcome column mean won and which mean lost; or state a "
            "rulebook, the base rate and how many points double the odds, and score by the rules until then."
        )
    points = rulebook.total(table)
    accounts = np.arange(len(label)) if groups is None else np.asarray(groups)
    fitted = fit_rules_weight(points[rows], label[rows], accounts[rows], prior=prior)
    tables = ScoreTables(fitted.intercept, (), rules_weight=fitted.weight)
    average = probability(fitted.log_odds(np.array([np.mean(points)])))
    scorer = Scorer(_used(columns, (), rulebook), (), tables, Policy(grade_bounds(float(average[0]))), rulebook)
    scorer = _with_answers(scorer, table)
    unjudged = Validation(rows[:0], np.zeros(0), np.zeros(0))
    spread = (fitted.weight * float(np.std(points)), 0.0)
    return Fitted(scorer, unjudged, False, (), fitted.interval, "rules", spread, 0.0)


def _check_censoring(censoring: Censoring, rows: int) -> None:
    if not len(censoring.weight) == len(censoring.complete) == rows:
        raise TrainingError(f"`censoring` has {len(censoring.weight)} entries for {rows} rows. Give one entry per row.")
    if not (np.isfinite(censoring.weight) & (censoring.weight >= 0)).all():
        raise TrainingError("A weight in `censoring` is negative or missing. Give zero where the outcome is not known.")


def _used(columns: Sequence[Column], features: Sequence[Feature], rulebook: Rulebook | None) -> tuple[Column, ...]:
    """The columns that the scorer reads; all of them where it reads none, as rows must still be counted."""
    names = {feature.column for feature in features} | set(rulebook.columns if rulebook else ())
    return tuple(column for column in columns if column.name in names) or tuple(columns)


def _check(
    columns: Sequence[Column],
    rows: int,
    label: Floats,
    order: Floats | None,
    groups: Groups | None,
    rulebook: Rulebook | None,
) -> None:
    for name, values in (("label", label), ("order", order), ("groups", groups)):
        if values is not None and len(values) != rows:
            raise TrainingError(f"`{name}` has {len(values)} entries for {rows} rows. Give one entry per row.")
    known = label[np.isfinite(label)]
    if not np.isin(known, (0.0, 1.0)).all():
        raise TrainingError("A label is neither 1 (won), 0 (not won) nor missing (not yet known). Mend the labels.")
    if order is not None and not np.isfinite(order[np.isfinite(label)]).all():
        raise TrainingError(
            "The time (`order`) is missing or infinite for a row with a known outcome. Mend it, or leave the row out."
        )
    absent = sorted(set(rulebook.columns if rulebook else ()) - {column.name for column in columns})
    if absent:
        raise TrainingError(
            f"The rulebook needs columns that the rows do not have: {', '.join(absent)}. Map or add them."
        )
