"""Marketing's list, and what moved leads on in a made-up history in which only webinars do."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pytest

from leadml.errors import BundleError
from leadml.operations.project import Project
from leadml.operations.queue import NURTURE_COLUMNS, NurtureList, list_nurture
from leadml.operations.scoring.run import run_scoring

NOW = datetime(2023, 1, 2) + timedelta(days=500)  # noqa: DTZ001
LOOKING_BACK = "leadml.operations.queue.looking_back.MOMENTS"
Rows = dict[str, list[tuple[Any, ...]]]
Open = Callable[..., Project]


def nurtured(project: Project, as_of: datetime = NOW) -> NurtureList:
    run_scoring(project, as_of=as_of, progress=lambda step: None)
    return list_nurture(project)


def shown(found: NurtureList) -> tuple[Any, ...]:
    return (found.as_of, found.segments, found.rows, found.notes)


def stored(project: Project, query: str) -> list[Any]:
    with sqlite3.connect(project.settings.path("floor.sqlite")) as database:
        return database.execute(query).fetchall()


def test_leads_below_mql_are_listed_with_what_they_are_short_of(
    open_floor: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(LOOKING_BACK, 2)
    project = open_floor()
    found = nurtured(project)
    below = "select lead_id from lead_scores where stage = 'raw' order by probability desc, lead_id"
    assert [row["lead_id"] for row in found.rows] == [lead for (lead,) in stored(project, below)]
    for row in found.rows:
        assert set(row) - {"probability"} == set(NURTURE_COLUMNS)
        fit, engaged = row["fit"] > 0, row["engagement"] > 0
        expected = {
            (False, False): "neither fit nor engagement",
            (False, True): "engagement without fit",
            (True, False): "fit without engagement",
        }
        assert row["short_of"] == expected.get((fit, engaged), "engagement without intent")
    assert sum(segment.leads for segment in found.segments) == len(found.rows)
    assert Counter(row["short_of"] for row in found.rows) == {s.short_of: s.leads for s in found.segments}
    assert not any("@x.example" in str(row) for row in found.rows)


def test_what_moved_such_leads_on_is_found_where_the_history_carries_it(open_floor: Open, floor: Any) -> None:
    found = nurtured(open_floor(floor(count=900)))
    movers = [segment.mover for segment in found.segments if segment.mover]
    assert movers
    assert {mover.what for mover in movers} == {"webinar"}
    assert all(mover.lift > 1.5 and mover.won >= 5 for mover in movers)
    said = {row["moved_such_leads"] for row in found.rows} - {None}
    assert said == {mover.in_words() for mover in movers}


def test_nothing_is_said_where_the_history_carries_nothing(
    open_floor: Open, floor: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(LOOKING_BACK, 2)
    found = nurtured(open_floor(floor(count=60)))
    assert all(segment.mover is None for segment in found.segments)
    assert "The history does not prove that anything in particular moved such leads on." in found.notes


def test_nothing_from_the_moment_on_changes_the_list(
    open_floor: Open, floor: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(LOOKING_BACK, 2)
    rows: Rows = floor(count=300)
    now = NOW.isoformat(timespec="seconds")
    before = nurtured(open_floor(rows))
    later = (NOW + timedelta(days=5)).isoformat(timespec="seconds")
    changed = {
        # Whoever is open at the moment is won soon after, with a flood of activities and answers.
        "leads": [(*r[:2], later, "won", *r[4:]) if r[2] is None or r[2] > now else r for r in rows["leads"]],
        "acts": [*(r for r in rows["acts"] if r[1] < now), *((r[0], now, "webinar") for r in rows["leads"])],
        "changes": [*(r for r in rows["changes"] if r[3] < now), *((r[0], "budget", "x", now) for r in rows["leads"])],
    }
    changed["leads"] = [r for r in changed["leads"] if r[1] < now]
    assert shown(nurtured(open_floor(changed))) == shown(before)


def test_the_order_of_rows_changes_nothing(open_floor: Open, floor: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(LOOKING_BACK, 2)
    rows, rng = floor(count=300), np.random.default_rng(0)
    mixed = {name: [several[i] for i in rng.permutation(len(several))] for name, several in rows.items()}
    assert shown(nurtured(open_floor(mixed))) == shown(nurtured(open_floor(rows)))


def test_recycled_leads_are_nurtured_and_those_that_sales_work_are_not(
    open_floor: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(LOOKING_BACK, 2)
    project = open_floor()
    everyone = [row["lead_id"] for row in nurtured(project).rows]
    stages = dict(zip(everyone, ["recycled", "SAL", "disqualified", "raw", "opportunity"], strict=False))
    with sqlite3.connect(project.settings.path("floor.sqlite")) as database:
        database.execute("drop table lead_lifecycle")  # as scoring wrote it
        database.execute("create table lead_lifecycle (lead_id, stage, since)")
        states = [(lead, stage, "2024-01-01T00:00:00") for lead, stage in stages.items()]
        database.executemany("insert into lead_lifecycle values (?, ?, ?)", states)
    left = [row["lead_id"] for row in list_nurture(project).rows]
    assert left == [lead for lead in everyone if stages.get(lead, "raw") in ("raw", "recycled")]


def test_without_a_champion_one_message_says_so(open_floor: Open) -> None:
    project = open_floor()
    (project.models / "champion.json").unlink()
    with pytest.raises(BundleError, match="there is no model yet"):
        list_nurture(project)
