from __future__ import annotations

import pytest

from leadml.report import render
from leadml.report.review import section

FACTS = {
    "horizon_days": 90,
    "review": {
        "cutoffs": [0.25],
        "missed": {
            "count": 30,
            "of": 120,
            "gated": 2,
            "listed": 30,
            "common": [
                {"what": "Industry: <b>steel", "count": 12, "of": 30, "share": 0.4, "among_others": 0.1, "p": 0.001}
            ],
        },
        "alarms": {"count": 200, "of": 300, "won_later": 5, "listed": 200, "common": []},
        "why": None,
    },
}


def row(number: int, kind: str = "missed") -> dict[str, object]:
    return {
        "kind": kind,
        "lead_id": f"<script>{number}</script>",
        "as_of": "2025-02-01T00:00:00",
        "probability": 0.02,
        "grade": "D",
        "what_happened": "won 12 days later",
        "reasons_for": "",
        "reasons_against": '"><img src=x onerror=alert(1)>',
        "bundle": "0",
    }


def test_counts_common_traits_and_the_worst_twenty_are_shown():
    rows = [row(n) for n in range(30)] + [row(99, "alarm")]
    told = section(FACTS, rows)
    assert told is not None
    missed, alarms = told.kinds
    assert "Of 120 leads that were won within 90 days, 30 never scored as much as 25.0\u202f%" in missed.counts
    assert "2 more scored enough and were kept from MQL by a gate" in missed.counts
    assert (len(missed.leads), len(alarms.leads)) == (20, 1)
    assert "12 of 30 leads (40\u202f%; among others of like score 10\u202f%)" in missed.common[0]
    page = render(FACTS, [], reviewed=rows)
    for hostile in ("<script>1", "<img src=x", "<b>steel"):
        assert hostile not in page
    assert "&lt;script&gt;1" in page


def test_without_the_leads_the_counts_stay_and_it_is_said_where_they_are():
    page = render(FACTS, [])
    assert "Missed wins and false alarms" in page
    assert "not there or belongs to another bundle" in page


def test_segments_have_cutoffs_of_their_own():
    facts = {"review": {**FACTS["review"], "cutoffs": [0.1, 0.3]}}
    told = section(facts, [])
    assert told is not None
    assert "the MQL cutoff of their segment" in told.kinds[0].counts


@pytest.mark.parametrize("value", [None, 3, "x", [], {"missed": 1}, {"cutoffs": [0.2]}, {"cutoffs": "x"}])
def test_any_part_may_be_missing_or_wrong(value):
    assert render({"review": value}, [])
