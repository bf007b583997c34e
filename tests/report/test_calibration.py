from __future__ import annotations

from leadml.report import render
from leadml.report.calibration import section

SEGMENT = {"column": "source", "value": "web", "rows": 120, "predicted": 0.2, "observed": 0.4, "low": 0.3, "high": 0.5}
FACTS = {
    "evaluation": {
        "reliability": [{"predicted": 0.2, "observed": 0.25, "low": 0.1, "high": 0.4, "rows": 50, "accounts": 40}]
    },
    "calibration": {
        "correction": {"source": "train", "by": 0.6931, "moved": [0.7, 0.5, 0.9], "rows": 300},
        "gate": {"limit": 0.05, "error": [0.01, 0.0, 0.03], "rows": 500, "passed": True},
        "segments": [{**SEGMENT, "off": True}, {**SEGMENT, "value": "<b>", "off": False}],
    },
}


def test_the_correction_the_gate_and_the_segments_are_said_in_words():
    told = section(FACTS)
    assert told is not None
    assert "were corrected by ×2.00" in told.correction
    assert "within the 5\u202f% that is allowed" in told.gate
    assert (told.off, told.segments[0].name, told.segments[0].interval) == (
        1,
        "source: web",
        "30.0\u202f% to 50.0\u202f%",
    )


def test_a_correction_outside_the_interval_of_the_move_is_explained_by_what_was_learned_of_it():
    moved = {"calibration": {"correction": {"source": "train", "by": 0.113, "moved": [1.4, 0.83, 1.99], "rows": 300}}}
    told = section(moved).correction
    assert "odds ×2.29 to ×7.32 of what a scorer of older ones alone predicted" in told
    assert "has learned from them, too, and with that part of the move; to make up for the rest" in told
    moved["calibration"]["correction"]["source"] = "recalibrate"
    assert "learned from" not in section(moved).correction


def test_a_small_limit_and_the_error_beside_it_are_printed_with_the_digits_they_need():
    gate = {"limit": 0.0001, "error": [0.0004, 0.00005, 0.0009], "rows": 500, "passed": True}
    told = section({"calibration": {"gate": gate}}).gate
    assert "off by 0.04\u202f% on average" in told
    assert "within the 0.01\u202f% that is allowed" in told


def test_the_page_holds_them_and_hostile_values_are_inert():
    page = render(FACTS, [])
    assert "Segment by segment: 1 off" in page
    assert "source: &lt;b&gt;" in page
    assert "<b>" not in page


def test_a_calibration_that_is_a_curve_is_said_to_be_one_and_a_straight_one_needs_no_word():
    bent = FACTS | {"calibration": FACTS["calibration"] | {"map": "monotone"}}
    assert "so a curve that never falls makes probabilities" in render(bent, [])
    assert section({"calibration": {"map": "affine"}}).map == ""


def test_no_correction_is_said_and_facts_without_calibration_have_no_section():
    assert "no clear move" in section({"calibration": {"correction": None}}).correction
    assert section({}) is None
    assert section({"calibration": {"gate": "?", "segments": 3, "correction": []}}) is not None
