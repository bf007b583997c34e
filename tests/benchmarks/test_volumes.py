from datetime import datetime

import numpy as np
import pyarrow as pa

from benchmarks.volumes import WEEKS, Outcome, known_at, of_truth, oracle_widths
from leadml.schema import LeadTables


def test_the_short_form_forecasts_volumes_that_come_true() -> None:
    found = [of_truth(seed, 500, 2.0) for seed in range(4)]
    assert np.mean([one.inside.mean() for one in found]) >= 0.75
    assert all(len(one.came) == WEEKS for one in found)
    widths = np.mean([one.width for one in found])
    assert widths <= 1.5 * oracle_widths(500, 2.0, 6).mean()


def test_a_week_at_the_end_of_its_interval_lies_inside() -> None:
    forecast = np.array([[5.0, 2.0, 8.0]] * 3)
    outcome = Outcome(forecast, np.array([2, 9, 8]))
    assert outcome.inside.tolist() == [1, 0, 1]
    assert outcome.width.tolist() == [7, 7, 7]


def test_what_comes_after_a_moment_is_not_known_at_it() -> None:
    day = [datetime(2025, 1, number) for number in (1, 5, 9)]  # noqa: DTZ001 (UTC without a zone)
    leads = pa.table(
        {
            "lead_id": ["a", "b", "c"],
            "created_at": pa.array(day, pa.timestamp("us")),
            "closed_at": pa.array([day[1], day[2], None], pa.timestamp("us")),
            "outcome": pa.array(["won", "lost", None]),
        }
    )
    acted = pa.table({"lead_id": ["a", "a"], "occurred_at": pa.array(day[1:], pa.timestamp("us"))})
    tables = LeadTables(leads, (), {}, acted, None, leads.slice(0, 0), {})
    then = known_at(tables, day[2])
    assert then.leads["lead_id"].to_pylist() == ["a", "b"]
    assert then.leads["outcome"].to_pylist() == ["won", None]
    assert then.leads["closed_at"].to_pylist() == [day[1], None]
    assert then.activities.num_rows == 1
