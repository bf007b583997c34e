"""The strongest reasons, whether their log-odds are a matter of their code or not, against plain sorting."""

from __future__ import annotations

import numpy as np
import pytest

from leadml.predict.picking import ReasonPicker
from leadml.predict.terms import Term

TERMS = 7


def made(seed, by_code):
    """Terms of few different log-odds, so that many are tied or nothing, and the matrix of some rows."""
    rng = np.random.default_rng(seed)
    tables = [rng.integers(-2, 3, rng.integers(1, 6)) / 4 for _ in range(TERMS)]
    terms = [
        Term(f"t{n}", (), table if n in range(TERMS)[by_code] else None, tuple(f"{n}:{c}" for c in range(len(table))))
        for n, table in enumerate(tables)
    ]
    codes = [rng.integers(0, len(table), 40).astype(np.uint16) for table in tables]
    return terms, codes, np.array([table[code] for table, code in zip(tables, codes, strict=True)])


def sorted_out(codes, matrix, most, sign):
    """Each row's terms in the order of their strength, the first one of equals before the others."""
    ranked = np.argsort(-sign * matrix, axis=0, kind="stable")[:most].T
    return [
        [{"reason": f"{t}:{codes[t][row]}", "log_odds": matrix[t, row]} for t in terms if sign * matrix[t, row] > 0]
        for row, terms in enumerate(ranked)
    ]


@pytest.mark.parametrize("most", [0, 1, 3, 50])
@pytest.mark.parametrize("by_code", [slice(0, 7), slice(2, 7), slice(2, 6), slice(0, 0)])
def test_the_strongest_reasons_are_those_that_sorting_all_of_them_gives(by_code, most):
    for seed in range(5):
        terms, codes, matrix = made(seed, by_code)
        picked = ReasonPicker(terms, by_code).pick(matrix, codes, most)
        for lists, sign in zip(picked, (1, -1), strict=True):
            assert lists.to_pylist() == sorted_out(codes, matrix, most, sign)


def test_more_things_to_say_than_two_bytes_can_number_are_told_apart():
    rng = np.random.default_rng(0)
    terms = [Term("t", (), table, tuple(map(str, range(len(table))))) for table in rng.normal(size=(2, 40_000))]
    codes = [rng.integers(0, 40_000, 300).astype(np.uint16) for _ in terms]
    matrix = np.array([term.log_odds[code] for term, code in zip(terms, codes, strict=True)])
    (told, _) = ReasonPicker(terms, slice(0, 2)).pick(matrix, codes, 2)
    assert [sum(one["log_odds"] for one in row) for row in told.to_pylist()] == np.maximum(matrix, 0).sum(
        axis=0
    ).tolist()


def test_no_terms_give_no_reasons():
    told = ReasonPicker([], slice(0, 0)).pick(np.empty((0, 2)), [], 3)
    assert [lists.to_pylist() for lists in told] == [[[], []], [[], []]]
