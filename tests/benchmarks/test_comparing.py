from __future__ import annotations

import math
import statistics

import numpy as np
import pytest

from benchmarks.comparing import differences, paired_interval
from benchmarks.figures import FIGURES, LOG_LOSS
from benchmarks.results import Result


def result(model: str, split: int, log_loss: float, name: str = "mine", rows: str = "r") -> Result:
    values = {**dict.fromkeys(FIGURES, 0.5), LOG_LOSS: log_loss}
    return Result(name, f"random {split}", f"{rows}{split}", 80, 20, model, "1", values, 1.0)


def test_the_interval_is_nadeaus_and_bengios() -> None:
    values = [-0.02, 0.01, -0.03, -0.01, 0.0]
    # Independent of numpy and scipy: Student's 97.5 % quantile with 4 degrees of freedom is 2.776445.
    spread = statistics.variance(values) * (1 / 5 + 20 / 80)
    reach = 2.776445105 * math.sqrt(spread)
    low, high = paired_interval(np.array(values), tested_to_trained=0.25)
    assert (low, high) == pytest.approx((-0.01 - reach, -0.01 + reach), abs=1e-9)


def test_a_difference_is_paired_over_splits_and_below_zero_where_the_model_is_better() -> None:
    results = [result("leadml", k, 0.4 + 0.1 * k) for k in range(3)]
    results += [result("peer", k, 0.41 + 0.1 * k + 0.001 * (k - 1)) for k in range(3)]
    (found,) = differences(results, "leadml")
    assert (found.set, found.peer, found.splits) == ("mine", "peer", 3)
    assert found.mean == pytest.approx(-0.01)
    reach = 4.302652730 * math.sqrt(0.001**2 * (1 / 3 + 1 / 4))
    assert (found.low, found.high) == pytest.approx((-0.01 - reach, -0.01 + reach), abs=1e-9)


def test_only_splits_that_both_have_are_paired() -> None:
    results = [result("leadml", k, 0.4) for k in range(4)]
    results += [result("peer", k, 0.5) for k in (1, 3)]
    results += [result("peer", 0, 9.0, rows="other data"), result("once", 0, 0.3), result("peer", 2, 0.5, name="other")]
    (found,) = differences(results, "leadml")
    assert (found.peer, found.splits) == ("peer", 2)
    assert found.mean == pytest.approx(-0.1)
