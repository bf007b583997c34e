import numpy as np

from leadml.training.cutoffs import Crossings, OutOfTime
from leadml.training.cutoffs.crossings import Period


def three_leads():
    """One above 0.5 from the first moment on, one that gets there, and one that comes later."""
    order = np.array([0.0, 7.0, 0.0, 7.0, 14.0])
    probability = np.array([0.9, 0.8, 0.2, 0.6, 0.7])
    return OutOfTime(probability, np.zeros(5), np.array([0, 0, 1, 1, 2]), np.arange(5), order)


def test_what_lies_above_a_cutoff_at_the_first_moment_is_a_stock_and_no_flow():
    crossings = three_leads().crossings("MQL")
    assert crossings.counts(np.array([0.5]))[0].tolist() == [3]
    assert crossings.weeks == 2
    assert crossings.per_week(np.array([0.1, 0.5, 0.65, 0.95])).tolist() == [0.5, 1.0, 0.5, 0.0]


def test_the_flow_grows_with_the_number_of_weeks_and_needs_two_moments():
    assert Period.of(np.array([3.0, 3.0])) is Period.of(np.empty(0)) is Period.of(None) is None
    leads = three_leads()
    first = leads.take(np.flatnonzero(leads.order == 0))
    assert first.weeks is first.crossings("MQL").per_week(np.array([0.5])) is None
    longer = Crossings(
        leads.probability, leads.label, leads.lead, leads.order, np.ones(5, dtype=bool), period=Period(0.0, 28.0)
    )
    assert longer.per_week(np.array([0.5])).tolist() == [0.5]


def test_a_period_given_says_what_the_first_moment_was():
    leads = three_leads().take(np.array([4]))
    alone = Crossings(leads.probability, leads.label, leads.lead, leads.order, np.ones(1, dtype=bool))
    among = Crossings(
        leads.probability, leads.label, leads.lead, leads.order, np.ones(1, dtype=bool), period=Period(0.0, 14.0)
    )
    assert alone.per_week(np.array([0.5])) is None
    assert among.per_week(np.array([0.5])).tolist() == [0.5]
