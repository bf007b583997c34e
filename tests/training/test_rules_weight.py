"""The weight of the rules: what is stated of them, and how closed leads move it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from leadml.errors import TrainingError
from leadml.predict.encoding import Column
from leadml.predict.rules.rulebook_text import read_rulebook
from leadml.predict.tables import probability
from leadml.rules import Names, map_rulebook
from leadml.training.fit import fit_scorer
from leadml.training.rules_weight import RulesPrior, fit_rules_weight, points_between

PRIOR = RulesPrior(np.log(2) / 20, np.log(0.1 / 0.9), reference=10.0)
COLUMNS = (Column("budget", "category", "answer", "Budget"), Column("source", "category", "fit", "Source"))
RULES = """
format = 1
name = "test"
[[dimension]]
name = "Budget"
answer = "budget"
question = "Is there a budget?"
missing = 5
  [[dimension.rule]]
  label = "yes"
  one_of = ["yes"]
  points = 20
  [[dimension.rule]]
  label = "no"
  one_of = ["no"]
  points = -5
"""


def rulebook():
    return map_rulebook(read_rulebook(RULES, "test"), Names(["budget"]), advice="")[0]


def history(rows, seed=0, *, base=-1.5, weight=0.06):
    rng = np.random.default_rng(seed)
    points = rng.choice([0.0, 10.0, 20.0, 40.0], rows)
    return points, (rng.random(rows) < probability(base + weight * (points - 10))).astype(float), np.arange(rows)


def fitted(rows, prior=PRIOR, **law):
    return fit_rules_weight(*history(rows, **law), prior=prior)


def test_without_a_closed_lead_the_rules_are_as_stated():
    found = fit_rules_weight(np.zeros(0), np.zeros(0), np.zeros(0), prior=PRIOR)
    assert found.weight == pytest.approx(np.log(2) / 20, rel=1e-9)
    assert probability(found.log_odds(np.array([10.0]))) == pytest.approx(0.1, rel=1e-9)
    low, high = found.interval
    assert low == pytest.approx(found.weight * (1 - 1.96 * 0.5))
    assert high == pytest.approx(found.weight * (1 + 1.96 * 0.5))


def test_twenty_points_more_double_the_odds():
    found = fit_rules_weight(np.zeros(0), np.zeros(0), np.zeros(0), prior=PRIOR)
    apart = found.log_odds(np.array([30.0])) - found.log_odds(np.array([10.0]))
    assert np.exp(apart) == pytest.approx(2)


def test_one_lead_more_moves_the_rules_little_and_many_leads_outweigh_what_was_stated():
    weights = [np.mean([fitted(rows, seed=seed).weight for seed in range(20)]) for rows in (1, 5, 20, 100, 500, 5000)]
    assert abs(weights[0] - PRIOR.weight) < 0.1 * PRIOR.weight
    assert abs(weights[-1] - 0.06) < 0.003
    assert weights == sorted(weights)  # from the 0.035 stated to the true 0.06


def test_with_many_leads_it_is_no_matter_what_was_stated():
    other = RulesPrior(0.2, 1.0, reference=10.0)
    assert fitted(20_000).weight == pytest.approx(fitted(20_000, other).weight, rel=0.02)
    assert fitted(20_000).intercept == pytest.approx(fitted(20_000, other).intercept, abs=0.03)


def test_the_interval_narrows_as_leads_close():
    widths = [np.ptp(fitted(rows).interval) for rows in (10, 100, 1000)]
    assert widths[0] > widths[1] > widths[2]


def test_snapshots_of_one_account_outweigh_the_statement_no_more_than_one_lead_does():
    points, label, groups = history(40)
    once = fit_rules_weight(points, label, groups, prior=PRIOR)
    often = fit_rules_weight(np.tile(points, 5), np.tile(label, 5), np.tile(groups, 5), prior=PRIOR)
    assert often.weight == pytest.approx(once.weight, rel=1e-6)
    assert often.interval == pytest.approx(once.interval, rel=1e-6)


def test_a_few_leads_that_contradict_the_rules_do_not_silence_them_and_many_do():
    few = fitted(12, weight=-0.06)
    many = fitted(1000, weight=-0.06)
    assert few.weight > 0
    assert many.weight == 0
    assert many.interval[1] < 0
    assert probability(np.array([many.intercept])) == pytest.approx(history(1000, weight=-0.06)[1].mean(), abs=0.01)


@pytest.mark.parametrize(("won", "rows"), [(12, 12), (0, 50)])
def test_one_outcome_moves_the_base_rate_towards_it_and_stays_short_of_certainty(won, rows):
    label = np.r_[np.ones(won), np.zeros(rows - won)]
    found = fit_rules_weight(np.full(rows, 10.0), label, np.arange(rows), prior=PRIOR)
    chance = float(probability(found.log_odds(np.array([10.0])))[0])
    assert found.weight == pytest.approx(PRIOR.weight, rel=0.01)
    assert (0.1 < chance < 0.5) if won else (0.01 < chance < 0.1)


def test_stating_nothing_is_no_prior_and_the_base_rate_alone_takes_the_doubling_from_the_rulebook():
    assert points_between(rulebook()) == 25
    assert RulesPrior.stated(rulebook(), None, None) is None
    assert RulesPrior.stated(None, 0.1, 20.0) is None
    assert RulesPrior.stated(rulebook(), 0.1, None).weight == pytest.approx(np.log(2) / 5)
    assert RulesPrior.stated(rulebook(), None, 8.0) == RulesPrior(np.log(2) / 8)


def young(rows, won, lost):
    rng = np.random.default_rng(0)
    table = pa.table({"budget": rng.choice(["yes", "no", None], rows), "source": rng.choice(["a", "b"], rows)})
    return table, np.r_[np.ones(won), np.zeros(lost), np.full(rows - won - lost, np.nan)]


def test_a_scorer_without_history_is_the_rules_at_the_stated_base_rate():
    table, label = young(200, 0, 0)
    book = rulebook()
    found = fit_scorer(table, COLUMNS, label, rulebook=book, prior=RulesPrior.stated(book, 0.1, 20.0))
    points = book.total(table)
    expected = probability(np.log(0.1 / 0.9) + np.log(2) / 20 * (points - points.mean()))
    assert np.allclose(found.scorer.probability(table), expected, rtol=0, atol=1e-12)
    assert (found.served, found.signal, found.candidates, found.spread[1]) == ("rules", False, (), 0.0)
    assert found.scorer.probability(table).mean() == pytest.approx(0.1, abs=0.01)


@pytest.mark.parametrize(("won", "lost"), [(12, 0), (0, 50), (1, 1), (3, 20)])
def test_a_handful_of_closed_leads_leaves_the_rules_in_charge(won, lost):
    table, label = young(100, won, lost)
    book = rulebook()
    found = fit_scorer(table, COLUMNS, label, rulebook=book, prior=RulesPrior.stated(book, 0.2, 20.0))
    scored = found.scorer.probability(pa.table({"budget": ["yes", None, "no"], "source": ["a", "a", "a"]}))
    assert found.served == "rules"
    assert scored[0] > scored[1] > scored[2]
    assert 0.02 < scored.min() < scored.max() < 0.8


def test_one_more_lead_never_makes_a_jump_of_the_score():
    table, label = young(40, 2, 10)
    book = rulebook()
    prior = RulesPrior.stated(book, 0.2, 20.0)
    scored = []
    for known in range(13):
        part = np.where(np.arange(40) < known, label, np.nan)
        scored.append(fit_scorer(table, COLUMNS, part, rulebook=book, prior=prior).scorer.log_odds(table))
    assert np.abs(np.diff(scored, axis=0)).max() < 0.5


def test_without_a_stated_base_rate_one_outcome_is_refused_and_the_way_out_is_named():
    table, label = young(50, 0, 30)
    prior = RulesPrior.stated(rulebook(), None, 20.0)
    with pytest.raises(TrainingError, match=r"Of 30 leads .* 0 were won.*state a rulebook, the base rate"):
        fit_scorer(table, COLUMNS, label, rulebook=rulebook(), prior=prior)


def test_a_reference_given_is_kept():
    table, label = young(50, 0, 0)
    prior = replace(RulesPrior.stated(rulebook(), 0.1, 20.0), reference=20.0)
    found = fit_scorer(table, COLUMNS, label, rulebook=rulebook(), prior=prior)
    assert found.scorer.probability(pa.table({"budget": ["yes"], "source": ["a"]}))[0] == pytest.approx(0.1)
