"""What the page says of velocity, monthly counts and the return on lead cost."""

from __future__ import annotations

import re
from typing import Any

import pytest

from leadml.report import render
from leadml.report.business import returns, velocity


def section(html: str, name: str) -> str:
    """The text of one section, without markup."""
    found = re.search(rf'<section aria-labelledby="{name}">(.*?)</section>', html, re.DOTALL)
    assert found is not None
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", found[1]))


def test_the_velocity_stands_with_its_interval_its_parts_and_their_definitions(page: str) -> None:
    said = section(page, "velocity")
    for expected in (
        "5,428 a day", "3,902 to 7,550", "48.0 40.8 to 56.5", "13.8 % or more (the MQL cutoff) in that month",
        "37.0 %", "those won within 90 days", "21,871", "mean of 209 of 211 won deals", "÷ leads per deal 1.37",
        "÷ cycle length in days 52 48 to 56",
    ):  # fmt: skip
        assert expected in said


def test_leads_created_are_called_so_where_none_can_be_seen_to_qualify(facts: dict[str, Any]) -> None:
    facts["velocity"] |= {"qualified": "created", "cutoff": None}
    said = section(render(facts, []), "velocity")
    assert "leads that came in that month" in said
    assert "MQL cutoff" not in said


def test_a_missing_part_is_said_and_no_velocity_guessed(facts: dict[str, Any]) -> None:
    facts["velocity"] |= {
        "deal_value": [None, None, None],
        "per_day": [None, None, None],
        "missing": ["No column says what a deal is worth (leads.deal_value)."],
    }
    said = section(render(facts, []), "velocity")
    assert "It cannot be told. No column says what a deal is worth (leads.deal_value)." in said
    assert "a day </span>" not in said
    assert "48.0" in said


@pytest.mark.parametrize(
    ("change", "verdict"),
    [
        ([1.1, 1.05, 1.15], "growing: +10.0\u202f% from month to month (+5.0\u202f% to +15.0\u202f% a month"),
        ([0.9, 0.85, 0.95], "shrinking: −10.0\u202f% from month to month (−15.0\u202f% to −5.0\u202f% a month"),
        ([1.0, 0.97, 1.03], "Their number is stable (−3.0\u202f% to +3.0\u202f% a month"),
        ([1.2, 0.8, 1.8], "cannot be told yet (−20.0\u202f% to +80.0\u202f% a month"),
        (None, "too few whole months"),
    ],
)
def test_a_trend_is_claimed_only_where_its_interval_shows_it(facts: dict[str, Any], change, verdict: str) -> None:
    facts["velocity"]["change"] = change
    found = velocity(facts)
    assert found is not None
    assert verdict in found.trend


def test_sources_stand_with_their_sum_and_no_interval_where_few_deals_tell(page: str, facts: dict[str, Any]) -> None:
    found = returns(facts)
    assert found is not None
    assert [row.name for row in found.rows] == ["website", "trade fair", "all sources"]
    assert [row.wins for row in found.rows] == ["60", "3.5", "63.5"]
    assert found.rows[0].per_cost == ("287.8", "194.0 to 426.9")
    assert found.rows[1].per_cost == ("22.7", "")
    said = section(page, "returns")
    assert "came in by 2025-08-08" in said
    assert "363 younger ones" in said
    assert "12 leads have no cost on record" in said


def test_without_a_cost_the_page_says_which_column_is_missing(facts: dict[str, Any]) -> None:
    missing = ["No column says what a lead cost (leads.cost)."]
    facts["returns"] = {"rows": [], "total": None, "missing": missing}
    assert "(leads.cost)" in section(render(facts, []), "returns")


def test_facts_of_before_have_neither_section(facts: dict[str, Any]) -> None:
    del facts["velocity"], facts["returns"]
    html = render(facts, [])
    assert 'aria-labelledby="velocity"' not in html
    assert 'aria-labelledby="returns"' not in html
