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
    assert "within the 5.0\u202f% that is allowed" in told.gate
    assert (told.off, told.segments[0].name, told.segments[0].interval) == (
        1,
        "source: web",
        "30.0\u202f% to 50.0\u202f%",
    )


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
