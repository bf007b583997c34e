"""One LightGBM booster over coded inputs, and the reading of its sums."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import lightgbm
import numpy as np

from leadml.predict.encoding import MISSING, Codes, Floats
from leadml.predict.tables import probability
from leadml.training.clock import never
from leadml.training.parallel import in_parallel
from leadml.training.sample import Sample, base_log_odds

Matrix = np.ndarray[Any, np.dtype[np.float32]]

# How many rows of the sample's own rate a level is mixed with before levels are put in order.
_LEVEL_SMOOTHING = 30.0
MOST_ROUNDS = 800
# Rounds between two looks at the watched rows, and rounds without improvement before giving up.
_STEP = 10
_PATIENCE = 40
_PARAMETERS: dict[str, Any] = {
    "objective": "binary",
    "metric": "binary_logloss",
    "verbosity": -1,
    "num_threads": 1,  # boosters grow side by side instead: two threads inside one mostly wait for each other
    "deterministic": True,
    "force_row_wise": True,
    "boost_from_average": False,
    "max_bin": 255,
    "min_data_in_bin": 1,
    "feature_pre_filter": False,
    "bagging_fraction": 0.8,
    "bagging_freq": 1,
}


@dataclass(frozen=True)
class Growth:
    """How boosters grow; with `additive` no tree sees more than one feature."""

    additive: bool
    leaves: int
    least_rows_in_leaf: int
    ridge: float
    feature_fraction: float
    learning_rate: float


class Booster:
    """A booster over the codes of a sample, grown round by round from the sample's offsets and base rate.

    Numbers enter as ordered codes with missing ones apart. The codes of other features are put in the order of their
    smoothed rate of wins in the sample, so that one cut can part good levels from bad ones.
    """

    def __init__(self, sample: Sample, growth: Growth, seed: int) -> None:
        self.intercept = base_log_odds(sample)
        self._places = _places(sample, self.intercept)
        self._parameters = {
            **_PARAMETERS,
            "num_leaves": growth.leaves,
            "min_data_in_leaf": growth.least_rows_in_leaf,
            "lambda_l2": growth.ridge,
            "feature_fraction": growth.feature_fraction,
            "learning_rate": growth.learning_rate,
            "seed": seed,
        }
        if growth.additive:
            self._parameters["interaction_constraints"] = [[position] for position in range(len(sample.features))]
        if any(sample.directions):
            self._parameters["monotone_constraints"] = list(sample.directions)
        self._data = self._dataset(sample, None)
        self._booster = lightgbm.Booster(self._parameters, self._data)

    def watch(self, judging: Sample) -> None:
        """Keep track of the loss on other rows."""
        self._booster.add_valid(self._dataset(judging, self._data), "judging")

    def grow(self, rounds: int) -> None:
        """Some rounds more."""
        _quiet()
        for _ in range(rounds):
            self._booster.update()

    def grow_and_judge(self, rounds: int) -> float:
        """Some rounds more, and the log loss on the watched rows after them."""
        self.grow(rounds)
        return float(self._booster.eval_valid()[0][2])

    def sums(self, codes: Codes, rounds: int) -> Floats:
        """Sum of the first `rounds` trees (without intercept and offset) for coded rows; shape (rows,)."""
        if not rounds:
            return np.zeros(len(codes))  # LightGBM takes 0 rounds for all rounds
        total = self._booster.predict(self._matrix(codes), raw_score=True, num_iteration=rounds, num_threads=1)
        return np.asarray(total, dtype=np.float64)

    def text(self, rounds: int) -> str:
        """The first `rounds` trees in LightGBM's text format, without the settings they were grown by."""
        trees, end, _ = self._booster.model_to_string(num_iteration=rounds).partition("end of trees\n")
        return trees + end

    @property
    def places(self) -> tuple[Floats, ...]:
        """What each code of each feature is put to the trees as."""
        return tuple(self._places)

    def _dataset(self, sample: Sample, reference: lightgbm.Dataset | None) -> lightgbm.Dataset:
        return lightgbm.Dataset(
            self._matrix(sample.codes),
            sample.label,
            weight=sample.weight,
            init_score=sample.offset + self.intercept,
            reference=reference,
            params=self._parameters,
        )

    def _matrix(self, codes: Codes) -> Matrix:
        matrix = np.empty(codes.shape, dtype=np.float32)
        for position, places in enumerate(self._places):
            matrix[:, position] = places[codes[:, position]]
        return matrix


def grow(
    training: Sequence[Sample],
    growth: Growth,
    judging: Sequence[Sample] | None,
    importance: Floats | None = None,
    rounds: int = MOST_ROUNDS,
    late: Callable[[], bool] = never,
) -> tuple[list[Booster], int]:
    """One booster per training sample, grown side by side, and the number of rounds to keep of all of them.

    With `judging` samples, growing stops when their pooled loss (each sample's rows counting its `importance`) has not
    improved for a while, and the best number is kept; without, all `rounds` are. One number for all leaves less to
    chance than one for each. After the first few rounds, growing also stops once it is `late`.
    """
    boosters = in_parallel(lambda numbered: Booster(numbered[1], growth, numbered[0]), enumerate(training))
    if judging is None:
        return boosters, _all_rounds(boosters, rounds, late)
    for booster, sample in zip(boosters, judging, strict=True):
        booster.watch(sample)
    counts = np.array([len(sample.label) for sample in judging]) * (1.0 if importance is None else importance)
    return boosters, _best_rounds(boosters, counts, rounds, late)


def _all_rounds(boosters: Sequence[Booster], rounds: int, late: Callable[[], bool]) -> int:
    done = 0
    while done < rounds and not (done and late()):
        step = min(_STEP, rounds - done)
        in_parallel(partial(Booster.grow, rounds=step), boosters)
        done += step
    return done


def _best_rounds(boosters: Sequence[Booster], counts: Floats, most: int, late: Callable[[], bool]) -> int:
    best_loss, best = np.inf, 0
    for done in range(_STEP, most + 1, _STEP):
        losses = in_parallel(lambda booster: booster.grow_and_judge(_STEP), boosters)
        loss = float(np.average(losses, weights=counts))
        if loss < best_loss - 1e-6:
            best_loss, best = loss, done
        elif done - best >= _PATIENCE:
            break
        if late():
            break
    return best


_thread = threading.local()


def _quiet() -> None:
    """Keep LightGBM from printing in this thread: its verbosity is one per thread, set where something is built."""
    if not getattr(_thread, "is_quiet", False):
        lightgbm.Dataset(np.zeros((2, 1)), params={"verbosity": -1, "num_threads": 1}).construct()
        _thread.is_quiet = True


def _places(sample: Sample, intercept: float) -> list[Floats]:
    """What each code of each feature enters the trees as."""
    return [
        _number_places(feature.n_codes) if feature.kind == "number" else _ordered(sample, position, intercept)
        for position, feature in enumerate(sample.features)
    ]


def _number_places(n_codes: int) -> Floats:
    places = np.arange(n_codes, dtype=float)
    places[MISSING] = np.nan
    return places


def _ordered(sample: Sample, position: int, intercept: float) -> Floats:
    rates = level_rates(sample, position, intercept)
    places = np.empty(len(rates))
    places[np.argsort(rates, kind="stable")] = np.arange(len(rates))
    return places


def level_rates(sample: Sample, position: int, intercept: float) -> Floats:
    """How far each code's rate of wins lies above what offset and intercept say, smoothed; shape (codes,)."""
    n_codes = sample.features[position].n_codes
    codes = sample.codes[:, position]
    surprise = sample.weight * (sample.label - probability(sample.offset + intercept))
    rows = np.bincount(codes, weights=sample.weight, minlength=n_codes)
    return np.asarray(np.bincount(codes, weights=surprise, minlength=n_codes) / (rows + _LEVEL_SMOOTHING))
