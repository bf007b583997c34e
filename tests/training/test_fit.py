"""What `fit_scorer` promises, end to end."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from leadml.errors import TrainingError
from leadml.predict.encoding import Column
from leadml.predict.rules.rulebook_text import read_rulebook
from leadml.predict.tables import probability
from leadml.rules import Names, map_rulebook
from leadml.training.fit import fit_scorer
from leadml.training.rules_weight import fit_rules_weight
from leadml.training.sample import log_loss

COLUMNS = (
    Column("visits", "number", "engagement", "Visits"),
    Column("employees", "number", "fit", "Employees"),
    Column("source", "category", "fit", "Source"),
    Column("budget", "category", "answer", "Budget"),
    Column("constant", "category", "fit", "Constant"),
)
RULES = """
format = 1
name = "test"
about = "budget"
unanswered = []
[[dimension]]
name = "Budget"
answer = "budget"
question = "Is there a budget?"
  [[dimension.rule]]
  label = "yes"
  one_of = ["yes"]
  points = 20
  [[dimension.rule]]
  label = "no"
  one_of = ["no"]
  points = 0
"""


def leads(rows: int, seed: int, strength: float = 1.0) -> tuple[pa.Table, np.ndarray, np.ndarray]:
    """Rows, labels and true log-odds."""
    rng = np.random.default_rng(seed)
    visits = rng.poisson(3, rows).astype(float)
    employees = np.where(rng.random(rows) < 0.2, np.nan, rng.lognormal(4, 1, rows))
    source = rng.choice(["web", "fair", "partner", "list"], rows)
    budget = rng.choice(["yes", "no", "unknown"], rows)
    truth = (
        strength
        * (0.5 * (visits - 3) + 1.2 * (source == "partner") - 0.8 * np.isnan(employees) + 1.0 * (budget == "yes"))
        - 1.0
    )
    table = pa.table(
        {
            "visits": visits,
            "employees": pa.array(employees, from_pandas=True),
            "source": source,
            "budget": budget,
            "constant": ["same"] * rows,
        }
    )
    return table, (rng.random(rows) < probability(truth)).astype(float), truth


def rulebook():
    resolved, unmapped = map_rulebook(read_rulebook(RULES, "test"), Names(["budget"]), advice="")
    assert unmapped == ()
    return resolved


def test_the_scorer_comes_near_the_truth_and_is_calibrated():
    table, label, _ = leads(3000, 0)
    fitted = fit_scorer(table, COLUMNS, label)
    fresh, outcome, truth = leads(6000, 1)
    scored = fitted.scorer.log_odds(fresh)
    assert fitted.signal
    assert log_loss(outcome, scored) < log_loss(outcome, truth) + 0.006
    assert abs(probability(scored).mean() - outcome.mean()) < 0.02


def test_contributions_add_up_to_the_log_odds():
    table, label, _ = leads(600, 2)
    scorer = fit_scorer(table, COLUMNS, label, rulebook=rulebook()).scorer
    parts = np.sum([column.to_numpy() for column in scorer.contributions(table).columns], axis=0)
    assert np.allclose(parts, scorer.log_odds(table), rtol=0, atol=1e-9)


def test_shuffled_labels_give_the_base_rate_and_say_so():
    quiet = 0
    for seed in range(4):
        table, label, _ = leads(400, seed)
        label = np.random.default_rng(seed).permutation(label)
        fitted = fit_scorer(table, COLUMNS, label)
        if not fitted.signal:
            quiet += 1
            scored = probability(fitted.scorer.log_odds(table))
            assert np.ptp(scored) == 0
            assert scored[0] == pytest.approx(label.mean(), abs=0.01)
            assert np.ptp(fitted.validation.log_odds) < 0.1
    assert quiet >= 3


def test_rows_in_another_order_give_the_same_tables():
    table, label, _ = leads(500, 3)
    order, groups = np.arange(500.0), np.repeat(np.arange(250), 2).astype(str)
    turn = np.random.default_rng(0).permutation(500)
    one = fit_scorer(table, COLUMNS, label, order=order, groups=groups)
    other = fit_scorer(table.take(pa.array(turn)), COLUMNS, label[turn], order=order[turn], groups=groups[turn])
    assert np.allclose(one.scorer.log_odds(table), other.scorer.log_odds(table), rtol=0, atol=1e-9)
    assert np.array_equal(np.sort(turn[other.validation.rows]), np.sort(one.validation.rows))


def test_the_same_seed_gives_the_same_scorer():
    table, label, _ = leads(400, 4)
    one, other = (fit_scorer(table, COLUMNS, label, seed=3).scorer.log_odds(table) for _ in range(2))
    assert np.array_equal(one, other)


def test_open_leads_are_left_out_and_not_judged():
    table, label, _ = leads(400, 5)
    label[::4] = np.nan
    fitted = fit_scorer(table, COLUMNS, label)
    assert not set(fitted.validation.rows) & set(range(0, 400, 4))
    assert np.array_equal(fitted.validation.label, label[fitted.validation.rows])


def test_with_time_only_newer_rows_are_judged():
    table, label, _ = leads(1000, 6)
    order = np.random.default_rng(0).permutation(1000).astype(float)
    fitted = fit_scorer(table, COLUMNS, label, order=order, gap=20.0)
    assert order[fitted.validation.rows].min() >= 395
    assert len(fitted.validation.rows) > 500


def test_thirty_leads_are_enough_to_work():
    table, label, _ = leads(30, 7)
    fitted = fit_scorer(table, COLUMNS, label, groups=np.arange(30).astype(str), rulebook=rulebook())
    assert np.isfinite(fitted.scorer.log_odds(table)).all()


@pytest.mark.parametrize("won", [1, 2, 29])
def test_a_handful_of_wins_or_losses_does_not_break_it(won):
    table, _, _ = leads(30, 8)
    label = np.r_[np.ones(won), np.zeros(30 - won)]
    fitted = fit_scorer(table, COLUMNS, label, order=np.arange(30.0))
    assert np.isfinite(fitted.scorer.log_odds(table)).all()


def test_columns_that_never_vary_leave_the_base_rate():
    table = pa.table({"constant": ["same"] * 50})
    fitted = fit_scorer(table, COLUMNS[4:], np.r_[np.ones(10), np.zeros(40)])
    assert not fitted.signal
    assert np.allclose(probability(fitted.scorer.log_odds(table)), 0.2, atol=0.01)


def test_rules_enter_once_with_a_measured_weight():
    table, label, _ = leads(2000, 9)
    fitted = fit_scorer(table, COLUMNS, label, rulebook=rulebook())
    low, high = fitted.rules_interval
    assert 0 < low < high
    assert fitted.scorer.tables.rules_weight > 0
    assert low - 0.02 < fitted.scorer.tables.rules_weight < high + 0.02


def test_rules_that_hold_are_kept_where_nothing_else_is_to_be_learned():
    rng = np.random.default_rng(0)
    budget = rng.choice(["yes", "no"], 300)
    label = (rng.random(300) < np.where(budget == "yes", 0.7, 0.2)).astype(float)
    table = pa.table({"budget": budget, "source": rng.choice(["a", "b"], 300)})
    fitted = fit_scorer(table, [COLUMNS[3], COLUMNS[2]], label, rulebook=rulebook())
    assert fitted.signal
    scored = probability(fitted.scorer.log_odds(pa.table({"budget": ["yes", "no"], "source": ["a", "a"]})))
    assert scored[0] > 0.55
    assert scored[1] < 0.35


def test_rules_that_point_the_wrong_way_weigh_nothing():
    points = np.repeat([0.0, 20.0], 50)
    label = np.r_[np.ones(50), np.zeros(50)]
    found = fit_rules_weight(points, label, np.arange(100))
    assert found.weight == 0
    assert found.interval[1] < 0


def test_the_interval_of_the_rules_is_wider_where_rows_share_accounts():
    rng = np.random.default_rng(0)
    points, chance = np.repeat(rng.integers(0, 3, 100) * 10.0, 10), np.repeat(rng.random(100) < 0.4, 10)
    alone = fit_rules_weight(points, chance.astype(float), np.arange(1000)).interval
    shared = fit_rules_weight(points, chance.astype(float), np.repeat(np.arange(100), 10)).interval
    assert shared[1] - shared[0] > 2 * (alone[1] - alone[0])


def test_one_outcome_only_is_refused():
    table, _, _ = leads(20, 10)
    with pytest.raises(TrainingError, match="Of 20 leads with a known outcome 0 were won"):
        fit_scorer(table, COLUMNS, np.zeros(20))


def test_labels_other_than_won_and_lost_are_refused():
    table, _, _ = leads(20, 11)
    with pytest.raises(TrainingError, match=r"neither 1 \(won\), 0 \(not won\)"):
        fit_scorer(table, COLUMNS, np.arange(20.0))


def test_arrays_of_another_length_are_refused_by_name():
    table, label, _ = leads(20, 12)
    with pytest.raises(TrainingError, match="`order` has 19 entries for 20 rows"):
        fit_scorer(table, COLUMNS, label, order=np.arange(19.0))


def test_a_time_that_is_missing_is_refused():
    table, label, _ = leads(20, 13)
    order = np.arange(20.0)
    order[3] = np.nan
    with pytest.raises(TrainingError, match=r"`order`\) is missing or infinite for a row with a known outcome"):
        fit_scorer(table, COLUMNS, label, order=order)


def test_a_rulebook_without_its_column_is_refused_by_name():
    table, label, _ = leads(20, 14)
    with pytest.raises(TrainingError, match="rulebook needs columns that the rows do not have: budget"):
        fit_scorer(table, COLUMNS[:3], label, rulebook=rulebook())


def test_a_generous_time_limit_changes_nothing() -> None:
    table, label, _ = leads(600, 12)
    free, limited = (fit_scorer(table, COLUMNS, label, time_limit=limit) for limit in (None, 3_600.0))
    assert (free.scorer.log_odds(table) == limited.scorer.log_odds(table)).all()
    assert limited.cut == ()


def test_hardly_any_time_still_gives_a_scorer_better_than_the_base_rate_and_says_what_was_cut() -> None:
    table, label, _ = leads(3_000, 13)
    fresh, won, _ = leads(3_000, 14)
    fitted = fit_scorer(table, COLUMNS, label, time_limit=1e-6)
    base_rate = np.full(3_000, np.log(label.mean() / (1 - label.mean())))
    assert log_loss(won, fitted.scorer.log_odds(fresh)) < log_loss(won, base_rate)
    assert fitted.cut == ("the additive candidate was left out", "the boosted candidate was left out")


@pytest.mark.parametrize("order", [None, np.arange(4_000.0)], ids=["without time", "with time"])
def test_many_rows_are_judged_by_some_of_them_and_learned_from_all(
    monkeypatch: pytest.MonkeyPatch, order: np.ndarray | None
) -> None:
    table, label, _ = leads(4_000, 15)
    fresh, won, truth = leads(4_000, 16)
    accounts, turn = np.arange(4_000) // 2, np.random.default_rng(0).permutation(4_000)
    monkeypatch.setattr("leadml.training.thinning._ENOUGH_ROWS", 2_000)
    monkeypatch.setattr("leadml.training.thinning._ENOUGH_RARER", 300)
    some = fit_scorer(table, COLUMNS, label, order=order, groups=accounts)
    turned = None if order is None else order[turn]
    again = fit_scorer(table.take(pa.array(turn)), COLUMNS, label[turn], order=turned, groups=accounts[turn])
    assert (some.scorer.log_odds(fresh) == again.scorer.log_odds(fresh)).all()
    assert len(some.validation.rows) <= 2_000
    assert (some.validation.label == label[some.validation.rows]).all()
    assert some.cut == ()
    assert log_loss(won, some.scorer.log_odds(fresh)) < log_loss(won, truth) + 0.015


def test_progress_is_told_in_short_phrases_and_nothing_is_printed(capfd: pytest.CaptureFixture[str]) -> None:
    table, label, _ = leads(1_500, 12)
    told: list[str] = []
    fit_scorer(table, COLUMNS, label, progress=told.append)
    assert told[0] == "coding 5 columns"
    assert "judging an additive model" in told
    assert told[-1] == "writing down what is served"
    assert capfd.readouterr() == ("", "")
