from __future__ import annotations

import datetime as dt
import zipfile

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils.estimator_checks import parametrize_with_checks

from leadml import LeadScorer, load_scorer
from leadml.errors import ColumnsError, RulebookError, TrainingError

HOSTILE = ["select", "a:b,c[d]", "x'); DROP TABLE leads;--", "naïve\nname", ""]


def company(rows: int = 600, seed: int = 0) -> tuple[pd.DataFrame, np.ndarray]:
    """Leads of every column type, whose outcome depends on some of them."""
    rng = np.random.default_rng(seed)
    leads = pd.DataFrame(
        {
            "source": rng.choice(["web", "fair", "Partner"], rows),
            "visits": rng.poisson(3, rows),
            "employees": pd.array(rng.integers(1, 500, rows), dtype="Int64"),
            "newsletter": rng.random(rows) < 0.4,
            "since": pd.Timestamp("2025-01-01") + pd.to_timedelta(rng.integers(0, 300, rows), unit="D"),
            "tier": pd.Categorical(rng.choice(["a", "b"], rows)),
            "budget": rng.choice(["yes", "no", None], rows),
            "spend": rng.normal(size=rows),
        }
    )
    leads.loc[rng.random(rows) < 0.2, "spend"] = np.nan
    leads.loc[rng.random(rows) < 0.1, "employees"] = pd.NA
    odds = -2 + 1.5 * (leads["source"] == "fair") + 0.3 * leads["visits"] + (leads["budget"] == "yes")
    return leads, (rng.random(rows) < 1 / (1 + np.exp(-odds.to_numpy(dtype=float)))).astype(int)


@pytest.fixture(scope="module")
def fitted() -> tuple[LeadScorer, pd.DataFrame]:
    leads, won = company()
    return LeadScorer().fit(leads, won), leads


@parametrize_with_checks([LeadScorer()])
@pytest.mark.filterwarnings("ignore")  # the checks feed data that numpy itself warns about
def test_it_obeys_scikit_learns_laws(estimator, check) -> None:
    check(estimator)


def test_it_learns_and_its_terms_add_up(fitted) -> None:
    scorer, leads = fitted
    assert scorer.signal_
    terms = scorer.explain(leads)
    assert isinstance(terms, pd.DataFrame)
    np.testing.assert_allclose(terms.sum(axis=1), scorer.decision_function(leads), atol=1e-9)
    chance = scorer.predict_proba(leads)
    np.testing.assert_allclose(chance[:, 1], 1 / (1 + np.exp(-scorer.decision_function(leads))), rtol=1e-12)
    fair = chance[leads["source"] == "fair", 1].mean()
    assert fair > chance[leads["source"] == "web", 1].mean() + 0.1


def test_a_lead_is_drawn_as_the_way_to_its_log_odds(fitted) -> None:
    scorer, leads = fitted
    lead = leads.iloc[[3]]
    ways = [row for data in scorer.plot_lead(lead, most=5).to_dict()["datasets"].values() for row in data]
    ends = [row["end"] for row in ways if "end" in row]
    assert ends[-1] == pytest.approx(scorer.decision_function(lead)[0], abs=1e-9)
    texts = {row["text"] for row in ways if "end" in row}
    assert texts & {f"{name}: {lead[name].item()}" for name in ("source", "visits", "employees", "budget")}
    with pytest.raises(ColumnsError, match="Reasons are given for one row, got 2"):
        scorer.plot_lead(leads.iloc[:2])


def test_reordered_and_extra_columns_change_nothing(fitted) -> None:
    scorer, leads = fitted
    expected = scorer.predict_proba(leads)
    np.testing.assert_array_equal(scorer.predict_proba(leads[leads.columns[::-1]].assign(other="x")), expected)


def test_absent_columns_count_as_missing_and_that_is_said(fitted) -> None:
    scorer, leads = fitted
    with pytest.warns(UserWarning, match="'source'"):
        chance = scorer.predict_proba(leads.drop(columns="source"))
    np.testing.assert_array_equal(chance, scorer.predict_proba(leads.assign(source=None)))


def test_unseen_values_and_missing_ones_are_scored(fitted) -> None:
    scorer, leads = fitted
    odd = leads.head(3).assign(source=["never seen", None, "FAIR"], visits=[np.inf, -np.inf, np.nan])
    assert np.isfinite(scorer.predict_proba(odd)).all()
    same = leads.head(1).assign(source="fair"), leads.head(1).assign(source=" FAIR ")
    assert scorer.predict_proba(same[0])[0, 1] == scorer.predict_proba(same[1])[0, 1]


def test_a_wrong_type_is_refused_with_column_row_and_value(fitted) -> None:
    scorer, leads = fitted
    with pytest.raises(ColumnsError, match=r"'visits'.*row 2.*'many'"):
        scorer.predict_proba(leads.head(2).assign(visits=["3", "many"]))


def test_arrow_in_gives_arrow_out_and_the_same_scores(fitted) -> None:
    scorer, leads = fitted
    table = pa.Table.from_pandas(leads, preserve_index=False)
    assert isinstance(scorer.explain(table), pa.Table)
    np.testing.assert_array_equal(scorer.predict_proba(table), scorer.predict_proba(leads))
    again = LeadScorer().fit(table, company()[1])
    np.testing.assert_array_equal(again.predict_proba(leads), scorer.predict_proba(leads))


def test_saving_and_loading_is_exact(fitted, tmp_path) -> None:
    scorer, leads = fitted
    digest = scorer.save(tmp_path / "m.leadml")
    loaded = load_scorer(tmp_path / "m.leadml", digest)
    np.testing.assert_array_equal(loaded.probability(leads), scorer.predict_proba(leads)[:, 1])


def test_row_order_changes_nothing() -> None:
    leads, won = company(300)
    shuffled = np.random.default_rng(1).permutation(len(leads))
    first = LeadScorer().fit(leads, won).predict_proba(leads)
    second = LeadScorer().fit(leads.iloc[shuffled], won[shuffled]).predict_proba(leads)
    np.testing.assert_allclose(first, second, atol=1e-9)


def test_hostile_column_names_are_only_names() -> None:
    leads, won = company(300)
    leads = leads[["source", "visits", "newsletter", "budget", "spend"]].set_axis(HOSTILE, axis=1)
    scorer = LeadScorer().fit(leads, won)
    assert set(scorer.explain(leads).columns) >= set(HOSTILE[:2])


def test_time_and_accounts_are_taken_in_any_form() -> None:
    leads, won = company(400)
    days = np.arange(400)
    moments = [dt.datetime(2025, 1, 1, tzinfo=dt.UTC) + dt.timedelta(days=int(day)) for day in days]
    accounts = [f"a{day // 2}" for day in days]
    by_number = LeadScorer(gap=5).fit(leads, won, time=days, groups=accounts)
    by_moment = LeadScorer(gap=5).fit(leads, won, time=moments, groups=np.array(accounts))
    np.testing.assert_allclose(by_number.predict_proba(leads), by_moment.predict_proba(leads), atol=1e-9)


def test_a_rulebook_joins_the_score_once() -> None:
    leads, won = company()
    with pytest.warns(UserWarning, match="have no column and do not count: Authority, Need, Timeline"):
        scorer = LeadScorer("bant", answers={"budget": "budget"}, labels={"visits": "Visits"}).fit(leads, won)
    scored = scorer.scorer_.score(leads.head(20)).to_pylist()
    assert {row["points"]["Budget"] for row in scored} <= {0.0, 25.0}
    assert "rules: Budget" in scorer.explain(leads).columns
    assert scorer.scorer_.tables.rules_weight > 0


def test_a_rulebook_without_any_column_says_which_answers_it_needs() -> None:
    leads, won = company(100)
    with pytest.raises(RulebookError, match="No dimension of the rulebook 'BANT' has a column: Budget, Authority"):
        LeadScorer("bant").fit(leads.drop(columns="budget"), won)


def test_predict_uses_the_mql_cutoff_where_one_is_given(fitted) -> None:
    scorer, leads = fitted
    strict = LeadScorer(mql=0.9).fit(*company())
    chance = scorer.predict_proba(leads)[:, 1]
    np.testing.assert_array_equal(scorer.predict(leads), (chance >= 0.5).astype(int))
    np.testing.assert_array_equal(strict.predict(leads), (chance >= 0.9).astype(int))


def test_it_works_in_a_pipeline_a_grid_search_and_as_a_clone() -> None:
    leads, won = company(200)
    words = np.where(won == 1, "won", "lost")
    pipeline = make_pipeline(FunctionTransformer(lambda frame: frame.assign(double=frame["visits"] * 2)), LeadScorer())
    assert pipeline.fit(leads, words).classes_.tolist() == ["lost", "won"]
    search = GridSearchCV(LeadScorer(), {"random_state": [0, 1]}, cv=2, scoring="neg_log_loss").fit(leads, won)
    assert np.isfinite(search.best_score_)
    assert clone(LeadScorer("bant", mql=0.2)).get_params()["mql"] == 0.2


RULED = {"rulebook": "bant", "answers": {"budget": "source"}, "base_rate": 0.1, "points_that_double_odds": 20}


@pytest.mark.parametrize("known", [[], [0, 0, 0], [True] * 5, [None] * 3])
def test_with_a_stated_base_rate_one_class_or_none_is_scored_by_the_rules(known) -> None:
    leads, _ = company(200)
    leads["source"] = np.random.default_rng(0).choice(["approved", "none", "planned"], 200)
    outcomes = np.array([*known, *[None] * (200 - len(known))], dtype=object)
    with pytest.warns(UserWarning, match="have no column and do not count: Authority, Need, Timeline"):
        scorer = LeadScorer(**RULED).fit(leads, outcomes)
    chance = scorer.predict_proba(leads)[:, 1]
    assert scorer.classes_.tolist() == [0, 1]
    assert not scorer.signal_
    assert 0.05 < chance.mean() < 0.25
    assert len(np.unique(chance)) == 3
    assert chance[leads["source"] == "approved"].min() > chance[leads["source"] == "none"].max()


def test_a_candidate_of_another_make_is_compared_distilled_and_not_stored(tmp_path) -> None:
    leads, won = company(300)
    scorer = LeadScorer(candidates={"bayes": GaussianNB()}).fit(leads, won)
    assert scorer.candidates_.set_index("name").loc["bayes", "log_loss"] > 0
    scorer.save(tmp_path / "m.leadml")
    with zipfile.ZipFile(tmp_path / "m.leadml") as bundle:
        content = b"".join(bundle.read(part) for part in bundle.namelist())
    assert b"bayes" not in content.lower()
    assert {type(table) for table in scorer.scorer_.tables.main} == {np.ndarray}
    np.testing.assert_array_equal(
        load_scorer(tmp_path / "m.leadml").probability(leads), scorer.predict_proba(leads)[:, 1]
    )


def test_a_boosted_scorer_is_explained_and_saved_like_any_other(tmp_path) -> None:
    leads, won = company(400)
    scorer = LeadScorer(kind="boosted").fit(leads, won)
    of_tables, of_boosted = scorer.cost_
    assert 0 < of_tables < 0.7
    assert 0 < of_boosted < 0.7
    np.testing.assert_allclose(scorer.explain(leads).sum(axis=1), scorer.decision_function(leads), atol=1e-9)
    digest = scorer.save(tmp_path / "m.leadml")
    loaded = load_scorer(tmp_path / "m.leadml", digest)
    np.testing.assert_array_equal(loaded.probability(leads), scorer.predict_proba(leads)[:, 1])


def test_what_is_said_to_rise_never_lowers_a_score() -> None:
    leads, won = company(400)
    scorer = LeadScorer(monotone={"visits": -1, "employees": 1}).fit(leads, won)
    more = leads.assign(visits=leads["visits"] - 2, employees=leads["employees"] + 150)
    assert (scorer.decision_function(more) >= scorer.decision_function(leads)).all()
    with pytest.raises(TrainingError, match="The monotone columns cannot be held: 'tier' is no number"):
        LeadScorer(monotone={"tier": 1}).fit(leads, won)


def test_a_candidate_that_few_leads_cannot_carry_is_named() -> None:
    leads, won = company(40)
    with pytest.warns(UserWarning, match="Too few leads of one outcome for trees, and for the candidates bayes"):
        LeadScorer(candidates={"bayes": GaussianNB()}).fit(leads, won)


def test_one_class_is_refused() -> None:
    leads, _ = company(50)
    with pytest.raises(TrainingError, match="only one class"):
        LeadScorer().fit(leads, np.ones(50))
    with pytest.raises(ColumnsError, match="groups name columns that the rows do not have: 'visit'"):
        LeadScorer(groups={"visit": "engagement"}).fit(leads, np.arange(50) % 2)


@pytest.mark.parametrize(
    ("stated", "said"),
    [
        ({"rulebook": "bant", "base_rate": 20}, "`base_rate` must be above 0 and below 1 or None, got 20 instead"),
        ({"rulebook": "bant", "base_rate": 0}, "`base_rate` must be above 0 and below 1"),
        ({"base_rate": 0.2}, "said of rules, and there are none"),
        ({"rulebook": "bant", "points_that_double_odds": -3}, "`points_that_double_odds` must be above 0"),
        ({"mql": 2}, "`mql` must be between 0 and 1"),
        ({"gap": -1}, "`gap` must be 0 or more and finite, got -1"),
        ({"time_limit": float("nan")}, "`time_limit` must be above 0 or None, got nan"),
        ({"random_state": None}, "`random_state` must be a whole number from 0 up, got None"),
        ({"candidates": [GaussianNB()]}, "`candidates` must be a mapping or None"),
    ],
)
def test_what_is_stated_and_cannot_be_is_refused_by_its_name(stated, said) -> None:
    leads, won = company(50)
    with pytest.raises(TrainingError, match=said):
        LeadScorer(**stated).fit(leads, won)


def test_an_answer_without_its_column_is_named_as_an_answer() -> None:
    leads, won = company(50)
    with pytest.raises(ColumnsError, match="`answers` names columns that X does not have: 'budget' -> 'budgt'"):
        LeadScorer("bant", answers={"budget": "budgt"}).fit(leads, won)


@pytest.mark.filterwarnings("ignore:Could not infer format")
def test_a_time_that_is_no_date_is_refused_as_a_fault_of_the_user() -> None:
    leads, won = company(50)
    with pytest.raises(TrainingError, match="`time` holds what is neither a date nor a number"):
        LeadScorer().fit(leads, won, time=["yesterday morning"] * 50)


def test_few_accounts_train_and_a_single_one_is_refused() -> None:
    leads, won = company(60)
    with pytest.raises(TrainingError, match="are of one account"):
        LeadScorer().fit(leads, won, groups=["a"] * 60)
    scorer = LeadScorer().fit(leads, won, groups=np.arange(60) % 3)  # an empty fold would warn
    assert np.isfinite(scorer.predict_proba(leads)).all()


def test_numbers_near_the_largest_there_are_neither_warn_nor_break_a_score() -> None:
    leads, won = company(100)
    leads["spend"] = 1e308 * np.random.default_rng(0).choice([-1.7, -1.0, 0.5, 1.0, 1.7], 100)
    leads["visits"] = leads["visits"] * 1e-310
    scorer = LeadScorer(kind="linear").fit(leads, won)
    assert np.isfinite(scorer.decision_function(leads)).all()
