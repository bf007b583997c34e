"""Classifiers of another make as candidates: trained beside the others, compared, distilled, and then let go.

Any scikit-learn classifier will do, so codes are put to it as numbers that suit forests, support vectors, nets and
linear models alike: every column has mean zero and variance one.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.utils.validation import has_fit_parameter

from leadml.errors import TrainingError
from leadml.predict.encoding import MISSING, Codes, Floats
from leadml.training.boosting import level_rates
from leadml.training.parallel import in_parallel
from leadml.training.sample import Sample, base_log_odds

OWN_NAMES = ("base rate", "linear", "additive", "extra trees", "boosted")


# Scikit-learn swaps Python's warning filters while it works, and all threads share those.
_one_at_a_time = threading.Lock()


class Foreign:
    """A classifier trained on one sample."""

    def __init__(self, name: str, classifier: Any, sample: Sample) -> None:
        self._inputs = _Inputs(sample)
        # Nothing seen in so many rows makes an outcome surer than one more row could.
        self._surest = float(np.log(len(sample.label) + 1))
        self._name = name
        self._classifier = clone(classifier)
        weighed = {"sample_weight": sample.weight} if has_fit_parameter(self._classifier, "sample_weight") else {}
        try:
            with _one_at_a_time:
                self._classifier.fit(self._inputs.matrix(sample), sample.label.astype(int), **weighed)
        except Exception as failed:
            raise TrainingError(f"The candidate {name!r} cannot be trained: {failed}. Mend or drop it.") from failed

    def log_odds(self, sample: Sample) -> Floats:
        """Log-odds of each row; shape (rows,)."""
        with _one_at_a_time:
            chance = np.asarray(self._classifier.predict_proba(self._inputs.matrix(sample)), dtype=np.float64)
        if chance.shape != (len(sample.label), 2) or not np.isfinite(chance).all():
            raise TrainingError(f"The candidate {self._name!r} gives no probability of each outcome. Mend or drop it.")
        with np.errstate(divide="ignore"):
            log_odds = np.log(chance[:, 1]) - np.log(chance[:, 0])
        return np.asarray(np.clip(log_odds, -self._surest, self._surest))


@dataclass(frozen=True)
class Foreigners:
    """The mean of classifiers that were each trained on a part of the rows."""

    models: tuple[Foreign, ...]

    def log_odds(self, sample: Sample) -> Floats:
        """Log-odds of each row; shape (rows,)."""
        return np.asarray(np.mean(in_parallel(lambda model: model.log_odds(sample), self.models), axis=0))


def checked(candidates: Mapping[str, Any] | None, seed: int) -> dict[str, Any]:
    """Copies of the classifiers, each with `seed` wherever it would draw at random; yours are left as they are.

    Raises:
        TrainingError: something is no classifier with `predict_proba`, or has the name of a candidate of leadml's own.
    """
    return {name: _seeded(_checked(name, classifier), seed) for name, classifier in (candidates or {}).items()}


def check_weighable(candidates: Mapping[str, Any]) -> None:
    """Refuse classifiers that cannot weigh rows: censored ones mean nothing without their weights.

    Raises:
        TrainingError: one has no `sample_weight`.
    """
    for name, classifier in candidates.items():
        if not has_fit_parameter(classifier, "sample_weight"):
            raise TrainingError(
                f"The candidate {name!r} cannot weigh rows (its fit has no sample_weight), as rows younger than the "
                "horizon must be. Drop it, or train on full horizons only."
            )


def _checked(name: str, classifier: Any) -> Any:
    kind = classifier.__name__ if isinstance(classifier, type) else type(classifier).__name__
    if name in OWN_NAMES:
        raise TrainingError(f"A candidate may not be called {name!r}: leadml has one of that name. Choose another.")
    if isinstance(classifier, type) or not all(hasattr(classifier, method) for method in ("fit", "get_params")):
        raise TrainingError(f"The candidate {name!r} ({kind}) is not a scikit-learn classifier. Give one, unfitted.")
    if not hasattr(classifier, "predict_proba"):
        raise TrainingError(
            f"The candidate {name!r} ({kind}) has no predict_proba, and only probabilities can be compared. Choose a "
            "classifier that gives them, or put it into CalibratedClassifierCV."
        )
    return classifier


def _seeded(classifier: Any, seed: int) -> Any:
    copy = clone(classifier)
    unseeded = [
        key
        for key, value in copy.get_params(deep=True).items()
        if key.rpartition("__")[2] == "random_state" and value is None
    ]
    return copy.set_params(**dict.fromkeys(unseeded, seed))


def trained_on(samples: Sequence[Sample], name: str, classifier: Any) -> tuple[Foreign, ...]:
    """The classifier trained on each of the samples.

    Raises:
        TrainingError: it fails.
    """
    return tuple(in_parallel(lambda sample: Foreign(name, classifier, sample), samples))


class _Inputs:
    """How the codes of a sample become numbers.

    A number enters as the rank of its bin, missing as the mean rank with a column of its own to say so; anything else
    as its code's smoothed rate of wins. Ranks and rates are those of the training rows. What the rules say is a column
    too, where they say anything: no classifier takes an offset.
    """

    def __init__(self, sample: Sample) -> None:
        intercept = base_log_odds(sample)
        self._places = [
            (position, places)
            for position, feature in enumerate(sample.features)
            for places in (
                _rank_places(sample.codes[:, position], feature.n_codes)
                if feature.kind == "number"
                else [level_rates(sample, position, intercept)]
            )
        ]
        raw = self._raw(sample)
        self._mean, spread = raw.mean(axis=0), raw.std(axis=0)
        self._spread = np.where(spread > 1e-12, spread, 1.0)

    def matrix(self, sample: Sample) -> Floats:
        """Shape (rows, inputs)."""
        return np.asarray((self._raw(sample) - self._mean) / self._spread)

    def _raw(self, sample: Sample) -> Floats:
        return np.column_stack([*(places[sample.codes[:, at]] for at, places in self._places), sample.offset])


def _rank_places(codes: Codes, n_codes: int) -> list[Floats]:
    """What each code is replaced by: its bin's rank, and where rows are missing it, whether it is missing."""
    known = np.bincount(codes, minlength=n_codes).astype(float)
    missing, known[MISSING] = known[MISSING], 0.0
    ranks = (np.cumsum(known) - known / 2) / max(known.sum(), 1.0)
    ranks[MISSING] = 0.5  # the mean rank, by construction
    return [ranks, (np.arange(n_codes) == MISSING).astype(float)] if missing else [ranks]
