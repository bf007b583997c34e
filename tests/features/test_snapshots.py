"""Which lead is looked at when, and what counts as won; cases by hand."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from leadml.errors import BundleError, ColumnsError, TrainingError
from leadml.features import FeaturePlan, build_snapshots, make_plan, snapshots_at
from leadml.predict.phrases import Phrase
from leadml.predict.rules.conditions import ActivityCount

MONDAY = datetime.fromisoformat("2024-01-01")
END = datetime.fromisoformat("2024-12-30")


def days(number: float) -> datetime:
    return MONDAY + timedelta(days=number)


def one_lead(tables_of, outcome, closed, created=0.0):
    return tables_of(
        {"lead_id": ["a"], "created_at": [days(created)], "closed_at": [closed], "outcome": [outcome], "x": [1.0]}
    )


def label_at_first_monday(tables_of, outcome, closed):
    snapshots = build_snapshots(one_lead(tables_of, outcome, closed), horizon_days=30, now=END)
    assert snapshots.as_of[0].as_py() == MONDAY
    return snapshots.label[0]


@pytest.mark.parametrize(
    ("outcome", "closed_after", "label"),
    [
        ("won", 0.5, 1),
        ("won", 30, 1),
        ("won", 30.001, 0),
        ("lost", 10, 0),
        ("lost", 50, 0),
        (None, None, 0),
        (None, 10, 0),  # the close date that sales hope for
    ],
)
def test_a_snapshot_is_won_only_within_the_horizon_after_it(tables_of, outcome, closed_after, label) -> None:
    closed = None if closed_after is None else days(closed_after)
    assert label_at_first_monday(tables_of, outcome, closed) == label


def test_a_lead_has_no_snapshot_in_the_moment_of_its_close_or_later(tables_of) -> None:
    snapshots = build_snapshots(one_lead(tables_of, "won", days(14)), horizon_days=30, per_lead=50, now=END)
    assert snapshots.as_of.to_pylist() == [days(0), days(7)]


def test_only_moments_whose_whole_horizon_has_passed_are_looked_at(tables_of) -> None:
    tables = one_lead(tables_of, "won", days(15))
    late = build_snapshots(tables, horizon_days=30, per_lead=50, now=days(37))
    assert late.as_of.to_pylist() == [days(0), days(7)]
    early = build_snapshots(tables, horizon_days=30, per_lead=50, now=days(36.9))
    assert early.as_of.to_pylist() == [days(0)]


def test_no_moment_with_a_whole_horizon_is_refused_with_the_end_of_the_data(tables_of) -> None:
    with pytest.raises(TrainingError, match=r"30 days of data behind it; the data ends on 2024-01-16"):
        build_snapshots(one_lead(tables_of, "won", days(15)), horizon_days=30)


def test_a_lead_closed_nobody_knows_when_is_not_looked_at(tables_of) -> None:
    leads = {
        "lead_id": ["a", "b"],
        "created_at": [days(0)] * 2,
        "closed_at": [None, days(90)],
        "outcome": ["won", "lost"],
    }
    tables = tables_of(leads)
    assert set(build_snapshots(tables, horizon_days=30, now=END).lead_id.to_pylist()) == {"b"}
    assert snapshots_at(tables, days(10)).lead_id.to_pylist() == ["b"]
    assert snapshots_at(tables, days(10), open_only=False).lead_id.to_pylist() == ["a", "b"]


def test_scoring_takes_leads_that_are_there_and_open(tables_of) -> None:
    leads = {
        "lead_id": ["new", "closed", "closing", "open"],
        "created_at": [days(11), days(0), days(0), days(10)],
        "closed_at": [None, days(10), days(10.5), None],
        "outcome": [None, "lost", "won", None],
    }
    scored = snapshots_at(tables_of(leads), days(10))
    assert scored.lead_id.to_pylist() == ["closing", "open"]
    assert np.isnan(scored.label).all()


def test_moments_in_other_time_zones_are_brought_to_utc(tables_of) -> None:
    tables = one_lead(tables_of, None, None)
    east = timezone(timedelta(hours=2))
    scored = snapshots_at(tables, datetime(2024, 1, 3, 2, tzinfo=east))
    assert scored.as_of.to_pylist() == [days(2)]
    assert scored.as_of.equals(snapshots_at(tables, days(2).replace(tzinfo=UTC)).as_of)


def many_leads(tables_of, n, life=(5, 300), seed=0):
    rng = np.random.default_rng(seed)
    created = [days(float(d)) for d in rng.integers(0, 100, n)]
    lives = [timedelta(days=float(d)) for d in rng.integers(*life, n)]
    return tables_of(
        {
            "lead_id": [f"lead {i}" for i in range(n)],
            "created_at": created,
            "closed_at": [c + life for c, life in zip(created, lives, strict=True)],
            "outcome": [str(o) for o in rng.choice(["won", "lost"], n)],
        }
    )


def chosen(snapshots) -> set[tuple[str, datetime]]:
    return set(zip(snapshots.lead_id.to_pylist(), snapshots.as_of.to_pylist(), strict=True))


@pytest.mark.parametrize("per_lead", [1, 2, 3, 10])
def test_no_lead_has_more_snapshots_than_allowed(tables_of, per_lead) -> None:
    snapshots = build_snapshots(many_leads(tables_of, 200), horizon_days=30, per_lead=per_lead, now=END)
    counts = snapshots.lead_id.value_counts().field("counts").to_pylist()
    assert max(counts) == per_lead
    assert len(chosen(snapshots)) == snapshots.features.num_rows


def test_the_moments_of_a_lead_do_not_depend_on_other_leads(tables_of) -> None:
    tables = many_leads(tables_of, 200)
    fewer = replace(tables, leads=tables.leads.slice(50, 70))
    all_chosen = chosen(build_snapshots(tables, horizon_days=30, now=END))
    some = chosen(build_snapshots(fewer, horizon_days=30, now=END))
    kept = set(fewer.leads["lead_id"].to_pylist())
    assert some == {pair for pair in all_chosen if pair[0] in kept}


def test_the_moments_of_a_lead_do_not_depend_on_what_comes_after_them(tables_of) -> None:
    tables = many_leads(tables_of, 200, life=(200, 201))
    at = tables.leads.column_names.index("closed_at")
    early = pc.subtract(tables.leads["closed_at"], pa.scalar(timedelta(days=150)))
    sooner = replace(tables, leads=tables.leads.set_column(at, "closed_at", early))
    long = chosen(build_snapshots(tables, horizon_days=30, now=END))
    short = chosen(build_snapshots(sooner, horizon_days=30, now=END))
    closed = dict(zip(tables.leads["lead_id"].to_pylist(), early.to_pylist(), strict=True))
    assert short == {(lead, moment) for lead, moment in long if moment < closed[lead]}
    assert len(short) < len(long)


def test_snapshots_of_a_given_age_are_won_as_often_as_leads_of_that_age(tables_of) -> None:
    # Winners close in 2 weeks, losers in 40: the more moments a lead has, the less each may count for its age.
    n = 2000
    leads = {
        "lead_id": [str(i) for i in range(n)],
        "created_at": [days(i % 7) for i in range(n)],
        "closed_at": [days(i % 7 + (14 if i % 4 == 0 else 280)) for i in range(n)],
        "outcome": ["won" if i % 4 == 0 else "lost" for i in range(n)],
    }
    snapshots = build_snapshots(tables_of(leads), horizon_days=30, now=END)
    young = snapshots.features["lead age days"].to_numpy() < 14
    assert snapshots.label[young].mean() == pytest.approx(0.25, abs=0.03)


def test_snapshots_reach_old_ages_too(tables_of) -> None:
    snapshots = build_snapshots(many_leads(tables_of, 500, life=(250, 251)), horizon_days=30, now=END)
    ages = snapshots.features["lead age days"].to_numpy()
    assert np.mean(ages < 14) > 0.2
    assert np.mean(ages > 90) > 0.05


def test_without_dates_the_attributes_are_the_features(tables_of) -> None:
    tables = tables_of(
        {
            "lead_id": ["b", "a", "c"],
            "outcome": ["won", "lost", None],
            "size": [1.0, 2.0, None],
            "source": ["x", None, "y"],
            "visit": pa.array([days(0), None, days(1)], pa.timestamp("us")),
            "order": [7.0, 3.0, 9.0],
        },
        activities=[("a", days(0), "page")],
    )
    snapshots = build_snapshots(tables)
    assert snapshots.lead_id.to_pylist() == ["a", "b", "c"]
    assert snapshots.features.column_names == ["size", "source", "visit"]
    assert snapshots.features.to_pylist()[1] == {"size": 1.0, "source": "x", "visit": days(0)}
    assert [column.kind for column in snapshots.columns] == ["number", "category", "time"]
    assert snapshots.label[:2].tolist() == [0, 1]
    assert math.isnan(snapshots.label[2])
    assert snapshots.order.tolist() == [3, 7, 9]
    assert (snapshots.as_of, snapshots.horizon_days) == (None, None)
    assert snapshots_at(tables, END, plan=snapshots.plan).lead_id.to_pylist() == ["c"]


def test_time_of_creation_orders_rows_without_moments(tables_of) -> None:
    tables = tables_of(
        {"lead_id": ["a"], "created_at": [datetime.fromisoformat("1970-01-02T12:00")], "outcome": ["won"], "x": [1.0]}
    )
    assert build_snapshots(tables).order.tolist() == [1.5]
    without = tables_of({"lead_id": ["a"], "outcome": ["won"], "x": [1.0]})
    assert build_snapshots(without).order is None


def test_groups_and_labels_follow_the_mapping(tables_of) -> None:
    tables = tables_of(
        {
            "lead_id": ["a", "b"],
            "account_id": ["A", "A"],
            "created_at": [days(0)] * 2,
            "closed_at": [days(90), None],
            "outcome": ["won", None],
            "money": ["yes", "no"],
            "visits": [1.0, 2.0],
            "cmp_sz": [1.0, 2.0],
        },
        activities=[("a", days(1), "demo_request"), ("b", days(1), "page_view")],
        answers={"budget": "money"},
    )
    snapshots = build_snapshots(
        tables, horizon_days=30, now=END, groups={"visits": "engagement"}, labels={"cmp_sz": "Company size"}
    )
    groups = {column.name: column.group for column in snapshots.columns}
    labels = {column.name: column.label for column in snapshots.columns}
    assert [groups[name] for name in ("money", "visits", "cmp_sz")] == ["answer", "engagement", "fit"]
    assert [groups[f"{name} 30d"] for name in ("demo_request", "page_view", "account intent")] == [
        "intent",
        "engagement",
        "intent",
    ]
    assert (groups["contacts known"], groups["contacts engaged"]) == ("fit", "engagement")
    assert labels["cmp_sz"] == "Company size"
    assert labels["page_view 7d"] == "Page view, 7 days"
    phrases = {column.name: column.phrase for column in snapshots.columns}
    assert phrases["page_view 7d"] == Phrase("times", "Page view", 7)
    called = build_snapshots(tables, horizon_days=30, now=END, activity_labels={"demo_request": "Asked for a demo"})
    columns = {column.name: column for column in called.columns}
    assert columns["demo_request 30d"].label == "Asked for a demo, 30 days"
    assert columns["days since demo_request"].phrase == Phrase("last", "Asked for a demo")
    assert FeaturePlan.from_dict(called.plan.to_dict()) == called.plan
    with pytest.raises(ColumnsError, match="None of the activity types 'demo' that have labels occurs"):
        build_snapshots(tables, horizon_days=30, now=END, activity_labels={"demo": "Asked"})
    named = build_snapshots(tables, horizon_days=30, now=END, intent_types=["page_view"])
    assert named.plan.intent_types == ("page_view",)


def test_an_intent_type_that_never_occurs_is_refused_with_those_that_do(tables_of) -> None:
    tables = one_lead(tables_of, "won", days(20))
    tables = replace(tables, activities=pa.table({"lead_id": ["a"], "occurred_at": [days(1)], "type": ["page"]}))
    with pytest.raises(ColumnsError, match="'dmo' occurs among the activities, which are of type 'page'"):
        build_snapshots(tables, intent_types=["dmo"], now=END)


def test_rare_types_share_features_but_intent_never_does(tables_of) -> None:
    kinds = [f"kind {i:02}" for i in range(30) for _ in range(2)]
    activities = [("a", days(-1), kind, 1.0) for kind in [*kinds, "demo"]]
    tables = tables_of(
        {"lead_id": ["a"], "created_at": [days(0)], "closed_at": [days(9)], "outcome": ["won"]}, activities
    )
    snapshots = build_snapshots(tables, now=END)
    assert snapshots.plan.activity_types == ("demo", *(f"kind {i:02}" for i in range(19)))
    row = snapshots.features.to_pylist()[0]
    assert (row["demo 7d"], row["kind 18 7d"], row["other activities 7d"], row["any activity 7d"]) == (1, 2, 22, 61)
    assert "kind 19 7d" not in row


def test_a_type_that_training_never_saw_counts_as_activity_only(tables_of) -> None:
    leads = {"lead_id": ["a"], "created_at": [days(0)], "closed_at": [days(9)], "outcome": ["won"]}
    plan = build_snapshots(tables_of(leads, [("a", days(1), "page")]), now=END).plan
    row = snapshots_at(tables_of(leads, [("a", days(1), "fair")]), days(3), plan=plan).features.to_pylist()[0]
    assert (row["page 7d"], row["any activity 7d"], row["days since any activity"]) == (0, 1, 2)


def test_the_current_value_of_a_field_with_a_history_is_never_used(tables_of) -> None:
    tables = tables_of(
        {
            "lead_id": ["a", "b"],
            "created_at": [days(0)] * 2,
            "closed_at": [days(50)] * 2,
            "outcome": ["won", "lost"],
            "budget": ["100", "5"],
        },
        history=[("a", "budget", "100", days(40)), ("a", "need", "low", days(1)), ("a", "need", None, days(3))],
    )
    early, later, late = (snapshots_at(tables, days(day)).features.select(["budget", "need"]) for day in (2, 4, 41))
    assert early.to_pylist() == [{"budget": None, "need": "low"}, {"budget": None, "need": None}]
    assert later.to_pylist()[0] == {"budget": None, "need": None}
    assert late.to_pylist()[0] == {"budget": "100", "need": None}


def test_changes_of_outcome_owner_or_close_date_are_no_features(tables_of) -> None:
    fields = ("outcome", "owner", "closed_at", "deal_value", "plan")
    tables = tables_of(
        {"lead_id": ["a"], "created_at": [days(0)], "closed_at": [days(50)], "outcome": ["won"]},
        history=[("a", field, "x", days(1)) for field in fields],
    )
    assert [a.name for a in build_snapshots(tables, now=END).plan.attributes] == ["plan"]


def test_a_column_that_was_left_out_does_not_come_back_through_its_history(tables_of) -> None:
    tables = tables_of(
        {"lead_id": ["a"], "created_at": [days(0)], "closed_at": [days(50)], "outcome": ["won"]},
        history=[("a", "e-mail", "a@b.example", days(1)), ("a", "need", "high", days(1))],
    )
    tables = replace(tables, dropped={"e-mail": "personal data"})
    assert [a.name for a in build_snapshots(tables, now=END).plan.attributes] == ["need"]


def test_leads_without_a_trained_column_are_refused_by_its_name(tables_of) -> None:
    plan = build_snapshots(one_lead(tables_of, "won", days(20)), now=END).plan
    other = tables_of({"lead_id": ["a"], "created_at": [days(0)]})
    with pytest.raises(ColumnsError, match="no column 'x', which the scorer was trained on"):
        snapshots_at(other, days(1), plan=plan)
    nothing_filled_in = replace(other, dropped={"x": "says nothing"})
    assert snapshots_at(nothing_filled_in, days(1), plan=plan).features["x"].to_pylist() == [None]


def test_leads_without_the_tables_of_training_are_refused(company) -> None:
    tables = company(1)
    plan = build_snapshots(tables, horizon_days=20).plan
    bare = replace(tables, activities=None, history=None)
    with pytest.raises(ColumnsError, match="a table of activities and a table of field history"):
        snapshots_at(bare, END, plan=plan)


def test_leads_without_an_outcome_cannot_train(tables_of) -> None:
    with pytest.raises(TrainingError, match="no outcome to learn from"):
        build_snapshots(tables_of({"lead_id": ["a"], "x": [1.0]}))


def test_a_damaged_plan_is_refused() -> None:
    with pytest.raises(BundleError, match="Train the scorer again"):
        FeaturePlan.from_dict({"calendar": True, "attributes": [{"nme": "x"}]})


def test_a_frame_keeps_features_that_are_called_like_its_keys(tables_of) -> None:
    tables = tables_of({"lead_id": ["a"], "outcome": ["won"], "label": [5.0], "as_of": ["x"]})
    frame = build_snapshots(tables).to_pandas()
    assert list(frame.columns) == ["lead_id", "account_id", "label (feature)", "as_of", "label"]
    assert frame["label (feature)"].tolist() == [5.0]
    assert frame["label"].tolist() == [1.0]


def test_a_type_of_activity_is_the_same_however_a_table_spells_it(tables_of) -> None:
    """A part of a company, or a later table, may settle on another spelling than the one that was trained on."""
    leads = {"lead_id": ["a"], "created_at": [MONDAY], "closed_at": [None], "outcome": [None], "x": ["y"]}
    count = ActivityCount(("demo_request",), within_days=90)
    trained, other = (tables_of(leads, [("a", days(20), kind)]) for kind in ("Demo_Request", "DEMO_request"))
    plan = make_plan(trained, counts=(count,))
    known, same = (snapshots_at(tables, days(30), plan=plan).features for tables in (trained, other))
    assert same.equals(known)
    assert known["Demo_Request 90d"].to_pylist() == known[count.column].to_pylist() == [1.0]
