"""Rules tried on history: figures by hand, and the laws that a change of nothing and the order of rows keep."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from leadml.errors import TrainingError
from leadml.features import FeaturePlan, Snapshots
from leadml.predict.rules.conditions import ValueCondition
from leadml.predict.rules.rulebook import Dimension, Gate, Rule, Rulebook
from leadml.rules.changes import changed_rulebook
from leadml.training.choices import Choices
from leadml.training.cutoffs import CutoffPolicy, StagePolicy
from leadml.training.metrics import auc
from leadml.training.simulation.replay import Replay
from leadml.training.simulation.simulating import simulate
from leadml.training.simulation.trials import FIGURES, Points


def text(column, **said):
    return ValueCondition("attribute", column, column=column, **said)


BOOK = Rulebook(
    "book",
    "",
    (
        Dimension(
            "Need",
            (
                Rule("high", 20.0, (text("need", one_of=("high",)),)),
                Rule("low", -5.0, (text("need", one_of=("low",)),)),
            ),
        ),
        Dimension("Size", (Rule("big", 10.0, (text("size", at_least=50.0),)),)),
    ),
)
GATED = replace(BOOK, gates=(Gate("no students", (text("role", one_of=("student",)),), must_have=False),))


def history(leads=200, weeks=6, seed=0):
    """Leads of accounts of two, looked at in several weeks; need and size speak of the outcome."""
    random = np.random.default_rng(seed)
    lead = np.repeat(np.arange(leads), random.integers(1, weeks + 1, leads))
    week = np.concatenate([np.arange(count) for count in np.bincount(lead)])
    need = random.choice(["high", "low", ""], len(lead))
    size = random.integers(1, 100, leads)[lead].astype(float)
    chance = 0.1 + 0.4 * (need == "high") + 0.2 * (size >= 50)
    label = (random.random(len(lead)) < chance).astype(float)
    table = pa.table({"need": need, "size": size, "role": random.choice(["student", "other"], leads)[lead]})
    return snapshots(table, label, lead, lead // 2, 700.0 + 7.0 * week)


def snapshots(table, label, lead, account, order):
    return Snapshots(
        features=table,
        columns=(),
        lead_id=pa.array([f"L{one:04}" for one in lead]),
        account_id=pa.array([f"A{one:04}" for one in account]),
        as_of=pa.array((np.asarray(order) * 86_400_000_000).astype(np.int64)).cast(pa.timestamp("us")),
        label=np.asarray(label, dtype=float),
        order=np.asarray(order, dtype=float),
        horizon_days=90.0,
        plan=FeaturePlan(calendar=True, attributes=()),
    )


def by_name(result):
    return {one.name: one for one in result.caught}


def test_whom_a_rule_catches_by_hand():
    table = pa.table({"need": ["high", "high", "low", "high", "low", "low"], "size": [60.0, 60.0, 60.0, 1.0, 1.0, 1.0]})
    rows = snapshots(table, [1, 0, 0, 1, 0, 1], [0, 0, 0, 1, 2, 3], [0, 0, 0, 0, 1, 1], [700, 707, 714, 700, 700, 700])
    caught = by_name(simulate(BOOK, rows, Choices(), cutoff=5.0))
    high = caught["Need: high"]
    # The first lead counts a third in each of its three weeks.
    assert (high.leads, high.won) == (2, 2)
    assert high.share[0] == pytest.approx((2 / 3 + 1) / 4)
    assert high.conversion is None  # two leads say nothing
    assert caught["Need"].auc[0] == pytest.approx(
        auc_by_hand([20, 20, -5, 20, -5, -5], rows.label, [1 / 3] * 3 + [1] * 3)
    )
    assert high.auc is None


def auc_by_hand(points, label, weights):
    above = both = 0.0
    for p, w, x in zip(points, label, weights, strict=True):
        for q, v, y in zip(points, label, weights, strict=True):
            if w == 1 and v == 0:
                both += x * y
                above += x * y * (1.0 if p > q else 0.5 if p == q else 0.0)
    return above / both


def test_conversion_and_lift_are_those_of_the_rows_where_a_rule_holds():
    rows = history()
    result = simulate(BOOK, rows, Choices())
    caught, replay = by_name(result), Replay.of(rows)
    held = np.array(replay.table["need"].to_pylist()) == "high"
    converts = float(np.average(replay.label[held], weights=replay.weights[held]))
    high = caught["Need: high"]
    assert high.conversion[0] == pytest.approx(converts)
    assert high.lift[0] == pytest.approx(converts / result.base_rate)
    for low, value, high_end in [(one[1], one[0], one[2]) for one in (high.share, high.conversion, high.lift)]:
        assert low < value < high_end
    assert result.leads == 200


def test_where_every_lead_has_one_row_the_auc_is_the_usual_one():
    rows = history(weeks=1)
    caught = by_name(simulate(BOOK, rows, Choices()))
    assert caught["book"].auc[0] == pytest.approx(auc(rows.label, BOOK.total(rows.features)))


def test_the_present_cutoff_and_its_trial_by_a_plain_loop():
    rows = history()
    present = simulate(BOOK, rows, Choices(cutoffs=CutoffPolicy(mql=StagePolicy(per_week=6.0)))).present
    total = BOOK.total(rows.features)

    def tried(cutoff):
        first = {}
        for row in np.lexsort((rows.order, rows.lead_id.to_pylist())):
            if total[row] >= cutoff:
                first.setdefault(rows.lead_id[row].as_py(), row)
        won = {lead for lead, label in zip(rows.lead_id.to_pylist(), rows.label, strict=True) if label}
        caught = [lead for lead, row in first.items() if rows.label[row] == 1]
        new = sum(rows.order[row] > rows.order.min() for row in first.values())
        return len(first), len(caught), len(won), new, len(won & first.keys())

    crossed, converted, won, new, reached = tried(present.cutoff)
    assert present.leads == crossed
    assert new <= 6 * 5  # six moments: what is there at the first is no flow
    assert all(tried(lower)[3] > 6 * 5 for lower in np.unique(total) if lower < present.cutoff)
    figures = [present.figures[name][0] for name in FIGURES[:4]]
    assert figures == pytest.approx([new / 5, converted / crossed, reached / won, won - reached])


def test_a_change_of_nothing_makes_a_difference_of_exactly_zero():
    rows = history()
    same = changed_rulebook(BOOK, {"Need": 1.0, "Size": 1.0}, {"Need: high": 20.0})
    present = simulate(BOOK, rows, Choices()).present
    for tried in (
        simulate(BOOK, rows, Choices(), changed=same).changed,
        simulate(BOOK, rows, Choices(), cutoff=present.cutoff).changed,
    ):
        assert [set(one.less_present.values()) for one in tried] == [{(0.0, 0.0, 0.0)}]
        assert tried[0].figures == present.figures


def test_without_a_change_only_the_present_is_told():
    result = simulate(BOOK, history(), Choices())
    assert result.changed == ()
    assert set(result.present.less_present.values()) == {(0.0, 0.0, 0.0)}


def test_twice_all_points_at_twice_the_cutoff_change_nothing():
    rows = history()
    double = changed_rulebook(BOOK, {"Need": 2.0, "Size": 2.0}, {})
    cutoff = simulate(BOOK, rows, Choices()).present.cutoff
    tried = simulate(BOOK, rows, Choices(), changed=double, cutoff=2 * cutoff).changed[0]
    assert set(tried.less_present.values()) == {(0.0, 0.0, 0.0)}


def test_the_order_of_rows_and_unused_columns_change_nothing():
    rows = history()
    changed = changed_rulebook(BOOK, {"Size": 3.0}, {})
    mixed = rows.take(np.random.default_rng(1).permutation(len(rows.label)))
    wider = replace(mixed, features=mixed.features.append_column("z", pa.array(np.arange(len(rows.label)))))
    assert simulate(BOOK, rows, Choices(), changed=changed) == simulate(BOOK, wider, Choices(), changed=changed)


def test_a_weight_that_hides_what_matters_loses_auc_at_the_volume_that_there_was():
    rows = history(400)
    tried = simulate(
        BOOK,
        rows,
        Choices(cutoffs=CutoffPolicy(mql=StagePolicy(per_week=45.0))),
        changed=changed_rulebook(BOOK, {"Need": 0.1}, {}),
    )
    assert tried.changed[0].less_present["auc"][2] < 0
    assert [one.name for one in tried.changed] == ["changed", "changed, same volume"]
    assert tried.changed[1].leads <= tried.present.leads


def test_who_is_stopped_by_a_gate_is_handed_over_at_no_cutoff():
    rows = history()
    open_to_all, gated = (simulate(book, rows, Choices(), cutoff=-100.0).changed[0] for book in (BOOK, GATED))
    students = {
        lead
        for lead, role in zip(rows.lead_id.to_pylist(), rows.features["role"].to_pylist(), strict=True)
        if role == "student"
    }
    assert (open_to_all.leads, gated.leads) == (200, 200 - len(students))
    stopped = by_name(simulate(GATED, rows, Choices()))["no students"]
    assert (stopped.kind, stopped.leads) == ("gate", len(students))


def test_points_below_zero_cross_cutoffs_below_zero():
    points = Points(BOOK, Replay.of(history()))
    assert len(points.rows(-5.0)) == 200
    assert len(points.rows(1000.0)) == 0
    assert len(points.rows(-1e9)) == 200


def test_a_rule_that_never_caught_a_winner_is_not_said_to_be_certain():
    rows = history()
    label = np.where(np.array(rows.features["need"].to_pylist()) == "low", 0.0, rows.label)
    low = by_name(simulate(BOOK, replace(rows, label=label), Choices()))["Need: low"]
    assert low.conversion[0] == 0.0
    assert 0.0 < low.conversion[2] < 0.1
    assert low.lift[2] > 0.0


def test_too_little_to_go_by_is_said():
    few = history(40)
    assert any("go by the ranges" in one for one in simulate(BOOK, few, Choices()).warnings)
    none = simulate(BOOK, replace(few, label=np.zeros(len(few.label))), Choices())
    assert any("None of these 40 leads was won in time" in one for one in none.warnings)
    assert all(one.auc is None and one.lift is None for one in none.caught)
    greedy = simulate(BOOK, few, Choices(cutoffs=CutoffPolicy(mql=StagePolicy(minimum_precision=1.0))))
    assert greedy.present is None
    asked = simulate(BOOK, few, Choices(cutoffs=CutoffPolicy(mql=StagePolicy(minimum_precision=1.0))), cutoff=20.0)
    assert (asked.present.cutoff, asked.warnings) == (20.0, greedy.warnings)
    assert any("No cutoff in points keeps to what is asked" in one for one in greedy.warnings)
    with pytest.raises(TrainingError, match="No lead was open in these weeks"):
        simulate(BOOK, few.take(np.arange(0)), Choices())


def test_a_handful_of_leads_above_a_cutoff_has_no_precision():
    rows = history(12, weeks=1)
    tried = simulate(GATED, rows, Choices(cutoffs=CutoffPolicy(mql=StagePolicy(per_week=12.0))), cutoff=30.0).changed[0]
    assert tried.leads < 10
    assert tried.figures["precision"] is None
    assert tried.less_present["precision"] is None
    assert tried.figures["volume"] is not None


def test_leads_without_dates_are_tried_once_each():
    rows = replace(history(weeks=1), order=None, as_of=None, horizon_days=None)
    result = simulate(BOOK, rows, Choices())
    assert result.weeks is None
    assert result.present.figures["volume"][0] == result.present.leads
