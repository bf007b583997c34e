"""Classifiers of another make are compared as equals, distilled by their weight, and never kept."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.svm import LinearSVC

from leadml.errors import TrainingError
from leadml.predict.encoding import Feature
from leadml.training.candidates import Workshop, train_candidates
from leadml.training.distilling import blended_tables
from leadml.training.fit import fit_scorer
from leadml.training.foreign import Foreign, checked
from leadml.training.judgement import judge
from leadml.training.plan import make_plan
from leadml.training.sample import Sample, log_loss
from tests.training.test_fit import COLUMNS, leads


class Oracle(ClassifierMixin, BaseEstimator):
    """Knows the truth of these samples from their inputs: a checkerboard of two numbers, which no sum can tell."""

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        return self

    def predict_proba(self, X):
        log_odds = 2.0 * np.sign(X[:, 0]) * np.sign(X[:, 1])
        chance = 1 / (1 + np.exp(-log_odds))
        return np.column_stack([1 - chance, chance])


class Guesser(Oracle):
    """Says something of every lead that has nothing to do with it."""

    def predict_proba(self, X):
        chance = np.random.default_rng(0).uniform(0.05, 0.95, len(X))
        return np.column_stack([1 - chance, chance])


def board(rows: int, seed: int) -> tuple[Sample, np.ndarray]:
    """Leads on a checkerboard, and their true log-odds."""
    rng = np.random.default_rng(seed)
    features = tuple(Feature(name, name, "number", "fit", name, edges=np.arange(1.0, 10)) for name in "ab")
    codes = rng.integers(1, 11, (rows, 2)).astype(np.uint16)
    truth = 2.0 * np.where(codes[:, 0] > 5, 1, -1) * np.where(codes[:, 1] > 5, 1, -1)
    label = (rng.random(rows) < 1 / (1 + np.exp(-truth))).astype(float)
    return Sample(features, np.asfortranarray(codes), label, np.zeros(rows), np.ones(rows)), truth


def shop_of(sample: Sample, order=None) -> Workshop:
    plan = make_plan(sample.label, sample.codes, order, np.arange(len(sample.label)), 0.0, 0)
    return Workshop(sample, plan, lambda rows: np.ones(len(rows)))


@pytest.mark.parametrize("forward", [False, True])
def test_a_candidate_that_is_the_truth_leads_and_the_tables_follow_it(forward):
    sample, truth = board(2000, 0)
    order = np.arange(2000.0) if forward else None
    shop = shop_of(sample, order)
    assert shop.plan.forward is forward
    candidates = train_candidates(shop, {"oracle": Oracle()})
    verdict = judge(sample, shop.plan, [shop.judge(one.folds) for one in candidates])
    weights = dict(zip([one.name for one in candidates], verdict.weights, strict=True))
    assert weights["oracle"] > 0.6
    tables = blended_tables([one.finish() for one in candidates], verdict.weights, sample)
    assert np.corrcoef(sample.log_odds(tables), truth)[0, 1] > 0.97


def test_a_useless_candidate_weighs_nothing():
    table, label, _ = leads(900, 0)
    fitted = fit_scorer(table, COLUMNS, label, extra_candidates={"guesser": Guesser()})
    weights = {name: weight for name, weight, _ in fitted.candidates}
    assert weights["guesser"] < 0.03
    assert weights.keys() >= {"base rate", "linear", "additive", "guesser"}


def test_a_forest_that_knows_its_rows_by_heart_does_not_teach_them():
    table, label, _ = leads(600, 1)
    fresh, outcome, _ = leads(3000, 2)
    forest = RandomForestClassifier(10)
    alone = fit_scorer(table, COLUMNS, label).scorer
    joined = fit_scorer(table, COLUMNS, label, extra_candidates={"forest": forest}).scorer
    assert log_loss(outcome, joined.log_odds(fresh)) < log_loss(outcome, alone.log_odds(fresh)) + 0.005


def test_the_same_seed_gives_the_same_scorer_and_leaves_the_classifier_as_it_was():
    table, label, _ = leads(300, 3)
    forest = RandomForestClassifier(10)
    one, other = (
        fit_scorer(table, COLUMNS, label, extra_candidates={"forest": forest}).scorer.log_odds(table) for _ in range(2)
    )
    assert np.array_equal(one, other)
    assert forest.random_state is None
    assert not hasattr(forest, "estimators_")


def test_what_the_rules_say_is_an_input_and_enters_the_log_odds_once():
    sample, _ = board(2000, 4)
    offset = np.random.default_rng(0).normal(size=2000)
    label = (np.random.default_rng(1).random(2000) < 1 / (1 + np.exp(-offset))).astype(float)
    ruled = Sample(sample.features, sample.codes, label, offset, sample.weight)
    said = Foreign("linear model", LogisticRegression(), ruled).log_odds(ruled)
    assert np.abs(said - offset).mean() < 0.2


def test_missing_numbers_are_told_from_known_ones():
    sample, _ = board(1000, 5)
    codes = sample.codes.copy()
    codes[::3, 0] = 0
    label = np.zeros(1000)
    label[::3] = np.random.default_rng(0).random(334) < 0.8
    missing = Sample(sample.features, codes, label, sample.offset, sample.weight)
    said = Foreign("linear model", LogisticRegression(), missing).log_odds(missing)
    assert said[::3].min() > 0.5
    assert said[1::3].max() < -2


def test_certainty_is_bounded_by_the_number_of_rows():
    sample, _ = board(200, 6)
    said = Foreign("forest", RandomForestClassifier(5, random_state=0), sample).log_odds(sample)
    assert np.abs(said).max() == pytest.approx(np.log(201))


@pytest.mark.parametrize(
    ("candidates", "message"),
    [
        ({"svm": LinearSVC()}, r"'svm' \(LinearSVC\) has no predict_proba.*CalibratedClassifierCV"),
        ({"forest": RandomForestClassifier}, r"'forest' \(RandomForestClassifier\) is not a scikit-learn classifier"),
        ({"text": "forest"}, r"'text' \(str\) is not a scikit-learn classifier"),
        ({"linear": GaussianNB()}, "may not be called 'linear'"),
    ],
)
def test_what_cannot_be_compared_is_refused(candidates, message):
    with pytest.raises(TrainingError, match=message):
        checked(candidates, 0)


def test_a_classifier_that_fails_is_named():
    sample, _ = board(100, 7)
    with pytest.raises(TrainingError, match=r"The candidate 'forest' cannot be trained: .*n_estimators"):
        Foreign("forest", RandomForestClassifier(-1), sample)
