"""The trees of a LightGBM model as an addend of the score, for scorers that were asked to serve LightGBM itself.

LightGBM is loaded when the first lead is scored. A feature's share of a lead's log-odds is its exact Shapley value in
the trees (Lundberg, Erion and Lee, "Consistent individualized feature attribution for tree ensembles", 2018), which
takes hundreds of times as long as the log-odds themselves.
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from leadml.errors import BundleError, MissingExtraError
from leadml.predict.encoding import Codes, Floats


@dataclass(frozen=True)
class Trees:
    """`scale` times the sum of the trees of one LightGBM model.

    `text` is the model in LightGBM's text format, up to "end of trees". `places` hold, feature by feature, what each
    code is put to the trees as (NaN: missing); each of length `n_codes`.
    """

    text: str
    places: tuple[Floats, ...]
    scale: float

    def log_odds(self, codes: Sequence[Codes]) -> Floats:
        """What the trees add to the log-odds, given the codes of all features; shape (rows,).

        Raises:
            MissingExtraError: LightGBM is not installed.
        """
        return np.asarray(self.scale * self._booster.predict(self._matrix(codes), raw_score=True))

    def contributions(self, codes: Sequence[Codes]) -> Floats:
        """Each feature's share of it, shape (features, rows); with `bias` the shares add up to the log-odds."""
        if not len(codes[0]):  # LightGBM divides by the number of rows
            return np.zeros((len(self.places), 0))
        shares = self._booster.predict(self._matrix(codes), pred_contrib=True)
        return np.asarray(self.scale * shares[:, :-1].T)

    @cached_property
    def bias(self) -> float:
        """What the trees say of the average lead that they were grown from."""
        row = np.array([[places[0] for places in self.places]])
        return self.scale * float(self._booster.predict(row, pred_contrib=True)[0, -1])

    def rescaled(self, slope: float) -> Trees:
        """The trees with everything they say taken `slope` times."""
        return replace(self, scale=slope * self.scale)

    def _matrix(self, codes: Sequence[Codes]) -> Floats:
        matrix = np.empty((len(codes[0]), len(self.places)))
        for column, places, code in zip(matrix.T, self.places, codes, strict=True):
            np.take(places, code, out=column)
        return matrix

    @cached_property
    def _booster(self) -> Any:
        lightgbm = _lightgbm()
        try:
            return lightgbm.Booster(model_str=self.text)
        except lightgbm.basic.LightGBMError as refused:
            raise BundleError(f"LightGBM cannot read the trees of this bundle ({refused}). Train again.") from None


def _lightgbm() -> Any:
    """The package, which serving needs for this alone: hence not at the top."""
    try:
        return importlib.import_module("lightgbm")
    except ImportError:
        raise MissingExtraError(
            'This bundle serves LightGBM itself (kind = "boosted"), and the package lightgbm cannot be imported: '
            "pip install 'leadml[train]' where leads are scored, or train with kind = \"glassbox\"."
        ) from None
