"""Cutoffs as answers to business questions, beside a solver that tries every cutoff by itself."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadml.training.cutoffs import CutoffPolicy, OutOfTime, SegmentPolicy, StagePolicy, choose_cutoffs
from leadml.training.cutoffs.candidates import Candidates
from leadml.training.cutoffs.demands import FEWEST_LEADS, demands_of, goal_of
from leadml.training.cutoffs.question import Question
from leadml.training.cutoffs.solver import solve

several = settings(max_examples=30, deadline=None)


def company(n_leads=300, weeks=12, seed=0, **more):
    """Leads looked at in one to four weeks each, two to an account, with calibrated probabilities."""
    random = np.random.default_rng(seed)
    looks = random.integers(1, 5, n_leads)
    lead = np.repeat(np.arange(n_leads), looks)
    first = random.integers(0, weeks, n_leads)
    turn = np.concatenate([np.arange(k) for k in looks])
    order = 7.0 * np.minimum(np.repeat(first, looks) + turn, weeks - 1)
    probability = np.round(random.beta(1, 4, len(lead)), 2)
    label = (random.random(len(lead)) < probability).astype(float)
    value = np.round(random.gamma(2, 500, len(lead)), -1)
    return OutOfTime(probability, label, lead, lead // 2, order, {}, value, **more)


class BruteForce:
    """What one cutoff does, one lead at a time."""

    def __init__(self, leads, cutoff):
        rows = []
        for lead in np.unique(leads.lead):
            own = np.flatnonzero(leads.lead == lead)
            own = own[np.lexsort((-leads.probability[own], leads.order[own]))]
            rows += [row for row in own if leads.probability[row] >= cutoff][:1]
        won = leads.label[rows].sum()
        everyone = len(np.unique(leads.lead[leads.label == 1]))
        start, end = leads.order.min(), leads.order.max()
        self.rows = rows
        self.crossed, self.precision = len(rows), won / len(rows) if rows else np.nan
        reached = len(set(leads.lead[rows]) & set(leads.lead[leads.label == 1]))
        self.recall = reached / everyone if everyone else np.nan
        self.per_week = (leads.order[rows] > start).sum() / ((end - start) / 7)
        self.value = sum(leads.probability[row] * leads.value[row] - leads.cost_of_working for row in rows)
        both = self.precision + self.recall
        self.f_1 = 2 * self.precision * self.recall / both if both > 0 else 0.0

    def keeps(self, asked):
        return (
            (asked.per_week is None or self.per_week <= asked.per_week)
            and (
                asked.minimum_precision is None
                or (self.crossed >= FEWEST_LEADS and self.precision >= asked.minimum_precision)
            )
            and (asked.minimum_recall is None or self.recall >= asked.minimum_recall)
            and (not asked.expected_value or self.value > 0)
        )

    def merit(self, asked):
        if asked.target_per_week is not None:
            return -abs(self.per_week - asked.target_per_week)
        if asked.expected_value:
            return round(self.value, 6)
        if asked.f_beta:
            return round(self.f_1, 12)
        return None


def drawn_policy(data):
    bounds = {
        "per_week": st.none() | st.floats(0.5, 12),
        "minimum_precision": st.none() | st.floats(0.05, 0.5),
        "minimum_recall": st.none() | st.floats(0.1, 0.9),
    }
    asked = {name: data.draw(one) for name, one in bounds.items()}
    goals = [{}, {"expected_value": True}, {"f_beta": 1.0}]
    if asked["per_week"] is None:
        goals.append({"target_per_week": data.draw(st.floats(0.5, 12))})
    policy = StagePolicy(**asked, **data.draw(st.sampled_from(goals)))
    return policy if policy.asks else StagePolicy(per_week=5)


@several
@given(st.integers(0, 10_000), st.data())
def test_the_published_cutoff_is_the_lowest_that_satisfies_everything_asked_or_the_best_of_these(seed, data):
    leads, asked = company(30, 8, seed, cost_of_working=100.0), drawn_policy(data)
    tried = {cutoff: BruteForce(leads, cutoff) for cutoff in np.unique(leads.probability)}
    keeping = {cutoff: one for cutoff, one in tried.items() if one.keeps(asked)}
    found = Question("MQL", asked, base_rate=0.2).answer(leads).cutoff
    if not keeping:
        assert found is None
        return
    merit = {cutoff: one.merit(asked) for cutoff, one in keeping.items()}
    if None not in merit.values():
        assert keeping[found].merit(asked) == pytest.approx(max(merit.values()))
    elif asked.per_week is None and asked.minimum_precision is None:
        assert keeping[found].rows == keeping[max(keeping)].rows
    else:
        assert keeping[found].rows == keeping[min(keeping)].rows


@several
@given(st.integers(0, 10_000), st.data())
def test_the_binding_demand_is_the_one_without_which_the_cutoff_would_lie_lower(seed, data):
    leads = company(40, 8, seed)
    asked = StagePolicy(
        per_week=data.draw(st.floats(0.5, 8)),
        minimum_precision=data.draw(st.floats(0.05, 0.5)),
        minimum_recall=data.draw(st.floats(0.05, 0.5)),
    )
    candidates = Candidates.of(leads, "MQL", 0.0)
    demands = demands_of(asked, candidates)
    found = solve(len(candidates.cutoffs), demands, goal_of(asked, candidates))
    if found is None:
        return
    without = {
        one.name: solve(len(candidates.cutoffs), [other for other in demands if other is not one], None).place
        for one in demands
    }
    lowered = {name: found.place - place for name, place in without.items() if place < found.place}
    if lowered:
        assert lowered[found.binding] == max(lowered.values())
    else:
        below = [one for one in demands if one.name == found.binding and not one.met[: found.place].all()]
        assert bool(below) == (found.binding != "none") == (found.place > 0)


def test_a_share_is_promised_where_it_is_certified_and_said_to_be_out_of_reach_where_leads_are_too_few():
    many, few = company(1500, 12), company(80, 12)
    policy = CutoffPolicy(mql=StagePolicy(minimum_precision=0.3, confidence=0.95))
    plain = CutoffPolicy(mql=StagePolicy(minimum_precision=0.3))
    promised = choose_cutoffs(many, policy, base_rate=0.2)[0]
    assert promised.guarantee.to_dict() == {"minimum_precision": 0.3, "confidence": 0.95}
    assert promised.probability >= choose_cutoffs(many, plain, base_rate=0.2)[0].probability
    assert promised.figures.precision[0] > 0.3
    assert "30.0% or more, certified at 95 % confidence" in promised.why
    unpromised = choose_cutoffs(few, policy, base_rate=0.2)[0]
    assert unpromised.probability is unpromised.guarantee is None
    assert "a share of 30.0% cannot be promised at 95 % confidence" in unpromised.why
    assert choose_cutoffs(few, plain, base_rate=0.2)[0].probability is not None


def test_what_is_certified_does_not_hang_on_the_floor_which_for_an_sql_comes_from_outcomes():
    asked = StagePolicy(minimum_precision=0.3, confidence=0.9, per_week=60)
    for seed in range(4):
        leads = company(700, 12, seed)
        every = Candidates.of(leads, "SQL", 0.0)
        certified = demands_of(asked, every)[-1].met
        assert certified.any()
        for floor in (0.125, 0.25, 0.305):
            above = Candidates.of(leads, "SQL", floor)
            alike = np.searchsorted(every.cutoffs, above.cutoffs)
            assert demands_of(asked, above)[-1].met.tolist() == certified[alike].tolist()


def test_a_cutoff_set_by_hand_is_kept_but_for_an_sql_below_its_mql():
    policy = CutoffPolicy(mql=StagePolicy(probability=0.4), sql=StagePolicy(probability=0.3))
    mql, sql = choose_cutoffs(company(), policy, base_rate=0.2)
    assert (mql.probability, mql.binding, sql.probability, sql.binding) == (0.4, "manual", 0.4, "manual")
    assert "set by hand at 0.3, raised to the MQL cutoff" in sql.why


def test_work_that_costs_more_raises_the_cutoff_of_the_highest_value_as_fewer_are_worth_it():
    question = Question("MQL", StagePolicy(expected_value=True), base_rate=0.2)
    found = [question.answer(company(cost_of_working=cost)).cutoff for cost in (1.0, 150.0, 400.0)]
    assert found == sorted(set(found))


def test_where_nothing_tells_what_deals_are_worth_no_value_is_maximised():
    leads = company()
    unknown = leads.take(np.arange(len(leads.lead)))
    object.__setattr__(unknown, "value", np.full(len(leads.lead), np.nan))
    mql, _ = choose_cutoffs(unknown, CutoffPolicy(mql=StagePolicy(expected_value=True)), base_rate=0.2)
    assert mql.why == "No MQL cutoff is published: nothing tells what a deal was worth by then."


def test_segments_get_their_own_cutoffs_of_their_own_leads_alone_and_sql_never_lies_below_mql_in_any():
    leads = company(900)
    segment = leads.lead % 3 - 1  # none, the first, the second
    leads = OutOfTime(**{**_plain(leads), "segment": segment})
    tight, loose = StagePolicy(per_week=2), StagePolicy(per_week=12)
    policy = CutoffPolicy(
        mql=StagePolicy(per_week=6),
        sql=StagePolicy(per_week=6),
        segments=(
            SegmentPolicy(name="north", column="region", one_of=("North",), mql=tight, sql=loose),
            SegmentPolicy(name="south", column="region", one_of=("South",), mql=loose, sql=tight),
        ),
    )
    found = {(one.segment, one.stage): one for one in choose_cutoffs(leads, policy, base_rate=0.2)}
    assert list(found) == [(name, stage) for name in (None, "north", "south") for stage in ("MQL", "SQL")]
    for name, number in ((None, -1), ("north", 0), ("south", 1)):
        mql, sql = found[name, "MQL"], found[name, "SQL"]
        own = OutOfTime(**{**_plain(leads.take(np.flatnonzero(segment == number))), "segment": None})
        one = policy if name is None else policy.segments[number]
        alone = choose_cutoffs(own, CutoffPolicy(mql=one.mql, sql=one.sql), base_rate=0.2)
        assert [mql.probability, sql.probability] == [other.probability for other in alone]
        assert sql.probability >= mql.probability
        assert mql.per_week[0] <= one.mql.per_week


def _plain(leads):
    return {name: getattr(leads, name) for name in leads.__dataclass_fields__}


def test_a_policy_that_held_on_the_newer_weeks_is_confirmed_with_what_it_gave():
    mql, _ = choose_cutoffs(company(1500, 24), CutoffPolicy(mql=StagePolicy(minimum_precision=0.3)), base_rate=0.2)
    told = mql.confirmation
    assert told.held is True
    assert told.asked == "a cutoff whose leads convert at 30.0% or more"
    assert told.got.precision[2] >= 0.3
    assert "did not hold" not in mql.why


def test_a_policy_that_newer_leads_do_not_keep_to_is_said_not_to_have_held():
    leads = company(1500, 24)
    newer = leads.order > leads.order.max() / 2
    drifted = leads.label * ~(newer & (np.arange(len(newer)) % 3 > 0))
    leads = OutOfTime(**{**_plain(leads), "label": drifted})
    mql, _ = choose_cutoffs(leads, CutoffPolicy(mql=StagePolicy(minimum_precision=0.25)), base_rate=0.2)
    assert mql.confirmation.held is False
    assert mql.confirmation.got.precision[2] < 0.25
    assert f"Chosen so on the older half of the weeks ({mql.confirmation.cutoff:.3f}), that did not hold" in mql.why
    assert mql.to_dict()["confirmation"]["got"]["precision"] == list(mql.confirmation.got.precision)


def test_too_few_leads_confirm_nothing_and_refute_nothing():
    mql, _ = choose_cutoffs(company(40, 6), CutoffPolicy(mql=StagePolicy(per_week=1)), base_rate=0.2)
    assert mql.probability is not None
    assert mql.confirmation.held is None


def test_that_a_cutoff_was_of_the_highest_value_is_not_confirmed_by_its_having_brought_something():
    leads = company(1500, 24)
    for asked, held in (
        (StagePolicy(expected_value=True), None),
        (StagePolicy(expected_value=True, per_week=100), True),
    ):
        told = choose_cutoffs(leads, CutoffPolicy(mql=asked), base_rate=0.2)[0].confirmation
        assert told.held is held
        assert told.got.value_per_week[1] > 0


def test_the_newer_half_has_no_say_in_what_is_confirmed():
    leads = company(1500, 24)
    newer = leads.order > leads.order.max() / 2
    other = OutOfTime(**{**_plain(leads), "label": np.where(newer, 1 - leads.label, leads.label)})
    policy = CutoffPolicy(mql=StagePolicy(minimum_precision=0.3))
    first, second = (choose_cutoffs(one, policy, base_rate=0.2)[0].confirmation for one in (leads, other))
    assert first.cutoff == second.cutoff
    assert first.got != second.got


def stationary(seed, n_leads=1200, weeks=24, stay=8):
    """Leads that come in every week and stay for eight, each with a probability and an outcome of its own."""
    random = np.random.default_rng(seed)
    lead = np.repeat(np.arange(n_leads), stay)
    moment = random.integers(-stay, weeks, n_leads)[lead] + np.tile(np.arange(stay), n_leads)
    chance = random.beta(1, 3, n_leads)
    label = (random.random(n_leads) < chance).astype(float)[lead]
    probability = np.clip(chance[lead] + random.normal(0, 0.05, len(lead)), 0.001, 0.999)
    there = np.flatnonzero((moment >= 0) & (moment < weeks))
    return OutOfTime(probability, label, lead, lead, 7.0 * moment).take(there)


def test_a_recall_that_is_kept_in_a_world_that_stands_still_is_confirmed():
    asked = CutoffPolicy(mql=StagePolicy(minimum_recall=0.7))
    told = [choose_cutoffs(stationary(seed), asked, base_rate=0.2)[0].confirmation for seed in range(4)]
    assert np.mean([one.got.recall[0] for one in told]) == pytest.approx(0.7, abs=0.04)
    assert [one.held for one in told] == [True] * 4


def test_where_working_costs_more_than_any_lead_can_bring_no_cutoff_is_published():
    leads = company(cost_of_working=1e6)
    mql, sql = choose_cutoffs(leads, CutoffPolicy(mql=StagePolicy(expected_value=True)), base_rate=0.2)
    assert mql.probability is sql.probability is None
    assert mql.why == "No MQL cutoff is published: no lead is worth working at 1,000,000 each."
