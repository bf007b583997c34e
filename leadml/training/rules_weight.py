"""How much a rule point is worth: one weight for the whole rulebook, fitted before anything else is learned."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from leadml.predict.encoding import Floats
from leadml.training.newton import most_probable


@dataclass(frozen=True)
class RulesWeight:
    """Log-odds per point, never negative, with its 95 % interval (before it is held at zero)."""

    weight: float
    interval: tuple[float, float]


def fit_rules_weight(points: Floats, label: Floats, groups: np.ndarray[Any, Any]) -> RulesWeight:
    """Logistic regression of the outcome on total points, with errors that hold for rows grouped in accounts.

    A weak prior (one standard deviation of points is worth about one in log-odds) keeps few rows from any weight.
    Rules that point the wrong way get weight zero: they are the user's belief, not a feature to be turned round.
    """
    spread = float(points.std())
    if spread == 0:
        return RulesWeight(0.0, (0.0, 0.0))
    design = np.column_stack([np.ones(len(points)), (points - points.mean()) / spread])
    found = most_probable(design, label, mean=np.zeros(2), precision=np.array([1e-3, 1.0]))
    error = _clustered_error(design, found.chance - label, found.curvature, groups)
    centre = found.parameters[1] / spread
    interval = (float(centre - 1.96 * error / spread), float(centre + 1.96 * error / spread))
    return RulesWeight(max(0.0, float(centre)), interval)


def _clustered_error(design: Floats, residual: Floats, curvature: Floats, groups: np.ndarray[Any, Any]) -> float:
    _, group = np.unique(groups, return_inverse=True)
    pulls = np.column_stack([np.bincount(group, weights=residual * column) for column in design.T])
    inverse = np.linalg.inv(curvature)
    return float(np.sqrt((inverse @ (pulls.T @ pulls) @ inverse)[1, 1]))
