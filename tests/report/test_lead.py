"""One lead's chart and page: the bars add up, the table says the same, and hostile texts are inert."""

from __future__ import annotations

import math
import re
from itertools import pairwise
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadml.charts import to_svg, waterfall, waterfall_steps
from leadml.report import render_lead

HOSTILE = [
    '<script>alert("1")</script>',
    '"><img src=x onerror=alert(1)>',
    "{{ 7 * 7 }}",
    "\u202eevil\x00",
    "w" * 10_000,
]
log_odds = st.floats(-8, 8).filter(lambda value: abs(value) > 1e-6)
reasons_of = st.lists(st.tuples(st.sampled_from(["Asked for a demo 2 days ago", *HOSTILE]), log_odds), max_size=30)


def told(reasons, intercept=-2.0, **more):
    total = intercept + math.fsum(value for _, value in reasons)
    entries = [{"reason": text, "log_odds": value} for text, value in reasons]
    return {
        "lead_id": "L1",
        "probability": 1 / (1 + math.exp(-total)),
        "intercept": intercept,
        "log_odds": total,
        "reasons_for": [entry for entry in entries if entry["log_odds"] > 0],
        "reasons_against": [entry for entry in entries if entry["log_odds"] < 0],
        **more,
    }


@given(reasons=reasons_of, intercept=st.floats(-6, 3), most=st.integers(0, 12))
def test_the_bars_go_from_the_base_to_the_log_odds_without_a_gap(reasons, intercept, most):
    steps = waterfall_steps(intercept, reasons, most)
    total = intercept + math.fsum(value for _, value in reasons)
    assert len(steps) == min(len(reasons), most + 1)
    starts = [intercept, *(step.end for step in steps)]
    assert [step.start for step in steps] == starts[:-1]
    assert starts[-1] == pytest.approx(total, abs=1e-9)
    sizes = [abs(step.end - step.start) for step in steps[:most]]
    assert all(a >= b - 1e-9 for a, b in pairwise(sizes))


def test_the_chart_says_where_it_starts_and_ends_and_each_bar():
    reasons = [("Asked for a demo 2 days ago", 0.9), ("Budget: approved", 0.7), ("Industry: Trade", -0.4)]
    svg = to_svg(waterfall(-2.6, reasons), name="w", description="way")
    texts = [element.text for element in ElementTree.fromstring(svg).iter("text") if element.text]
    assert {"A lead like any other: 6.9\u202f%", "This lead: 19.8\u202f%", "+0.90", "+0.70", "−0.40"} <= set(texts)
    assert {text for text, _ in reasons} <= set(texts)


def test_no_line_crosses_a_sentence_of_the_chart():
    reasons = [
        ("Visited the pricing page 4 times within 30 days", 0.9),
        ("Budget: approved by the board and by finance", -0.7),
    ]
    chart = waterfall(-2.6, [*reasons, ("Short", 0.6)]).to_dict()
    assert chart["layer"][0]["encoding"]["x"]["axis"]["grid"] is False
    links, sentences = (chart["datasets"][chart["layer"][place]["data"]["name"]] for place in (0, 3))
    heads = [bar["head"] for bar in sentences if len(bar["text"]) > 20]
    assert len(heads) == 2
    assert not any(link["line"] < head < link["bottom"] for link in links for head in heads)
    assert len(links) == 6  # nothing stands in the way of those to the short one and to the end


def test_a_lead_without_reasons_still_has_a_chart_and_a_page():
    assert "A lead like any other" in to_svg(waterfall(-1.0, []), name="w", description="way")
    assert "26.9\u202f% likely to be won." in render_lead(told([], intercept=-1.0))


def test_the_page_shows_all_that_is_told_and_sums_what_it_leaves_out():
    reasons = [(f"Fact {place}", 0.5 - place / 100) for place in range(20)]
    page = render_lead(
        told(
            reasons,
            horizon_days=90.0,
            grade="A",
            stage="SQL",
            prompts=[{"activity": "Webinar", "probability": 0.25, "log_odds": 0.2}],
            questions=[
                {"question": "Is there a budget?", "answers": [{"answer": "yes", "share": 0.4, "probability": 0.5}]}
            ],
            next_question="Is there a budget?",
            decisions=[{"decided_at": "2026-01-02 03:04", "decision": "accept", "decided_by": "ann", "reason": "fit"}],
        )
    )
    for words in (
        "within 90 days",
        "Webinar",
        "Is there a budget?",
        "40\u202f%",
        "2026-01-02 03:04",
        "ann",
        "not causes",
    ):
        assert words in page
    rest = sum(value for _, value in reasons[15:])
    assert f'5 smaller reasons together</bdi></th><td class="num"><span class="value">×{math.exp(rest):.2f}' in page
    assert "What could be done" not in render_lead(told(reasons))


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_texts_are_inert_on_the_page_of_a_lead(text):
    page = render_lead(
        told(
            [(text, 1.0)],
            lead_id=text,
            grade=text,
            stage=text,
            as_of=text,
            bundle=text,
            next_question=text,
            prompts=[{"activity": text, "probability": 0.2}],
            questions=[{"question": text, "answers": [{"answer": text, "share": 0.1, "probability": 0.3}]}],
            decisions=[dict.fromkeys(("decided_at", "decision", "decided_by", "reason"), text)],
        )
    )
    assert not any(there in page for there in ("<script", "<img", "\u202e", "\x00"))
    assert "49" not in re.findall(r"<bdi>(.*?)</bdi>", page)
    assert "w" * 1000 not in page
    assert "default-src 'none'" in page
