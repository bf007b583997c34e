from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np
import pyarrow as pa

from leadml.features.spine import Spine
from leadml.features.teams import teams_at, teams_have_a_history
from leadml.schema import LeadTables

START = datetime(2024, 1, 1)  # noqa: DTZ001
NAMES = ("North", "South", None)


def company(changes: list[tuple[str, int, str | None]], leads: int = 6) -> LeadTables:
    """Leads whose team is now "Now", and changes of it as (lead, day, value)."""
    table = pa.table({"lead_id": [f"L{n}" for n in range(leads)], "team": ["Now"] * leads})
    fields = ["team"] * len(changes) + ["size"]
    rows = [*changes, ("L0", 1, "9")]
    history = pa.table(
        {
            "lead_id": [lead for lead, _, _ in rows],
            "field": fields,
            "value": pa.array([value for _, _, value in rows], pa.string()),
            "changed_at": pa.array([START + timedelta(days=day) for _, day, _ in rows], pa.timestamp("us")),
        }
    )
    none = dict.fromkeys(LeadTables.__dataclass_fields__)
    return replace(LeadTables(**none), leads=table, history=history)


def spine(rows: list[tuple[int, int]]) -> Spine:
    at = [int((START + timedelta(days=day) - datetime(1970, 1, 1)) / timedelta(microseconds=1)) for _, day in rows]  # noqa: DTZ001
    return Spine(np.array([lead for lead, _ in rows]), np.array(at))


def test_a_team_is_what_it_was_at_the_moment_as_a_plain_loop_over_its_changes_says():
    random = np.random.default_rng(4)
    for _ in range(20):
        drawn = random.integers(0, (5, 9, 3), (12, 3)).tolist()
        changes = [(f"L{lead}", day, NAMES[name]) for lead, day, name in drawn] + [("stranger", 2, "North")]
        rows = [(lead, day) for lead in range(6) for day in range(10)]
        random.shuffle(rows)
        expected = []
        for lead, day in rows:
            own = [(at, value or "", value) for of, at, value in changes if of == f"L{lead}"]
            past = [one for one in own if one[0] < day]
            expected.append(max(past)[2] if past else None if own else "Now")
        assert teams_at(company(changes), spine(rows), calendar=True).to_pylist() == expected


def test_without_changes_or_moments_it_is_the_team_as_it_is_now():
    rows = [(1, 5), (0, 2)]
    assert not teams_have_a_history(company([]))
    assert teams_at(company([]), spine(rows), calendar=True).to_pylist() == ["Now", "Now"]
    assert teams_at(company([("L1", 3, "North")]), spine(rows), calendar=False).to_pylist() == ["Now", "Now"]
