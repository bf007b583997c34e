from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from leadml.cli.cutoffs import print_cutoffs
from leadml.errors import BundleError
from leadml.operations.champion import load_champion, publish
from leadml.operations.cutoffs import show_cutoffs
from leadml.operations.project import Project
from tests.operations.conftest import START

FIGURES = ("per_week", "precision", "recall", "value_per_week")


def _figures(weekly: float) -> dict[str, list[float]]:
    shares = {"precision": 4 / (weekly + 4), "recall": weekly / (weekly + 8)}
    counts = {"per_week": weekly, "missed_per_week": 9.0 / weekly, "value_per_week": -1234.4 + 600 * weekly}
    return {key: [value, 0.8 * value, 1.1 * value] for key, value in (shares | counts).items()}


def told() -> dict[str, Any]:
    rows = [{"cutoff": 0.05 * (i + 1), **_figures(40.0 / (i + 1))} for i in range(12)]
    cutoffs = [
        {
            "stage": stage,
            "segment": None,
            "probability": rows[place]["cutoff"],
            "binding": "capacity",
            "guarantee": {"minimum_precision": 0.3, "confidence": 0.95},
            "confirmation": None,
            "why": f"{stage} lies there.",
            **{key: rows[place][key] for key in FIGURES},
        }
        for stage, place in (("MQL", 3), ("SQL", 8))
    ]
    week = {"from": "2025-01-06", "expected": 11.2, "low": 5.0, "high": 18.0}
    return {
        "signal": True,
        "cutoffs": cutoffs,
        "what_if": {"MQL": rows, "SQL": rows},
        "alternatives": [
            {"stage": "MQL", "segment": None, "asked": "capacity 12 a week", "cutoff": 0.15, "why": ""}
            | {key: rows[2][key] for key in FIGURES}
        ],
        "forecast": {
            "MQL": {"level": 0.9, "weeks": [week], "seen": [], "too_little": None},
            "SQL": {"level": 0.9, "weeks": [], "seen": [], "too_little": "Only 3 weeks were seen."},
        },
    }


@pytest.fixture
def champion(open_floor: Callable[..., Project]) -> Callable[[dict[str, Any]], Project]:
    """Give a project whose champion has some facts."""

    def crowned(facts: dict[str, Any]) -> Project:
        project = open_floor()
        old = load_champion(project.models)
        publish(replace(old, facts={**old.facts, **facts}), project.models, name="told", now=START)
        return project

    return crowned


def test_the_terminal_shows_the_figures_of_the_page_around_the_published_cutoff(
    champion: Callable[[dict[str, Any]], Project], capsys: pytest.CaptureFixture[str]
) -> None:
    run = show_cutoffs(champion(told()))
    print_cutoffs(run, json=False)
    out = capsys.readouterr().out.replace("\u202f", " ")
    assert "MQL: 20.0 % or more. Set by sales capacity. MQL lies there." in out
    assert "Promised: 30.0 % or more of these leads are won" in out
    assert "* 20.0 %" in out
    moved = run.moved[0]
    for place in moved.around:
        assert all(cell.value.replace("\u202f", " ") in out for cell in moved.rows[place].cells.values())
    assert "22.9-31.4" in out
    assert "MQL: capacity 12 a" in out
    assert "2025-01-06" in out
    assert "SQL: Only 3 weeks were seen." in out


def test_one_stage_may_be_asked_for_and_programs_get_plain_figures(
    champion: Callable[[dict[str, Any]], Project], capsys: pytest.CaptureFixture[str]
) -> None:
    run = show_cutoffs(champion(told()), stage="SQL")
    assert [one.stage for one in run.published] == [one.stage for one in run.moved] == ["SQL"]
    assert run.alternatives.lines == []
    print_cutoffs(run, json=True)
    out = json.loads(capsys.readouterr().out)
    assert list(out["what_if"]) == list(out["forecast"]) == ["SQL"]
    assert out["cutoffs"][0]["probability"] == pytest.approx(0.45)
    assert out["missing"] == []


def test_a_champion_of_an_older_version_shows_what_it_has_and_says_what_to_do(
    champion: Callable[[dict[str, Any]], Project],
) -> None:
    facts = {key: value for key, value in told().items() if key in ("signal", "cutoffs")}
    run = show_cutoffs(champion(facts))
    assert [one.cutoff for one in run.published] == ["20.0\u202f%", "45.0\u202f%"]
    assert run.missing == [
        "The champion was trained by a version that did not work out what other cutoffs would do and what the weeks "
        "ahead will bring. Run `leadml train` to see it."
    ]


def test_without_a_cutoff_or_a_signal_the_reason_is_given(champion: Callable[[dict[str, Any]], Project]) -> None:
    assert "no signal" in show_cutoffs(champion({"signal": False})).missing[0]
    assert "has no cutoff" in show_cutoffs(champion({"signal": True})).missing[0]


def test_without_a_champion_the_next_step_is_named(open_floor: Callable[..., Project]) -> None:
    project = open_floor()
    (project.models / "champion.json").unlink()
    with pytest.raises(BundleError, match="Run `leadml train` first"):
        show_cutoffs(project)
