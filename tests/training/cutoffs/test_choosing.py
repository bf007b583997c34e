import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadml.training.cutoffs import Crossings, CutoffPolicy, OutOfTime, StagePolicy, choose_cutoffs


class Pipeline:
    """Leads over `weeks` weekly moments, each with one to four snapshots; calibrated probabilities."""

    def __init__(self, n_leads=800, weeks=20, seed=0):
        random = np.random.default_rng(seed)
        snapshots = random.integers(1, 5, n_leads)
        self.leads = np.repeat(np.arange(n_leads), snapshots)
        first = random.integers(0, weeks, n_leads)
        within = np.concatenate([np.arange(k) for k in snapshots])
        self.order = 7.0 * np.minimum(np.repeat(first, snapshots) + within, weeks - 1)
        self.probability = np.round(random.beta(1, 6, len(self.leads)), 4)
        self.label = (random.random(len(self.leads)) < self.probability).astype(float)
        self.intent = random.random(len(self.leads)) < 0.6
        self.accounts = self.leads // 2
        self.base_rate = float(self.label.mean())

    def choose(self, **policy):
        given = {"may_be": {"SQL": self.intent}, "order": self.order, "base_rate": self.base_rate} | policy
        leads = OutOfTime(
            self.probability, self.label, self.leads, self.accounts, given.pop("order"), given.pop("may_be")
        )
        stages = {
            stage: StagePolicy(**{key[4:]: given.pop(key) for key in list(given) if key.startswith(f"{stage}_")})
            for stage in ("mql", "sql")
        }
        return choose_cutoffs(leads, CutoffPolicy(**stages), **given)

    def first_crossings(self, cutoff, eligible=None):
        """Row of each lead's first snapshot at or above the cutoff, one lead at a time."""
        rows = []
        for lead in np.unique(self.leads):
            mine = np.flatnonzero(self.leads == lead)
            mine = mine[np.lexsort((-self.probability[mine], self.order[mine]))]
            over = [r for r in mine if self.probability[r] >= cutoff and (eligible is None or eligible[r])]
            rows += over[:1]
        return sorted(rows)

    def per_week(self, cutoff, eligible=None):
        """Those of an average week, without the stock at the first of 20 moments."""
        return sum(self.order[row] > 0 for row in self.first_crossings(cutoff, eligible)) / 19


@given(st.integers(0, 10_000), st.floats(0.01, 0.6))
def test_each_lead_crosses_once_at_its_first_snapshot_that_qualifies(seed, cutoff):
    pipeline = Pipeline(30, 6, seed)
    found = Crossings(pipeline.probability, pipeline.label, pipeline.leads, pipeline.order, pipeline.intent)
    expected = pipeline.first_crossings(cutoff, pipeline.intent)
    assert sorted(found.rows(cutoff)) == expected
    crossed, converted = found.counts(np.array([cutoff]))
    assert crossed[0] == len(expected)
    assert converted[0] == pipeline.label[expected].sum()


def test_capacity_gives_the_lowest_cutoff_that_no_more_leads_cross():
    pipeline = Pipeline()
    mql, sql = pipeline.choose(mql_per_week=8, sql_per_week=3)
    assert (mql.stage, mql.binding, sql.stage, sql.binding) == ("MQL", "capacity", "SQL", "capacity")
    assert pipeline.per_week(mql.probability) == mql.per_week[0] <= 8
    lower = pipeline.probability[pipeline.probability < mql.probability].max()
    assert pipeline.per_week(lower) > 8
    assert pipeline.per_week(sql.probability, pipeline.intent) == sql.per_week[0] <= 3
    assert "within the capacity of 8 leads a week" in mql.why


def test_a_minimum_gives_the_lowest_cutoff_whose_leads_convert_at_it():
    pipeline = Pipeline(150)
    mql, _ = pipeline.choose(mql_minimum_precision=0.25)
    assert mql.binding == "minimum precision"
    assert pipeline.label[pipeline.first_crossings(mql.probability)].mean() == mql.precision[0] >= 0.25
    for lower in np.unique(pipeline.probability[pipeline.probability < mql.probability]):
        assert pipeline.label[pipeline.first_crossings(lower)].mean() < 0.25


def test_of_two_demands_the_stricter_one_binds_and_is_named():
    pipeline = Pipeline()
    capacity, _ = pipeline.choose(mql_per_week=8)
    minimum, _ = pipeline.choose(mql_minimum_precision=0.25)
    roomy, _ = pipeline.choose(mql_per_week=30, mql_minimum_precision=0.25)
    tight, _ = pipeline.choose(mql_per_week=8, mql_minimum_precision=0.1)
    assert (roomy.probability, roomy.binding) == (minimum.probability, "minimum precision")
    assert (tight.probability, tight.binding) == (capacity.probability, "capacity")


def test_a_capacity_that_is_never_filled_binds_nothing():
    pipeline = Pipeline()
    mql, _ = pipeline.choose(mql_per_week=1000)
    assert mql.binding == "none"
    assert mql.recall[0] <= 1
    assert mql.per_week[0] == pipeline.per_week(0.0)


def test_asked_for_nothing_the_cutoffs_lie_at_once_and_twice_the_base_rate():
    pipeline = Pipeline()
    mql, sql = pipeline.choose()
    assert mql.probability == pytest.approx(pipeline.base_rate)
    assert sql.probability >= 2 * pipeline.base_rate
    assert mql.precision[0] >= pipeline.base_rate
    assert sql.precision[0] >= 2 * pipeline.base_rate
    assert mql.binding == sql.binding == "base rate"
    assert "is the base rate, as nothing else is asked: " in mql.why
    assert "is twice the base rate, as nothing else is asked: " in sql.why


def test_sql_is_never_below_mql():
    pipeline = Pipeline()
    mql, sql = pipeline.choose(mql_per_week=3, sql_per_week=1000, may_be={})
    assert sql.probability == mql.probability
    assert sql.binding == "none"


def test_who_may_not_be_sql_takes_no_place_among_sqls():
    pipeline = Pipeline()
    asking = pipeline.choose(sql_minimum_precision=0.2)[1]
    not_asking = pipeline.choose(sql_minimum_precision=0.2, may_be={})[1]
    assert asking.per_week < not_asking.per_week


def test_who_may_not_be_mql_takes_no_place_among_mqls_and_sqls():
    pipeline = Pipeline()
    nobody_stopped = pipeline.choose(may_be={})
    stopped = pipeline.choose(may_be={"MQL": pipeline.intent})
    assert [one.per_week for one in stopped] < [one.per_week for one in nobody_stopped]
    both = {"MQL": pipeline.intent, "SQL": pipeline.intent}
    assert pipeline.choose(may_be=both)[1] == stopped[1]


def test_a_minimum_out_of_reach_publishes_no_cutoff_and_says_why():
    mql, sql = Pipeline().choose(mql_minimum_precision=0.99)
    assert mql.probability is mql.per_week is mql.precision is None
    assert "at no cutoff do 10 leads or more convert at 99.0%" in mql.why
    assert sql.probability is None
    assert "above an MQL cutoff" in sql.why


def test_two_demands_that_exclude_each_other_publish_no_cutoff():
    mql, _ = Pipeline().choose(mql_minimum_precision=0.3, mql_per_week=0.2)
    assert mql.probability is None
    assert "no cutoff keeps to 0.2 leads a week and has leads that convert at 30.0%" in mql.why


def test_a_handful_of_leads_supports_no_promise():
    mql, _ = Pipeline(n_leads=8).choose()
    assert mql.probability is None


def test_without_signal_no_cutoff_is_published():
    cutoffs = Pipeline().choose(signal=False, mql_per_week=8)
    assert [cutoff.probability for cutoff in cutoffs] == [None, None]
    assert all("no signal" in cutoff.why for cutoff in cutoffs)


def test_without_time_there_are_no_weeks_and_a_capacity_is_said_to_be_left_aside():
    mql, _ = Pipeline().choose(order=None, mql_per_week=8)
    assert mql.per_week is None
    assert mql.probability is not None
    assert "capacity of 8 a week is not applied: that needs dates" in mql.why


def test_where_nobody_shows_intent_only_sql_goes_unpublished():
    pipeline = Pipeline()
    mql, sql = pipeline.choose(may_be={"SQL": np.zeros(len(pipeline.leads), dtype=bool)})
    assert mql.probability is not None
    assert sql.probability is None
    assert "no lead that qualifies" in sql.why


def test_the_row_order_changes_nothing():
    pipeline = Pipeline()
    first = pipeline.choose(mql_per_week=8)
    shuffled = np.random.default_rng(3).permutation(len(pipeline.leads))
    for name in ("leads", "order", "probability", "label", "intent", "accounts"):
        setattr(pipeline, name, getattr(pipeline, name)[shuffled])
    second = pipeline.choose(mql_per_week=8)
    for a, b in zip(first, second, strict=True):
        assert b.probability == a.probability
        assert b.precision == pytest.approx(a.precision)
        assert b.recall == pytest.approx(a.recall)


def test_the_interval_of_the_conversion_covers_the_next_leads_about_as_often_as_it_says():
    future = Pipeline(20_000, seed=999)
    found = Crossings(
        future.probability, future.label, future.leads, future.order, np.ones(len(future.leads), dtype=bool)
    )
    truth = future.probability[found.rows(0.2)].mean()
    inside = 0
    for seed in range(60):
        pipeline = Pipeline(300, seed=seed)
        mql = pipeline.choose(base_rate=0.2)[0]
        inside += mql.probability == pytest.approx(0.2) and mql.precision[1] <= truth <= mql.precision[2]
    assert inside >= 48


def test_a_cutoff_becomes_the_facts_of_the_bundle():
    facts = Pipeline().choose(mql_per_week=8)[0].to_dict()
    assert list(facts) == [
        *("stage", "segment", "probability", "binding", "per_week", "precision", "recall", "value_per_week"),
        *("leads", "missed", "missed_per_week", "guarantee", "confirmation", "why"),
    ]
    assert len(facts["precision"]) == len(facts["recall"]) == 3
