"""What a training writes down: the JSON facts that go into the bundle, and from which the report page is drawn."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import pyarrow.compute as pc

import leadml
from leadml.features import Snapshots, newest_moment
from leadml.predict import Scorer
from leadml.predict.arrays import Mask
from leadml.predict.encoding import Floats
from leadml.predict.rules.rulebook import Dimension
from leadml.predict.tables import probability
from leadml.schema import LeadTables
from leadml.training.business.returns import return_on_cost
from leadml.training.business.velocity import Qualified, sales_velocity
from leadml.training.calibration.bands import band_facts
from leadml.training.calibration.calibrating import CalibrationEvidence
from leadml.training.cutoffs import Cutoff
from leadml.training.cutoffs.alternatives import alternatives
from leadml.training.cutoffs.forecast import forecast
from leadml.training.cutoffs.what_if import what_if
from leadml.training.drivers import driver_facts
from leadml.training.evaluation import Interval, evaluate, gain
from leadml.training.fairness import fairness_facts
from leadml.training.fields import field_facts
from leadml.training.findings import Finding, columns_left_out
from leadml.training.fit import Fitted
from leadml.training.grades import GradeScale, grade_table
from leadml.training.grades.moves import grade_moves
from leadml.training.handover import Rehearsal
from leadml.training.importance import Parts, lost_without, terms_by_column, terms_by_feature
from leadml.training.interactions import pair_facts
from leadml.training.learning_curve import LearningCurve
from leadml.training.review import review_facts
from leadml.training.rules_weight import RulesPrior


@dataclass(frozen=True)
class Evidence:
    """What a training has found out.

    `snapshots` are all that it learned from, `newest` the part it was judged on, and `predictions` the probabilities
    for that part, of the rehearsal ("leadml") and of what it has to beat. Where nothing was learned yet, `newest` is
    None. `prior` is what is stated of the rules, `curve` how a quick model got better with the number of leads,
    `qualified` are the leads that would have been handed over month by month, and `rehearsal` is what cutoffs come
    from. `calibration` is how true the probabilities are. `grades` are the grade bounds that are published, `previous`
    is the scorer that served until now.
    """

    tables: LeadTables
    snapshots: Snapshots
    newest: Snapshots | None
    predictions: Mapping[str, Floats]
    fitted: Fitted
    cutoffs: tuple[Cutoff, ...]
    findings: tuple[Finding, ...]
    prior: RulesPrior | None = None
    curve: LearningCurve | None = None
    qualified: Qualified | None = None
    rehearsal: Rehearsal | None = None
    calibration: CalibrationEvidence | None = None
    grades: GradeScale | None = None
    previous: Scorer | None = None


def training_facts(scorer: Scorer, evidence: Evidence, *, name: str, trained_at: datetime) -> dict[str, Any]:
    """The facts of a training as JSON values; `leadml.report` says what it does with each."""
    newest, snapshots = evidence.newest, evidence.snapshots
    left_out = {**evidence.tables.dropped, **columns_left_out(evidence.findings)}
    facts: dict[str, Any] = {
        "name": name,
        "version": leadml.__version__,
        "trained_at": trained_at.isoformat(timespec="seconds"),
        "horizon_days": snapshots.horizon_days,
        "plan": snapshots.plan.to_dict(),
        "population": _population(evidence),
        "signal": evidence.fitted.signal,
        "cut": list(evidence.fitted.cut),
        "served": evidence.fitted.served,
        "spread": dict(zip(("rules", "learned"), evidence.fitted.spread, strict=True)),
        "distilling": evidence.fitted.distilling,
        "cost": dict(zip(("tables", "boosted"), evidence.fitted.cost, strict=True)) if evidence.fitted.cost else None,
        "monotone": dict(evidence.fitted.monotone),
        "evaluation": _evaluation(evidence, newest) if newest else None,
        "cutoffs": [cutoff.to_dict() for cutoff in evidence.cutoffs],
        "alternatives": _alternatives(evidence),
        "what_if": what_if(evidence.rehearsal.leads, evidence.cutoffs) if evidence.rehearsal else {},
        "forecast": forecast(evidence.rehearsal.leads, evidence.cutoffs) if evidence.rehearsal else {},
        "calibration": evidence.calibration.to_dict() if evidence.calibration else None,
        "grades": _grades(scorer, evidence),
        "grade_bounds": evidence.grades.to_dict() if evidence.grades else None,
        "grade_moves": grade_moves(scorer, evidence.previous, evidence.tables, snapshots),
        "learning_curve": [point.to_dict() for point in evidence.curve.points] if evidence.curve else [],
        "fairness": fairness_facts(evidence.tables.sensitive, scorer, snapshots, evidence.rehearsal),
        "review": review_facts(evidence.tables, evidence.rehearsal, scorer.policy),
        "findings": [finding.to_dict() for finding in evidence.findings],
        "excluded": [{"column": column, "why": why} for column, why in left_out.items()],
        "rules": _rules(scorer, evidence),
        **_business(evidence),
        "drivers": driver_facts(scorer, snapshots, _importance(evidence, terms_by_feature)),
        "fields": field_facts(
            scorer, evidence.tables, snapshots, evidence.findings, _importance(evidence, terms_by_column)
        ),
        "pairs": pair_facts(scorer, snapshots),
        "density": _density(scorer, snapshots),
        "candidates": [
            {"name": name, "weight": weight, "log_loss": loss} for name, weight, loss in evidence.fitted.candidates
        ],
    }
    return {key: without_nan(value) for key, value in facts.items()}


def _alternatives(evidence: Evidence) -> list[dict[str, Any]]:
    if evidence.rehearsal is None:
        return []
    return alternatives(evidence.rehearsal.leads, evidence.cutoffs, base_rate=evidence.rehearsal.base_rate)


def _population(evidence: Evidence) -> dict[str, Any]:
    outcome = evidence.tables.leads["outcome"]
    won, lost = (pc.sum(pc.equal(outcome, word)).as_py() or 0 for word in ("won", "lost"))
    leads = evidence.tables.counts.get("leads")
    return {
        "snapshots": len(evidence.snapshots.lead_id),
        "leads": len(outcome),
        "won": won,
        "lost": lost,
        "open": outcome.null_count,
        "rejected": leads.rejected if leads else 0,
        "base_rate": float(evidence.snapshots.label.mean()),
        **_period(evidence.snapshots),
    }


def _business(evidence: Evidence) -> dict[str, Any]:
    """Velocity and return on cost; neither can be told without dates."""
    leads, horizon = evidence.tables.leads, evidence.snapshots.horizon_days
    if not {"created_at", "outcome"} <= set(leads.column_names):
        return {"velocity": None, "returns": None}
    end = (newest_moment(evidence.tables) - datetime(1970, 1, 1)).total_seconds() / 86_400  # noqa: DTZ001 (UTC)
    return {
        "velocity": sales_velocity(leads, qualified=evidence.qualified, horizon_days=horizon, end=end),
        "returns": return_on_cost(leads, evidence.tables.source, horizon_days=horizon, end=end),
    }


def _period(snapshots: Snapshots) -> dict[str, str | None]:
    """First and last day of snapshots, None where there are no dates."""
    if snapshots.as_of is None:
        return {"from": None, "until": None}
    span = pc.min_max(snapshots.as_of).as_py()
    return {"from": span["min"].date().isoformat(), "until": span["max"].date().isoformat()}


def _grades(scorer: Scorer, evidence: Evidence) -> list[dict[str, str | float | None]]:
    """Bounds, shares and observed rates; without a newest part to see them on, of the leads there are."""
    if evidence.newest is None:
        leads = evidence.snapshots
        return grade_table(scorer.probability(leads.features), leads.label, scorer.policy.grade_bounds)
    return grade_table(evidence.predictions["leadml"], evidence.newest.label, scorer.policy.grade_bounds)


def _evaluation(evidence: Evidence, newest: Snapshots) -> dict[str, Any]:
    period = _period(newest)
    part = f"the newest 20 % ({period['from']} to {period['until']})" if period["from"] else "the newest 20 %"
    if newest.order is None:
        shared = pc.count_distinct(newest.account_id).as_py() < pc.count_distinct(newest.lead_id).as_py()
        part = f"20 % of the {'accounts' if shared else 'leads'}, drawn by lot"
    curve = gain(newest.label, evidence.predictions["leadml"])
    rules = evidence.predictions.get("rules alone")
    of_rules = [None] * len(curve) if rules is None else [point["captured"] for point in gain(newest.label, rules)]
    return {
        "part": part,
        "rows": len(newest.lead_id),
        "won": int(newest.label.sum()),
        "base_rate": float(newest.label.mean()),
        "models": evaluate(newest.label, evidence.predictions, newest.account_id),
        "reliability": band_facts(evidence.calibration.reliability) if evidence.calibration else [],
        "gain": [{**point, "rules": captured} for point, captured in zip(curve, of_rules, strict=True)],
    }


def _rules(scorer: Scorer, evidence: Evidence) -> dict[str, Any] | None:
    if scorer.rulebook is None:
        return None
    rows = scorer.rulebook.rows(evidence.snapshots.features)
    points = scorer.rulebook.points(evidence.snapshots.features)
    label = evidence.snapshots.label
    return {
        "name": scorer.rulebook.name,
        "weight": scorer.tables.rules_weight,
        "interval": evidence.fitted.rules_interval,
        "stated": _stated(evidence.prior),
        "dimensions": [
            _dimension(dimension, points[dimension.name], dimension.open(rows), label)
            for dimension in scorer.rulebook.dimensions
        ],
    }


def _stated(prior: RulesPrior | None) -> dict[str, float | None] | None:
    if prior is None:
        return None
    base_rate = None if prior.log_odds is None else float(probability(np.array([prior.log_odds]))[0])
    return {"base_rate": base_rate, "points_that_double_odds": math.log(2) / prior.weight if prior.weight else None}


def _dimension(dimension: Dimension, points: Floats, unanswered: Mask, label: Floats) -> dict[str, Any]:
    """How a dimension's best leads convert beside all others; the best are those in the upper half of its points."""
    low, high = dimension.reach
    best = points > (low + high) / 2
    return {
        "name": dimension.name,
        "points_low": low,
        "points_high": high,
        "answered": None if dimension.column is None else float(1 - unanswered.mean()),
        "won_with": float(label[best].mean()) if best.any() else None,
        "won_without": float(label[~best].mean()) if (~best).any() else None,
    }


def _importance(evidence: Evidence, parts: Callable[[Scorer], Parts]) -> dict[str, Interval]:
    """What would be lost out of time without each part of the rehearsal's score; empty where nothing was judged."""
    if evidence.rehearsal is None or evidence.newest is None:
        return {}
    scorer = evidence.rehearsal.scorer
    return lost_without(scorer, evidence.newest, parts(scorer))


def _density(scorer: Scorer, snapshots: Snapshots) -> dict[str, list[int]]:
    """How many snapshots have each code, by feature."""
    codes = scorer.encode(snapshots.features)
    return {
        feature.name: np.bincount(code, minlength=feature.n_codes).tolist()
        for feature, code in zip(scorer.features, codes, strict=True)
    }


def without_nan(value: Any) -> Any:
    """The same JSON value with None for numbers that are not finite, tuples as lists."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {key: without_nan(entry) for key, entry in value.items()}
    return [without_nan(entry) for entry in value] if isinstance(value, list | tuple) else value
