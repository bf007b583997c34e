"""More of a number that is said never to hurt never lowers a score, whatever is served and whatever the data say."""

from __future__ import annotations

import json

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadml.errors import TrainingError
from leadml.predict.encoding import Column, Feature
from leadml.predict.rules.rulebook_text import read_rulebook
from leadml.predict.tables import Pair, ScoreTables
from leadml.rules import Names, map_rulebook
from leadml.training.fit import fit_scorer
from leadml.training.monotone import check_monotone, held, said_by_rules
from leadml.training.sample import Sample

COLUMNS = (
    Column("budget", "number", "answer", "Budget"),
    Column("age", "number", "fit", "Age"),
    Column("source", "category", "fit", "Source"),
)
KINDS = ["glassbox", "linear", "boosted"]


def leads(rows: int, seed: int) -> tuple[pa.Table, np.ndarray]:
    """Leads whose wins rise with the budget, dip in its middle, and turn with age and source."""
    rng = np.random.default_rng(seed)
    budget, age = rng.normal(size=rows), rng.normal(size=rows)
    budget[rng.random(rows) < 0.1] = np.nan
    source = rng.choice(["web", "fair"], rows)
    known = np.nan_to_num(budget)
    odds = known - 2.5 * (np.abs(known) < 0.3) - age + (source == "fair") * np.where(age > 0, 2.0, -1.0) * known
    table = pa.table({"budget": pa.array(budget, from_pandas=True), "age": age, "source": source})
    return table, (rng.random(rows) < 1 / (1 + np.exp(-odds))).astype(float)


def ladder(*rules: str, column: str = "budget") -> object:
    text = f"""
    format = 1
    name = "test"
    about = "budget"
    unanswered = []
    [[dimension]]
    name = "Budget"
    answer = "{column}"
    question = "How much?"
    """
    text += "".join(f'[[dimension.rule]]\nlabel = "rule {n}"\n{rule}\n' for n, rule in enumerate(rules))
    return map_rulebook(read_rulebook(text, "test"), Names(["budget", "age", "source"]), advice="")[0]


RISING = ("at_least = 2\npoints = 30", "at_least = 0\npoints = 10")
TENT = ("at_least = 2\npoints = 10", "at_least = 0\npoints = 30")


@pytest.fixture(scope="module")
def scorers():
    table, label = leads(500, 0)
    return {kind: fit_scorer(table, COLUMNS, label, monotone={"budget": 1, "age": -1}, kind=kind) for kind in KINDS}


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=15, deadline=None)
@given(
    values=st.lists(
        st.floats(-1e6, 1e6) | st.floats(-3, 3) | st.sampled_from([-np.inf, np.inf]), min_size=2, max_size=60
    ),
    other=st.floats(-3, 3) | st.none(),
    source=st.sampled_from(["web", "fair", "never seen", None]),
)
def test_scores_never_fall_as_a_rising_number_rises_nor_rise_as_a_falling_one_does(
    scorers, kind, values, other, source
):
    scorer, values = scorers[kind].scorer, np.sort(values)
    for moved, kept, way in (("budget", "age", 1), ("age", "budget", -1)):
        rows = pa.table(
            {
                moved: values,
                kept: pa.array([other] * len(values), pa.float64()),
                "source": pa.array([source] * len(values), pa.string()),
            }
        )
        # Trees add up in floating point; tables do so in one order and are exact.
        assert (np.diff(way * scorer.log_odds(rows)) >= (-1e-12 if kind == "boosted" else 0)).all()


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_held_still_tells_leads_apart(scorers, kind):
    fitted = scorers[kind]
    table = pa.table({"budget": [-2.0, 2.0], "age": [0.0, 0.0], "source": ["web", "web"]})
    low, high = fitted.scorer.log_odds(table)
    assert high > low + 0.5
    assert fitted.monotone == {"budget": 1, "age": -1}
    assert all({pair.left, pair.right} <= {2} for pair in fitted.scorer.tables.pairs)


def test_without_a_constraint_the_dip_is_learned():
    table, label = leads(500, 0)
    fitted = fit_scorer(table, COLUMNS, label)
    rows = pa.table({"budget": np.linspace(-2, 2, 50), "age": np.zeros(50), "source": ["web"] * 50})
    assert (np.diff(fitted.scorer.log_odds(rows)) < -0.05).any()
    assert fitted.monotone == {}


@given(
    table=st.lists(st.floats(-5, 5), min_size=4, max_size=4),
    way=st.sampled_from([1, -1]),
    rows=st.lists(st.integers(0, 3), min_size=1, max_size=30),
)
def test_a_held_table_is_monotone_keeps_its_mean_and_leaves_missing_alone(table, way, rows):
    feature = Feature("a", "a", "number", "fit", "a", edges=np.array([1.0, 2.0]))
    codes = np.array(rows, dtype=np.uint16)[:, None]
    sample = Sample((feature,), codes, np.zeros(len(rows)), np.zeros(len(rows)), np.ones(len(rows)), (way,))
    before = ScoreTables(0.5, (np.array(table),))
    after = held(before, sample)
    assert after.main[0][0] == table[0]
    assert (way * np.diff(after.main[0][1:]) >= 0).all()
    assert after.main[0][codes].mean() == pytest.approx(before.main[0][codes].mean(), abs=0.02)
    if (way * np.diff(table[1:]) >= 0).all():
        np.testing.assert_allclose(after.main[0], table, atol=1e-12)


def test_without_directions_tables_and_pairs_stay_as_they_are():
    feature = Feature("a", "a", "number", "fit", "a", edges=np.array([1.0]))
    pair = Pair(0, 0, np.arange(3, dtype=np.uint16), np.arange(3, dtype=np.uint16), np.eye(3))
    sample = Sample((feature,), np.zeros((1, 1), np.uint16), np.zeros(1), np.zeros(1), np.ones(1))
    before = ScoreTables(0.0, (np.array([0.0, 2.0, 1.0]),), (pair,))
    assert held(before, sample) is before


def test_a_ladder_of_rules_that_only_rises_binds_what_is_learned_beside_it():
    table, label = leads(500, 1)
    fitted = fit_scorer(table, COLUMNS, label, rulebook=ladder(*RISING))
    rows = pa.table({"budget": np.linspace(-3, 3, 200), "age": np.zeros(200), "source": ["web"] * 200})
    assert fitted.monotone == {"budget": 1}
    assert (np.diff(fitted.scorer.log_odds(rows)) >= 0).all()


def test_rules_against_which_the_data_speak_bind_nothing():
    table, label = leads(500, 2)
    fitted = fit_scorer(table, COLUMNS, 1 - label, rulebook=ladder(*RISING))
    assert fitted.scorer.tables.rules_weight == 0
    assert fitted.monotone == {}


@pytest.mark.parametrize(
    ("rules", "column", "said"),
    [
        (RISING, "budget", {"budget": 1}),
        (("at_most = 3\npoints = 5",), "age", {"age": -1}),
        (TENT, "budget", {}),
        (("at_least = 0\nat_most = 9\npoints = 5",), "budget", {}),
        (('one_of = ["5"]\npoints = 5',), "budget", {}),
        (('one_of = ["yes"]\npoints = 5',), "budget", {}),
        (RISING, "source", {}),
    ],
)
def test_a_rulebook_says_so_only_where_its_points_keep_to_one_direction(rules, column, said):
    assert said_by_rules(ladder(*rules, column=column), COLUMNS) == said


def test_what_a_rulebook_says_can_be_written_into_a_bundle():
    assert json.dumps(said_by_rules(ladder(*RISING), COLUMNS)) == '{"budget": 1}'


@pytest.mark.parametrize(
    ("monotone", "message"),
    [
        ({"budgt": 1}, "'budgt' is not among the columns"),
        ({"source": 1}, "'source' is no number"),
        ({"age": "rising"}, "'age' is neither 1 nor -1 but 'rising'"),
        ({"budget": 1}, "the rules of Budget on 'budget' go against it"),
        ({"budgt": 1, "source": -1}, "'budgt' is not among the columns; 'source' is no number"),
    ],
)
def test_what_cannot_be_held_is_refused_in_one_message(monotone, message):
    with pytest.raises(TrainingError, match=f"The monotone columns cannot be held: {message}"):
        check_monotone(monotone, COLUMNS, ladder(*TENT))
