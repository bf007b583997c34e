"""What a deal was expected to be worth, by what was known at the time."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from leadml.features import FeaturePlan, Snapshots
from leadml.schema import LeadTables
from leadml.training.business.expected import expected_values
from leadml.training.business.worth import Deal, learn_worth

DAY = st.integers(1, 28)
lead = st.tuples(DAY, st.sampled_from(["won", "lost", None]), st.sampled_from(["Big ", "small", None]), DAY)


def day(number):
    return datetime(2025, 1, number)  # noqa: DTZ001 (UTC)


def company(rows, amounts):
    """Leads (close day, outcome, product, day of the look), each its own account, and one snapshot of each."""
    ids = [f"L{number}" for number in range(len(rows))]
    products = pa.array([row[2] for row in rows], pa.string())
    leads = pa.table(
        {
            "lead_id": ids,
            "account_id": ids,
            "outcome": pa.array([row[1] for row in rows], pa.string()),
            "closed_at": pa.array([day(row[0]) for row in rows], pa.timestamp("us")),
            "deal_value": pa.array(amounts, pa.float64()),
            "product": products,
        }
    )
    tables = LeadTables(leads, ("product",), {}, None, None, pa.table({}), {})
    snapshots = Snapshots(
        pa.table({"product": products}),
        (),
        pa.array(ids),
        pa.array(ids),
        pa.array([day(row[3]) for row in rows], pa.timestamp("us")),
        np.zeros(len(rows)),
        None,
        None,
        FeaturePlan(calendar=True, attributes=()),
    )
    return tables, snapshots


companies = st.lists(st.tuples(lead, st.floats(1, 1e6)), min_size=1, max_size=25)


@settings(max_examples=60)
@given(companies, st.sampled_from([{}, {"small": 7.0}, {"*": 50.0, "BIG": 9.0}]))
def test_a_snapshot_expects_what_the_worth_learned_from_deals_closed_before_it_tells(drawn, stated):
    rows, amounts = [row for row, _ in drawn], [amount for _, amount in drawn]
    tables, snapshots = company(rows, amounts)
    found = expected_values(tables, snapshots, "product", stated)
    for (_, _, product, moment), value in zip(rows, found, strict=True):
        before = [
            Deal((f"L{number}", None), row[2], amount)
            for number, (row, amount) in enumerate(zip(rows, amounts, strict=True))
            if row[1] == "won" and row[0] < moment
        ]
        worth = learn_worth(before, stated)
        known = worth.overall is not None or (product or "").strip().casefold() in worth.segments
        np.testing.assert_allclose(value, worth.of(product) if known else np.nan)


@settings(max_examples=60)
@given(companies, st.data())
def test_neither_the_own_amount_nor_a_deal_closed_later_has_a_say(drawn, data):
    rows, amounts = [row for row, _ in drawn], [amount for _, amount in drawn]
    place = data.draw(st.integers(0, len(rows) - 1))
    moment = rows[place][3]
    rows[place] = (max(rows[place][0], moment), *rows[place][1:])  # it was open when it was looked at
    other = [
        data.draw(st.floats(1, 1e6)) if number == place or row[0] >= moment else amount
        for number, (row, amount) in enumerate(zip(rows, amounts, strict=True))
    ]
    first, second = (expected_values(*company(rows, given), "product", {}) for given in (amounts, other))
    np.testing.assert_array_equal(first[place], second[place])


def test_leads_that_were_won_together_share_their_deal():
    rows = [(3, "won", None, 9), (3, "won", None, 9), (4, "won", None, 9), (9, "won", None, 9)]
    tables, snapshots = company(rows, [900.0, 900.0, 300.0, 5.0])
    accounts = pa.array(["A", "A", "B", "C"])
    leads = tables.leads.set_column(tables.leads.column_names.index("account_id"), "account_id", accounts)
    # Two deals of three leads were closed before the ninth: 600 a deal, 1.5 leads a deal.
    assert expected_values(replace(tables, leads=leads), snapshots, None, {}).tolist() == [400.0] * 4


def test_where_no_deal_has_a_value_nothing_is_expected():
    tables, snapshots = company([(3, "won", "small", 9)], [5.0])
    bare = replace(tables, leads=tables.leads.drop_columns(["deal_value"]))
    assert expected_values(bare, snapshots, "product", {}) is None
    assert expected_values(bare, snapshots, "product", {"*": 8.0}).tolist() == [8.0]
    assert np.isnan(expected_values(tables, company([(3, "won", "small", 3)], [5.0])[1], None, {})).all()
    timeless = replace(snapshots, as_of=None)
    assert expected_values(tables, timeless, "product", {}) is None
