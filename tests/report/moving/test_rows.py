from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadml.report import formats, moving
from leadml.report.moving import curves, rows, script, section
from leadml.report.page import render


def test_the_published_cutoff_is_where_a_slider_stands_at_first(facts: dict[str, Any]) -> None:
    for moved, cutoff in zip(moving.what_if(facts), facts["cutoffs"][:2], strict=True):
        assert moved.published == moved.start
        row = moved.rows[moved.start]
        assert row.cutoff == formats.percent(cutoff["probability"])
        assert row.cells["precision"].value == formats.percent(cutoff["precision"][0])
        assert row.cells["per_week"].value == formats.per_week(cutoff["per_week"][0])


def test_every_figure_is_printed_as_the_facts_state_it(facts: dict[str, Any]) -> None:
    for moved in moving.what_if(facts):
        told = sorted(facts["what_if"][moved.stage], key=lambda row: row["cutoff"])
        for row, entry in zip(moved.rows, told, strict=True):
            low, high = (formats.percent(end) for end in entry["recall"][1:])
            assert str(row.cells["recall"]) == f"{formats.percent(entry['recall'][0])} ({low} to {high})"
            assert row.cells["value_per_week"].value == f"{entry['value_per_week'][0]:,.0f}".replace("-", "−")


def test_without_dates_leads_and_missed_wins_are_counted_in_all(facts: dict[str, Any]) -> None:
    for row in facts["what_if"]["MQL"]:
        row |= {"per_week": None, "missed_per_week": None, "value_per_week": None}
    moved = moving.what_if(facts)[0]
    assert [figure.key for figure in moved.figures] == ["leads", "precision", "recall", "missed"]
    assert "leads in all from 13.8\u202f% up" in moved.rows[moved.start].said


def test_without_a_published_cutoff_the_slider_starts_in_the_middle_and_promises_no_way_back(
    facts: dict[str, Any],
) -> None:
    facts["cutoffs"] = []
    assert [moved.published for moved in moving.what_if(facts)] == [None, None]
    page = render(facts, [])
    assert 'type="range"' in page
    assert "Back to the published cutoff" not in page


def test_a_cutoff_of_a_segment_is_not_taken_for_the_one_of_all_others(facts: dict[str, Any]) -> None:
    facts["cutoffs"].insert(0, facts["cutoffs"][0] | {"segment": "enterprise", "probability": 0.9})
    assert rows.published_at(facts, "MQL") == 0.1382


def test_without_a_signal_there_is_nothing_to_move(facts: dict[str, Any]) -> None:
    assert moving.what_if(facts | {"signal": False}) == []


@pytest.mark.parametrize("gap", [None, math.nan, [], {}, "text", 7, [None], [[]], {"a": None}, {"MQL": "text"}])
def test_any_part_of_the_rows_may_be_missing_or_unreadable(gap: object, facts: dict[str, Any]) -> None:
    rows = facts["what_if"]["MQL"]
    broken = [gap, {"MQL": gap}, *({"MQL": [row | {key: gap} for row in rows]} for key in rows[0])]
    for what_if in broken:
        assert "</html>" in render({"what_if": what_if, "cutoffs": facts["cutoffs"]}, [])


def test_a_figure_that_only_some_rows_have_is_a_dash_elsewhere_and_its_curve_has_a_gap(facts: dict[str, Any]) -> None:
    rows = facts["what_if"]["MQL"]
    rows[-1]["precision"] = rows[10]["precision"] = None
    block = section.blocks(facts)[0]
    assert block.moved.rows[-1].cells["precision"].value == "–"
    curve = block.curves["precision"]
    assert curve.line.count("M") == 2
    assert curve.heights[-1] is None


def test_curves_stay_on_their_square_and_rise_where_the_figure_does(facts: dict[str, Any]) -> None:
    for moved in moving.what_if(facts):
        for curve in curves.curves(moved).values():
            heights = [height for height in curve.heights if height is not None]
            assert all(0 <= height <= 100 for height in heights)
            values = [row.figures[curve.figure.key][0] for row in moved.rows]
            highest = max(range(len(values)), key=lambda place: values[place])
            assert min(heights) == heights[highest]


def test_however_many_rows_there_are_the_page_takes_few_and_the_published_one_with_them(facts: dict[str, Any]) -> None:
    row = facts["what_if"]["MQL"][0]
    facts["what_if"]["MQL"] = [row | {"cutoff": i / 5000} for i in range(1, 5000)]
    facts["cutoffs"][0]["probability"] = 691 / 5000
    moved = moving.what_if(facts)[0]
    assert len(moved.rows) <= rows.MOST_ROWS
    assert moved.published is not None
    assert moved.rows[moved.published].probability == 691 / 5000


@settings(max_examples=40)
@given(st.recursive(st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)))
def test_embedded_data_is_the_same_data_and_cannot_leave_its_element(value: Any) -> None:
    text = str(script.embedded({"value": value, "more": "</script><!--<script>\u2028\u2029&amp;"}))
    assert json.loads(text)["value"] == value
    assert text.isascii()
    assert not set("<>&") & set(text)
