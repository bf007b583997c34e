from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np
import pytest

from leadml.cli.cutoffs import print_cutoffs
from leadml.errors import BundleError, SourceError
from leadml.operations.champion import load_champion, publish
from leadml.operations.cutoffs import show_cutoffs
from leadml.operations.recalibrate import recalibrate
from leadml.operations.review import COLUMNS, review, write_review
from leadml.report import render
from leadml.training.calibration.correcting import shifted
from leadml.training.clock import silent

START = datetime(2023, 1, 2)  # noqa: DTZ001
LATER = datetime(2025, 1, 1)  # noqa: DTZ001
EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001


def crowned(project, *, level=0.0, seen_days=390.0, more=None, **facts):
    """The floor's champion, at another level, as one that had learned for so many days."""
    scorer = shifted(load_champion(project.models), level)
    seen = (START + timedelta(days=seen_days) - EPOCH) / timedelta(days=1)
    calibration = {"seen_until": seen, "correction": None} | facts
    return publish(replace(scorer, facts={**scorer.facts, **(more or {}), "calibration": calibration}), project.models,
                   name="floor", now=START + timedelta(days=1))[0]  # fmt: skip


def run(project, minute=0):
    return recalibrate(project, now=LATER + timedelta(minutes=minute), progress=silent)


def test_a_champion_far_too_low_is_raised_once_and_says_from_what_and_why(open_floor, floor):
    project = open_floor(floor(200))
    before = crowned(project, level=-4.0)
    found = run(project)
    after = load_champion(project.models)
    correction = after.facts["calibration"]["correction"]
    assert found.bundle is not None
    assert after.digest == found.sha256 != before.digest == correction["champion"]
    assert after.tables.intercept == before.tables.intercept + correction["by"]
    assert found.shift.low < correction["by"] < found.shift.high
    assert correction["by"] > 1
    assert correction["rows"] == found.shift.rows
    assert after.policy == before.policy
    assert all(np.array_equal(one, other) for one, other in zip(before.tables.main, after.tables.main, strict=True))

    bundles = sorted(project.models.iterdir())
    again = run(project, minute=1)  # twice in a row
    assert (again.shift, again.bundle) == (None, None)
    assert load_champion(project.models).digest == after.digest
    assert sorted(project.models.iterdir()) == bundles


def test_figures_of_before_are_dropped_or_said_to_be_so_and_the_file_of_mistakes_stays_the_champions(
    open_floor, floor, capsys
):
    project = open_floor(floor(200))
    cutoff = {"stage": "MQL", "segment": None, "probability": 0.3, "per_week": [12.0, 9.0, 15.0], "why": ""}
    derived = {"what_if": {"MQL": []}, "alternatives": [], "forecast": {"MQL": {}}}
    facts = {"cutoffs": [cutoff], "review": {"missed": {"listed": 1}, "alarms": {"listed": 0}}} | derived
    before = crowned(project, level=-4.0, more=facts)
    wrong = dict.fromkeys(COLUMNS, "x") | {"kind": "missed", "probability": 0.1, "as_of": None}
    write_review(project, [wrong], before.digest)
    assert show_cutoffs(project).stale == ""
    assert run(project).bundle is not None

    after = load_champion(project.models)
    assert not derived.keys() & after.facts.keys()
    assert after.facts["cutoffs"] == [cutoff]
    assert "before" not in after.facts["calibration"]["correction"]
    assert [row["bundle"] for row in review(project).missed] == [after.digest]
    said = "Figures are of before the correction of 2025-01-01"
    told = show_cutoffs(project)
    assert (told.stale.startswith(said), told.missing) == (True, [])
    print_cutoffs(told, json=False)
    assert capsys.readouterr().out.startswith(said)
    assert render(after.facts, []).count(said) == 2
    assert said not in render(before.facts, [])


def test_where_nothing_has_moved_nothing_is_changed(open_floor, floor):
    project = open_floor(floor(200))
    serving = crowned(project, level=-0.6)  # right on average
    found = run(project)
    assert found.shift.rows > 50
    assert found.bundle is None
    assert load_champion(project.models).digest == serving.digest


def test_where_nothing_has_matured_since_nothing_is_changed(open_floor):
    project = open_floor()
    serving = crowned(project, seen_days=10_000)
    assert run(project).shift is None
    assert load_champion(project.models).digest == serving.digest


def test_a_champion_that_does_not_say_what_it_has_seen_is_left_alone(open_floor):
    project = open_floor()
    with pytest.raises(BundleError, match="until when it has learned"):
        run(project)
    crowned(project, seen_until=None)
    with pytest.raises(SourceError, match="Map created_at"):
        run(project)
