"""Affine calibration in log-odds: the slope and shift that make out-of-sample predictions true, shrunk to none.

Platt scaling (Platt 1999) on log-odds rather than on probabilities, so that it folds into the score tables and reasons
still add up. With few rows the prior (slope 1, shift 0) holds it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from leadml.predict.encoding import Floats
from leadml.training.newton import most_probable

_SLOPE_SPREAD = 0.05
_SHIFT_SPREAD = 0.3
# A shift's mean over the blocks counts from about 1.7 standard errors on: the square of that.
_PROVEN = 3.0


@dataclass(frozen=True)
class Calibration:
    """Calibrated log-odds are `shift + slope * log_odds`."""

    slope: float
    shift: float

    def apply(self, log_odds: Floats) -> Floats:
        """Calibrated log-odds, in the shape given."""
        return self.shift + self.slope * log_odds


def fit_calibration(log_odds: Floats, label: Floats) -> Calibration:
    """Calibration from out-of-sample log-odds, shape (rows,), under a normal prior around the identity.

    The slope turns around the mean log-odds, so that slope and shift do not stand in for each other.
    """
    centre = float(np.mean(log_odds))
    slope, shift = _slope_and_shift(log_odds - centre, centre, label)
    return Calibration(slope, shift + centre * (1 - slope))


def fit_forward_calibration(log_odds: Sequence[Floats], label: Sequence[Floats]) -> Calibration:
    """Calibration from blocks predicted forward in time, oldest first.

    The newest block's model is nearest to the one that is served, so it alone gives the slope. The shift is what blocks
    agree on: their mean shift, shrunk by how much they differ (as in James and Stein 1961, but more firmly), as a base
    rate that wandered up and down says nothing of where it goes next.
    """
    fits = [fit_calibration(one, won) for one, won in zip(log_odds, label, strict=True)]
    slope = fits[-1].slope
    centres = np.array([float(np.mean(one)) for one in log_odds])
    shifts = np.array([fit.shift + (fit.slope - 1) * centre for fit, centre in zip(fits, centres, strict=True)])
    mean = float(shifts.mean())
    error = float(shifts.var(ddof=1) / len(shifts)) if len(shifts) > 1 else mean**2
    kept = mean * max(0.0, 1 - _PROVEN * error / mean**2) if mean else 0.0
    return Calibration(slope, kept + centres[-1] * (1 - slope))


def _slope_and_shift(centred: Floats, centre: float, label: Floats) -> tuple[float, float]:
    """Slope and shift (at the centre) with the greatest posterior; the shift is measured against no change."""
    design = np.column_stack([centred, np.ones(len(centred))])
    precision = np.array([1 / _SLOPE_SPREAD**2, 1 / _SHIFT_SPREAD**2])
    found = most_probable(design, label, mean=np.array([1.0, 0.0]), precision=precision, offset=centre)
    return float(found.parameters[0]), float(found.parameters[1])
