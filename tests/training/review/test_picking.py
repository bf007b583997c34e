from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from leadml.training.cutoffs import OutOfTime
from leadml.training.cutoffs.curve import figures_at
from leadml.training.review.picking import false_alarms, missed_wins

CUTOFF = 0.5


def leads_of(seed: int) -> tuple[OutOfTime, np.ndarray]:
    """Leads with up to six moments, some kept by a gate, the newest not yet known; and which were ever won."""
    random = np.random.default_rng(seed)
    times = random.integers(1, 7, 60)
    lead = np.repeat(np.arange(60), times)
    order = np.concatenate([random.integers(0, 5) * 7.0 + 7.0 * np.arange(n) for n in times])
    label = (random.random(len(lead)) < 0.25).astype(float)
    label[order > 40] = np.nan
    won = np.isin(lead, lead[label == 1]) | (random.random(60) < 0.2)[lead]
    may_be = {"MQL": random.random(len(lead)) < 0.8}
    return OutOfTime(random.random(len(lead)).round(3), label, lead, lead, order, may_be), won


@given(st.integers(0, 2000))
def test_missed_wins_are_those_of_a_plain_loop(seed):
    leads, _ = leads_of(seed)
    best, gated = {}, 0
    for lead in np.unique(leads.lead):
        rows = [row for row in np.flatnonzero(np.isfinite(leads.label)) if leads.lead[row] == lead]
        if not any(leads.label[row] == 1 for row in rows):
            continue
        top = max(leads.probability[row] for row in rows)
        if top < CUTOFF:
            best[int(lead)] = top
        elif not any(leads.probability[row] >= CUTOFF and leads.may_be["MQL"][row] for row in rows):
            gated += 1
    told = missed_wins(leads, np.full(len(leads.lead), CUTOFF))
    assert {int(leads.lead[row]): leads.probability[row] for row in told.rows} == best
    assert np.all(np.diff(leads.probability[told.rows]) >= 0)
    assert told.gated == gated
    assert told.wins == len(np.unique(leads.lead[leads.label == 1]))


@given(st.integers(0, 2000))
def test_missed_wins_and_crossings_are_as_many_as_the_figures_of_the_cutoff_say(seed):
    leads, won = leads_of(seed)
    cutoffs = np.full(len(leads.lead), CUTOFF)
    missed, alarms = missed_wins(leads, cutoffs), false_alarms(leads, cutoffs, won)
    said = figures_at(leads, "MQL", [CUTOFF], repeats=2)[0]
    assert said.missed is not None
    assert said.leads is not None
    assert (len(missed.rows) + missed.gated, alarms.crossed) == (said.missed[0], said.leads[0])


@given(st.integers(0, 2000))
def test_false_alarms_are_those_of_a_plain_loop(seed):
    leads, won = leads_of(seed)
    expected, crossed, later = [], 0, 0
    for lead in np.unique(leads.lead):
        rows = sorted((row for row in range(len(leads.lead)) if leads.lead[row] == lead), key=lambda r: leads.order[r])
        first = next((r for r in rows if leads.probability[r] >= CUTOFF and leads.may_be["MQL"][r]), None)
        if first is None or np.isnan(leads.label[first]):
            continue
        crossed += 1
        if leads.label[first] == 0 and not won[first]:
            expected.append(first)
        elif leads.label[first] == 0:
            later += 1
    told = false_alarms(leads, np.full(len(leads.lead), CUTOFF), won)
    assert sorted(told.rows) == sorted(expected)
    assert np.all(np.diff(leads.probability[told.rows]) <= 0)
    assert (told.crossed, told.won_later) == (crossed, later)


def test_without_a_published_cutoff_nobody_is_handed_over():
    leads, won = leads_of(1)
    nothing = np.full(len(leads.lead), np.nan)
    assert not len(false_alarms(leads, nothing, won).rows)
