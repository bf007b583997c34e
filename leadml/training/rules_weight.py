"""How much a rule point is worth: one weight for the whole rulebook, fitted before anything else is learned.

What the user states of the rules is a normal prior: log-odds per point around `ln 2 / points that double the odds`, and
log-odds of the average lead around those of the stated base rate. Without a closed lead the prior is the answer; every
lead that closes moves it, and many leave nothing of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from leadml.predict.encoding import Floats
from leadml.predict.rules.rulebook import Rulebook
from leadml.training.newton import most_probable

# Between a rulebook's worst lead and its best one the odds double so many times, where nobody has said how often.
_DOUBLINGS = 5
# How sure a statement is held to be: the weight is right within a factor of two (two standard deviations reach from
# none to twice as much), the base rate within a factor of 2.7.
_WEIGHT_SPREAD = 0.5
_BASE_RATE_SPREAD = 0.5
# Where nothing is stated: one standard deviation of points is worth about one in log-odds, either way.
_ANY_BASE_RATE = 1e-3
_ANY_WEIGHT = 1.0


@dataclass(frozen=True)
class RulesPrior:
    """What the user states of the rules.

    `weight` is the log-odds per point, `log_odds` those of the average lead (None: no base rate is stated), and
    `reference` the points of that lead (None: the mean of the rows that are learned from).
    """

    weight: float
    log_odds: float | None = None
    reference: float | None = None

    @property
    def is_whole(self) -> bool:
        """Whether what is stated gives every lead a probability."""
        return self.log_odds is not None

    @classmethod
    def stated(
        cls, rulebook: Rulebook | None, base_rate: float | None, points_that_double_odds: float | None
    ) -> RulesPrior | None:
        """The prior that is stated; None where neither is, or where there are no rules.

        Where only the base rate is stated, a fifth of the way from the rulebook's worst lead to its best doubles the
        odds.
        """
        if rulebook is None or (base_rate is None and points_that_double_odds is None):
            return None
        points = points_that_double_odds or points_between(rulebook) / _DOUBLINGS
        log_odds = None if base_rate is None else float(np.log(base_rate / (1 - base_rate)))
        return cls(float(np.log(2) / points) if points else 0.0, log_odds)


@dataclass(frozen=True)
class RulesWeight:
    """Log-odds per point, never negative, with its 95 % interval (before it is held at zero).

    `intercept` is the log-odds of a lead without points.
    """

    weight: float
    interval: tuple[float, float]
    intercept: float

    def log_odds(self, points: Floats) -> Floats:
        """Log-odds of leads by the rules alone, in the shape of `points`."""
        return self.intercept + self.weight * points


def points_between(rulebook: Rulebook) -> float:
    """Points between the worst lead there can be and the best."""
    lowest, highest = rulebook.reach
    return highest - lowest


def fit_rules_weight(
    points: Floats,
    label: Floats,
    groups: np.ndarray[Any, Any],
    prior: RulesPrior | None = None,
) -> RulesWeight:
    """Logistic regression of the outcome on total points, with errors that hold for rows grouped in accounts.

    Rules that point the wrong way get weight zero: they are the user's belief, not a feature to be turned round.

    Args:
        points: total points, shape (rows,); with a whole `prior` there may be no row.
        label: shape (rows,), 1.0 for won.
        groups: account of each row, shape (rows,). Against what is stated an account counts as one lead.
        prior: what is stated. Without it a weak prior around zero keeps few rows from any weight.
    """
    spread = float(points.std()) if len(points) else 0.0
    given = None if prior is None else prior.reference
    centre, scale = float(points.mean()) if given is None else given, spread or 1.0
    mean, precision = _mean_and_precision(prior, scale)
    rows_each = len(points) / len(np.unique(groups)) if prior is not None and len(points) else 1.0
    design = np.column_stack([np.ones(len(points)), (points - centre) / scale])
    found = most_probable(design, label, mean=mean, precision=rows_each * precision)
    pulls = _pulls(design, found.chance - label, groups)
    if prior is not None:
        pulls = pulls + rows_each**2 * np.diag(precision)
    inverse = np.linalg.inv(found.curvature)
    slope, error = found.parameters[1] / scale, np.sqrt((inverse @ pulls @ inverse)[1, 1]) / scale
    interval = (float(slope - 1.96 * error), float(slope + 1.96 * error))
    if slope > 0:
        return RulesWeight(float(slope), interval, float(found.parameters[0] - slope * centre))
    alone = most_probable(design[:, :1], label, mean=mean[:1], precision=rows_each * precision[:1])
    return RulesWeight(0.0, interval, float(alone.parameters[0]))


def _mean_and_precision(prior: RulesPrior | None, scale: float) -> tuple[Floats, Floats]:
    """Of the average lead's log-odds and of the log-odds of `scale` points."""
    if prior is None:
        return np.zeros(2), np.array([_ANY_BASE_RATE, _ANY_WEIGHT])
    of_base_rate = _ANY_BASE_RATE if prior.log_odds is None else _BASE_RATE_SPREAD**-2
    of_weight = (_WEIGHT_SPREAD * prior.weight * scale) ** -2 if prior.weight else _ANY_WEIGHT
    return np.array([prior.log_odds or 0.0, prior.weight * scale]), np.array([of_base_rate, of_weight])


def _pulls(design: Floats, residual: Floats, groups: np.ndarray[Any, Any]) -> Floats:
    """How much the parameters' slopes vary from account to account, shape (parameters, parameters)."""
    _, group = np.unique(groups, return_inverse=True)
    pulls = np.column_stack([np.bincount(group, weights=residual * column) for column in design.T])
    return np.asarray(pulls.T @ pulls, dtype=np.float64)
