from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadml.predict.policy import Policy
from leadml.predict.segments import Segment
from leadml.training.cutoffs import OutOfTime
from leadml.training.cutoffs.by_row import first_handed_over, row_cutoffs


def leads_of(seed: int, *, dated: bool = True) -> OutOfTime:
    random = np.random.default_rng(seed)
    lead = random.integers(0, 40, 150)
    order = random.permutation(150).astype(float) if dated else None
    segment = (lead % 3) - 1
    return OutOfTime(
        random.random(150).round(2),
        (random.random(150) < 0.3).astype(float),
        lead,
        lead,
        order,
        {"MQL": random.random(150) < 0.8},
        segment=segment,
    )


@given(st.integers(0, 500))
def test_the_first_snapshot_that_reaches_the_cutoff_of_its_segment_is_handed_over(seed):
    leads = leads_of(seed)
    policy = Policy((0.9, 0.8, 0.7), mql=0.5, segments=(Segment("a", "x", ("a",), mql=0.7), Segment("b", "x", ("b",))))
    cutoffs = row_cutoffs(leads, policy, "MQL")
    expected = {}
    for row in np.argsort(leads.order):
        cutoff = {-1: 0.5, 0: 0.7, 1: 2.0}[leads.segment[row]]
        if leads.may_be["MQL"][row] and leads.probability[row] >= cutoff and leads.lead[row] not in expected:
            expected[leads.lead[row]] = row
    assert first_handed_over(leads, cutoffs, "MQL").tolist() == [expected[lead] for lead in sorted(expected)]


@pytest.mark.parametrize("dated", [True, False])
def test_one_cutoff_for_all_gives_the_crossings_that_cutoffs_are_chosen_by(dated):
    for seed in range(20):
        leads = leads_of(seed, dated=dated)
        ours = first_handed_over(leads, np.full(150, 0.6), "MQL")
        theirs = leads.crossings("MQL").rows(0.6)
        if dated:
            assert sorted(ours) == sorted(theirs)
        assert sorted(leads.lead[ours]) == sorted(leads.lead[theirs])
