from __future__ import annotations

from datetime import datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadml.predict import Scorer
from leadml.predict.policy import Policy
from leadml.predict.tables import ScoreTables
from leadml.training.grades import GradePolicy, GradeScale, grade_bounds, settle_grades

FIRST, LATER = datetime(2025, 3, 1), datetime(2025, 6, 1)  # noqa: DTZ001


def served(scale: GradeScale | None) -> Scorer:
    """A scorer that serves some bounds; None: one that says nothing of them."""
    bounds = (0.5, 0.3, 0.1) if scale is None else scale.bounds
    facts = {} if scale is None else {"grade_bounds": scale.to_dict()}
    return Scorer((), (), ScoreTables(0.0, ()), Policy(bounds), facts=facts)


def settled(
    previous: Scorer | None, rate: float, policy: GradePolicy, horizon: float | None = 90, now: datetime = LATER
) -> GradeScale:
    return settle_grades(policy, grade_bounds(rate, policy.multiples), previous, horizon_days=horizon, now=now)


@given(st.floats(1e-4, 0.99), st.floats(1e-4, 0.99))
def test_the_same_multiples_keep_the_bounds_bit_for_bit_whatever_the_base_rate_does(first, later):
    policy = GradePolicy(multiples=(3.0, 1.7, 1.0))
    one = settled(None, first, policy, now=FIRST)
    two = settled(served(one), later, policy)
    three = settled(served(two), later, policy)
    assert one.bounds == grade_bounds(first, (3.0, 1.7, 1.0))
    assert three.bounds == two.bounds == one.bounds
    assert (one.kept, two.kept, three.since) == (False, True, "2025-03-01")
    assert three.why == "kept since 2025-03-01"


@pytest.mark.parametrize(
    ("policy", "horizon", "says"),
    [
        (
            GradePolicy(multiples=(5.0, 2.0, 1.0)),
            90,
            "the multiples 4, 2, 1 were asked for before, now the multiples 5",
        ),
        (GradePolicy(probabilities=(0.4, 0.2, 0.1)), 90, "now the probabilities 0.4, 0.2, 0.1"),
        (GradePolicy(), 30, "probabilities spoke of 90 days before, now of 30 days"),
        (GradePolicy(), None, "now of no horizon"),
    ],
)
def test_what_changes_their_meaning_sets_bounds_anew_and_says_why(policy, horizon, says):
    one = settled(None, 0.1, GradePolicy(), now=FIRST)
    two = settled(served(one), 0.2, policy, horizon)
    assert not two.kept
    assert two.since == "2025-06-01"
    assert two.bounds == (policy.probabilities or grade_bounds(0.2, policy.multiples))
    assert says in two.why


def test_a_model_that_says_nothing_of_its_bounds_binds_nobody():
    assert settled(served(None), 0.1, GradePolicy()).bounds == pytest.approx(np.array((0.4, 0.2, 0.1)))


def test_stated_probabilities_are_the_bounds():
    policy = GradePolicy(probabilities=(0.4, 0.2, 0.1))
    one = settled(None, 0.5, policy, now=FIRST)
    assert one.bounds == (0.4, 0.2, 0.1)
    assert settled(served(one), 0.01, policy).since == "2025-03-01"
