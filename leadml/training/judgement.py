"""What the judged predictions decide: the blend, its calibration, and whether there is any signal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from leadml.predict.calibration import MonotoneMap
from leadml.predict.encoding import Floats
from leadml.training.blend import blend_weights, forward_weights
from leadml.training.calibration.affine import Calibration, fit_calibration, fit_forward_calibration
from leadml.training.calibration.bent import crossed_over, fit_map
from leadml.training.folds import Fold, Rows
from leadml.training.known import Groups
from leadml.training.plan import Plan
from leadml.training.sample import Sample, base_log_odds, row_losses

# How many standard errors better than the base rate counts as signal: about one noise data set in 100 gets past.
_SIGNAL_ERRORS = 1.75
# A map is harder to read than a slope, so it has to be better for sure.
_MAP_ERRORS = 2.5


@dataclass(frozen=True)
class Judgement:
    """The blend of candidates and how well it does on rows that its parts were not trained on.

    `rows` are the judged rows of the sample, once each, and `label` their outcomes. Log-odds, shape (judged rows,): of
    the `blend`, and of it calibrated (`log_odds`); of the `simplest` candidate (rules and base rate) and of the
    `base_rate` without rules. `losses` has each candidate's log loss. `bent` is the map that calibrates instead of
    `calibration`, where it is clearly better on rows that it was not fitted to.
    """

    weights: Floats
    calibration: Calibration
    rows: Rows
    label: Floats
    blend: Floats
    log_odds: Floats
    simplest: Floats
    base_rate: Floats
    losses: Floats
    bent: MonotoneMap | None = None

    @property
    def loss(self) -> float:
        """Log loss of the calibrated blend."""
        return float(self.losses_of(self.log_odds).mean())

    def losses_of(self, log_odds: Floats) -> Floats:
        """Loss of each judged row under given log-odds."""
        return row_losses(self.label, log_odds)


def judge(
    sample: Sample,
    plan: Plan,
    judged: Sequence[Sequence[Floats]],
    allowed: Sequence[bool] | None = None,
    accounts: Groups | None = None,
) -> Judgement:
    """Blend and calibrate candidates by their judged log-odds (candidate by candidate, fold by fold).

    Where `allowed` says which candidates may be blended (the first always may), the others only get their log loss.
    `accounts` are those of the sample's rows.
    """
    rows, log_odds = gathered(plan.folds, len(sample.label), [*judged, _base_rates(sample, plan)])
    base_rate, log_odds = log_odds[-1], log_odds[:-1]
    label, block = sample.label[rows], _blocks(plan, len(sample.label))[rows]
    may = np.flatnonzero(np.ones(len(log_odds), dtype=bool) if allowed is None else allowed)
    weights = np.zeros(len(log_odds))
    weights[may] = _weights(plan, log_odds[may], label, block)
    blend: Floats = weights @ log_odds
    calibration = _calibration(plan, blend, label, block)
    owners = np.arange(len(rows)) if accounts is None else np.asarray(accounts)[rows]
    bent = _bent(plan, blend, label, block, owners, calibration)
    return Judgement(
        weights=weights,
        calibration=calibration,
        rows=rows,
        label=label,
        blend=blend,
        log_odds=(bent or calibration).apply(blend),
        simplest=log_odds[0],
        base_rate=base_rate,
        losses=row_losses(label, log_odds).mean(axis=1),
        bent=bent,
    )


def _base_rates(sample: Sample, plan: Plan) -> list[Floats]:
    bare = replace(sample, offset=np.zeros(len(sample.label)))
    return [np.full(len(judged), base_log_odds(bare.take(trained))) for trained, judged in plan.folds]


def _weights(plan: Plan, log_odds: Floats, label: Floats, block: Rows) -> Floats:
    if not plan.forward:
        return blend_weights(log_odds, label)
    return forward_weights(log_odds, label, block, plan.importance)


def _calibration(plan: Plan, blend: Floats, label: Floats, block: Rows) -> Calibration:
    if not plan.forward:
        return fit_calibration(blend, label)
    parts = [block == place for place in range(len(plan.folds))]
    return fit_forward_calibration([blend[part] for part in parts], [label[part] for part in parts])


def _bent(
    plan: Plan, blend: Floats, label: Floats, block: Rows, owners: Groups, calibration: Calibration
) -> MonotoneMap | None:
    """The map, where it is better than the affine calibration beyond chance, both judged on rows not fitted to."""

    def pooled(log_odds: Sequence[Floats], won: Sequence[Floats]) -> Calibration:
        return fit_calibration(np.concatenate(log_odds), np.concatenate(won))

    fit = fit_forward_calibration if plan.forward else pooled
    found = crossed_over(blend, label, block, forward=plan.forward, fit=fit)
    if found is None:
        return None
    straight, bent, rows = found
    better = is_better(row_losses(label[rows], bent), row_losses(label[rows], straight), owners[rows], _MAP_ERRORS)
    return fit_map(blend, label, calibration) if better else None


def gathered(folds: Sequence[Fold], n_rows: int, judged: Sequence[Sequence[Floats]]) -> tuple[Rows, Floats]:
    """The judged rows, and for each candidate their log-odds, averaged where a row was judged more than once."""
    count = np.zeros(n_rows)
    for _, rows in folds:
        count[rows] += 1
    total = np.zeros((len(judged), n_rows))
    for candidate, of_folds in zip(total, judged, strict=True):
        for (_, rows), log_odds in zip(folds, of_folds, strict=True):
            candidate[rows] += log_odds
    seen = np.flatnonzero(count)
    return seen, total[:, seen] / count[seen]


def is_better(
    losses: Floats, base_losses: Floats, groups: np.ndarray[Any, Any], errors: float = _SIGNAL_ERRORS
) -> bool:
    """Whether losses lie `errors` standard errors below `base_losses` of the same rows.

    Beyond chance unless said otherwise; the error is the jackknife's, over whole groups.
    """
    _, group = np.unique(groups, return_inverse=True)
    gain = base_losses - losses
    mean = float(gain.mean())
    pulls = np.bincount(group, weights=gain - mean)
    count = len(pulls)
    if count < 2:
        return False
    error = float(np.sqrt(count / (count - 1) * (pulls @ pulls))) / len(gain)
    return mean > errors * error


def _blocks(plan: Plan, n_rows: int) -> Rows:
    """The fold that judges each row (the last one, where several do)."""
    block = np.zeros(n_rows, dtype=np.int64)
    for place, (_, rows) in enumerate(plan.folds):
        block[rows] = place
    return block
