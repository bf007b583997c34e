from __future__ import annotations

import pytest

from leadml.report import render
from leadml.report.grades import section

GRADES = [{"grade": name, "from": 0.1, "share": 0.25, "observed": 0.2} for name in "ABCD"]
MOVES = {
    "as_of": "2025-06-01T00:00:00",
    "which": "leads open at the end of the data",
    "leads": 100,
    "previous_trained_at": "2025-03-01T10:00:00",
    "compared": 100,
    "table": [[10, 2, 0, 0], [3, 15, 5, 0], [0, 4, 20, 6], [0, 0, 5, 30]],
    "moved": 25,
    "up": 12,
    "down": 13,
    "then": {"as_of": "2025-03-01T00:00:00", "grades": [5, 5, 10, 20]},
    "why": None,
}


def test_the_sentence_and_the_shares_follow_from_the_table():
    told = section({"grades": GRADES, "grade_moves": MOVES, "grade_bounds": {"why": "kept since 2025-03-01"}})
    assert told is not None
    assert told.bounds == "kept since 2025-03-01"
    assert "25.0\u202f% have another grade than the model of 2025-03-01" in told.moved
    assert [shares.leads for shares in told.shares] == ["40", "100", "100"]
    assert told.shares[1].cells[0] == "12.0\u202f%"
    assert told.shares[2].cells[0] == "13.0\u202f%"
    page = render({"grades": GRADES, "grade_moves": MOVES}, [])
    assert "Since the last model" in page
    assert "<b>30</b>" in page


@pytest.mark.parametrize("table", [None, [], [[1, 2]], [[1, 2, 3, "x"]] * 4, "<b>"])
def test_whatever_stands_in_the_facts_the_page_is_drawn(table):
    page = render({"grades": GRADES, "grade_moves": {**MOVES, "table": table, "which": "<script>"}}, [])
    assert "<script>" not in page
    assert "Grades" in page


def test_a_first_model_is_compared_with_nothing_and_a_foreign_one_says_why():
    first = section({"grades": GRADES, "grade_moves": {**MOVES, "previous_trained_at": None, "why": "None before."}})
    assert first is not None
    assert first.cannot == ""
    why = {"compared": None, "table": None, "why": "The model before cannot score these leads: no column 'x'."}
    page = render({"grades": GRADES, "grade_moves": {**MOVES, **why}}, [])
    assert "cannot score these leads" in page
