"""What the made-up leads of the training benchmark promise."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from benchmarks.training import make_leads


def test_leads_have_numbers_categories_a_time_and_missing_values() -> None:
    leads = make_leads(2_000)
    kinds = {str(field.type) for field in leads.table.schema}
    assert leads.table.num_columns == 33
    assert kinds == {"double", "string", "timestamp[us]"}
    assert leads.table["column 0"].null_count > 100
    assert max(len(column.unique()) for column in leads.table.columns if pa.types.is_string(column.type)) > 150


def test_the_truth_is_the_same_whatever_is_drawn_from_it() -> None:
    for seed in (0, 1):
        leads = make_leads(20_000, columns=20, seed=seed)
        chance = 1 / (1 + np.exp(-leads.log_odds))
        assert abs(leads.won.mean() - chance.mean()) < 0.01
        assert np.corrcoef(leads.won, chance)[0, 1] > 0.1
    one, other = make_leads(20_000, seed=0), make_leads(20_000, seed=1)
    assert abs(one.log_odds.mean() - other.log_odds.mean()) < 0.05
    assert make_leads(100, seed=3).table.equals(make_leads(100, seed=3).table)
