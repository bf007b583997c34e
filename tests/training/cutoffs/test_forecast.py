import json
from dataclasses import replace

import numpy as np
import pytest

from leadml.training.cutoffs import Cutoff, OutOfTime
from leadml.training.cutoffs.forecast import Weekly, expected_volumes, forecast, narrowest, weekly_crossings


def leads_over(weeks=16, n_leads=320, every=7.0, seed=0):
    """Each lead is looked at three times, from some moment on; nobody's outcome is known in the newest half."""
    random = np.random.default_rng(seed)
    lead = np.repeat(np.arange(n_leads), 3)
    moment = random.integers(0, weeks + 1, n_leads)[lead] + np.tile([0, 1, 2], n_leads)
    rows = np.flatnonzero(moment <= weeks)
    probability = random.beta(1, 3, len(lead))
    label = np.where(moment > weeks / 2, np.nan, 0.0)
    return OutOfTime(probability, label, lead, lead // 2, 20_000 + every * moment).take(rows)


def published(probability, stage="MQL"):
    return Cutoff(stage, probability, "manual", "")


def drawn(level, weeks, seed, *, wander=0.0, apart=0.0):
    """Weeks of accounts with one to three leads each; `weeks` seen and four to come."""
    random = np.random.default_rng(seed)
    levels = level * np.exp(np.cumsum(random.normal(0, wander, weeks + 4)) + random.normal(0, apart, weeks + 4))
    together = [random.choice([1, 2, 3], count, p=[0.8, 0.15, 0.05]) for count in random.poisson(levels)]
    leads, accounts = np.array([one.sum() for one in together]), np.array([len(one) for one in together])
    return Weekly(leads[:weeks], accounts[:weeks], np.concatenate(together[:weeks]), 0.0), leads[weeks:]


def test_the_weeks_seen_are_those_of_a_plain_loop():
    leads = leads_over()
    seen = weekly_crossings(leads, "MQL", 0.3)
    expected = np.zeros(16)
    for lead in np.unique(leads.lead):
        over = [r for r in np.flatnonzero(leads.lead == lead) if leads.probability[r] >= 0.3]
        if over and (first := min(leads.order[over])) > 20_000:
            expected[round((first - 20_000) / 7) - 1] += 1
    assert seen.leads.tolist() == expected.tolist()
    assert seen.together.sum() == seen.leads.sum()
    assert seen.accounts.sum() == len(seen.together)


def test_a_later_week_changes_no_earlier_weeks_count():
    leads = leads_over()
    earlier = leads.take(np.flatnonzero(leads.order <= 20_000 + 7 * 11))
    assert (
        weekly_crossings(earlier, "MQL", 0.3).leads.tolist() == weekly_crossings(leads, "MQL", 0.3).leads[:11].tolist()
    )


def test_the_row_order_changes_nothing():
    leads = leads_over()
    shuffled = leads.take(np.random.default_rng(1).permutation(len(leads.lead)))
    assert forecast(leads, [published(0.3)]) == forecast(shuffled, [published(0.3)])


def test_daily_looks_add_up_to_the_same_kind_of_weeks():
    leads = leads_over(weeks=70, every=1.0)
    assert len(weekly_crossings(leads, "MQL", 0.3).leads) == 10


@pytest.mark.parametrize("how", [{}, {"wander": 0.05, "apart": 0.2}])
def test_weeks_to_come_lie_inside_about_as_often_as_it_says(how):
    inside = []
    for seed in range(20):
        seen, come = drawn(12, 20, seed, **how)
        _, low, high = expected_volumes(seen, seed=seed).T
        inside += ((low <= come) & (come <= high)).tolist()
    assert 0.81 <= np.mean(inside) < 1  # 80 weeks: 0.9 less 2.6 deviations; never all of them


def test_the_interval_is_little_wider_than_for_someone_who_knows_the_level():
    seen, _ = drawn(12, 30, 0)
    random = np.random.default_rng(0)
    known = [random.choice([1, 2, 3], count, p=[0.8, 0.15, 0.05]).sum() for count in random.poisson(12, 5_000)]
    low, high = np.quantile(known, [0.05, 0.95])
    _, lows, highs = expected_volumes(seen).T
    assert ((highs - lows) < 1.5 * (high - low)).all()


def test_weeks_that_differ_and_weeks_further_ahead_are_less_certain():
    def width(ahead, **how):
        _, low, high = np.mean(
            [expected_volumes(drawn(20, 25, seed, **how)[0], weeks=8) for seed in range(3)], axis=0
        ).T
        return (high - low)[ahead]

    assert width(0, apart=0.4) > 1.3 * width(0)
    assert width(7, wander=0.2) > 1.03 * width(0, wander=0.2)


def test_it_goes_into_the_facts_as_json_with_days():
    facts = json.loads(json.dumps(forecast(leads_over(), [published(0.3), published(None, "SQL")])))
    mql = facts["MQL"]
    assert (mql["level"], mql["too_little"]) == (0.9, None)
    assert [week["from"] for week in mql["seen"][-2:]] == ["2025-01-10", "2025-01-17"]
    assert [week["from"] for week in mql["weeks"]] == ["2025-01-24", "2025-01-31", "2025-02-07", "2025-02-14"]
    assert all(week["low"] <= week["expected"] <= week["high"] for week in mql["weeks"])
    assert facts["SQL"]["too_little"] == "No SQL cutoff is published."
    assert facts["SQL"]["weeks"] == facts["SQL"]["seen"] == []


def test_too_little_to_go_by_is_said():
    def said(leads):
        facts = forecast(leads, [published(0.3)])["MQL"]
        assert facts["weeks"] == []
        return facts["too_little"]

    assert said(leads_over(weeks=5)) == "5 whole weeks have been seen; a forecast needs 6."
    assert "every 30 days" in said(leads_over(every=30.0))
    leads = leads_over()
    assert "without dates" in said(OutOfTime(leads.probability, leads.label, leads.lead, leads.account, None))
    assert "without dates" in said(leads.take(np.flatnonzero(leads.order == leads.order[0])))


@pytest.mark.parametrize("moments", [1, 3, 0])
def test_how_often_leads_were_looked_at_is_told_by_all_of_them_and_not_by_those_of_no_segment(moments):
    leads = leads_over()
    looked = 20_000 + 7.0 * np.array([14, 8, 2])[:moments]  # at which there is any lead of no segment
    leads = replace(leads, segment=np.where(np.isin(leads.order, looked), -1, 0))
    facts = forecast(leads, [published(0.3)])["MQL"]
    assert facts["too_little"] is None
    assert len(facts["seen"]) == 16
    assert len(facts["weeks"]) == 4


def test_a_cutoff_that_nobody_crosses_forecasts_next_to_nobody():
    weeks = forecast(leads_over(), [published(1.0)])["MQL"]["weeks"]
    assert all(week["low"] == 0 and week["high"] <= 1 for week in weeks)


def test_the_narrowest_interval_holds_as_much_as_asked_for_and_no_other_is_shorter():
    draws = np.random.default_rng(0).poisson(3, 2_000)
    low, high = narrowest(draws, 0.9)
    assert np.mean((low <= draws) & (draws <= high)) >= 0.9
    shorter = [np.mean((start <= draws) & (draws < start + high - low)) for start in range(12)]
    assert max(shorter) < 0.9
