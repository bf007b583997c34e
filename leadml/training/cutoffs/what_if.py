"""What would be if a cutoff lay elsewhere: the rows that the page's slider and `leadml cutoffs` show."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from leadml.predict.encoding import Floats
from leadml.training.cutoffs.crossings import Crossings
from leadml.training.cutoffs.curve import figures_at
from leadml.training.cutoffs.cutoff import Cutoff, published_at
from leadml.training.cutoffs.out_of_time import OutOfTime
from leadml.training.cutoffs.policy import STAGES, Stage

_EVENLY, _FINELY = 60, 20
_FEW = 0.1  # of all leads: where most cutoffs lie, and a step from row to row would be a long one


def what_if(leads: OutOfTime, cutoffs: Sequence[Cutoff], *, seed: int = 0) -> dict[str, list[dict[str, Any]]]:
    """By stage, what each of up to 80 cutoffs would have done, ascending by `cutoff`, as JSON values.

    Every figure (`figures_at` says what it is) is a list of value, low and high, or None. The rows are spread evenly
    over the volume, finely over the highest tenth of it, and every published cutoff is among them. They are of the
    leads of no segment. A stage without known leads has no rows.

    Args:
        leads: what the cutoffs were chosen on.
        cutoffs: those published.
        seed: picks the draws of the bootstrap.
    """
    known = leads.known.of_segment(None)
    return {stage: _rows(known, stage, published_at(cutoffs, stage), seed) for stage in STAGES}


def _rows(known: OutOfTime, stage: Stage, published: float | None, seed: int) -> list[dict[str, Any]]:
    if not len(known.label):
        return []
    asked = np.union1d(_spread(known.crossings(stage)), [] if published is None else [published])
    rows = zip(asked.tolist(), figures_at(known, stage, asked, seed=seed), strict=True)
    return [{"cutoff": cutoff} | found.to_dict() for cutoff, found in rows]


def _spread(crossings: Crossings) -> Floats:
    """Cutoffs that evenly more leads cross."""
    candidates = crossings.candidates(0.0)
    if not len(candidates):
        return candidates
    crossed = crossings.counts(candidates)[0]
    most = float(crossed.max())
    volumes = np.r_[most * np.linspace(0, 1, _EVENLY + 1)[1:], most * _FEW * np.linspace(0, 1, _FINELY + 1)[1:]]
    # Ascending cutoffs are crossed by fewer and fewer: look the volumes up from behind.
    places = len(crossed) - np.searchsorted(crossed[::-1], volumes, side="right")
    chosen: Floats = candidates[np.unique(np.minimum(places, len(candidates) - 1))]
    return chosen
