from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import pyarrow as pa
import pytest

from leadml.features import Snapshots, build_snapshots
from leadml.predict import Scorer
from leadml.predict.encoding import Feature
from leadml.predict.policy import Policy
from leadml.predict.tables import ScoreTables
from leadml.schema import LeadTables
from leadml.training.grades.moves import grade_moves

START = datetime(2024, 1, 1)  # noqa: DTZ001
BOUNDS = (0.6, 0.4, 0.2)


def company(leads: int = 60, *, dated: bool = True, open_share: float = 0.5) -> LeadTables:
    random = np.random.default_rng(3)
    days = random.integers(0, 200, leads)
    over = random.random(leads) >= open_share
    outcome = [("won" if random.random() < 0.3 else "lost") if done else None for done in over]
    columns = {
        "lead_id": [f"L{n:03}" for n in range(leads)],
        "account_id": [f"L{n:03}" for n in range(leads)],
        "outcome": pa.array(outcome, pa.string()),
        "size": random.random(leads),
    }
    if dated:
        created = [START + timedelta(days=int(day)) for day in days]
        closed = [at + timedelta(days=40) if done else None for at, done in zip(created, over, strict=True)]
        columns |= {"created_at": created, "closed_at": pa.array(closed, pa.timestamp("us"))}
    return LeadTables(
        leads=pa.table(columns),
        attributes=("size",),
        answers={},
        activities=None,
        history=None,
        rejects=pa.table({"table": pa.array([], pa.string())}),
        counts={},
    )


def scorer(snapshots: Snapshots, slope: float, **facts: object) -> Scorer:
    """A scorer whose log-odds rise with size in steps."""
    column = next(column for column in snapshots.columns if column.name == "size")
    edges = np.linspace(0.1, 0.9, 9)
    feature = Feature("size", "size", "number", column.group, column.label, edges)
    table = slope * np.r_[0.0, np.linspace(-1, 1, 10)]
    told = {"plan": snapshots.plan.to_dict(), "trained_at": "2024-06-01T00:00:00"} | facts
    return Scorer(snapshots.columns, (feature,), ScoreTables(-0.5, (table,)), Policy(BOUNDS), facts=told)


def by_hand(tables: LeadTables, slope: float) -> dict[str, str]:
    """The grade of every open lead, by a loop that knows nothing of scorers."""
    grades = {}
    for row in tables.leads.to_pylist():
        if row["outcome"] is None:
            code = sum(row["size"] >= edge for edge in np.linspace(0.1, 0.9, 9))
            chance = 1 / (1 + np.exp(0.5 - slope * np.linspace(-1, 1, 10)[code]))
            grades[row["lead_id"]] = "ABCD"[sum(chance < bound for bound in BOUNDS)]
    return grades


@pytest.mark.parametrize("dated", [True, False])
def test_moves_are_those_of_a_plain_loop_and_add_up_to_the_open_leads(dated):
    tables = company(dated=dated)
    snapshots = build_snapshots(tables, horizon_days=30)
    told = grade_moves(scorer(snapshots, 4.0), scorer(snapshots, 1.5), tables, snapshots)
    old, new = by_hand(tables, 1.5), by_hand(tables, 4.0)
    expected = np.zeros((4, 4), dtype=int)
    for lead in old:
        expected["ABCD".index(old[lead]), "ABCD".index(new[lead])] += 1
    assert told["table"] == expected.tolist()
    assert told["compared"] == told["leads"] == tables.leads["outcome"].null_count == expected.sum()
    assert told["moved"] == told["up"] + told["down"] == expected.sum() - np.trace(expected) > 0
    assert told["up"] == np.tril(expected, -1).sum()
    assert told["grades"] == expected.sum(axis=0).tolist()
    assert told["why"] is None


def test_the_same_model_moves_nobody():
    tables = company()
    snapshots = build_snapshots(tables, horizon_days=30)
    told = grade_moves(scorer(snapshots, 2.0), scorer(snapshots, 2.0), tables, snapshots)
    assert (told["moved"], told["compared"]) == (0, told["leads"])


def test_what_the_leads_changed_is_seen_by_the_old_model_alone():
    tables = company(200)
    snapshots = build_snapshots(tables, horizon_days=30)
    earlier = START + timedelta(days=100)
    before = scorer(snapshots, 2.0, grade_moves={"as_of": earlier.isoformat()})
    then = grade_moves(scorer(snapshots, 4.0), before, tables, snapshots)["then"]
    was_open = [
        row
        for row in tables.leads.to_pylist()
        if row["created_at"] <= earlier and (row["closed_at"] is None or row["closed_at"] >= earlier)
    ]
    assert then["as_of"] == earlier.isoformat()
    assert sum(then["grades"]) == len(was_open) > 0


def test_where_no_lead_is_open_the_newest_snapshot_or_every_lead_is_looked_at():
    for dated, which in ((True, "leads open at the newest snapshot"), (False, "leads (none is open)")):
        tables = company(120, dated=dated, open_share=0.0)
        snapshots = build_snapshots(tables, horizon_days=30)
        told = grade_moves(scorer(snapshots, 4.0), scorer(snapshots, 1.0), tables, snapshots)
        assert told["which"] == which
        assert 0 < sum(map(sum, told["table"])) == told["leads"]


def test_a_model_that_cannot_score_these_leads_stops_nothing_and_says_so():
    tables = company()
    snapshots = build_snapshots(tables, horizon_days=30)
    before = scorer(snapshots, 1.0)
    without = company()
    without = LeadTables(**{**vars(without), "leads": without.leads.drop_columns("size"), "attributes": ()})
    remade = build_snapshots(without, horizon_days=30)
    bare = Scorer(remade.columns, (), ScoreTables(0.0, ()), Policy(BOUNDS))
    told = grade_moves(bare, before, without, remade)
    assert told["table"] is None
    assert "no column 'size'" in told["why"]
    silent = scorer(snapshots, 1.0, plan=None)
    assert "features" in grade_moves(before, Scorer(**{**vars(silent), "facts": {}}), tables, snapshots)["why"]
    assert grade_moves(before, None, tables, snapshots)["why"] == "There was no model before."
