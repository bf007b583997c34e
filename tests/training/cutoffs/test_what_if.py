import json

import numpy as np
import pytest

from leadml.training.cutoffs import Cutoff, OutOfTime
from leadml.training.cutoffs.curve import figures_at
from leadml.training.cutoffs.what_if import what_if


def some_leads(n_leads=900, weeks=15, dated=True):
    random = np.random.default_rng(1)
    lead = np.repeat(np.arange(n_leads), 2)
    order = 7.0 * np.minimum(random.integers(0, weeks, n_leads)[lead] + np.tile([0, 1], n_leads), weeks - 1)
    probability = random.beta(1, 5, len(lead))
    label = (random.random(len(lead)) < probability).astype(float)
    return OutOfTime(probability, label, lead, lead // 2, order if dated else None, value=np.full(len(lead), 100.0))


def published(stage, probability, segment=None):
    return Cutoff(stage, probability, "capacity", "", segment=segment)


def test_the_published_cutoff_is_among_the_rows_with_the_figures_it_was_published_with():
    leads = some_leads()
    cutoffs = [published("MQL", 0.21234), published("SQL", 0.4), published("MQL", 0.77777, segment="north")]
    rows = what_if(leads, cutoffs)
    assert set(rows) == {"MQL", "SQL"}
    found = {row["cutoff"]: row for row in rows["MQL"]}
    assert 0.77777 not in found
    for name in ("per_week", "precision", "recall", "value_per_week"):
        assert found[0.21234][name] == pytest.approx(getattr(figures_at(leads, "MQL", [0.21234])[0], name), rel=1e-9)


def test_the_rows_ascend_and_are_spread_evenly_over_the_volume():
    rows = what_if(some_leads(), [])["MQL"]
    cutoffs, volumes = [row["cutoff"] for row in rows], [row["leads"][0] for row in rows]
    assert cutoffs == sorted(set(cutoffs))
    assert volumes == sorted(volumes, reverse=True)
    assert 60 <= len(rows) <= 81
    assert np.diff(volumes).min() >= -0.025 * volumes[0]
    assert volumes[-1] <= 0.006 * volumes[0]


def test_the_rows_go_into_the_facts_as_json():
    rows = json.loads(json.dumps(what_if(some_leads(), [published("MQL", 0.3)])))["MQL"]
    assert all(len(row[name]) == 3 for row in rows for name in row if name != "cutoff")


def test_without_time_the_weekly_figures_are_left_out():
    rows = what_if(some_leads(dated=False), [])["SQL"]
    assert {row["per_week"] for row in rows} == {None}
    assert all(row["missed"] is not None for row in rows)


def test_nobody_whose_outcome_is_known_makes_no_rows():
    leads = some_leads()
    unknown = OutOfTime(leads.probability, leads.label * np.nan, leads.lead, leads.account, leads.order)
    assert what_if(unknown, [published("MQL", 0.3)]) == {"MQL": [], "SQL": []}
