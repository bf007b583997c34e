"""From a feature frame with outcomes to a scorer: code, judge candidates, blend, calibrate, and serve as tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, get_args

import numpy as np
import pyarrow as pa
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from leadml.errors import TrainingError
from leadml.predict.encoding import Codes, Column, Feature, Floats
from leadml.predict.policy import Policy
from leadml.predict.rulebook import Rulebook
from leadml.predict.scorer import Scorer
from leadml.predict.tables import ScoreTables, probability
from leadml.predict.trees import Trees
from leadml.training.binning import code_matrix, fit_features
from leadml.training.blend import centred
from leadml.training.candidates import Candidate, Workshop, may_be_blended, train_candidates
from leadml.training.choices import Kind
from leadml.training.distilling import blended_tables, lost_by_distilling, undistilled
from leadml.training.folds import Rows, signatures
from leadml.training.foreign import checked
from leadml.training.grades import grade_bounds
from leadml.training.judgement import Judgement, is_better, judge
from leadml.training.monotone import check_monotone, directions, held, said_by_rules
from leadml.training.plan import make_plan
from leadml.training.recency import choose_recency
from leadml.training.rules_weight import RulesPrior, fit_rules_weight
from leadml.training.sample import Sample, base_log_odds, constant_tables

Groups = np.ndarray[Any, Any]
Served = Literal["learned", "rules", "nothing"]

# What is learned is served where it beats the base rate beyond chance and the rules by so many standard errors.
_ERRORS_OVER_RULES = 1.0


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
    where more never hurts, -1 where it never helps.
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


def fit_scorer(
    table: pa.Table,
    columns: Sequence[Column],
    label: Floats,
    *,
    order: Floats | None = None,
    groups: Groups | None = None,
    gap: float = 0.0,
    rulebook: Rulebook | None = None,
    prior: RulesPrior | None = None,
    kind: Kind = "glassbox",
    monotone: Mapping[str, int] | None = None,
    extra_candidates: Mapping[str, Any] | None = None,
    seed: int = 0,
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

    Raises:
        TrainingError: labels of other values, or of one outcome only and no base rate stated; arrays of other lengths;
            a rule's column missing; an extra candidate that is no classifier, gives no probabilities, or fails; a
            monotone column that is not there or no number, or whose rules say the opposite.
    """
    if kind not in get_args(Kind):
        raise TrainingError(f"`kind` must be 'glassbox', 'linear' or 'boosted', got {kind!r} instead.")
    monotone = dict(monotone or {})
    check_monotone(monotone, columns, rulebook)
    foreign = checked(extra_candidates, seed)
    _check(columns, table.num_rows, label, order, groups, rulebook)
    if rulebook and prior and prior.reference is None:
        prior = replace(prior, reference=float(np.mean(rulebook.total(rulebook.codes(table)))))
    if len(np.unique(label[np.isfinite(label)])) < 2:
        return fit_rules(table, columns, label, groups=groups, rulebook=rulebook, prior=prior)
    # Pieces of work run side by side already: linear algebra with threads of its own would only make them wait.
    with threadpool_limits(limits=1, user_api="blas"):
        leads = _prepare(table, columns, label, order, groups, rulebook, prior)
        implied = said_by_rules(rulebook, columns) if leads.rules.weight else {}
        leads = leads.held_to(implied | monotone)
        sample = leads.sample
        plan = make_plan(sample.label, sample.codes, leads.order, leads.accounts, gap, seed)
        recency = choose_recency(sample, plan, leads.order)
        shop = Workshop(sample, plan, recency.weights)
        candidates = train_candidates(shop, foreign, kind)
        judged = [shop.judge(candidate.folds) for candidate in candidates]
        verdict = judge(sample, plan, judged, may_be_blended(candidates, kind))
        served = _served(verdict, leads.rules, leads.accounts)
        tables, trees = _addends(served, verdict, candidates, shop, leads.rules, kind)
        cost = (judge(sample, plan, judged).loss, verdict.loss) if trees else None
        distilling = 0.0 if trees else _lost_by_distilling(served, verdict, candidates, shop)
    policy = Policy(grade_bounds(float(np.mean(sample.label))))
    used = _used(columns, sample.features, rulebook)
    scorer = Scorer(used, sample.features, held(centred(tables, sample), sample), policy, rulebook, trees=trees)
    fitted = _fitted(scorer, leads, candidates, verdict, served, distilling)
    return replace(fitted, cost=cost, monotone=implied | monotone)


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
    points = rulebook.total(rulebook.codes(table))
    accounts = np.arange(len(label)) if groups is None else np.asarray(groups)
    fitted = fit_rules_weight(points[rows], label[rows], accounts[rows], prior=prior)
    tables = ScoreTables(fitted.intercept, (), rules_weight=fitted.weight)
    average = probability(fitted.log_odds(np.array([np.mean(points)])))
    scorer = Scorer(_used(columns, (), rulebook), (), tables, Policy(grade_bounds(float(average[0]))), rulebook)
    unjudged = Validation(rows[:0], np.zeros(0), np.zeros(0))
    spread = (fitted.weight * float(np.std(points)), 0.0)
    return Fitted(scorer, unjudged, False, (), fitted.interval, "rules", spread, 0.0)


@dataclass(frozen=True)
class _Leads:
    """Rows with known outcomes in a stable order; `rows` are their positions in the table given."""

    rows: Rows
    sample: Sample
    rules: _Rules
    order: Floats | None
    accounts: Groups | None

    def held_to(self, monotone: Mapping[str, int]) -> _Leads:
        """The same leads, with the directions that some columns are held to."""
        return replace(self, sample=replace(self.sample, directions=directions(self.sample.features, monotone)))


def _prepare(
    table: pa.Table,
    columns: Sequence[Column],
    label: Floats,
    order: Floats | None,
    groups: Groups | None,
    rulebook: Rulebook | None,
    prior: RulesPrior | None,
) -> _Leads:
    rows = np.flatnonzero(np.isfinite(label))
    known = table.take(rows)
    features = fit_features(known, columns)
    codes = code_matrix(known, features)
    points = rulebook.total(rulebook.codes(known)) if rulebook else np.zeros(len(rows))
    accounts = None if groups is None else np.unique(np.asarray(groups)[rows], return_inverse=True)[1]
    stable = _stable_order(codes, label[rows], None if order is None else order[rows], accounts)
    rows, codes = rows[stable], np.asfortranarray(codes[stable])
    accounts = None if accounts is None else accounts[stable]
    rules = _rules(rulebook, prior, points[stable], label[rows], accounts)
    sample = Sample(features, codes, label[rows], rules.offset, np.ones(len(rows)))
    return _Leads(rows, sample, rules, None if order is None else order[rows], accounts)


def _fitted(
    scorer: Scorer,
    leads: _Leads,
    candidates: Sequence[Candidate],
    verdict: Judgement,
    served: Served,
    distilling: float,
) -> Fitted:
    log_odds = {"learned": verdict.log_odds, "rules": verdict.simplest, "nothing": verdict.base_rate}[served]
    names = [candidate.name for candidate in candidates]
    weights = verdict.weights if served == "learned" else np.eye(len(names))[0]
    learned = leads.sample.log_odds(scorer.tables) - leads.rules.offset
    learned += sum(trees.log_odds(leads.sample.columns) for trees in scorer.trees)
    weight = scorer.tables.rules_weight / leads.rules.weight if leads.rules.weight else 0.0
    ruled = served == "rules" and _beats(verdict, verdict.simplest, verdict.base_rate, leads.accounts)
    return Fitted(
        scorer,
        Validation(leads.rows[verdict.rows], log_odds, verdict.label),
        served == "learned" or ruled,
        tuple(zip(names, weights.tolist(), verdict.losses.tolist(), strict=True)),
        leads.rules.interval,
        served,
        (weight * float(np.std(leads.rules.offset)), float(np.std(learned))),
        distilling,
    )


@dataclass(frozen=True)
class _Rules:
    """`intercept` is what goes with the weight where the rules alone are served; None: what the data say."""

    weight: float
    interval: tuple[float, float] | None
    offset: Floats
    intercept: float | None = None


def _rules(
    rulebook: Rulebook | None, prior: RulesPrior | None, points: Floats, label: Floats, accounts: Groups | None
) -> _Rules:
    if rulebook is None:
        return _Rules(0.0, None, np.zeros(len(label)))
    fitted = fit_rules_weight(points, label, np.arange(len(label)) if accounts is None else accounts, prior=prior)
    intercept = fitted.intercept if prior is not None else None
    return _Rules(fitted.weight, fitted.interval, fitted.weight * points, intercept)


def _served(verdict: Judgement, rules: _Rules, accounts: Groups | None) -> Served:
    """What is learned must beat the base rate beyond chance, and the rules; else the rules stand, where they weigh."""
    learned = _beats(verdict, verdict.blend, verdict.base_rate, accounts)
    if rules.weight == 0:
        return "learned" if learned else "nothing"
    better = learned and _beats(verdict, verdict.blend, verdict.simplest, accounts, errors=_ERRORS_OVER_RULES)
    return "learned" if better else "rules"


def _beats(verdict: Judgement, log_odds: Floats, others: Floats, accounts: Groups | None, **bar: float) -> bool:
    groups = np.arange(len(verdict.label)) if accounts is None else accounts[verdict.rows]
    return is_better(verdict.losses_of(log_odds), verdict.losses_of(others), groups, **bar)


def _addends(
    served: Served, verdict: Judgement, candidates: Sequence[Candidate], shop: Workshop, rules: _Rules, kind: Kind
) -> tuple[ScoreTables, tuple[Trees, ...]]:
    """What to serve; every candidate corrects the same offset, so the blend carries it once."""
    sample = shop.sample
    if served == "nothing":
        bare = replace(sample, offset=np.zeros(len(sample.label)))
        return constant_tables(sample.features, base_log_odds(bare)), ()
    if served == "rules" and rules.intercept is not None:
        return replace(constant_tables(sample.features, rules.intercept), rules_weight=rules.weight), ()
    if served == "rules":
        return replace(blended_tables([candidates[0].finish()], [1.0], sample), rules_weight=rules.weight), ()
    used = np.flatnonzero(verdict.weights)
    models, weights = [candidates[int(position)].finish() for position in used], verdict.weights[used]
    if kind == "boosted":
        total, trees = undistilled(models, weights, sample)
    else:
        total, trees = blended_tables(models, weights, sample), ()
    slope, shift = verdict.calibration.slope, verdict.calibration.shift
    total = replace(total, rules_weight=rules.weight).rescaled(slope, shift)
    return total, tuple(one.rescaled(slope) for one in trees)


def _lost_by_distilling(served: Served, verdict: Judgement, candidates: Sequence[Candidate], shop: Workshop) -> float:
    if served != "learned":
        return 0.0
    used = np.flatnonzero(verdict.weights)
    models = [candidates[int(position)].folds[-1] for position in used]
    return lost_by_distilling(models, verdict.weights[used], shop.training[-1], shop.judging[-1])


def _used(columns: Sequence[Column], features: Sequence[Feature], rulebook: Rulebook | None) -> tuple[Column, ...]:
    """The columns that the scorer reads; all of them where it reads none, as rows must still be counted."""
    names = {feature.column for feature in features} | set(rulebook.columns if rulebook else ())
    return tuple(column for column in columns if column.name in names) or tuple(columns)


def _stable_order(codes: Codes, label: Floats, order: Floats | None, accounts: Groups | None) -> Rows:
    """An order of the rows that depends on what they say, not on how they came."""
    keys = [signatures(codes), label]
    keys += [] if accounts is None else [accounts]
    keys += [] if order is None else [order]
    return np.lexsort(keys)


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
        raise TrainingError("`order` is missing for a row with a known outcome. Fill it in, or leave the row out.")
    absent = sorted(set(rulebook.columns if rulebook else ()) - {column.name for column in columns})
    if absent:
        raise TrainingError(
            f"The rulebook needs columns that the rows do not have: {', '.join(absent)}. Map or add them."
        )
