"""Grades A to D: bounds in probability, set once from the base rate and kept, so that an A means the same next year."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from leadml.errors import TrainingError
from leadml.predict.encoding import Floats

Bounds = tuple[float, float, float]


def times_base_rate(base_rate: float, multiple: float) -> float:
    """The probability that lies `multiple` times above the base rate, always below 1.

    Up to 0.5 the multiple acts on the probability. What is left of it there acts on the odds, because twice 0.6 is
    no probability while twice its odds is. A base rate of 0.5 or more is multiplied in odds from the start. The
    result grows with the multiple and, for multiples of 1 and more, without a jump with the base rate.

    Raises:
        TrainingError: the base rate is not between 0 and 1.
    """
    if not 0 < base_rate < 1:
        raise TrainingError(f"The base rate must lie between 0 and 1, got {base_rate!r}.")
    plain = multiple * base_rate
    if base_rate >= 0.5:
        odds = multiple * base_rate / (1 - base_rate)
    elif plain <= 0.5:
        return plain
    else:
        odds = plain / 0.5
    return odds / (1 + odds)


def grade_bounds(base_rate: float, multiples: Sequence[float] = (4, 2, 1)) -> Bounds:
    """The lowest probabilities of the grades A, B and C, strictly decreasing; D lies below.

    Raises:
        TrainingError: the multiples are not three decreasing ones above 0, or the base rate is not between 0 and 1.
    """
    if len(multiples) != 3 or not multiples[0] > multiples[1] > multiples[2] > 0:
        raise TrainingError(
            f"Grades need three decreasing multiples of the base rate (for A, B and C), got {list(multiples)}."
        )
    a, b, c = (times_base_rate(base_rate, multiple) for multiple in multiples)
    return a, b, c


def grade_table(probability: Floats, label: Floats, bounds: Bounds) -> list[dict[str, str | float | None]]:
    """Per grade from A to D: `from` (lowest probability), `share` of the rows, `observed` rate (None: no rows)."""
    grade = np.searchsorted(np.array(bounds[::-1]), probability, side="right")
    table: list[dict[str, str | float | None]] = []
    for place, (name, bound) in enumerate(zip("ABCD", (*bounds, 0.0), strict=True)):
        here = grade == 3 - place
        observed = float(label[here].mean()) if here.any() else None
        table.append({"grade": name, "from": bound, "share": float(here.mean()), "observed": observed})
    return table
