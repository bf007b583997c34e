"""Databases score as Python does."""

from __future__ import annotations

import sqlite3
from dataclasses import replace

import hypothesis.strategies as st
import pytest
from hypothesis import example, given, settings

from leadml.errors import BundleError, RulebookError
from leadml.predict.rules.conditions import ValueCondition
from leadml.predict.rules.rulebook import Dimension, Rule, Rulebook
from leadml.predict.trees import Trees
from leadml.sql import DIALECTS, FeatureTable, scoring_query
from tests.sql.conftest import (
    assert_equal,
    expected,
    in_duckdb,
    in_postgres,
    in_spark,
    in_sqlite,
    make_hostile,
    make_wide,
)

SEEDS = st.integers(0, 2**31)


@settings(max_examples=8)
@given(SEEDS, st.integers(0, 4))
@example(131073, 0)  # no points for each of endlessly many
def test_sqlite_scores_as_python_does(seed, reasons):
    scorer, rows = make_hostile(seed)
    assert_equal(expected(scorer, rows, reasons), in_sqlite(scorer, rows, reasons=reasons))


@settings(max_examples=3)
@given(SEEDS)
def test_duckdb_scores_as_python_does(seed):
    scorer, rows = make_hostile(seed)
    assert_equal(expected(scorer, rows), in_duckdb(scorer, rows))


def test_postgres_scores_as_python_does(postgres_url):
    for seed in (1, 5, 6):  # rules of all kinds; a calibration
        scorer, rows = make_hostile(seed)
        assert_equal(expected(scorer, rows), in_postgres(postgres_url, scorer, rows))


@pytest.mark.proof
def test_spark_scores_as_python_does(spark, tmp_path):
    scorer, rows = make_hostile(9)  # rules of all kinds, and a calibration
    assert_equal(expected(scorer, rows), in_spark(spark, tmp_path, scorer, rows))


def test_a_category_of_3000_levels_is_looked_up(postgres_url, spark, tmp_path):
    scorer, rows = make_wide(2, levels=3000)
    wanted = expected(scorer, rows)
    assert_equal(wanted, in_sqlite(scorer, rows))
    assert_equal(wanted, in_duckdb(scorer, rows))
    assert_equal(wanted, in_postgres(postgres_url, scorer, rows))
    assert_equal(wanted, in_spark(spark, tmp_path, scorer, rows))


@pytest.mark.proof
def test_sqlite_ranks_more_terms_than_selects_can_stand_together():
    scorer, rows = make_wide(600)
    assert_equal(expected(scorer, rows), in_sqlite(scorer, rows))


@pytest.mark.parametrize(("dialect", "terms"), [("sqlite", 960), ("postgres", 900)])
def test_a_scorer_of_more_terms_than_a_database_holds_is_refused(dialect, terms):
    with pytest.raises(BundleError, match=rf"has {terms + 1} terms.*{dialect} holds.*duckdb or spark"):
        scoring_query(make_wide(terms)[0], dialect, FeatureTable("features"))


def test_trees_are_refused():
    served = replace(make_hostile(0)[0], trees=(Trees("", (), 1.0),))
    with pytest.raises(BundleError, match=r'serves LightGBM itself.*kind = "glassbox"'):
        scoring_query(served, "duckdb", FeatureTable("features"))


def test_a_rule_that_compares_a_moment_with_texts_is_refused_by_name():
    scorer = next(made for made, _ in map(make_hostile, range(99)) if made.columns[0].kind == "time")
    asked = ValueCondition("attribute", scorer.columns[0].name, one_of=("2024-01-01",), column=scorer.columns[0].name)
    rulebook = Rulebook("Rules", "", (Dimension("Timing", (Rule("new year", 5.0, (asked,)),)),))
    with pytest.raises(RulebookError, match="The rule 'new year' of 'Timing': it compares the moment"):
        scoring_query(replace(scorer, rulebook=rulebook), "sqlite", FeatureTable("features"))


@pytest.mark.parametrize("dialect", sorted(DIALECTS))
def test_the_head_names_the_bundle_the_columns_and_what_is_left_out(dialect):
    scorer = replace(make_hostile(1)[0], digest="abc123")
    head = scoring_query(scorer, dialect, FeatureTable("crm.features"), view="scored").split("\nWITH")[0]
    assert "abc123" in head
    assert "next_question" in head
    assert "VIEW" in head
    assert all(line.startswith(("--", "CREATE", "DROP")) for line in head.splitlines())


def test_a_view_scores_every_time_it_is_asked():
    scorer = make_hostile(2)[0]
    query = scoring_query(scorer, "sqlite", FeatureTable("lead_features"), view="scored", reasons=1)
    with sqlite3.connect(":memory:") as database:
        columns = ", ".join(DIALECTS["sqlite"].named(column.name) for column in scorer.columns)
        database.execute(f"CREATE TABLE lead_features (lead_id, {columns})")
        for _ in range(2):  # written over itself
            database.executescript(query)
        database.execute("INSERT INTO lead_features (lead_id) VALUES ('L1')")
        assert [row[0] for row in database.execute("SELECT lead_id FROM scored")] == ["L1"]
    database.close()
