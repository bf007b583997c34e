"""One LightGBM booster over coded inputs, and the reading of its sums."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import lightgbm
import numpy as np

from leadml.predict.encoding import MISSING, Codes, Floats
from leadml.predict.tables import probability
from leadml.training.parallel import in_parallel
from leadml.training.sample import Sample, base_log_odds

Matrix = np.ndarray[Any, np.dtype[np.float32]]

# How many rows of the sample's own rate a level is mixed with before levels are put in order.
_LEVEL_SMOOTHING = 30.0
# Rounds between two looks at the watched rows.
_STEP = 10
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
    "num_leaves": 4,
    "min_data_in_leaf": 10,
    "lambda_l2": 5.0,
    "bagging_fraction": 0.8,
    "bagging_freq": 1,
}


@dataclass(frozen=True)
class Growth:
    """How a booster may grow: which features may share a tree (None: any), and how fast it learns."""

    constraints: tuple[tuple[int, ...], ...] | None
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
            "feature_fraction": growth.feature_fraction,
            "learning_rate": growth.learning_rate,
            "seed": seed,
        }
        if growth.constraints is not None:
            self._parameters["interaction_constraints"] = [list(group) for group in growth.constraints]
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
        total = self._booster.predict(self._matrix(codes), raw_score=True, num_iteration=rounds, num_threads=1)
        return np.asarray(total, dtype=np.float64)

    def joint_gains(self) -> Iterator[tuple[tuple[int, int], float]]:
        """Gain of each split made right below a split on another feature, with the two features in order."""
        for tree in self._booster.dump_model()["tree_info"]:
            yield from _joint_gains(tree["tree_structure"])

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


def boost(boosters: Sequence[Booster], sizes: Floats | None, most: int, patience: int) -> int:
    """Grow all boosters side by side; the number of rounds to keep.

    With the `sizes` (how much each watched sample counts), growing stops when their pooled loss has not improved for
    `patience` rounds, and the best number is returned. One number for all leaves less to chance than one for each.
    """
    if sizes is None:
        in_parallel(lambda booster: booster.grow(most), boosters)
        return most
    best_loss, best = np.inf, 0
    for done in range(_STEP, most + 1, _STEP):
        losses = in_parallel(lambda booster: booster.grow_and_judge(_STEP), boosters)
        loss = float(np.average(losses, weights=sizes))
        if loss < best_loss - 1e-6:
            best_loss, best = loss, done
        elif done - best >= patience:
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
    n_codes = sample.features[position].n_codes
    codes = sample.codes[:, position]
    surprise = sample.weight * (sample.label - probability(sample.offset + intercept))
    rows = np.bincount(codes, weights=sample.weight, minlength=n_codes)
    mean = np.bincount(codes, weights=surprise, minlength=n_codes) / (rows + _LEVEL_SMOOTHING)
    places = np.empty(n_codes)
    places[np.argsort(mean, kind="stable")] = np.arange(n_codes)
    return places


def _joint_gains(node: dict[str, Any]) -> Iterator[tuple[tuple[int, int], float]]:
    for side in ("left_child", "right_child"):
        child = node.get(side, {})
        if "split_feature" not in child:
            continue
        above, below = node["split_feature"], child["split_feature"]
        if above != below:
            yield (min(above, below), max(above, below)), float(child["split_gain"])
        yield from _joint_gains(child)
