"""The boosted candidate: small trees over any features, which hear what no sum of single features can."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from leadml.predict.encoding import Floats
from leadml.predict.trees import Trees
from leadml.training.boosting import MOST_ROUNDS, Booster, Growth, grow
from leadml.training.clock import never
from leadml.training.sample import Sample

# From here on more leaves pay.
_MANY_ROWS = 10_000


@dataclass(frozen=True)
class Boosted:
    """The mean of boosters of so many rounds."""

    boosters: tuple[Booster, ...]
    rounds: int

    def log_odds(self, sample: Sample) -> Floats:
        """Offset plus the boosters' mean for each row; shape (rows,)."""
        total = sum(booster.intercept + booster.sums(sample.codes, self.rounds) for booster in self.boosters)
        return np.asarray(sample.offset + total / len(self.boosters))

    @property
    def intercept(self) -> float:
        """What is said of every row beside the trees."""
        return float(np.mean([booster.intercept for booster in self.boosters]))

    def trees(self) -> tuple[Trees, ...]:
        """The boosters as serving takes them; without rounds there is none."""
        if not self.rounds:
            return ()
        share = 1 / len(self.boosters)
        return tuple(Trees(booster.text(self.rounds), booster.places, share) for booster in self.boosters)


def grow_boosted(
    training: Sequence[Sample],
    judging: Sequence[Sample] | None,
    importance: Floats | None = None,
    rounds: int = MOST_ROUNDS,
    late: Callable[[], bool] = never,
    haste: float = 1.0,
) -> tuple[Boosted, ...]:
    """One model per training sample; see `boosting.grow` for when growing stops.

    `haste` makes every step so many times larger.
    """
    boosters, best = grow(training, _growth(training[0], haste), judging, importance, rounds, late)
    return tuple(Boosted((booster,), best) for booster in boosters)


def _growth(sample: Sample, haste: float) -> Growth:
    """Lead data are small and noisy: few leaves, each of many rows, few features at a time (but some to combine)."""
    fraction = float(np.clip(6 / len(sample.features), 0.3, 1.0))
    return Growth(
        additive=False,
        leaves=8 if len(sample.label) < _MANY_ROWS else 12,
        least_rows_in_leaf=20,
        ridge=10.0,
        feature_fraction=fraction,
        learning_rate=haste * 0.05,
    )


def together(models: Sequence[Boosted]) -> Boosted:
    """The mean of models of as many rounds each."""
    return Boosted(tuple(booster for model in models for booster in model.boosters), models[0].rounds)
