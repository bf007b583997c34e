"""How leads answer is counted from what they said, apart by the score they had without saying it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from leadml import LeadScorer
from leadml.predict import load_scorer
from leadml.rules import load_rulebook
from leadml.training.answers import learn_answers

NEEDS = ["clear", "vague", "none"]


def _book(name):
    """The dimension of BANT that one question is about."""
    book = load_rulebook("bant")
    return replace(book, dimensions=tuple(d for d in book.dimensions if d.answer == name))


def _leads(count, seed=0):
    """Buyers have a clear need, visit more, and are asked as often as others."""
    rng = np.random.default_rng(seed)
    won = rng.random(count) < 0.3
    need = np.where(won, rng.choice(NEEDS, count, p=[0.7, 0.2, 0.1]), rng.choice(NEEDS, count, p=[0.1, 0.3, 0.6]))
    visits = rng.normal(size=count) + 1.5 * won
    rows = {"need": pa.array(need, mask=rng.random(count) < 0.4), "visits": pa.array(visits)}
    return pa.table(rows), won.astype(int)


@pytest.fixture(scope="module")
def fitted():
    rows, won = _leads(1_500)
    return LeadScorer(_book("need"), answers={"need": "need"}, kind="linear").fit(rows, won)


def test_answers_are_told_apart_and_add_up(fitted):
    (answers,) = fitted.scorer_.answers
    assert (answers.column, sorted(answers.values)) == ("need", sorted(NEEDS))
    assert np.array(answers.shares).sum(axis=1) == pytest.approx(np.ones(len(answers.bounds) + 1))


def test_the_higher_the_score_without_the_answer_the_likelier_the_answer_of_buyers(fitted):
    (answers,) = fitted.scorer_.answers
    shares = np.array(answers.shares)[:, answers.values.index("clear")]
    assert len(shares) > 2
    assert shares[-1] > 1.5 * shares[0]
    rows, won = _leads(20_000, seed=1)
    silent = rows.set_column(0, "need", pa.nulls(rows.num_rows, pa.string()))
    likely = answers.likely(fitted.scorer_.log_odds(silent))[answers.values.index("clear")]
    hidden = np.where(won, 0.7, 0.1)
    assert likely.mean() == pytest.approx(hidden.mean(), abs=0.05)
    top = likely == likely.max()
    assert likely[top].mean() == pytest.approx(hidden[top].mean(), abs=0.1)


def test_an_order_of_rows_or_another_spelling_changes_nothing(fitted):
    rows, _ = _leads(400)
    learned = learn_answers(fitted.scorer_, rows)
    order = np.random.default_rng(2).permutation(rows.num_rows)
    assert learn_answers(fitted.scorer_, rows.take(pa.array(order))) == learned
    loud = pc.utf8_upper(rows["need"])
    (spelled,) = learn_answers(fitted.scorer_, rows.set_column(0, "need", loud))
    assert spelled.shares == learned[0].shares
    assert [value.lower() for value in spelled.values] == list(learned[0].values)


def test_what_nobody_answered_is_not_learned(fitted):
    rows, _ = _leads(50)
    for nothing in (pa.nulls(50, pa.string()), pa.array(["unknown", " "] * 25)):
        assert learn_answers(fitted.scorer_, rows.set_column(0, "need", nothing)) == ()
    assert learn_answers(fitted.scorer_, rows.slice(0, 0)) == ()


def test_infinite_numbers_are_no_answers_and_leads_still_open_are_counted():
    rng = np.random.default_rng(0)
    rows = pa.table({"budget": pa.array(rng.choice([5.0, 500.0, np.inf], 90)), "x": pa.array(rng.normal(size=90))})
    label = np.full(90, np.nan)
    scorer = LeadScorer(_book("budget"), base_rate=0.1, points_that_double_odds=20)
    (answers,) = scorer.fit(rows, label).scorer_.answers
    assert np.isfinite(answers.values).all()
    assert sum(np.array(answers.shares)[0]) == pytest.approx(1)


def test_the_bundle_of_a_fitted_scorer_asks_as_the_scorer_does(fitted, tmp_path):
    fitted.save(tmp_path / "m.leadml")
    rows, _ = _leads(300, seed=3)
    loaded = load_scorer(tmp_path / "m.leadml")
    assert loaded.answers == fitted.scorer_.answers
    scored = loaded.score(rows)
    assert scored.equals(fitted.scorer_.score(rows))
    open_leads = rows["need"].is_null().to_numpy(zero_copy_only=False)
    asked = scored["next_question"].is_valid().to_numpy(zero_copy_only=False)
    assert asked.any()
    assert not (asked & ~open_leads).any()
