"""Leads at past moments: what they were short of then, what was seen next, and whether they were won after that."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from leadml.features import FeaturePlan
from leadml.operations.champion import load_champion
from leadml.operations.project import Project
from leadml.operations.queue.looking_back import past_cases
from leadml.operations.queue.moving import Case

NOW = datetime(2023, 1, 2) + timedelta(days=500)  # noqa: DTZ001
HORIZON = 60
Open = Callable[..., Project]


@pytest.fixture(autouse=True)
def two_moments(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("leadml.operations.queue.looking_back.MOMENTS", 2)


def at(day: float) -> str:
    """So many days before now."""
    return (NOW - timedelta(days=day)).isoformat(timespec="seconds")


def cases(project: Project) -> list[Case]:
    scorer = load_champion(project.models)
    plan = FeaturePlan.from_dict(scorer.facts["plan"])
    return list(past_cases(scorer, project.read(), plan, NOW, HORIZON, ("fit", "engagement", "intent")))


def lead(name: str, ends: float | None, status: str, firm: str | None = None) -> tuple[Any, ...]:
    closed = None if ends is None else at(ends)
    return (name, at(130), closed, status, firm or name, "rep", None, 1.0, 20.0, "approved", f"{name}@x.example")


def test_what_was_seen_before_the_landmark_is_held_against_wins_after_it_and_before_now(open_floor: Open) -> None:
    # The moments are 120 and 90 days ago, what is seen lies in the 30 days after each, and wins in the 60 after these.
    leads = [
        lead("won later", 50, "won"),
        lead("won now", 0, "won"),
        lead("won after now", -5, "won"),
        lead("won at once", 100, "won"),
        lead("lost", 50, "lost"),
        lead("open", None, "open"),
    ]
    acts = [("won later", at(120), "webinar"), ("lost", at(90), "webinar"), ("lost", at(100), "page")]
    acts += [("open", at(250), "page"), ("won now", at(-1), "webinar"), ("open", at(-1), "demo")]
    changes = [("open", "budget", "approved", at(110)), ("open", "size", "9", at(110))]
    found = cases(open_floor({"leads": leads, "acts": acts, "changes": changes}))
    lack = "neither fit nor engagement"
    assert {case.account_id: case for case in found if case.shortage == lack} == {
        "won later": Case("won later", lack, frozenset({"webinar"}), won=True),
        "won now": Case("won now", lack, frozenset(), won=False),
        "won after now": Case("won after now", lack, frozenset(), won=False),
        "lost": Case("lost", lack, frozenset({"page"}), won=False),
        "open": Case("open", lack, frozenset({"budget answered approved"}), won=False),
    }


def test_an_account_counts_once_for_each_shortage_however_many_leads_share_its_deal(open_floor: Open) -> None:
    leads = [lead("a", 50, "won", "firm"), lead("b", None, "open", "firm"), lead("c", 10, "lost", "other")]
    acts = [("a", at(115), "webinar"), ("b", at(116), "page"), ("c", at(-1), "demo")]
    found = cases(open_floor({"leads": leads, "acts": acts, "changes": []}))
    first = next(case for case in found if case.account_id == "firm")
    assert (first.seen, first.won) == (frozenset({"webinar", "page"}), True)
    keys = [(case.account_id, case.shortage) for case in found]
    assert len(keys) == len(set(keys))


def test_nothing_from_now_on_changes_a_case(open_floor: Open, floor: Any) -> None:
    rows, now, later = floor(count=300), at(0), at(-5)
    before = cases(open_floor(rows))
    assert sum(case.won for case in before) >= 3
    changed = {
        "leads": [(*r[:2], later, "won", *r[4:]) if r[2] is None or r[2] >= now else r for r in rows["leads"]],
        "acts": [*(r for r in rows["acts"] if r[1] < now), *((r[0], now, "webinar") for r in rows["leads"])],
        "changes": [*(r for r in rows["changes"] if r[3] < now), *((r[0], "budget", "x", now) for r in rows["leads"])],
    }
    assert cases(open_floor(changed)) == before
