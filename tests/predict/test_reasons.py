"""Every reason of one lead, with its very values: they add up to its log-odds, and say what the row brings."""

from __future__ import annotations

import warnings

import numpy as np
import pyarrow as pa
import pytest

from leadml.errors import ColumnsError
from leadml.predict.encoding import Column, Feature
from leadml.predict.phrases import Phrase
from leadml.predict.policy import Policy
from leadml.predict.rules.rulebook_text import parse_rulebook
from leadml.predict.scorer import Scorer
from leadml.predict.tables import Pair, ScoreTables
from leadml.rules import Names, map_rulebook


def test_the_reasons_of_any_row_of_any_scorer_add_up_and_are_those_of_its_score(scorer, rows_of) -> None:
    rows = rows_of(scorer, 1, 12)
    scored = scorer.score(rows, reasons=10_000)
    for place in range(rows.num_rows):
        reasons = scorer.reasons(rows.slice(place, 1))
        added = [reason.log_odds for reason in reasons]
        assert scorer.intercept + sum(added) == pytest.approx(scored["log_odds"][place].as_py(), abs=1e-9)
        for way, sign in (("reasons_for", 1), ("reasons_against", -1)):
            told = [reason["log_odds"] for reason in scored[way][place].as_py()]
            assert [one for one in added if one * sign > 0] == told
        assert all(reason.reason for reason in reasons)


def made() -> Scorer:
    days = Feature("d", "d", "number", "intent", "Demo", np.array([2.5]), phrase=Phrase("last", "Asked for a demo"))
    budget = Feature("b", "b", "category", "answer", "Budget", levels=("approved",))
    maps = [np.arange(3, dtype=np.uint16)] * 2
    content = {"name": "R", "dimension": [{"name": "Budget", "answer": "b", "question": "Money?", "rule": [_RULE]}]}
    rulebook, _ = map_rulebook(parse_rulebook(content, "test"), Names(["b"]), advice="")
    main, pair = (np.array([0, 0.9, 0]), np.array([0, 0.1, 0.5])), Pair(0, 1, *maps, np.eye(3) * 0.2)
    tables = ScoreTables(-1.0, main, (pair,), 0.1)
    columns = tuple(Column(one.name, one.kind, one.group, one.label, one.phrase) for one in (days, budget))
    return Scorer(columns, (days, budget), tables, Policy((0.6, 0.4, 0.2)), rulebook)


_RULE = {"label": "approved", "points": 3, "one_of": ["approved"]}


def test_reasons_say_the_very_values_and_which_are_rules() -> None:
    told = {reason.reason: reason.log_odds for reason in made().reasons([{"d": 2.2, "b": " Approved"}])}
    assert told == {
        "Asked for a demo 2 days ago": 0.9,
        "Budget: approved": 0.5,
        "Budget: approved (rule)": pytest.approx(0.3),
    }
    (first, second, *_) = made().reasons([{"d": 2.0, "b": "maybe"}])
    assert first.reason == "Asked for a demo 2 days ago"
    assert second.reason == "Asked for a demo 2 days ago, with Budget: maybe (seldom or never seen)"


@pytest.mark.parametrize("count", [0, 2])
def test_reasons_are_given_for_one_row_only(count: int) -> None:
    rows = pa.table({"d": pa.array([1.0] * count), "b": pa.array(["x"] * count)})
    with pytest.raises(ColumnsError, match=f"for one row, got {count} instead"), warnings.catch_warnings():
        made().reasons(rows)
