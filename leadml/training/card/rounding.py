"""Weights of a card's lines, and whole points that say nearly the same."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from leadml.predict.encoding import Floats
from leadml.training.newton import most_probable
from leadml.training.sample import row_losses

# Weights are held to be about this large in log-odds, so that a line of few rows gets no wild one.
_SPREAD = 2.0
_ANY_INTERCEPT = 1e-6
# The line with the most points has ten: people add those up in their heads.
_LARGEST = 10
_SWEEPS = 10
_LITTLE = 1e-7


@dataclass(frozen=True)
class Weighted:
    """Log-odds of a lead of which no line holds, and what each line adds; shape (lines,)."""

    intercept: float
    weights: Floats

    def log_odds(self, held: Floats) -> Floats:
        """Of rows, by which lines hold for them (rows, lines); shape (rows,)."""
        return np.asarray(self.intercept + held @ self.weights)


def fit_weights(held: Floats, label: Floats) -> Weighted:
    """Ridge logistic regression of the outcome on which lines hold; `held` has shape (rows, lines)."""
    lines = np.column_stack([np.ones(len(held)), held])
    precision = np.array([_ANY_INTERCEPT, *np.full(held.shape[1], _SPREAD**-2)])
    found = most_probable(lines, label, mean=np.zeros(lines.shape[1]), precision=precision).parameters
    return Weighted(float(found[0]), found[1:])


def rounded(weighted: Weighted, held: Floats, label: Floats) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Whole points per line, the largest about ten, that lose as little log loss as can be; shape (lines,).

    Rounding each weight by itself lets errors add up. As in RiskSLIM's polishing (Ustun and Rudin 2019, "Learning
    optimized risk scores", Journal of Machine Learning Research 20:150) points go up or down by one, line by line, for
    as long as that lowers the log loss.
    """
    top = float(np.abs(weighted.weights).max(initial=0.0))
    points = np.round(weighted.weights * _LARGEST / top) if top else np.zeros(len(weighted.weights))
    loss, line = _fitted(held @ points, label)
    for _ in range(_SWEEPS):
        before = loss
        points = _swept(points, held, label, line, loss)
        loss, line = _fitted(held @ points, label)
        if loss >= before - _LITTLE:
            break
    return points.astype(np.int64)


def _swept(points: Floats, held: Floats, label: Floats, line: Weighted, loss: float) -> Floats:
    """The points after each line was given one more or one less where that helps, one line after the other.

    What a point is worth follows once a sweep: one step of one line hardly moves it.
    """
    points, total = points.copy(), held @ points
    for place in range(len(points)):
        for step in (1.0, -1.0):
            moved = total + step * held[:, place]
            tried = float(row_losses(label, line.log_odds(moved[:, None])).mean())
            if abs(points[place] + step) <= _LARGEST and tried < loss:
                points[place] += step
                total, loss = moved, tried
    return points


def _fitted(total: Floats, label: Floats) -> tuple[float, Weighted]:
    """Log loss of a logistic regression on total points, and that regression."""
    line = fit_weights(total[:, None], label)
    return float(row_losses(label, line.log_odds(total[:, None])).mean()), line
