"""A looked-up bin is the one that a search finds, whatever the edges and the numbers."""

from __future__ import annotations

import hypothesis.extra.numpy as hnp
import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

from leadml.predict.bins import bins_of

FLOATS = st.floats(allow_nan=False, allow_infinity=False)
EDGES = hnp.arrays(np.float64, st.integers(2, 12), elements=st.one_of(FLOATS, st.integers(-50, 50).map(float)))


def searched(edges, numbers):
    codes = np.searchsorted(edges, numbers, side="right") + 1
    codes[np.isnan(numbers)] = 0
    return codes


def around(edges):
    """The edges, their very neighbours, all kinds of NaN, and numbers from everywhere."""
    bits = np.array([0x7FF00000000007A2, 0xFFF8000000000000 - 2**64, 0x7FF8000000000000], np.int64)
    anywhere = np.random.default_rng(0).integers(-(2**63), 2**63 - 1, 500).view(np.float64)
    ends = [np.inf, -np.inf, 0.0, -0.0, 5e-324, -5e-324, 1.7e308, -1.7e308]
    near = [np.nextafter(edges, np.inf), np.nextafter(edges, -np.inf)]
    return np.concatenate([edges, *near, bits.view(np.float64), ends, anywhere])


@given(EDGES)
def test_looking_up_finds_what_searching_finds_to_the_last_bit(edges):
    edges = np.unique(edges)
    bins = bins_of(edges)
    if bins is not None:
        with np.errstate(over="ignore"):
            numbers = around(edges)
        np.testing.assert_array_equal(bins.codes(numbers), searched(edges, numbers))


@pytest.mark.parametrize(
    "edges",
    [
        np.arange(60) + 0.5,
        np.quantile(np.random.default_rng(0).normal(size=10_000), np.linspace(0.01, 0.99, 62)),
        np.quantile(np.random.default_rng(0).lognormal(12, 2, size=10_000), np.linspace(0.01, 0.99, 62)),
        np.array([2.0, 3.0]),
    ],
    ids=["counts", "normal", "money", "two"],
)
def test_edges_as_training_cuts_them_are_looked_up(edges):
    bins = bins_of(edges)
    assert bins is not None
    numbers = np.concatenate([around(edges), np.random.default_rng(1).choice(edges, 20_000) + 0.25])
    np.testing.assert_array_equal(bins.codes(numbers), searched(edges, numbers))


@pytest.mark.parametrize("edges", [[], [1.0], [-1.7e308, 0.0, 1.7e308], [-1e300, *range(9), 1e300]])
def test_edges_that_lie_too_unevenly_are_searched(edges):
    assert bins_of(np.array(edges, np.float64)) is None
