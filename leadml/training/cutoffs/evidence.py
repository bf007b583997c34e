"""How far the leads there are fall short of a promise."""

from __future__ import annotations

import numpy as np

from leadml.training.cutoffs.candidates import Candidates


def closest_to_a_promise(candidates: Candidates, minimum: float, confidence: float) -> str:
    """What keeps a precision from being promised, at the cutoff where most speaks for it.

    That is where the leads that convert exceed the minimum by most standard deviations of the binomial.
    """
    crossed, converted = candidates.crossed, candidates.converted
    with np.errstate(invalid="ignore", divide="ignore"):
        speaking = (converted - minimum * crossed) / np.sqrt(crossed * max(minimum * (1 - minimum), 1e-12))
    place = int(np.argmax(np.where(crossed > 0, speaking, -np.inf)))
    leads, won = int(crossed[place]), int(converted[place])
    seen = f"with {leads:,} leads above {candidates.cutoffs[place]:.3f}, of whom {won:,} converted ({won / leads:.1%}),"
    cannot = f"{seen} a share of {minimum:.1%} cannot be promised at {100 * confidence:g} % confidence"
    if won < minimum * leads:
        return f"{cannot}: at no cutoff do as many convert. Ask for a lower share"
    return f"{cannot}: so few may exceed it by chance. Ask for a lower share or confidence, or wait for more leads"
