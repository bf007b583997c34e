"""One kind of candidate may be pinned: what is served is then of that kind, judged and shrunk as the blend is."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from leadml.errors import BundleError, TrainingError
from leadml.predict import load_scorer, save_scorer
from leadml.predict.tables import probability
from leadml.training.fit import fit_scorer
from leadml.training.sample import log_loss
from tests.training.test_fit import COLUMNS, leads, rulebook


@pytest.fixture(scope="module")
def boosted():
    table, label, _ = leads(600, 0)
    return fit_scorer(table, COLUMNS, label, rulebook=rulebook(), kind="boosted")


@pytest.fixture(scope="module")
def fresh() -> pa.Table:
    return leads(150, 1)[0]


def test_linear_serves_the_linear_candidate_shrunk_towards_the_base_rate():
    table, label, _ = leads(600, 0)
    fitted = fit_scorer(table, COLUMNS, label, kind="linear")
    weights = {name: weight for name, weight, _ in fitted.candidates}
    assert weights.keys() == {"base rate", "linear"}
    assert weights["linear"] > 0.8
    assert fitted.scorer.tables.pairs == ()
    assert fitted.cost is None
    rank = np.corrcoef(fitted.scorer.log_odds(table), leads(600, 0)[2])[0, 1]
    assert rank > 0.9


def test_boosted_weighs_no_other_candidate_and_says_what_it_costs(boosted):
    weights = {name: weight for name, weight, _ in boosted.candidates}
    assert weights["linear"] == weights["additive"] == 0
    assert weights["boosted"] > 0.8
    of_tables, of_boosted = boosted.cost
    assert of_boosted == pytest.approx(log_loss(boosted.validation.label, boosted.validation.log_odds))
    assert abs(of_tables - of_boosted) < 0.05


def test_the_terms_of_a_boosted_scorer_add_up_to_its_log_odds(boosted, fresh):
    scorer = boosted.scorer
    terms = np.sum([column.to_numpy() for column in scorer.contributions(fresh).columns], axis=0)
    scored = scorer.score(fresh)
    groups = sum(scored[group].to_numpy() for group in ("fit", "engagement", "intent", "answer"))
    log_odds = scorer.log_odds(fresh)
    assert np.ptp(log_odds) > 2
    np.testing.assert_allclose(terms, log_odds, rtol=0, atol=1e-9)
    np.testing.assert_allclose(scorer.intercept + groups, log_odds, rtol=0, atol=1e-9)
    np.testing.assert_array_equal(scored["log_odds"].to_numpy(), log_odds)
    np.testing.assert_array_equal(scored["probability"].to_numpy(), probability(log_odds))
    assert scored["reasons_for"][0].as_py()


def test_its_trees_and_its_rules_are_those_that_were_judged(boosted):
    """The mean of the folds' models, as they were judged, lies near what is served for the rows they were judged on."""
    table, _, truth = leads(600, 0)
    served = boosted.scorer.log_odds(table)[boosted.validation.rows]
    assert np.corrcoef(served, boosted.validation.log_odds)[0, 1] > 0.9
    assert np.corrcoef(served, truth[boosted.validation.rows])[0, 1] > 0.8
    assert abs(probability(served).mean() - boosted.validation.label.mean()) < 0.03


def test_leads_score_the_same_in_any_company(boosted, fresh, monkeypatch):
    whole = boosted.scorer.score(fresh).drop_columns(["as_of"])
    alone = [boosted.scorer.score(fresh.slice(row, 1)).drop_columns(["as_of"]) for row in range(0, 150, 50)]
    assert [row for one in alone for row in one.to_pylist()] == whole.to_pylist()[::50]
    monkeypatch.setattr("leadml.predict.summing.PART", 60)
    assert boosted.scorer.score(fresh).drop_columns(["as_of"]).to_pylist() == whole.to_pylist()
    assert boosted.scorer.score(fresh.slice(0, 0)).num_rows == 0


def test_a_boosted_bundle_scores_exactly_as_before_and_is_written_the_same_twice(boosted, fresh, tmp_path):
    saved = save_scorer(boosted.scorer, tmp_path / "one.leadml")
    again = save_scorer(load_scorer(tmp_path / "one.leadml"), tmp_path / "two.leadml")
    assert again.digest == saved.digest
    loaded = load_scorer(tmp_path / "one.leadml")
    assert loaded.score(fresh).to_pylist() == saved.score(fresh).to_pylist()


def test_the_same_seed_gives_the_same_trees():
    table, label, _ = leads(350, 2)
    one, other = (fit_scorer(table, COLUMNS, label, kind="boosted").scorer for _ in range(2))
    assert one.trees
    assert [trees.text for trees in one.trees] == [trees.text for trees in other.trees]


def test_without_signal_no_trees_are_served():
    table, label, _ = leads(400, 3)
    label = np.random.default_rng(3).permutation(label)
    fitted = fit_scorer(table, COLUMNS, label, kind="boosted")
    assert not fitted.signal
    assert fitted.scorer.trees == ()


def test_too_few_leads_for_trees_are_refused_where_trees_are_pinned():
    table, label, _ = leads(40, 4)
    with pytest.raises(TrainingError, match=r'kind = "boosted" needs 20 leads of each outcome.*and one has \d+\. Take'):
        fit_scorer(table, COLUMNS, label, kind="boosted")


def test_an_unknown_kind_is_refused():
    table, label, _ = leads(40, 4)
    with pytest.raises(TrainingError, match="`kind` must be 'glassbox', 'linear' or 'boosted', got 'forest' instead"):
        fit_scorer(table, COLUMNS, label, kind="forest")


def test_a_bundle_with_trees_that_were_tampered_with_is_refused(boosted, tmp_path):
    scorer = boosted.scorer
    broken = scorer.trees[0].text.replace("left_child=", "left_child=99 ", 1)
    with pytest.raises(BundleError, match="its tree 0 is not as leadml writes it"):
        save_scorer(replace(scorer, trees=(replace(scorer.trees[0], text=broken),)), tmp_path / "broken.leadml")
