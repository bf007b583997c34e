from __future__ import annotations

import pickle
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadml.errors import BundleError
from leadml.predict import load_scorer, save_scorer
from leadml.predict.calibration import MonotoneMap
from leadml.predict.columns import read_columns
from leadml.predict.tables import probability

BENT = MonotoneMap(np.array([-3.0, -1.0, 0.5, 2.0]), np.array([-2.5, -1.8, 0.0, 3.0]))
NUMBERS = st.floats(-30, 30)


@given(NUMBERS, NUMBERS)
def test_a_map_rises_strictly_and_never_gives_certainty(one, other):
    low, high = sorted((one, other))
    mapped = BENT.apply(np.array([low, high]))
    assert mapped[0] <= mapped[1]
    assert high - low < 1e-9 or mapped[0] < mapped[1]
    assert ((probability(mapped) > 0) & (probability(mapped) < 1)).all()


@given(NUMBERS)
def test_the_way_back_leads_back(number):
    assert BENT.inverse.apply(BENT.apply(np.array([number])))[0] == pytest.approx(number, abs=1e-9)


def test_contributions_with_the_calibration_add_up_to_the_served_log_odds(scorer, rows_of):
    calibrated, rows = replace(scorer, calibration=BENT), rows_of(scorer, 1, 300)
    terms = calibrated.contributions(rows)
    log_odds = calibrated.log_odds(rows)
    assert terms.column_names[-1] == "calibration"
    assert np.allclose(sum(column.to_numpy() for column in terms.columns), log_odds, rtol=0, atol=1e-9)
    assert np.allclose(log_odds, BENT.apply(scorer.log_odds(rows)), rtol=0, atol=1e-12)
    scores = calibrated.score(rows, reasons=50)
    assert np.array_equal(scores["log_odds"].to_numpy(), log_odds)
    said = {one["reason"] for row in scores.to_pylist() for one in (*row["reasons_for"], *row["reasons_against"])}
    assert "Calibration" in said


def test_a_calibrated_scorer_is_stored_and_loaded_exactly(scorer, rows_of, tmp_path):
    calibrated, rows = replace(scorer, calibration=BENT), rows_of(scorer, 1, 300)
    save_scorer(calibrated, tmp_path / "a.leadml")
    loaded = load_scorer(tmp_path / "a.leadml")
    assert np.array_equal(loaded.log_odds(rows), calibrated.log_odds(rows))


@pytest.mark.parametrize("to", [[-1.0, -1.0], [1.0, 0.0], [0.0, float("nan")], [0.0]])
def test_a_map_that_does_not_rise_is_refused(scorer, tmp_path, to):
    wrong = replace(scorer, calibration=MonotoneMap(np.array([0.0, 1.0]), np.array(to)))
    with pytest.raises((BundleError, ValueError)):
        save_scorer(wrong, tmp_path / "a.leadml")


def test_each_reason_of_a_lead_says_what_its_own_term_adds(scorer, rows_of):
    calibrated = replace(scorer, calibration=BENT)
    for row in range(20):
        lead = rows_of(scorer, 1, 300).slice(row, 1)
        added = calibrated.contributions(lead).to_pylist()[0]
        told = {one.log_odds: one.reason for one in calibrated.reasons(lead)}
        codes = scorer.encode(read_columns(lead, scorer.columns))
        for feature, term, code in zip(scorer.features, scorer.terms[scorer.rule_terms :], codes, strict=False):
            if added[feature.name] and (feature.kind in ("month", "weekday", "hour") or code[0] == 0):
                assert told[added[feature.name]] == term.texts[code[0]]
        assert told[added["calibration"]] == "Calibration"


def test_a_copy_that_was_pickled_scores_the_same(scorer, rows_of):
    calibrated, rows = replace(scorer, calibration=BENT), rows_of(scorer, 1, 50)
    scored = calibrated.score(rows)
    assert pickle.loads(pickle.dumps(calibrated)).score(rows).equals(scored)


def test_chunks_and_all_rows_at_once_score_the_same(scorer, rows_of):
    calibrated, rows = replace(scorer, calibration=BENT), rows_of(scorer, 2, 200)
    at_once = calibrated.score(rows)
    assert calibrated.score(rows.slice(0, 70)).equals(at_once.slice(0, 70).combine_chunks())
    assert calibrated.score(rows.slice(70)).equals(at_once.slice(70).combine_chunks())


def test_what_an_answer_would_do_goes_through_the_calibration(scorer, rows_of):
    calibrated, rows = replace(scorer, calibration=BENT), rows_of(scorer, 3, 200)
    asked = 0
    for plain, mapped in zip(scorer.open_questions(rows), calibrated.open_questions(rows), strict=True):
        log_odds = np.log(plain.probability) - np.log1p(-plain.probability)
        assert np.allclose(mapped.probability, probability(BENT.apply(log_odds)), rtol=0, atol=1e-9)
        asked += plain.probability.size
    assert asked
