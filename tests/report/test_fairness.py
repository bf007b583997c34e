from __future__ import annotations

import copy
from typing import Any

import pytest

from leadml.report import render
from leadml.report.fairness import sections

HOSTILE = '<script>alert("x")</script>'


def group(name: str, verdict: str, calibrated: str = "no difference shown") -> dict[str, Any]:
    return {
        "group": name,
        "leads": 120,
        "judged": True,
        "selected": [0.3, 0.25, 0.35],
        "precision": [0.4, 0.3, 0.5],
        "recall": [0.6, 0.5, 0.7],
        "ratio": [0.7, 0.6, 0.79],
        "four_fifths": verdict,
        "predicted": 0.2,
        "observed": [0.21, 0.17, 0.25],
        "off": [0.01, -0.03, 0.05],
        "calibrated": calibrated,
    }


ENTRY: dict[str, Any] = {
    "column": "gender",
    "label": "Gender",
    "leads": 360,
    "known": 340,
    "pooled": 0,
    "groups": [
        group("A", "highest rate"),
        group("B", "breached", "lower than predicted"),
        group(HOSTILE, "cannot be told"),
    ],
    "sql": [group("A", "highest rate"), group("B", "kept"), group(HOSTILE, "kept")],
    "score_tells": 0.07,
    "features": [
        {"feature": "x", "label": "Region <i>", "tells": 0.2, "moves": 0.3, "between": 0.4, "named": True},
        {"feature": "y", "label": "Month", "tells": 0.01, "moves": 0.0, "between": 0.0, "named": False},
    ],
    "why": None,
}


def test_what_is_breached_and_what_cannot_be_told_is_said_by_name():
    (told,) = sections({"fairness": [ENTRY]})
    mql, sql, calibration = told.verdicts
    assert mql.startswith("MQL: A has the highest selection rate. B: selected at less than four fifths of that rate.")
    assert f"{HOSTILE}: whether four fifths of it are reached cannot be told, the interval lies on both sides" in mql
    assert sql == "SQL: A has the highest selection rate. Every other group is selected at four fifths of it or more."
    assert calibration == "Won lower than predicted: B."
    assert told.about_proxies.startswith("These tell Gender and move the score: Region <i>.")


def test_groups_that_are_taken_together_are_counted():
    (entry,) = sections({"fairness": [ENTRY | {"pooled": 2}]})
    assert entry.known.endswith("groups too small for figures of their own, taken together: 2")
    assert "taken together" not in sections({"fairness": [ENTRY]})[0].known


def test_groups_and_features_are_text_on_the_page():
    page = render({"fairness": [ENTRY]}, [])
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page
    assert "Region &lt;i&gt;" in page
    assert "Fairness" in page


@pytest.mark.parametrize("value", [None, 7, "x", [], {}, [None], [{}]])
@pytest.mark.parametrize("key", ["groups", "sql", "features", "why", "label", "score_tells"])
def test_any_part_may_be_missing_or_wrong(key, value):
    broken = copy.deepcopy(ENTRY)
    broken[key] = value
    assert "Fairness" in render({"fairness": [broken]}, [])


def test_without_sensitive_columns_there_is_no_section():
    assert "Fairness" not in render({"fairness": []}, [])
    assert "Fairness" not in render({}, [])
