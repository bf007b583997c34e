"""A ridge-penalised logistic regression over the codes: smooth, hard to fool, and a sum of tables by construction.

Every feature's table is a combination of a few shapes (for a number: the bin means, the ranks, and "missing"; for the
rest: one shape per code), so fitting works on the codes themselves: a sparse matrix with one entry per row and feature.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse
from scipy.linalg import solve_triangular
from scipy.optimize import minimize

from leadml.predict.encoding import MISSING, Codes, Feature, Floats
from leadml.predict.tables import ScoreTables, probability
from leadml.training.sample import Sample, base_log_odds, row_losses

# Rows enough to choose a penalty or a half-life by; the prior's precision does not depend on how many rows there are.
ENOUGH_ROWS = 10_000
PENALTIES = (300.0, 100.0, 30.0, 10.0, 3.0)
_CLIP = 3.0
_CURVATURE_ROWS = 20_000


@dataclass(frozen=True)
class Shapes:
    """The shapes a linear model combines: `basis` has shape (codes of all features, shapes)."""

    features: tuple[Feature, ...]
    starts: np.ndarray[Any, np.dtype[np.int64]]
    basis: sparse.csr_matrix

    def matrix(self, codes: Codes) -> sparse.csr_matrix:
        """One row per lead with a one at each of its codes; shape (rows, codes of all features)."""
        rows, features = codes.shape
        indices = (codes + self.starts[:-1]).astype(np.int32).ravel()
        pointers = np.arange(rows + 1, dtype=np.int32) * features
        return sparse.csr_matrix((np.ones(rows * features), indices, pointers), shape=(rows, int(self.starts[-1])))

    def tables(self, intercept: float, weights: Floats) -> ScoreTables:
        """The score tables of given shape weights."""
        flat = self.basis @ weights
        return ScoreTables(intercept, tuple(np.split(flat, self.starts[1:-1])) if self.features else ())


def fit_shapes(sample: Sample) -> Shapes:
    """Shapes standardised on the sample, so that one penalty suits all."""
    blocks = [
        _number_shapes(feature, _counts(sample, position)) if feature.kind == "number" else np.eye(feature.n_codes)
        for position, feature in enumerate(sample.features)
    ]
    starts = np.cumsum([0, *(feature.n_codes for feature in sample.features)])
    return Shapes(sample.features, starts, sparse.csr_matrix(sparse.block_diag(blocks)))


def fit_linear(sample: Sample, penalties: Sequence[float]) -> list[ScoreTables]:
    """Maximum a posteriori tables for each penalty: the prior precision of a shape's weight (the intercept is free)."""
    shapes = fit_shapes(sample)
    problem = _Problem(sample, shapes)
    parameters = np.zeros(shapes.basis.shape[1] + 1)
    parameters[0] = base_log_odds(sample)
    found: dict[float, ScoreTables] = {}
    for penalty in sorted(penalties, reverse=True):  # each starts where its stricter neighbour ended
        parameters = problem.solve(penalty, parameters)
        found[penalty] = shapes.tables(float(parameters[0]), parameters[1:])
    return [found[penalty] for penalty in penalties]


class _Problem:
    """The penalised likelihood of one sample, solved by L-BFGS in coordinates that undo the shapes' correlation."""

    def __init__(self, sample: Sample, shapes: Shapes) -> None:
        self.sample = sample
        self.basis = shapes.basis
        self.starts = shapes.starts
        self.design = shapes.matrix(sample.codes)
        self.curvature = self._curvature()

    def solve(self, penalty: float, start: Floats) -> Floats:
        """Parameters (intercept, then shape weights) that minimise the penalised loss."""
        prior = np.full(len(start), penalty)
        prior[0] = 1e-3
        factor = np.linalg.cholesky(self.curvature + np.diag(prior))
        prior[0] = 0.0

        def loss(turned: Floats) -> tuple[float, Floats]:
            parameters = solve_triangular(factor.T, turned)
            value, slope = self._loss(parameters, prior)
            return value, solve_triangular(factor, slope, lower=True)

        options = {"maxiter": 60, "ftol": 1e-9, "gtol": 1e-2}
        found = minimize(loss, factor.T @ start, jac=True, method="L-BFGS-B", options=options)
        solved: Floats = solve_triangular(factor.T, found.x)
        return solved

    def _loss(self, parameters: Floats, prior: Floats) -> tuple[float, Floats]:
        sample = self.sample
        log_odds = sample.offset + parameters[0] + self.design @ (self.basis @ parameters[1:])
        residual = sample.weight * (probability(log_odds) - sample.label)
        slope = np.concatenate([[residual.sum()], self.basis.T @ (self.design.T @ residual)])
        value = float(sample.weight @ row_losses(sample.label, log_odds)) + 0.5 * float(prior @ parameters**2)
        return value, slope + prior * parameters

    def _curvature(self) -> Floats:
        """Second derivatives of the loss at the base rate, from some of the rows: it only sets the coordinates."""
        codes = self.sample.codes[:: -(-len(self.sample.codes) // _CURVATURE_ROWS)]
        # Shaping how often two codes meet is far less work than shaping every row.
        meetings = _meetings(codes, self.starts)
        together = self.basis.T @ meetings @ self.basis
        alone = (self.basis.T @ meetings.diagonal())[None]
        rate = float(np.average(self.sample.label, weights=self.sample.weight))
        scale = self.sample.weight.sum() / len(codes) * max(rate * (1 - rate), 1e-3)
        gram: Floats = scale * np.block([[np.array([[len(codes)]]), alone], [alone.T, together]])
        return gram


def _meetings(codes: Codes, starts: np.ndarray[Any, np.dtype[np.int64]]) -> Floats:
    """How many rows have both of two codes; shape (codes of all features, codes of all features)."""
    met = np.zeros((starts[-1], starts[-1]))
    columns = [column.astype(np.int64) for column in codes.T]
    for left, right in itertools.combinations_with_replacement(range(len(columns)), 2):
        rows, across = slice(starts[left], starts[left + 1]), slice(starts[right], starts[right + 1])
        shape = (rows.stop - rows.start, across.stop - across.start)
        counts = np.bincount(columns[left] * shape[1] + columns[right], minlength=shape[0] * shape[1])
        met[rows, across] = counts.reshape(shape)
        met[across, rows] = counts.reshape(shape).T
    return met


def _counts(sample: Sample, position: int) -> Floats:
    n_codes = sample.features[position].n_codes
    return np.bincount(sample.codes[:, position], minlength=n_codes).astype(float)


def _number_shapes(feature: Feature, counts: Floats) -> Floats:
    """Columns: the value, its rank, and whether it is missing; each standardised over the known rows."""
    known = counts[1:]
    places = [_middles(feature.edges, known), np.cumsum(known) - known / 2]
    shapes = np.zeros((len(counts), 3))
    for column, place in enumerate(places):
        shapes[1:, column] = np.clip(_standardised(place, known), -_CLIP, _CLIP)
    shapes[MISSING, 2] = 1.0
    return shapes


def _middles(edges: Floats, known: Floats) -> Floats:
    """A value that stands for each bin: halfway between its edges, and as far beyond the outermost as within.

    The outermost are those with rows, which may reach far, and the last of the empty bins beyond them.
    """
    if len(edges) < 2:
        return np.arange(len(edges) + 1, dtype=float)
    inner = edges[:-1] / 2 + edges[1:] / 2
    with np.errstate(over="ignore"):
        middles = np.concatenate([[2 * edges[0] - inner[0]], inner, [2 * edges[-1] - inner[-1]]])
        filled = np.flatnonzero(known)
        if len(filled) > 2:
            first, last = filled[0], filled[-1]
            middles[first] = 2 * edges[first] - middles[first + 1]
            middles[last] = 2 * edges[last - 1] - middles[last - 1]
    largest = np.finfo(np.float64).max
    return np.asarray(np.clip(middles, -largest, largest))


def _standardised(place: Floats, counts: Floats) -> Floats:
    largest = float(np.abs(place).max())
    if counts.sum() == 0 or largest == 0:
        return np.zeros(len(place))
    # Squares of very large or very small numbers have no place in a float.
    place = np.ldexp(place, -np.frexp(largest)[1])
    mean = np.average(place, weights=counts)
    spread = np.sqrt(np.average((place - mean) ** 2, weights=counts))
    return (place - mean) / spread if spread > 0 else np.zeros(len(place))
