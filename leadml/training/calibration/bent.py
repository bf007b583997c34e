"""A calibration that may bend: a monotone map on the log-odds, served only where an affine one is clearly worse.

The map starts from the affine calibration. In bands of equal row counts it moves what that says to what is seen, under
a normal prior around no move, and pools neighbours that would fall (isotonic regression: Ayer et al. 1955). Isotonic
steps would tie leads that the margin tells apart, and say 0 or 1: so a little of the margin is kept in every step,
knots are joined by straight lines, and beyond them log-odds go on with slope 1.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np
from sklearn.isotonic import isotonic_regression

from leadml.predict.calibration import MonotoneMap
from leadml.predict.encoding import Floats
from leadml.predict.tables import probability
from leadml.training.calibration.affine import Calibration
from leadml.training.folds import Rows
from leadml.training.newton import most_probable

Fit: TypeAlias = Callable[[Sequence[Floats], Sequence[Floats]], Calibration]

_BANDS = 12
_FEWEST_IN_BAND = 200
_MOVE_SPREAD = 0.3
_MARGIN = 0.05  # of the margin that every step keeps


def fit_map(log_odds: Floats, label: Floats, affine: Calibration) -> MonotoneMap | None:
    """The map from log-odds to calibrated ones, None with too few rows for two bands; both of shape (rows,)."""
    bands = min(_BANDS, len(label) // _FEWEST_IN_BAND)
    order = np.argsort(log_odds, kind="stable")
    parts = [part for part in np.array_split(order, max(bands, 1)) if len(part)]
    at = np.array([float(np.mean(log_odds[part])) for part in parts])
    if bands < 2 or not (np.diff(at) > 0).all() or affine.slope <= 0:
        return None
    straight = affine.apply(at)
    moved = straight + [_move(affine.apply(log_odds[part]), label[part]) for part in parts]
    chance = probability(moved)
    rising = isotonic_regression(moved, sample_weight=chance * (1 - chance))
    to = (1 - _MARGIN) * rising + _MARGIN * straight
    return MonotoneMap(at, np.asarray(to))


def _move(log_odds: Floats, label: Floats) -> float:
    """The shift of a band's rows with the greatest posterior, about its mean log-odds."""
    centre = float(np.mean(log_odds))
    design = np.ones((len(label), 1))
    found = most_probable(design, label, mean=np.zeros(1), precision=np.array([1 / _MOVE_SPREAD**2]), offset=centre)
    return float(found.parameters[0])


def crossed_over(
    log_odds: Floats, label: Floats, block: Rows, *, forward: bool, fit: Fit
) -> tuple[Floats, Floats, np.ndarray[Any, np.dtype[np.intp]]] | None:
    """Log-odds by the affine calibration and by the map, each fitted on other rows, and the rows; None without a map.

    Going `forward`, a block of rows is calibrated by the blocks before it, else by all others.
    """
    straight, bent, rows = [], [], []
    for place in np.unique(block)[1 if forward else 0 :]:
        held = np.flatnonzero(block == place)
        others = [
            np.flatnonzero(block == one) for one in np.unique(block) if (one < place if forward else one != place)
        ]
        affine = fit([log_odds[part] for part in others], [label[part] for part in others])
        learned = np.concatenate(others) if others else held[:0]
        found = fit_map(log_odds[learned], label[learned], affine)
        if found is None:
            return None
        straight.append(affine.apply(log_odds[held]))
        bent.append(found.apply(log_odds[held]))
        rows.append(held)
    return (np.concatenate(straight), np.concatenate(bent), np.concatenate(rows)) if rows else None
