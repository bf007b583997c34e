"""Databases score as Python does."""

from __future__ import annotations

from dataclasses import replace

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from leadml.errors import BundleError, RulebookError
from leadml.predict.rules.conditions import ValueCondition
from leadml.predict.rules.rulebook import Dimension, Rule, Rulebook
from leadml.predict.trees import Trees
from leadml.sql import DIALECTS, FeatureTable, scoring_query
from tests.sql.conftest import assert_equal, expected, in_duckdb, in_sqlite, make_hostile

SEEDS = st.integers(0, 2**31)


@settings(max_examples=25)
@given(SEEDS, st.integers(0, 4))
def test_sqlite_scores_as_python_does(seed, reasons):
    scorer, rows = make_hostile(seed)
    assert_equal(expected(scorer, rows, reasons), in_sqlite(scorer, rows, reasons=reasons))


@settings(max_examples=8)
@given(SEEDS)
def test_duckdb_scores_as_python_does(seed):
    scorer, rows = make_hostile(seed)
    assert_equal(expected(scorer, rows), in_duckdb(scorer, rows))
