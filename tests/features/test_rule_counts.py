"""What rulebooks count of activities: by hand, and against the same counts in plain Python loops."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadml.errors import ColumnsError
from leadml.features import FeaturePlan, make_plan, snapshots_at
from leadml.predict.rules.conditions import ActivityCount
from leadml.training.choices import Choices
from leadml.training.examination import rule_names
from tests.features.conftest import START, TYPES, make_tables

DAY = timedelta(days=1)
NOW = datetime.fromisoformat("2024-06-01T12:00")


def counted(count, activities, at=NOW, accounts=("A",)):
    """The count of lead L0; activities are (days before `at`, type[, lead[, value]])."""
    leads = [f"L{place}" for place in range(len(accounts))]
    columns = {"lead_id": leads, "account_id": list(accounts)}
    columns |= {"created_at": [START] * len(leads), "closed_at": [None] * len(leads), "outcome": [None] * len(leads)}
    columns["x"] = ["a"] * len(leads)
    rows = [(one[2] if len(one) > 2 else "L0", at - one[0] * DAY, one[1], *one[3:]) for one in activities]
    tables = make_tables(columns, rows)
    snapshots = snapshots_at(tables, at, counts=(count,), open_only=False)
    return snapshots.features[count.column][0].as_py()


@pytest.mark.parametrize(("days", "left"), [(3, 8.7), (45, 4.5), (90, 0.0), (100, 0.0)])
def test_nine_points_over_ninety_days_fade_evenly(days, left):
    assert 9 * counted(ActivityCount(("page",), lifespan_days=90), [(days, "page")]) == pytest.approx(left, abs=1e-5)


@pytest.mark.parametrize(("days", "left"), [(3, 9 * 0.5**0.1), (30, 4.5), (45, 9 * 0.5**1.5), (90, 1.125)])
def test_points_with_a_half_life_of_thirty_days_are_halved_every_thirty_days(days, left):
    assert 9 * counted(ActivityCount(("page",), half_life_days=30), [(days, "page")]) == pytest.approx(left, abs=1e-5)


def test_what_happens_at_the_moment_or_after_it_never_counts():
    assert counted(ActivityCount(("*",)), [(0, "page"), (-1, "page")]) == 0
    assert counted(ActivityCount(("*",)), [(1e-9 + 1 / 86_400_000_000, "page")]) == 1
    nearly = counted(ActivityCount(("page",), lifespan_days=90), [(1 / 86400, "page")])
    assert nearly == pytest.approx(1, abs=1e-5)


def test_a_window_counts_its_last_days_and_its_value_says_how_many():
    seen = [(2, "page"), (7, "page"), (7.01, "page"), (3, "pricing_page"), (1, "page", "L0", 3.0)]
    assert counted(ActivityCount(("page",), within_days=7), seen) == 5
    assert counted(ActivityCount(("page", "pricing_page"), within_days=7), seen) == 6
    assert counted(ActivityCount(("page",)), seen) == 6


def test_a_day_counts_no_more_than_its_cap():
    noon = [(0.1, "page"), (0.2, "page"), (0.3, "page"), (1.1, "page")]
    assert counted(ActivityCount(("page",), per_day=2), noon) == pytest.approx(3, abs=1e-5)
    assert counted(ActivityCount(("page",), per_day=0.5), noon) == pytest.approx(1, abs=1e-5)


def test_who_came_back_and_then_read_the_pricing_page_is_told_from_who_read_it_at_once():
    came_back = ActivityCount(("pricing_page",), after=(("*",),), gap_days=1)
    assert counted(came_back, [(5, "page"), (2, "pricing_page")]) == 1
    assert counted(came_back, [(2.5, "page"), (2, "pricing_page")]) == 0
    assert counted(came_back, [(2, "page"), (5, "pricing_page")]) == 0
    assert counted(came_back, [(5, "pricing_page"), (2, "pricing_page"), (1, "pricing_page")]) == 2


def test_a_chain_counts_only_in_its_order():
    chain = ActivityCount(("select",), after=(("page",), ("pricing_page",)))
    assert counted(chain, [(9, "page"), (8, "pricing_page"), (7, "select")]) == 1
    assert counted(chain, [(9, "pricing_page"), (8, "page"), (7, "select")]) == 0
    assert counted(chain, [(9, "page"), (8, "pricing_page"), (7, "page"), (6, "select"), (5, "select")]) == 2


def test_the_account_counts_what_any_of_its_leads_did():
    seen = [(3, "page", "L1"), (2, "page", "L0"), (1, "page", "L2")]
    accounts = ("A", "A", "B")
    assert counted(ActivityCount(("page",), whose="account"), seen, accounts=accounts) == 2
    assert counted(ActivityCount(("page",)), seen, accounts=accounts) == 1


def test_counts_and_their_plan_survive_json():
    count = ActivityCount(("a", "b"), 7.0, (("*",), ("c", "d")), 1.0, "account", 2.0, None, 90.0)
    assert ActivityCount.from_dict(count.to_dict()) == count
    plan = FeaturePlan(calendar=True, attributes=(), counts=(count,))
    assert FeaturePlan.from_dict(plan.to_dict()) == plan
    assert plan.counted_types == ("*", "c", "d", "a", "b")


steps = st.lists(st.sampled_from([*TYPES, "*", "never seen"]), min_size=1, max_size=2, unique=True).map(tuple)
counts = st.builds(
    ActivityCount,
    steps,
    within_days=st.none() | st.sampled_from([1.0, 7.5, 60.0]),
    after=st.lists(steps, max_size=2).map(tuple),
    gap_days=st.sampled_from([0.0, 0.5, 3.0]),
    whose=st.sampled_from(["lead", "account"]),
    per_day=st.none() | st.sampled_from([1.0, 2.5]),
    half_life_days=st.none() | st.just(11.0),
)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), count=counts, half_days=st.integers(10, 400))
def test_counts_equal_those_of_a_plain_loop(company, seed, count, half_days):
    tables = company(seed)
    at = START + timedelta(days=half_days / 2)
    snapshots = snapshots_at(tables, at, plan=make_plan(tables, counts=(count,)), open_only=False)
    account_of = dict(zip(*(tables.leads[key].to_pylist() for key in ("lead_id", "account_id")), strict=True))
    for lead, got in zip(snapshots.lead_id.to_pylist(), snapshots.features[count.column].to_pylist(), strict=True):
        assert got == pytest.approx(in_a_loop(tables, account_of, lead, at, count), rel=1e-9, abs=1e-4)


def in_a_loop(tables, account_of, lead, at, count):
    """The count as its docstring says it."""
    near = [
        (row["occurred_at"], row["type"], 1.0 if row["value"] is None else row["value"])
        for row in tables.activities.to_pylist()
        if row["occurred_at"] < at
        and (count.within_days is None or at - row["occurred_at"] <= count.within_days * DAY)
        and row["lead_id"] in account_of
        and (account_of[row["lead_id"]] == account_of[lead] if count.whose == "account" else row["lead_id"] == lead)
    ]
    for step in count.after:
        reached = min((moment for moment, kind, _ in near if kind in step or "*" in step), default=None)
        if reached is None:
            return 0.0
        near = [one for one in near if one[0] > reached and one[0] - reached >= count.gap_days * DAY]
    counting = [one for one in near if one[1] in count.types or "*" in count.types]
    total = 0.0
    for moment, _, value in counting:
        of_day = sum(other for when, _, other in counting if when.date() == moment.date())
        share = 1.0 if count.per_day is None else min(1.0, count.per_day / max(of_day, 1e-6))
        age = (at - moment) / DAY
        total += value * share * (1.0 if count.half_life_days is None else 0.5 ** (age / count.half_life_days))
    return total


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (ActivityCount(("a or b",)), ActivityCount(("a", "b"))),
        (ActivityCount(("a, then b",)), ActivityCount(("b",), after=(("a",),))),
        (ActivityCount(("a (account)",)), ActivityCount(("a",), whose="account")),
        (ActivityCount(('"a or b"',)), ActivityCount(("a or b",))),
        (ActivityCount(("a",), within_days=1000.001), ActivityCount(("a",), within_days=1000.002)),
    ],
)
def test_different_counts_have_columns_of_their_own_whatever_types_are_called(one, other):
    assert one.column != other.column


def test_a_users_column_with_the_name_of_a_count_is_refused():
    columns = {"lead_id": ["L0"], "created_at": [START], "closed_at": [None], "outcome": [None], "count: page": [7.0]}
    with pytest.raises(ColumnsError, match="'count: page' as a column"):
        make_plan(make_tables(columns, []), counts=(ActivityCount(("page",)),))


def test_a_users_column_with_the_name_of_an_account_figure_is_not_taken_for_it():
    columns = {"lead_id": ["L0", "L1"], "account_id": ["A", "A"], "created_at": [START] * 2, "closed_at": [None] * 2}
    columns |= {"outcome": [None] * 2, "contacts known": [7.0, 8.0]}
    assert "contacts known" not in rule_names(Choices(), make_tables(columns, [])).account
    del columns["contacts known"]
    assert "contacts known" in rule_names(Choices(), make_tables(columns, [])).account
