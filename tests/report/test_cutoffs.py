from __future__ import annotations

import math
from typing import Any

import pytest

from leadml.report import cutoffs
from leadml.report.page import render

GAPS = [None, math.nan, [], {}, "text", 7, [None], [[]], {"a": None}]


def test_a_published_cutoff_is_shown_with_all_that_is_known_of_it(facts: dict[str, Any]) -> None:
    mql, sql = cutoffs.published(facts)
    assert (mql.cutoff, mql.segment, mql.binding) == ("13.8\u202f%", "", "Set by sales capacity.")
    assert [figure.key for figure, _ in mql.figures] == ["per_week", "precision", "recall", "value_per_week"]
    assert str(mql.figures[0][1]) == "61 (57 to 66)"
    assert sql.guarantee.startswith("Promised: 30.0\u202f% or more of these leads are won, certified at 95\u202f%")
    assert mql.guarantee == sql.confirmation == ""


@pytest.mark.parametrize(
    ("held", "said"), [(True, "That held."), (False, "That did not hold."), (None, "Whether that held cannot be told.")]
)
def test_a_confirmation_says_what_was_asked_what_came_of_it_and_whether_it_held(
    held: bool | None, said: str, facts: dict[str, Any]
) -> None:
    told = facts["cutoffs"][0]["confirmation"] | {"held": held}
    sentence = cutoffs.confirmed(told)
    assert (
        "60 leads a week, the older half alone gave a cutoff of 14.1\u202f%. On the newer half that one came to:"
        in sentence
    )
    assert "new leads a week 58 (52 to 64)" in sentence
    assert said in sentence


def test_segments_stand_apart_from_the_cutoffs_of_all_others(facts: dict[str, Any]) -> None:
    assert [line.name for line in cutoffs.segments(facts).lines] == ["MQL, health care"]
    assert [one.stage for one in cutoffs.published(facts)] == ["MQL", "SQL"]
    html = render(facts, [])
    assert html.count('<div class="card">') == len({"Base rate", "Lift", "Calibration", "MQL from", "SQL from"})


def test_alternatives_stand_below_what_is_published_and_one_without_a_cutoff_says_why(facts: dict[str, Any]) -> None:
    lines = cutoffs.alternatives(facts).lines
    assert [line.name for line in lines] == [
        "MQL: as published",
        "MQL: capacity 72 a week (+20 %)",
        "SQL: as published",
        "SQL: minimum precision 35.0 % (+5 points)",
        "SQL: minimum precision 50.0 % at 99 % confidence",
    ]
    assert [line.cutoff for line in lines][-2:] == ["40.1\u202f%", cutoffs.NONE]
    assert [line.note for line in lines][-2:] == ["", "No cutoff reaches that with so few leads."]


def test_without_a_signal_no_cutoff_of_any_kind_is_told(facts: dict[str, Any]) -> None:
    facts["signal"] = False
    assert cutoffs.published(facts) == cutoffs.segments(facts).lines == cutoffs.alternatives(facts).lines == []


@pytest.mark.parametrize("gap", GAPS)
def test_any_part_of_a_cutoff_may_be_missing_or_unreadable(gap: object, facts: dict[str, Any]) -> None:
    entry = facts["cutoffs"][0]
    for key in entry:
        broken = {"cutoffs": [entry | {key: gap}], "alternatives": [facts["alternatives"][0] | {key: gap}]}
        assert cutoffs.published(broken) or cutoffs.segments(broken).lines
        cutoffs.alternatives(broken)
    for key, parts in (("guarantee", ("minimum_precision", "confidence")), ("confirmation", entry["confirmation"])):
        for part in parts:
            assert cutoffs.published({"cutoffs": [entry | {key: dict.fromkeys(parts) | {part: gap}}]})
    assert cutoffs.published({"cutoffs": gap}) == []
