"""What a scorer learns from rows younger than the horizon, and what stays as it is without them."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from sklearn.neighbors import KNeighborsClassifier

from leadml.errors import TrainingError
from leadml.features import Censoring
from leadml.features.censoring import censoring_weights
from leadml.predict.encoding import Column
from leadml.predict.tables import probability
from leadml.training.fit import fit_scorer

COLUMNS = (Column("size", "number", "fit", "Size"), Column("source", "category", "fit", "Source"))
HORIZON, END = 60, 300


def leads(rows: int, seed: int, last: float = END):
    """Rows with what is known of them at the end: quick leads are mostly won, slow ones mostly lost."""
    rng = np.random.default_rng(seed)
    order = np.sort(rng.integers(0, int(last), rows)).astype(float)
    size, source = rng.normal(size=rows), rng.choice(["web", "fair", "list"], rows)
    won = rng.random(rows) < probability(1.2 * size + (source == "fair") - 1.5)
    life = 1 + np.where(won, rng.exponential(15, rows), 20 + rng.exponential(60, rows)).astype(int)
    table = pa.table({"size": size, "source": source})
    label = (won & (life <= HORIZON)).astype(float)
    seen = (END - order).astype(int)
    censoring = Censoring(censoring_weights(life, seen, HORIZON), seen >= HORIZON)
    return table, label, order, np.arange(rows) // 2, censoring


def fit(table, label, order, groups, censoring, **more):
    label = label if censoring is None else np.where(censoring.weight > 0, label, np.nan)
    return fit_scorer(table, COLUMNS, label, order=order, groups=groups, gap=HORIZON, censoring=censoring, **more)


@pytest.mark.parametrize(("rows", "kind"), [(120, "glassbox"), (900, "linear")])
def test_where_nothing_is_censored_the_scorer_is_the_same_to_the_last_bit(rows, kind) -> None:
    table, label, order, groups, censoring = leads(rows, 0, last=END - HORIZON)
    assert (censoring.weight == 1).all()
    without = fit(table, label, order, groups, None, kind=kind)
    within = fit(table, label, order, groups, censoring, kind=kind)
    assert np.array_equal(without.scorer.log_odds(table), within.scorer.log_odds(table))
    assert np.array_equal(without.validation.log_odds, within.validation.log_odds)
    assert without.scorer.policy == within.scorer.policy


def test_rows_in_another_order_give_the_same_scorer() -> None:
    table, label, order, groups, censoring = leads(400, 1)
    turn = np.random.default_rng(0).permutation(400)
    one = fit(table, label, order, groups, censoring)
    other = fit(table.take(pa.array(turn)), label[turn], order[turn], groups[turn], censoring.take(turn))
    assert np.array_equal(one.scorer.log_odds(table), other.scorer.log_odds(table))


def test_only_complete_rows_judge_and_recent_ones_teach() -> None:
    table, label, order, groups, censoring = leads(900, 2)
    fitted = fit(table, label, order, groups, censoring, kind="linear")
    assert censoring.complete[fitted.validation.rows].all()
    rows = np.flatnonzero(censoring.complete)
    alone = fit(table.take(pa.array(rows)), label[rows], order[rows], groups[rows], None, kind="linear")
    assert np.array_equal(np.sort(rows[alone.validation.rows]), np.sort(fitted.validation.rows))
    assert [name for name, _, _ in alone.candidates] == [name for name, _, _ in fitted.candidates]
    assert not np.allclose(alone.scorer.log_odds(table), fitted.scorer.log_odds(table))


def test_scores_are_calibrated_where_keeping_early_closers_inflates_them() -> None:
    inflated, honest = [], []
    for seed in range(3):
        table, label, order, groups, censoring = leads(900, seed)
        known = np.where(censoring.weight > 0, label, np.nan)
        naive = fit(table, known, order, groups, None, kind="linear")
        weighted = fit(table, label, order, groups, censoring, kind="linear")
        inflated.append(naive.scorer.probability(table).mean() - label.mean())
        honest.append(weighted.scorer.probability(table).mean() - label.mean())
    assert np.mean(inflated) > 0.015
    assert abs(np.mean(honest)) < 0.01


def test_a_classifier_that_cannot_weigh_rows_is_refused_by_name() -> None:
    table, label, order, groups, censoring = leads(300, 4)
    with pytest.raises(TrainingError, match="'neighbours' cannot weigh rows"):
        fit(table, label, order, groups, censoring, extra_candidates={"neighbours": KNeighborsClassifier()})


@pytest.mark.parametrize(
    ("censoring", "message"),
    [
        (Censoring(np.ones(3), np.ones(3, dtype=bool)), "3 entries for 300 rows"),
        (Censoring(np.full(300, -1.0), np.ones(300, dtype=bool)), "negative or missing"),
        (Censoring(np.full(300, np.nan), np.ones(300, dtype=bool)), "negative or missing"),
    ],
)
def test_weights_that_cannot_be_are_refused(censoring, message) -> None:
    table, label, order, groups, _ = leads(300, 5)
    with pytest.raises(TrainingError, match=message):
        fit_scorer(table, COLUMNS, label, order=order, groups=groups, censoring=censoring)
