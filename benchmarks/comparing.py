"""Is the difference between two models more than the luck of the split?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import t as student

from benchmarks.figures import LOG_LOSS
from benchmarks.results import Result
from benchmarks.tasks import Array

_LEVEL = 0.95


@dataclass(frozen=True)
class Difference:
    """Mean log loss of one model minus a peer's over `splits` shared splits of a set, and its 95 % interval."""

    set: str
    peer: str
    splits: int
    mean: float
    low: float
    high: float


def differences(results: Sequence[Result], model: str) -> list[Difference]:
    """`model` against each other one, set by set, over the splits that both have; fewer than two give none."""
    mine = {(result.set, result.split, result.rows): result for result in results if result.model == model}
    pairs: dict[tuple[str, str], list[tuple[Result, Result]]] = {}
    for result in results:
        own = mine.get((result.set, result.split, result.rows))
        if own is not None and result.model != model:
            pairs.setdefault((result.set, result.model), []).append((own, result))
    return [_difference(name, peer, pair) for (name, peer), pair in pairs.items() if len(pair) > 1]


def paired_interval(values: Array, *, tested_to_trained: float) -> tuple[float, float]:
    """95 % interval of the mean of paired differences over repeated random splits; `values` has shape (splits,).

    Random splits overlap, in their training rows and in their test rows, so differences are not independent and the
    usual variance of their mean, s²/k, is too small. Nadeau and Bengio (2003, "Inference for the generalization
    error", Machine Learning 52:239-281) replace 1/k by 1/k + n_test/n_train; the interval is Student's with k - 1
    degrees of freedom.
    """
    count = len(values)
    variance = values.var(ddof=1) * (1 / count + tested_to_trained)
    reach = float(student.ppf((1 + _LEVEL) / 2, count - 1)) * math.sqrt(variance)
    mean = float(values.mean())
    return mean - reach, mean + reach


def _difference(name: str, peer: str, pairs: Sequence[tuple[Result, Result]]) -> Difference:
    values = np.array([own.figures[LOG_LOSS] - other.figures[LOG_LOSS] for own, other in pairs])
    ratio = float(np.mean([own.test / own.train for own, _ in pairs]))
    low, high = paired_interval(values, tested_to_trained=ratio)
    return Difference(name, peer, len(pairs), float(values.mean()), low, high)
