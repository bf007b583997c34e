"""A logistic regression of two or three parameters under a normal prior, by Newton's method."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from leadml.predict.encoding import Floats
from leadml.predict.tables import probability

_STEPS = 50
_CLOSE = 1e-10


@dataclass(frozen=True)
class Posterior:
    """The most probable parameters; the probabilities (rows,) and the curvature of the last step towards them."""

    parameters: Floats
    chance: Floats
    curvature: Floats


def most_probable(design: Floats, label: Floats, *, mean: Floats, precision: Floats, offset: float = 0.0) -> Posterior:
    """Maximise the posterior of the parameters of log-odds `offset + design @ parameters`.

    Args:
        design: shape (rows, parameters).
        label: shape (rows,), 1.0 for won.
        mean: the prior's mean, shape (parameters,), from which the search starts.
        precision: the prior's inverse variance of each parameter, shape (parameters,).
        offset: log-odds that every row has.
    """
    parameters = mean.copy()
    for _ in range(_STEPS):
        chance = probability(offset + design @ parameters)
        slope = design.T @ (chance - label) + precision * (parameters - mean)
        curvature = (design * (chance * (1 - chance))[:, None]).T @ design + np.diag(precision)
        step = np.clip(np.linalg.solve(curvature, slope), -1, 1)
        parameters = parameters - step
        if np.abs(step).max() < _CLOSE:
            break
    return Posterior(parameters, chance, curvature)
