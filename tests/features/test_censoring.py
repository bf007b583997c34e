"""Which recent outcomes are known, and for how many others each one stands."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadml.features import build_snapshots
from leadml.features.censoring import censoring_weights

MONDAY = datetime.fromisoformat("2024-01-01")
HORIZON = 30

rows = st.lists(st.tuples(st.integers(1, 50), st.integers(0, 50)), min_size=1, max_size=60)


def days(number: float) -> datetime:
    return MONDAY + timedelta(days=number)


def by_hand(open_for: list[int], seen_for: list[int]) -> list[float]:
    """The weights by the definition, row by row: no sorting, no arrays."""
    settled = [min(one, HORIZON) for one in open_for]
    watched = [min(one, seen) for one, seen in zip(settled, seen_for, strict=True)]
    cut_off = [seen < one for one, seen in zip(settled, seen_for, strict=True)]
    weights = []
    for one, gone in zip(settled, cut_off, strict=True):
        seen_so_long = 1.0
        for moment in sorted({w for w, c in zip(watched, cut_off, strict=True) if c and w < one}):
            here = sum(c and w == moment for w, c in zip(watched, cut_off, strict=True))
            later = sum(w > moment for w in watched)
            seen_so_long *= 1 - here / (here + later)
        weights.append(0.0 if gone else 1 / seen_so_long)
    return weights


@given(rows)
def test_the_weights_are_those_of_the_product_limit_by_hand(pairs) -> None:
    open_for, seen_for = np.array(pairs).T
    assert censoring_weights(open_for, seen_for, HORIZON) == pytest.approx(by_hand(*zip(*pairs, strict=True)))


@given(rows)
def test_where_nothing_is_cut_off_every_row_counts_one(pairs) -> None:
    open_for, beyond = np.array(pairs).T
    weights = censoring_weights(open_for, np.minimum(open_for, HORIZON) + beyond, HORIZON)
    assert (weights == 1).all()


@given(rows, st.randoms(use_true_random=False))
def test_the_order_of_the_rows_changes_no_weight(pairs, random) -> None:
    open_for, seen_for = np.array(pairs).T
    turn = np.array(random.sample(range(len(pairs)), len(pairs)))
    straight = censoring_weights(open_for, seen_for, HORIZON)
    assert (censoring_weights(open_for[turn], seen_for[turn], HORIZON) == straight[turn]).all()


def test_a_known_row_stands_for_those_cut_off_before_it() -> None:
    # Four leads seen for ten days: one closes before, one at the very end, two stay open; a fifth is seen to its close.
    weights = censoring_weights(np.array([5, 10, 90, 90, 20]), np.array([10, 10, 10, 10, 90]), HORIZON)
    assert weights == pytest.approx([1, 1, 0, 0, 3])


def company_of(tables_of, lives):
    """Leads of one Monday each, by (created day, days open or None, outcome)."""
    return tables_of(
        {
            "lead_id": [f"lead {i}" for i in range(len(lives))],
            "created_at": [days(created) for created, _, _ in lives],
            "closed_at": [None if life is None else days(created + life) for created, life, _ in lives],
            "outcome": [outcome for _, _, outcome in lives],
        }
    )


def test_recent_leads_have_a_label_once_they_close_and_none_before(tables_of) -> None:
    lives = [(0, 3, "won"), (0, 90, "won"), (70, 10, "won"), (70, 10, "lost"), (70, 20.1, "won"), (70, None, None)]
    snapshots = build_snapshots(
        company_of(tables_of, lives), horizon_days=30, per_lead=2, censoring="weighted", now=days(90)
    )
    first = snapshots.take(np.unique(snapshots.lead_id.to_numpy(zero_copy_only=False), return_index=True)[1])
    found = dict(zip(first.lead_id.to_pylist(), first.label.tolist(), strict=True))
    assert found["lead 0"] == 1
    assert found["lead 1"] == 0
    assert found["lead 2"] == 1
    assert found["lead 3"] == 0
    assert np.isnan(found["lead 4"])  # closes after the end that was stated, which nobody knows then
    assert np.isnan(found["lead 5"])
    assert (snapshots.censoring.weight > 0).tolist() == np.isfinite(snapshots.label).tolist()
    assert first.censoring.complete.tolist() == [True, True, False, False, False, False]


def test_complete_rows_are_those_that_full_horizons_give(company) -> None:
    tables = company(3)
    full = build_snapshots(tables, horizon_days=60, per_lead=20, now=days(120))
    weighted = build_snapshots(tables, horizon_days=60, per_lead=20, now=days(120), censoring="weighted")
    complete = weighted.take(np.flatnonzero(weighted.censoring.complete))
    assert complete.lead_id.equals(full.lead_id)
    assert complete.as_of.equals(full.as_of)
    assert (complete.label == full.label).all()
    assert complete.features.equals(full.features)
    assert len(weighted.lead_id) > len(full.lead_id)


def test_the_frame_shows_weights_where_rows_are_censored(company) -> None:
    tables = company(3)
    frame = build_snapshots(tables, horizon_days=60, per_lead=20, now=days(120), censoring="weighted").to_pandas()
    assert {"label", "weight", "complete"} <= set(frame.columns)
    assert not {"weight", "complete"} & set(build_snapshots(tables, horizon_days=20).to_pandas().columns)


def test_rows_of_leads_in_another_order_have_the_same_weights(company, shuffle) -> None:
    one, other = (
        build_snapshots(tables, horizon_days=60, per_lead=20, now=days(120), censoring="weighted")
        for tables in (company(5), shuffle(company(5), 1))
    )
    assert (one.censoring.weight == other.censoring.weight).all()
    assert one.features.equals(other.features)


def drawn(tables_of, seed: int, leads: int):
    """Leads over 200 days; quick ones are mostly won and slow ones mostly lost."""
    rng = np.random.default_rng(seed)
    created = rng.integers(0, 200, leads) * 1.0
    won = rng.random(leads) < 0.3
    life = np.where(won, rng.exponential(30, leads), 20 + rng.exponential(80, leads))
    return tables_of(
        {
            "lead_id": pa.array([f"lead {i}" for i in range(leads)]),
            "created_at": pa.array([days(day) for day in created]),
            "closed_at": pa.array([days(day + length) for day, length in zip(created, life, strict=True)]),
            "outcome": pa.array(np.where(won, "won", "lost")),
        }
    )


def rates(tables) -> tuple[float, float, float]:
    """The rate that becomes known in time; and what is known at day 200: by weight, and keeping all that closed."""
    how = {"horizon_days": 60, "per_lead": 3, "censoring": "weighted"}
    recent = build_snapshots(tables, now=days(200), **how)
    later = build_snapshots(tables, now=days(200 + 60), **how)
    seen = set(zip(recent.lead_id.to_pylist(), recent.as_of.to_pylist(), strict=True))
    keys = zip(later.lead_id.to_pylist(), later.as_of.to_pylist(), strict=True)
    true = later.label[[key in seen for key in keys]].mean()
    known = np.isfinite(recent.label)
    weight = recent.censoring.weight[known]
    return float(true), float(np.average(recent.label[known], weights=weight)), float(recent.label[known].mean())


def test_the_weighted_base_rate_is_right_where_keeping_early_closers_is_not(tables_of) -> None:
    found = np.array([rates(drawn(tables_of, seed, 1500)) for seed in range(6)])
    true, weighted, naive = found.mean(axis=0)
    assert abs(weighted - true) < 0.005
    assert naive - true > 0.02
