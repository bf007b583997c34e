from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from leadml.training.cutoffs import OutOfTime
from leadml.training.cutoffs.curve import figures_at
from leadml.training.fairness.groups import people_groups
from leadml.training.fairness.rates import group_rates


def floor(seed: int, leads: int = 900, rates: tuple[float, ...] = (0.3, 0.3, 0.3)) -> tuple[OutOfTime, np.ndarray]:
    """Leads at up to four moments; a lead of group g scores past 0.5 with the chance `rates[g]`, and wins as scored."""
    random = np.random.default_rng(seed)
    group = random.integers(0, len(rates), leads)
    high = random.random(leads) < np.array(rates)[group]
    times = random.integers(1, 5, leads)
    lead = np.repeat(np.arange(leads), times)
    top = np.where(high, random.uniform(0.5, 0.9, leads), random.uniform(0.05, 0.49, leads))
    chance = top[lead] * random.uniform(0.8, 1.0, len(lead))
    first = np.r_[True, lead[1:] != lead[:-1]]
    chance[first] = top
    label = (random.random(len(lead)) < chance).astype(float)
    order = np.concatenate([np.arange(n) * 7.0 for n in times])
    return OutOfTime(chance, label, lead, lead // 2, order), np.array([f"g{g}" for g in group])


def told(seed: int, cutoff: float | None = 0.5, **how: object) -> tuple[list[dict], OutOfTime, np.ndarray]:
    leads, group = floor(seed, **how)
    by_lead = people_groups(pa.array(group))
    cutoffs = np.full(len(leads.label), np.nan if cutoff is None else cutoff)
    return group_rates(leads, by_lead.of_rows(leads.lead), cutoffs, "MQL"), leads, group


def test_rates_are_those_of_a_plain_loop():
    rows, leads, group = told(1)
    for row in rows:
        mine = [n for n in range(len(group)) if group[n] == row["group"]]
        crossed, won, converting, reached = 0, 0, 0, 0
        for n in mine:
            at = [i for i in range(len(leads.lead)) if leads.lead[i] == n]
            above = [i for i in at if leads.probability[i] >= 0.5]
            crossed += bool(above)
            won += leads.label[above[0]] if above else 0
            converting += any(leads.label[i] == 1 for i in at)
            reached += bool(above) and any(leads.label[i] == 1 for i in at)
        rowwise = np.isin(leads.lead, mine)
        assert row["leads"] == len(mine)
        assert row["selected"][0] == pytest.approx(crossed / len(mine))
        assert row["precision"][0] == pytest.approx(won / crossed)
        assert row["recall"][0] == pytest.approx(reached / converting)
        assert row["predicted"] == pytest.approx(leads.probability[rowwise].mean())
        assert row["observed"][0] == pytest.approx(leads.label[rowwise].mean())
        assert row["selected"][1] < row["selected"][0] < row["selected"][2]
    best = max(rows, key=lambda row: row["selected"][0])
    assert best["four_fifths"] == "highest rate"
    for row in rows:
        assert row["ratio"][0] == pytest.approx(row["selected"][0] / best["selected"][0])


def test_the_recall_of_a_group_of_all_is_that_of_the_cutoff():
    leads, _ = floor(4)
    everyone = people_groups(pa.array(["all"] * (int(leads.lead.max()) + 1))).of_rows(leads.lead)
    row = group_rates(leads, everyone, np.full(len(leads.label), 0.5), "MQL")[0]
    figures = figures_at(leads, "MQL", [0.5])[0]
    assert row["recall"][0] == pytest.approx(figures.recall[0])
    assert row["precision"][0] == pytest.approx(figures.precision[0])


def test_equal_groups_are_not_called_breached_and_a_group_at_half_the_rate_is():
    equal = [row["four_fifths"] for seed in range(20) for row in told(seed, leads=500)[0]]
    assert equal.count("breached") == 0
    half = [told(seed, leads=2000, rates=(0.5, 0.5, 0.22))[0] for seed in range(5)]
    assert [next(r for r in rows if r["group"] == "g2")["four_fifths"] for rows in half] == ["breached"] * 5
    same = told(3, leads=9000, rates=(0.6, 0.6))[0]
    assert {row["four_fifths"] for row in same} == {"highest rate", "kept"}


def test_few_leads_leave_it_untold():
    rows = told(5, leads=120, rates=(0.3, 0.15))[0]
    assert {row["four_fifths"] for row in rows} == {"highest rate", "cannot be told"}


def test_without_a_cutoff_calibration_is_still_told():
    rows = told(2, cutoff=None)[0]
    assert all(row["selected"] is row["precision"] is row["ratio"] is row["four_fifths"] is None for row in rows)
    assert all(row["calibrated"] == "no difference shown" for row in rows)


def test_a_group_that_wins_less_than_predicted_is_found():
    leads, group = floor(7, leads=3000)
    late = group[leads.lead] == "g1"
    leads = OutOfTime(leads.probability, np.where(late, 0.0, leads.label), leads.lead, leads.account, leads.order)
    by_lead = people_groups(pa.array(group))
    rows = group_rates(leads, by_lead.of_rows(leads.lead), np.full(len(leads.label), 0.5), "MQL")
    assert {row["group"]: row["calibrated"] for row in rows} == {
        "g0": "no difference shown",
        "g1": "lower than predicted",
        "g2": "no difference shown",
    }


def test_of_few_leads_no_more_is_said_than_that_no_difference_is_shown():
    rows = told(5, leads=150)[0]
    assert all(row["off"][2] - row["off"][1] > 0.15 for row in rows)
    assert {row["calibrated"] for row in rows} == {"no difference shown"}
