from __future__ import annotations

from typing import Any

import pytest

from leadml.report import story


def test_the_claim_is_the_measured_share_of_wins_in_the_top_fifth(facts: dict[str, Any]) -> None:
    assert story.claim(facts) == "Calling the top 20\u202f% of leads reaches 58\u202f% of all wins."


def test_without_a_measured_figure_the_claim_is_read_off_the_gain_curve(facts: dict[str, Any]) -> None:
    del facts["evaluation"]["models"]
    facts["evaluation"]["gain"] = [{"share": 0.1, "captured": 0.4}, {"share": 0.3, "captured": 0.6}]
    assert story.top_share(facts) == pytest.approx(0.5)


def test_where_the_rules_are_served_unproven_the_claim_says_so_and_no_leads_are_said_to_be_learned_from(
    facts: dict[str, Any],
) -> None:
    facts |= {"signal": False, "served": "rules", "evaluation": None}
    assert story.claim(facts) == "Leads are scored by the rules: nothing better has been learned yet."
    assert "learned from" not in story.lede(facts)
    assert story.cutoffs(facts) == []


def test_the_parts_of_the_rules_and_of_what_was_learned_are_said(facts: dict[str, Any]) -> None:
    facts["spread"] = {"rules": 0.3, "learned": 1.1}
    assert "The rules typically move its odds by ×1.35, what was learned beside them by ×3.00." in story.lede(facts)


def test_without_a_signal_the_claim_promises_nothing_and_no_cutoff_is_shown(facts: dict[str, Any]) -> None:
    facts["signal"] = False
    assert story.claim(facts).startswith("No signal")
    assert {card.title for card in story.cards(facts)} == {"Base rate", "Calibration"}


def test_without_a_measurement_the_claim_says_so() -> None:
    assert "has not been measured" in story.claim({})
    assert story.cards({}) == []


def test_the_lede_speaks_of_snapshots_only_where_there_is_a_horizon(facts: dict[str, Any]) -> None:
    assert "within 90 days" in story.lede(facts)
    assert "8,421 snapshots" in story.lede(facts)
    facts["horizon_days"] = None
    assert "8,421 leads that it had not seen" in story.lede(facts)
    assert "within" not in story.lede(facts)


def test_cards_name_each_published_cutoff_and_its_weekly_volume(facts: dict[str, Any]) -> None:
    facts["cutoffs"][1]["probability"] = None
    cards = {card.title: card for card in story.cards(facts)}
    assert cards["MQL from"].value == "13.8\u202f%"
    assert cards["MQL from"].note == "about 61 leads a week"
    assert "SQL from" not in cards


def test_lift_is_captured_share_over_called_share(facts: dict[str, Any]) -> None:
    reaches = story.reaches(facts)
    assert [reach.share for reach in reaches] == [0.05, 0.1, 0.2, 0.3, 0.5]
    assert all(reach.lift == pytest.approx(reach.captured / reach.share) for reach in reaches)


def test_a_gain_curve_that_stops_early_is_not_continued() -> None:
    facts = {"evaluation": {"gain": [{"share": 0.1, "captured": 0.3}]}}
    assert [reach.share for reach in story.reaches(facts)] == [0.05, 0.1]


def test_who_was_judged_is_no_matter_of_time_where_the_part_that_tests_was_drawn_by_lot() -> None:
    assert "newest part" in story.judged_on({})
    assert story.judged_on({"evaluation": {"part": "20 % of the leads, drawn by lot"}}) == (
        "On leads that were set aside by lot, by a scorer that had not seen them."
    )
