"""The laws of a snapshot: nothing at or after its moment, nothing of how the tables happen to be stored."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadml.errors import ColumnsError
from leadml.features import FeaturePlan, build_snapshots, snapshots_at
from leadml.features.spine import hash_numbers

AS_OF = datetime.fromisoformat("2024-03-25")
seeds = st.integers(0, 10_000)
few = settings(max_examples=5, deadline=None)


@few
@given(seed=seeds, half_days=st.integers(0, 100))
def test_what_happens_at_or_after_a_snapshot_changes_none_of_its_features(company, seed, half_days) -> None:
    tables = company(seed)
    before = snapshots_at(tables, AS_OF, open_only=False)
    later = AS_OF + timedelta(days=half_days / 2)
    ids = tables.leads["lead_id"].to_pylist()
    n = len(ids)
    activities = pa.table(
        {"lead_id": ids, "occurred_at": [later] * n, "type": ["pricing_page"] * n, "value": [5.0] * n},
        tables.activities.schema,
    )
    changes = [
        pa.table(
            {"lead_id": ids, "field": [field] * n, "value": ["9"] * n, "changed_at": [later] * n},
            tables.history.schema,
        )
        for field in ("size", "need; --", "role")
        if any(attribute.name == field and attribute.history for attribute in before.plan.attributes)
    ]
    won = tables.leads.set_column(
        tables.leads.column_names.index("outcome"), "outcome", pa.array(["won"] * n)
    ).set_column(tables.leads.column_names.index("closed_at"), "closed_at", pa.array([later] * n, pa.timestamp("us")))
    newcomer = won.slice(0, 1).to_pylist()[0] | {"lead_id": "new", "created_at": later}
    future = replace(
        tables,
        leads=pa.concat_tables([won, pa.Table.from_pylist([newcomer], won.schema)]),
        activities=pa.concat_tables([tables.activities, activities]),
        history=pa.concat_tables([tables.history, *changes]),
    )
    after = snapshots_at(future, AS_OF, plan=before.plan, open_only=False)
    # A lead created in the very moment is there, though nobody knows it yet.
    known = pc.not_equal(after.lead_id, "new")
    assert after.lead_id.filter(known).equals(before.lead_id)
    assert after.features.filter(known).equals(before.features)


@few
@given(seed=seeds, order=seeds)
def test_the_order_of_rows_changes_nothing(company, shuffle, seed, order) -> None:
    tables = company(seed)
    one = build_snapshots(tables, horizon_days=20)
    other = build_snapshots(shuffle(tables, order), horizon_days=20)
    assert one.features.equals(other.features)
    assert one.columns == other.columns
    assert (one.lead_id, one.as_of, one.account_id) == (other.lead_id, other.as_of, other.account_id)
    assert one.label.tolist() == other.label.tolist()


@few
@given(seed=seeds)
def test_scoring_gives_the_features_that_training_saw_at_the_same_moment(company, seed) -> None:
    tables = company(seed)
    trained = build_snapshots(tables, horizon_days=20)
    plan = FeaturePlan.from_dict(trained.plan.to_dict())
    moment = trained.as_of[0].as_py()
    scored = snapshots_at(tables, moment, plan=plan)
    assert scored.columns == trained.columns
    assert scored.features.schema == trained.features.schema
    at_moment = {
        lead: row
        for lead, at, row in zip(
            trained.lead_id.to_pylist(), trained.as_of.to_pylist(), trained.features.to_pylist(), strict=True
        )
        if at == moment
    }
    rows = dict(zip(scored.lead_id.to_pylist(), scored.features.to_pylist(), strict=True))
    assert at_moment == {lead: rows[lead] for lead in at_moment}


@few
@given(seed=seeds, count=st.integers(2, 4))
def test_parts_hold_whole_accounts_and_together_are_the_whole(company, seed, count) -> None:
    tables = company(seed)
    whole = snapshots_at(tables, AS_OF, open_only=False)
    parts = [snapshots_at(tables, AS_OF, plan=whole.plan, open_only=False, part=(i, count)) for i in range(count)]
    accounts = [set(part.account_id.to_pylist()) for part in parts]
    assert sum(map(len, accounts)) == len(set().union(*accounts))
    rows = [row for part in parts for row in zip(part.lead_id.to_pylist(), part.features.to_pylist(), strict=True)]
    expected = zip(whole.lead_id.to_pylist(), whole.features.to_pylist(), strict=True)
    assert sorted(rows, key=lambda row: row[0]) == list(expected)
    assert all(part.features.schema == whole.features.schema for part in parts)


def test_working_in_parts_changes_nothing(company, monkeypatch) -> None:
    whole = build_snapshots(company(1), horizon_days=20).features
    monkeypatch.setattr("leadml.features.engine.ROWS_AT_ONCE", 40)
    assert build_snapshots(company(1), horizon_days=20).features.equals(whole)


def test_columns_that_are_no_attributes_change_nothing(company) -> None:
    tables = company(1)
    more = tables.leads.append_column("owner", pa.array(["Ann"] * 8)).append_column("e-mail", pa.array(["a@b"] * 8))
    one = build_snapshots(tables, horizon_days=20)
    other = build_snapshots(replace(tables, leads=more), horizon_days=20)
    assert one.features.equals(other.features)


def test_an_account_falls_in_the_same_part_on_every_machine() -> None:
    assert hash_numbers(pa.array(["account 1", "Ä"]), 1).tolist() == [[8296423276278880501], [15908834250516838787]]


def test_a_part_that_does_not_exist_is_refused(company) -> None:
    with pytest.raises(ValueError, match=r"0 <= i < n, got \(2, 2\)"):
        snapshots_at(company(1), AS_OF, part=(2, 2))


@few
@given(seed=seeds, half_days=st.integers(0, 100))
def test_a_value_that_is_known_later_changes_nothing_before(company, seed, half_days) -> None:
    tables = company(4 * seed + 2)
    ids = tables.leads["lead_id"]
    known = pc.less(tables.leads["known_from"], pa.scalar(AS_OF, pa.timestamp("us"))).fill_null(False)
    later = pc.if_else(known, tables.leads["known_from"], pa.scalar(AS_OF + timedelta(days=half_days / 2)))
    changed = tables.leads.set_column(tables.leads.column_names.index("known_from"), "known_from", later)
    for name, value in (("select", "another"), ("size", 77.0), ("role", "someone")):
        assert name in tables.known_at
        place, values = changed.column_names.index(name), changed[name]
        changed = changed.set_column(place, name, pc.if_else(known, values, pa.scalar(value, values.type)))
    future = replace(tables, leads=changed, history=None)
    before = snapshots_at(replace(tables, history=None), AS_OF, open_only=False)
    after = snapshots_at(future, AS_OF, plan=before.plan, open_only=False)
    assert after.features.equals(before.features)
    seen = dict(zip(before.lead_id.to_pylist(), before.features["select"].to_pylist(), strict=True))
    kept = dict(zip(ids.to_pylist(), pc.if_else(known, tables.leads["select"], None).to_pylist(), strict=True))
    assert seen == {lead: kept[lead] for lead in seen}


def test_a_value_known_from_a_date_on_is_missing_up_to_that_very_moment(tables_of) -> None:
    moment = datetime.fromisoformat("2024-02-01")
    tables = tables_of(
        {
            "lead_id": ["a", "b", "c"],
            "created_at": [datetime.fromisoformat("2024-01-01")] * 3,
            "closed_at": [None, None, None],
            "outcome": [None, None, None],
            "tags": ["x", "y", "z"],
            "tagged": pa.array([moment - timedelta(microseconds=1), moment, None], pa.timestamp("us")),
        },
        known_at={"tags": "tagged"},
    )
    assert snapshots_at(tables, moment).features["tags"].to_pylist() == ["x", None, None]


def test_a_scorer_whose_values_are_dated_is_not_given_leads_without_the_dates(company) -> None:
    tables = company(2)
    plan = FeaturePlan.from_dict(snapshots_at(tables, AS_OF).plan.to_dict())
    with pytest.raises(ColumnsError, match=r"the dates from which on values are known \(leads.known_at\)"):
        snapshots_at(replace(tables, leads=tables.leads.drop_columns(["known_from"])), AS_OF, plan=plan)


def test_dated_values_without_moments_are_refused_by_name(company) -> None:
    tables = company(2)
    with pytest.raises(ColumnsError, match=r"'role', 'size', 'select', 'renewal' is known only from a date on"):
        snapshots_at(replace(tables, leads=tables.leads.drop_columns(["closed_at"])), AS_OF)
